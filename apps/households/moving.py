"""People move: within the station's area, out of the commune, back again. One or a whole family."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.words import date_words
from apps.households.bhxh_codes import is_taken
from apps.households.families import (
    Joining,
    check_open,
    chosen,
    open_of,
    open_rows,
    send_off,
    settle,
    station_for,
)
from apps.households.ledger import Ledger
from apps.households.models import (
    Closed,
    EventKind,
    EventState,
    Household,
    Reach,
    ResidenceEvent,
    ResidenceEventPerson,
)
from apps.households.places import Elsewhere
from apps.patients import codes
from apps.patients.models import LifeStatus, Person


@transaction.atomic
def household_move(
    *,
    household: Household,
    hamlet_id: UUID,
    address_text: str,
    on: dt.date,
    note: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """The whole family lives at another place of the station's area from that day. Raises Refused."""
    current().require("households.edit")
    check_open(household)
    address_text = clean(address_text)
    if len(address_text) > 200:
        raise Refused("Địa chỉ dài quá 200 chữ.", field="address_text")
    if (household.hamlet_id, household.address_text) == (hamlet_id, address_text):
        raise Refused("Nơi mới trùng với nơi đang ở.", field="hamlet")
    ledger = Ledger(EventKind.RELOCATED, on=on, household=household, note=note, replaces=replaces)
    moved = {"hamlet_id": hamlet_id, "address_text": address_text}
    station_id = station_for(hamlet_id, on)
    if station_id != household.station_id:
        moved |= {"station_id": station_id, "code": codes.take(station_id, "household")[0]}
    ledger.changes(household, **moved)
    ledger.event.hamlet_id, ledger.event.reach = hamlet_id, Reach.COMMUNE
    rows = open_rows(household)
    ledger.about(*(row.person for row in rows))
    for row in rows:
        ledger.at_home(row.person, household)
    return ledger.done()


@transaction.atomic
def members_move(
    *,
    joining: Sequence[Joining],
    household: Household,
    on: dt.date,
    head: Person | None = None,
    new_head: Person | None = None,
    note: str = "",
    part_of: ResidenceEvent | None = None,
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """Members of one family of the station live with another from that day.

    `new_head` heads those who stay when their head goes; `head` the other where nobody is. Raises Refused.
    """
    current().require("households.edit")
    check_open(household)
    homes = [open_of(each.person) for each in joining]
    if not homes or homes[0] is None:
        raise Refused("Người này chưa ở hộ nào; hãy ghi vào hộ hoặc chuyển đến.", field="person")
    old = homes[0].household
    if old.pk == household.pk:
        raise Refused("Người này đã ở trong hộ này.", field="household")
    ledger = Ledger(
        EventKind.MOVED,
        on=on,
        household=household,
        from_household=old,
        note=note,
        part_of=part_of,
        replaces=replaces,
        reach=Reach.COMMUNE,
    )
    rows = open_rows(old)
    going = chosen(rows, [each.person for each in joining])
    ledger.about(*(each.person for each in joining))
    send_off(ledger, rows, going, last=on - dt.timedelta(days=1), new_head=new_head)
    settle(ledger, household, joining, head=head, on=on)
    return ledger.done()


@transaction.atomic
def members_depart(
    *,
    household: Household,
    people: Sequence[Person],
    place: Elsewhere,
    on: dt.date,
    new_head: Person | None = None,
    note: str = "",
    part_of: ResidenceEvent | None = None,
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """These members live outside the commune from that day; their records stay. With the last one the
    household is closed. Raises Refused.
    """
    current().require("households.edit")
    check_open(household)
    if place.reach == Reach.COMMUNE:
        raise Refused("Chuyển trong xã: hãy dùng Chuyển hộ hoặc Cả hộ đổi chỗ ở.", field="reach")
    ledger = Ledger(
        EventKind.DEPARTED,
        on=on,
        household=household,
        place=place,
        note=note,
        part_of=part_of,
        replaces=replaces,
    )
    rows = open_rows(household)
    going = chosen(rows, people)
    ledger.about(*people)
    stay = send_off(ledger, rows, going, last=on - dt.timedelta(days=1), new_head=new_head)
    for person in people:
        ledger.departs(person)
    if not stay:
        ledger.changes(household, closed=Closed.DEPARTED, closed_on=on)
    return ledger.done()


@transaction.atomic
def members_return(
    *,
    departure: ResidenceEvent,
    household: Household,
    joining: Sequence[Joining],
    on: dt.date,
    head: Person | None = None,
    note: str = "",
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """Some who had left live with a family of the station again: what their leaving ended holds again."""
    current().require("households.edit")
    if departure.kind != EventKind.DEPARTED or departure.state != EventState.FINAL:
        raise Refused("Không có lần chuyển đi nào để ghi chuyển về.", field="people")
    if on <= departure.on:
        raise Refused(f"Ngày chuyển về phải sau ngày chuyển đi {date_words(departure.on)}.", field="on")
    if not joining:
        raise Refused("Hãy chọn ít nhất một người.", field="people")
    ledger = Ledger(
        EventKind.RETURNED,
        on=on,
        household=household,
        follows=departure,
        note=note,
        replaces=replaces,
        place=Elsewhere(departure.reach),
    )
    ledger.event.unit_id, ledger.event.place_text = departure.unit_id, departure.place_text
    away = {row.person_id: row for row in still_away(departure)}
    for each in joining:
        if each.person.pk not in away or open_of(each.person):
            raise Refused(f"{each.person.full_name} không còn ở nơi đã chuyển đi.", field="people")
    if household.closed != Closed.DEPARTED:
        check_open(household)
    ledger.about(*(each.person for each in joining))
    for each in joining:
        ledger.comes_back(each.person, away[each.person.pk])
    settle(ledger, household, joining, head=head, on=on)
    if household.closed:
        # its number of the insurance may have gone to another family meanwhile
        lost = {"bhxh_code": ""} if is_taken(household.bhxh_code, household.pk) else {}
        ledger.changes(household, closed=Closed.OPEN, closed_on=None, **lost)
    return ledger.done()


@transaction.atomic
def member_arrive(
    *,
    household: Household,
    joining: Joining,
    place: Elsewhere,
    on: dt.date,
    head: bool = False,
    note: str = "",
    part_of: ResidenceEvent | None = None,
    replaces: ResidenceEvent | None = None,
) -> ResidenceEvent:
    """Somebody who belongs to no family of ours comes from outside the commune. Raises Refused."""
    current().require("households.edit")
    check_open(household)
    person = joining.person
    if place.reach == Reach.COMMUNE:
        raise Refused("Chuyển trong xã: hãy dùng Chuyển hộ.", field="reach")
    if open_of(person):
        raise Refused(
            "Người này đang ở hộ khác. Nếu đã về ở đây, hãy đánh dấu chuyển sang hộ này.", field="move"
        )
    ledger = Ledger(
        EventKind.ARRIVED,
        on=on,
        household=household,
        place=place,
        note=note,
        part_of=part_of,
        replaces=replaces,
    )
    ledger.about(person)
    if person.life_status == LifeStatus.MOVED:
        ledger.comes_back(person, departed_as(person))
    settle(ledger, household, [joining], head=person if head else None, on=on)
    return ledger.done()


def still_away(departure: ResidenceEvent) -> list[ResidenceEventPerson]:
    """Those of a departure who have not come back."""
    back = ResidenceEventPerson.objects.filter(
        event__follows=departure, event__state=EventState.FINAL
    ).values_list("person_id", flat=True)
    return list(departure.people(manager="objects").exclude(person_id__in=back))


def departed_as(person: Person) -> ResidenceEventPerson | None:
    """The part of the last departure by which a person left, where it was recorded here."""
    rows = ResidenceEventPerson.objects.filter(
        person=person, event__kind=EventKind.DEPARTED, event__state=EventState.FINAL
    )
    return rows.order_by("-event__on", "-pk").first()
