"""People who leave one station of the house for the area of another: told there, taken in there, or not.

Until the other station answers she stays the former one's, as one who has left. Taken in, she is the other's
with all that was recorded of her; what happened before stays where it happened, and readable there.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit, todo
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.core.words import date_words, quantity_words
from apps.facilities.models import AdminUnit, Facility, FacilityKind
from apps.facilities.queries import heirs, station_of
from apps.households.events import HouseholdCreated, ResidenceCorrected, ResidenceRecorded
from apps.households.families import Joining, check_open, settle, station_for
from apps.households.ledger import Ledger
from apps.households.models import (
    EventKind,
    Household,
    ResidenceEvent,
    Transfer,
    TransferState,
)
from apps.households.newcomers import waiting_rows
from apps.patients import codes
from apps.patients.events import PersonDied
from apps.patients.models import Person

TASK = "household.newcomers"
BACK = frozenset({EventKind.RETURNED, EventKind.ARRIVED})


# --- told


def recorded(event: ResidenceRecorded) -> None:
    """A departure is told to the station of its destination; a return takes back what still waits there."""
    if event.kind == EventKind.DEPARTED:
        # unscoped: the event was written just now by whoever asks
        _offer(ResidenceEvent.unscoped.select_related("unit", "station__unit").get(pk=event.event_id))
    elif event.kind in BACK:
        people = ResidenceEvent.unscoped.filter(pk=event.event_id).values("people__person_id")
        _drop(person__in=people)


def corrected(event: ResidenceCorrected) -> None:
    """The departure never was; or the arrival never was, and who had come by it waits again."""
    if event.kind == EventKind.DEPARTED:
        _drop(event=event.event_id)
    elif event.kind == EventKind.ARRIVED:
        _again(event.event_id)


def died(event: PersonDied) -> None:
    """Nobody waits for her any more."""
    _drop(person=event.person_id)


def _offer(event: ResidenceEvent) -> None:
    station = _station(event.unit)
    if station is not None and station.pk != event.station_id:
        tell(event, station, list(event.people(manager="unscoped").values_list("person_id", flat=True)))


def tell(departure: ResidenceEvent, station: Facility, people: Collection[UUID]) -> None:
    """These of a departure are told to a station, whatever had become of it elsewhere. Raises Refused while
    another station has not answered yet.
    """
    parts = departure.people(manager="unscoped").filter(person__in=people)
    # unscoped: told to another station by the one that they have left
    told = {row.part_id: row for row in Transfer.unscoped.filter(part__in=parts).select_for_update()}
    fresh = [part for part in parts.order_by("pk") if part.pk not in told]
    waiting = [row for row in told.values() if row.state == TransferState.WAITING]
    if any(row.station_id != station.pk for row in waiting):
        raise Refused("Người này đang chờ một trạm khác nhận. Hãy rút lại lần chuyển đi đã ghi trước.")
    again = [row for row in told.values() if row not in waiting]
    Transfer.unscoped.bulk_create(  # unscoped: as above
        Transfer(part=part, from_station_id=departure.station_id, station=station) for part in fresh
    )
    for row in again:
        row.station, row.state, row.reason = station, TransferState.WAITING, ""
        row.decided_at, row.decided_by_name = None, ""
        save_versioned(row, expected=row.version)
    if fresh or again:
        todo.task_open(
            TASK,
            facility_id=station.pk,
            object_id=departure.pk,
            happened_at=timezone.now(),
            title=f"{quantity_words(len(fresh) + len(again))} người từ {departure.station.unit.full_name}",
        )


def _station(unit: AdminUnit | None) -> Facility | None:
    """The station of this house that cares for a commune, as what the commune has become."""
    if unit is None:
        return None
    today = timezone.localdate()
    now = heirs([unit.pk], today)[unit.pk]
    found = station_of(None, today, commune=now[0]) if len(now) == 1 else None
    return found if found is not None and found.kind == FacilityKind.STATION else None


def _drop(**which: object) -> None:
    # unscoped: told to another station; what becomes of it follows from what was recorded here
    rows = Transfer.unscoped.filter(
        state=TransferState.WAITING, **{f"part__{name}": value for name, value in which.items()}
    )
    events = set(rows.values_list("part__event_id", flat=True))
    for row in rows.select_for_update(of=("self",)).order_by("pk"):
        row.state, row.decided_at = TransferState.WITHDRAWN, timezone.now()
        save_versioned(row, expected=row.version)
    for event_id in events:
        _settle(event_id, "Nơi đi đã rút lại")


def _settle(event_id: UUID, result: str) -> None:
    """The task ends with the last of them."""
    # unscoped: of an event whose row was just answered
    waiting = Transfer.unscoped.filter(part__event=event_id, state=TransferState.WAITING)
    if not waiting.exists():
        todo.settle(TASK, object_id=event_id, result=result)


# --- answered


@transaction.atomic
def newcomers_receive(
    *,
    departure: UUID,
    joining: Sequence[Joining],
    on: dt.date,
    into: Household | None = None,
    hamlet_id: UUID | None = None,
    address_text: str = "",
    head: Person | None = None,
    note: str = "",
) -> ResidenceEvent:
    """These live with a family of ours (`into`) from that day, or as one of their own in `hamlet_id` with
    `head` at its head. Raises Refused.
    """
    scope = current()
    scope.require("households.edit")
    rows = waiting_rows(departure)
    left = rows[0].part.event if rows else None
    if left is None or not joining:
        raise Refused("Hãy chọn ít nhất một người.", field="people")
    if on < left.on:
        raise Refused(f"Ngày đến phải từ ngày chuyển đi {date_words(left.on)} trở đi.", field="on")
    household = into or _new_household(hamlet_id, address_text, head, joining)
    check_open(household)
    ledger = Ledger(EventKind.ARRIVED, on=on, household=household, follows=left, note=note)
    ledger.event.reach, ledger.event.unit = left.reach, rows[0].from_station.unit
    ledger.about(*(each.person for each in joining))
    if into is None:
        ledger.opens(household)
    by_person = {row.part.person_id: row for row in _held(rows)}
    for each in joining:
        row = by_person.get(each.person.pk)
        if row is None:
            raise Refused(f"{each.person.full_name} không còn chờ nhận ở đây.", field="people")
        ledger.receives(each.person, row.part, household)
        _answer(row, TransferState.RECEIVED)
    settle(ledger, household, joining, head=head, on=on)
    event = ledger.done()
    # unscoped: the rows that were held above
    Transfer.unscoped.filter(pk__in=[by_person[each.person.pk].pk for each in joining]).update(arrival=event)
    if into is None:
        publish(HouseholdCreated(household.pk, household.station_id))
    _settle(departure, "Đã nhận vào địa bàn")
    return event


@transaction.atomic
def newcomers_decline(*, departure: UUID, people: Collection[UUID], reason: str) -> None:
    """These have not come to us: the station that they left reads why. Raises Refused."""
    current().require("households.edit")
    reason = clean(reason)
    if not reason:
        raise Refused("Hãy ghi vì sao không nhận.", field="reason")
    if len(reason) > 300:
        raise Refused("Lý do dài quá 300 chữ.", field="reason")
    rows = [row for row in _held(waiting_rows(departure)) if row.part.person_id in set(people)]
    if not rows:
        raise Refused("Hãy chọn ít nhất một người.", field="people")
    for row in rows:
        _answer(row, TransferState.DECLINED, reason=reason)
    audit.record("household.newcomers_declined", object_id=departure, data={"people": len(rows)})
    _settle(departure, "Không về địa bàn")


def _held(rows: Sequence[Transfer]) -> list[Transfer]:
    """Those that nobody else has answered in the meantime, ours until the transaction ends."""
    still = Transfer.objects.filter(pk__in=[row.pk for row in rows], state=TransferState.WAITING)
    held = set(still.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    return [row for row in rows if row.pk in held]


def _answer(row: Transfer, state: str, **values: object) -> None:
    row.state, row.decided_at = state, timezone.now()
    row.decided_by_name = current().shown_name[:150]
    for name, value in values.items():
        setattr(row, name, value)
    save_versioned(row, expected=row.version)


def _again(arrival: UUID) -> None:
    # unscoped: of an event that was taken through the scope
    rows = list(
        Transfer.unscoped.filter(arrival=arrival, state=TransferState.RECEIVED).select_related("part")
    )
    for row in rows:
        row.state, row.arrival, row.decided_at, row.decided_by_name = TransferState.WAITING, None, None, ""
        save_versioned(row, expected=row.version)
    if rows:
        todo.task_open(
            TASK,
            facility_id=rows[0].station_id,
            object_id=rows[0].part.event_id,
            happened_at=timezone.now(),
            title=f"{quantity_words(len(rows))} người đã nhận nhầm, chờ nhận lại",
        )


def _new_household(
    hamlet_id: UUID | None, address_text: str, head: Person | None, joining: Sequence[Joining]
) -> Household:
    if hamlet_id is None:
        raise Refused("Hãy chọn thôn, tổ của hộ mới, hoặc chọn hộ đang có.", field="hamlet")
    if head is None or head.pk not in {each.person.pk for each in joining}:
        raise Refused("Hãy chọn ai là chủ hộ của hộ mới.", field="people")
    station_id = station_for(hamlet_id)
    address_text = clean(address_text)
    if len(address_text) > 200:
        raise Refused("Địa chỉ dài quá 200 chữ.", field="address_text")
    household = Household(
        station_id=station_id,
        code=codes.take(station_id, "household")[0],
        hamlet_id=hamlet_id,
        address_text=address_text,
        sort_key=head.sort_key,
    )
    household.save(force_insert=True)
    return household
