"""Everything that changes a household. One function a use case, one transaction, audited, told to the
others.
"""

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.households.bhxh_codes import refuse_taken
from apps.households.events import HouseholdCreated, MembershipChanged
from apps.households.families import check_open, open_of, open_rows, station_for
from apps.households.ledger import Ledger
from apps.households.locking import lock_homes, lock_households
from apps.households.models import (
    HEAD,
    EventKind,
    Household,
    Membership,
    Poverty,
    Reach,
    ResidenceEvent,
)
from apps.households.moving import departed_as
from apps.households.places import Elsewhere
from apps.households.statuses import household_status_put
from apps.patients import codes
from apps.patients.events import PersonChanged
from apps.patients.identifiers import check
from apps.patients.models import LifeStatus, Person
from apps.patients.services import person_relocate


@dataclass(frozen=True)
class HouseholdData:
    """The editable fields of a household."""

    hamlet_id: UUID
    address_text: str = ""
    poverty: str = ""
    note: str = ""
    bhxh_code: str = ""

    def cleaned(self) -> "HouseholdData":
        return replace(
            self,
            address_text=clean(self.address_text),
            note=clean(self.note, lines=True),
            bhxh_code=clean(self.bhxh_code).replace(" ", ""),
        )


OTHER = "99"  # code of 'Khác' in the list relationship_to_head
TWO_HEADS = "Hộ này đã có chủ hộ. Một hộ chỉ có một chủ hộ."
FIELDS = ("hamlet_id", "address_text", "poverty", "note", "bhxh_code")


@transaction.atomic
def household_create(
    *,
    data: HouseholdData,
    head: Person,
    since: dt.date | None = None,
    place: Elsewhere | None = None,
    replaces: ResidenceEvent | None = None,
) -> Household:
    """A new household with its head, who leaves the household that she was in. Raises Refused.

    `place` is where the family comes from, when it moves in from outside the commune on `since`.
    """
    scope = current()
    scope.require("households.enter")
    data = data.cleaned()
    _check(data)
    refuse_taken(data.bhxh_code)
    if place is not None and since is None:
        raise Refused("Hãy ghi ngày chuyển đến.", field="since")
    lock_homes([head.pk])  # before the code is taken, as whoever splits her family does
    station_id = station_for(data.hamlet_id)
    household = Household(
        station_id=station_id,
        code=codes.take(station_id, "household")[0],
        sort_key=head.sort_key,
        **{name: getattr(data, name) for name in FIELDS},
    )
    household.save(force_insert=True)
    audit.record(
        "household.created",
        object_id=household.pk,
        facility_id=station_id,
        data={"code": household.code},
    )
    publish(HouseholdCreated(household.pk, station_id))
    old = open_of(head)
    if old is not None and place is not None:
        raise Refused("Chủ hộ đang ở một hộ của trạm, không phải từ nơi khác đến.", field="reach")
    day = since or timezone.localdate()
    ledger = Ledger(
        EventKind.ARRIVED if place else EventKind.CREATED,
        on=day,
        household=household,
        from_household=old.household if old else None,
        place=place,
        replaces=replaces,
    )
    ledger.about(head)
    ledger.opens(household)
    if old is not None:
        _leave_last(ledger, old, day)
    if place is not None and head.life_status == LifeStatus.MOVED:
        ledger.comes_back(head, departed_as(head))
    ledger.begins(household, head, HEAD, is_head=True, since=since or (day if old else None))
    ledger.done()
    return household


@transaction.atomic
def household_update(*, household: Household, data: HouseholdData, expected_version: int) -> Household:
    """Writes what differs; a move to another hamlet takes the members along. Raises StaleVersion, Refused."""
    current().require("households.edit")
    data = data.cleaned()
    _check(data)
    lock_households([household.pk])
    refuse_taken(data.bhxh_code, household.pk)
    changed = [name for name in FIELDS if getattr(household, name) != getattr(data, name)]
    for name in changed:
        if name != "poverty":
            setattr(household, name, getattr(data, name))
    if "hamlet_id" in changed:
        station_id = station_for(data.hamlet_id)
        if station_id != household.station_id:
            household.station_id = station_id
            household.code = codes.take(station_id, "household")[0]
    save_versioned(household, expected=expected_version)
    audit.record(
        "household.changed",
        object_id=household.pk,
        facility_id=household.station_id,
        data={"code": household.code, "fields": changed},
    )
    if "poverty" in changed:
        household_status_put(household=household, poverty=data.poverty, since=timezone.localdate())
    if {"hamlet_id", "address_text"} & set(changed):
        for membership in open_rows(household):
            _take_home(membership.person, household)
    return household


@transaction.atomic
def member_add(
    *,
    household: Household,
    person: Person,
    relation: str,
    since: dt.date | None = None,
    replaces: ResidenceEvent | None = None,
) -> Membership:
    """Puts a person who belongs to no household into this one: she was of the family all along, or since that
    day. Whoever comes from outside the commune arrives (moving.member_arrive). Raises Refused.
    """
    current().require("households.edit")
    check_open(household)
    if row := open_of(person):
        if row.household_id == household.pk:
            raise Refused("Người này đã ở trong hộ này.", field="person")
        raise Refused(
            "Người này đang ở hộ khác. Nếu đã về ở đây, hãy đánh dấu chuyển sang hộ này.",
            field="move",
        )
    day = since or timezone.localdate()
    ledger = Ledger(EventKind.JOINED, on=day, household=household, replaces=replaces)
    is_head = relation == HEAD
    if is_head and _has_head(household):
        raise Refused(TWO_HEADS, field="relation")
    ledger.about(person)
    membership = ledger.begins(household, person, relation, is_head=is_head, since=since)
    ledger.done()
    return membership


@transaction.atomic
def member_move(
    *,
    person: Person,
    household: Household,
    relation: str,
    on: dt.date,
    replaces: ResidenceEvent | None = None,
) -> Membership:
    """Moves a person into another household from that day. Raises Refused for a head who leaves others
    behind.
    """
    current().require("households.edit")
    check_open(household)
    old = open_of(person)
    if old is not None and old.household_id == household.pk:
        raise Refused("Người này đã ở trong hộ này.", field="person")
    ledger = Ledger(
        EventKind.MOVED if old else EventKind.JOINED,
        on=on,
        household=household,
        from_household=old.household if old else None,
        reach=Reach.COMMUNE if old else "",
        replaces=replaces,
    )
    rows = open_rows(household)
    if relation == HEAD and any(row.is_head for row in rows):
        raise Refused(TWO_HEADS, field="relation")
    ledger.about(person)
    if old is not None:
        _leave_last(ledger, old, on)
    membership = ledger.begins(household, person, relation, is_head=not rows, since=on)
    ledger.done()
    return membership


@transaction.atomic
def member_leave(
    *, membership: Membership, on: dt.date, replaces: ResidenceEvent | None = None
) -> Membership:
    """The person belongs to no household after that day, the last one with the family."""
    current().require("households.edit")
    household = membership.household
    ledger = Ledger(EventKind.LEFT, on=on, household=household, replaces=replaces)
    ledger.about(membership.person)
    membership.refresh_from_db(fields=["valid_to", "version", "is_head"])
    if membership.valid_to is not None:
        raise Refused("Người này không còn ở trong hộ.", field="on")
    _leave_last(ledger, membership, on + dt.timedelta(days=1))
    ledger.done()
    publish(MembershipChanged(membership.person_id, None, on))
    return membership


@transaction.atomic
def member_relation(*, membership: Membership, relation: str, expected_version: int) -> Membership:
    """Corrects what a member is to the head."""
    current().require("households.edit")
    if membership.is_head or relation == HEAD:
        raise Refused("Muốn đổi chủ hộ, hãy dùng Đặt làm chủ hộ.", field="relation")
    membership.relation = relation
    save_versioned(membership, expected=expected_version)
    audit.record(
        "household.relation_changed",
        person_id=membership.person_id,
        object_id=membership.household_id,
        data={"relation": relation},
    )
    return membership


@transaction.atomic
def head_change(
    *,
    household: Household,
    person: Person,
    old_head_relation: str = OTHER,
    on: dt.date | None = None,
    note: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent | None:
    """Makes a member the head; nothing happens where she is already. The relations of the others stay as they
    are, to be looked through.
    """
    current().require("households.edit")
    check_open(household)
    day = on or timezone.localdate()
    ledger = Ledger(EventKind.HEAD, on=day, household=household, note=note, replaces=replaces)
    rows = {row.person_id: row for row in open_rows(household)}
    if person.pk not in rows:
        raise Refused("Người này không ở trong hộ.", field="person")
    if rows[person.pk].is_head:
        return None
    ledger.about(person)
    for row in rows.values():
        if row.is_head:
            ledger.relates(row, old_head_relation)
    ledger.relates(rows[person.pk], HEAD, is_head=True)
    ledger.orders(household, person)
    event = ledger.done()
    publish(MembershipChanged(person.pk, household.pk, timezone.localdate()))
    return event


def follow_head_name(event: PersonChanged) -> None:
    """A head whose name was corrected takes her household along in the order of names."""
    if "full_name" not in event.fields:
        return
    # unscoped: whoever may change the name changes the order of her own household.
    head = Membership.unscoped.filter(person_id=event.person_id, is_head=True, valid_to__isnull=True)
    sort_key = Person.unscoped.values_list("sort_key", flat=True).get(pk=event.person_id)
    Household.unscoped.filter(pk__in=head.values("household_id")).update(sort_key=sort_key)


# --- small steps


def _check(data: HouseholdData) -> None:
    if data.poverty not in Poverty.values:
        raise Refused("Diện hộ không hợp lệ.", field="poverty")
    if len(data.address_text) > 200:
        raise Refused("Địa chỉ dài quá 200 chữ.", field="address_text")
    if data.bhxh_code:
        judged = check("ho_gia_dinh", data.bhxh_code)
        if judged.result == "invalid":
            raise Refused(judged.sentence, field="bhxh_code")
    if len(data.note) > 1000:
        raise Refused("Ghi chú dài quá 1.000 chữ.", field="note")


def _has_head(household: Household) -> bool:
    return any(row.is_head for row in open_rows(household))


def _leave_last(ledger: Ledger, row: Membership, on: dt.date) -> None:
    """The member is gone from that day on; a head may go only last."""
    # unscoped: the members of a household that was taken through the scope.
    others = Membership.unscoped.filter(household_id=row.household_id, valid_to__isnull=True)
    if row.is_head and others.exclude(pk=row.pk).exists():
        raise Refused("Người này là chủ hộ. Hãy đặt người khác làm chủ hộ trước.", field="on")
    ledger.ends(row, on - dt.timedelta(days=1))


def _take_home(person: Person, household: Household) -> None:
    person_relocate(
        person=person,
        hamlet_id=household.hamlet_id,
        address_text=household.address_text or person.address_text,
        on=timezone.localdate(),
    )
