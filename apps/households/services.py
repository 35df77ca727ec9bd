"""Everything that changes a household. One function a use case, one transaction, audited, told to the
others.
"""

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit, dated
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.facilities.queries import station_of
from apps.households.events import HouseholdCreated, MembershipChanged
from apps.households.models import HEAD, Household, Membership, Poverty
from apps.patients import codes
from apps.patients.events import PersonChanged
from apps.patients.models import Person
from apps.patients.services import person_relocate


@dataclass(frozen=True)
class HouseholdData:
    """The editable fields of a household."""

    hamlet_id: UUID
    address_text: str = ""
    poverty: str = ""
    note: str = ""

    def cleaned(self) -> "HouseholdData":
        return replace(self, address_text=clean(self.address_text), note=clean(self.note, lines=True))


FIELDS = ("hamlet_id", "address_text", "poverty", "note")


@transaction.atomic
def household_create(*, data: HouseholdData, head: Person, since: dt.date | None = None) -> Household:
    """A new household with its head, who leaves the household that she was in. Raises Refused."""
    scope = current()
    scope.require("households.enter")
    data = data.cleaned()
    _check(data)
    station_id = _station_for(data.hamlet_id)
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
    _open(household, head, HEAD, is_head=True, on=since)
    return household


@transaction.atomic
def household_update(*, household: Household, data: HouseholdData, expected_version: int) -> Household:
    """Writes what differs; a move to another hamlet takes the members along. Raises StaleVersion, Refused."""
    current().require("households.edit")
    data = data.cleaned()
    _check(data)
    changed = [name for name in FIELDS if getattr(household, name) != getattr(data, name)]
    for name in changed:
        setattr(household, name, getattr(data, name))
    if "hamlet_id" in changed:
        station_id = _station_for(data.hamlet_id)
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
    if {"hamlet_id", "address_text"} & set(changed):
        for membership in _open_rows(household).select_related("person"):
            _take_home(membership.person, household)
    return household


@transaction.atomic
def member_add(
    *, household: Household, person: Person, relation: str, since: dt.date | None = None
) -> Membership:
    """Puts a person who belongs to no household into this one. Raises Refused."""
    current().require("households.edit")
    if row := _open_of(person):
        same = row.household_id == household.pk
        raise Refused(
            "Người này đã ở trong hộ này."
            if same
            else "Người này đang ở hộ khác. Hãy dùng Chuyển hộ trên trang của người đó.",
            field="person",
        )
    _check_relation(household, relation)
    return _open(household, person, relation, is_head=False, on=since)


@transaction.atomic
def member_move(*, person: Person, household: Household, relation: str, on: dt.date) -> Membership:
    """Moves a person into another household from that day. Raises Refused for a head who leaves others
    behind.
    """
    current().require("households.edit")
    if on > timezone.localdate():
        raise Refused("Ngày chuyển còn ở tương lai.", field="on")
    _check_relation(household, relation)
    return _open(household, person, relation, is_head=not _open_rows(household).exists(), on=on)


@transaction.atomic
def member_leave(*, membership: Membership, on: dt.date) -> Membership:
    """The person belongs to no household after that day."""
    current().require("households.edit")
    if on > timezone.localdate():
        raise Refused("Ngày rời hộ còn ở tương lai.", field="on")
    household = membership.household
    dated.lock(household)
    _close(membership, on)
    audit.record(
        "household.member_left",
        person_id=membership.person_id,
        object_id=household.pk,
        facility_id=household.station_id,
        data={"code": household.code},
    )
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
def head_change(*, household: Household, person: Person, old_head_relation: str = "99") -> None:
    """Makes a member the head. The relations of the others stay as they are, to be looked through."""
    current().require("households.edit")
    dated.lock(household)
    rows = {row.person_id: row for row in _open_rows(household)}
    if person.pk not in rows:
        raise Refused("Người này không ở trong hộ.", field="person")
    for row in rows.values():
        if row.is_head and row.person_id != person.pk:
            row.is_head, row.relation = False, old_head_relation
            save_versioned(row, expected=row.version)
    new = rows[person.pk]
    if not new.is_head:
        new.is_head, new.relation = True, HEAD
        save_versioned(new, expected=new.version)
    # unscoped: it was taken through the scope before.
    Household.unscoped.filter(pk=household.pk).update(sort_key=person.sort_key)
    audit.record(
        "household.head_changed",
        person_id=person.pk,
        object_id=household.pk,
        facility_id=household.station_id,
        data={"code": household.code},
    )
    publish(MembershipChanged(person.pk, household.pk, timezone.localdate()))


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
    if len(data.note) > 1000:
        raise Refused("Ghi chú dài quá 1.000 chữ.", field="note")


def _check_relation(household: Household, relation: str) -> None:
    if relation == HEAD and _open_rows(household).filter(is_head=True).exists():
        raise Refused("Hộ này đã có chủ hộ.", field="relation")


def _station_for(hamlet_id: UUID) -> UUID:
    station = station_of(hamlet_id, timezone.localdate())
    if station is None or not current().reaches(station.pk):
        raise Refused("Thôn này không thuộc địa bàn của trạm.", field="hamlet")
    return station.pk


def _open_rows(household: Household):  # type: ignore[no-untyped-def]
    return Membership.objects.filter(household=household, valid_to__isnull=True)


def _open_of(person: Person) -> Membership | None:
    # unscoped: one open membership in the whole database; the sentence tells nothing about which.
    rows = Membership.unscoped.filter(person=person, valid_to__isnull=True)
    return rows.select_related("household").first()


def _open(
    household: Household, person: Person, relation: str, *, is_head: bool, on: dt.date | None
) -> Membership:
    """Ends the person's membership elsewhere the day before, and begins one here."""
    dated.lock(household)
    old = _open_of(person)
    if old:
        if old.household_id == household.pk:
            raise Refused("Người này đã ở trong hộ này.", field="household")
        on = on or timezone.localdate()
        _close(old, on - dt.timedelta(days=1))
    membership = Membership(
        household=household,
        person=person,
        relation=HEAD if is_head else relation,
        is_head=is_head,
        valid_from=on,
    )
    membership.save(force_insert=True)
    if is_head:  # unscoped: `household` was taken through the scope before
        Household.unscoped.filter(pk=household.pk).update(sort_key=person.sort_key)
    _take_home(person, household)
    audit.record(
        "household.member_added",
        person_id=person.pk,
        object_id=household.pk,
        facility_id=household.station_id,
        data={"code": household.code},
    )
    publish(MembershipChanged(person.pk, household.pk, on or timezone.localdate()))
    return membership


def _close(membership: Membership, on: dt.date) -> None:
    """Ends a membership after that day; a head may go only last."""
    if membership.is_head:
        others = Membership.unscoped.filter(household_id=membership.household_id, valid_to__isnull=True)
        if others.exclude(pk=membership.pk).exists():
            raise Refused("Người này là chủ hộ. Hãy đặt người khác làm chủ hộ trước.", field="on")
    if membership.valid_from and on < membership.valid_from:
        raise Refused("Ngày rời hộ phải sau ngày vào hộ.", field="on")
    membership.valid_to = on
    save_versioned(membership, expected=membership.version)


def _take_home(person: Person, household: Household) -> None:
    person_relocate(
        person=person,
        hamlet_id=household.hamlet_id,
        address_text=household.address_text or person.address_text,
        on=timezone.localdate(),
    )
