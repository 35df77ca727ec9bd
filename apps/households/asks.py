"""A station asks for somebody who has come to live with it and whose departure nobody has recorded.

By an exact number, with a reason, so many times a day. Her own station is told who asks and records that she
left, and she waits at the asking station like everybody who is told to it (`transfers`); or says why not.
Before that the asking station is told that one person carries the number, and nothing else.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.core import audit, parameters, readlog, todo
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.core.words import date_words
from apps.households import moving, places, transfers
from apps.households.events import ResidenceCorrected, ResidenceRecorded
from apps.households.ledger import check_day
from apps.households.models import (
    AskState,
    EventKind,
    Household,
    ResidenceEvent,
    Transfer,
    TransferAsk,
    TransferState,
)
from apps.patients import exact
from apps.patients.events import PersonDied
from apps.patients.models import LifeStatus, Person

TASK = "household.asked"
CAP = "households.asks_a_day"
TRIES = ("household.asked", "household.ask_missed")
SCREEN = "household.asks"
LONGEST = 300


# --- asked


def person_ask(*, number: str, since: dt.date, reason: str) -> TransferAsk:
    """Ask for whoever carries exactly this number; she lives here since that day. Raises Refused.

    A number that is nobody's counts as a try as well: the page is no way to try numbers.
    """
    ask = _asked_or_missed(number=number, since=since, reason=reason)
    if ask is None:
        # Outside the block: to refuse inside would take back the count of the try, and its lock with it.
        raise Refused("Không có ai mang đúng số này. Hãy thêm người mới.", field="number")
    return ask


@transaction.atomic
def _asked_or_missed(*, number: str, since: dt.date, reason: str) -> TransferAsk | None:
    scope = current()
    scope.require("households.edit")
    user_id, workplace_id = exact.account_at_work(scope, "xin chuyển hồ sơ")
    reason = _said(reason, "Hãy ghi vì sao xin: người này nay ở đâu, với ai.")
    check_day(since, field="since")
    exact.hold_account(user_id)
    if tries_today() >= most_a_day():
        raise Refused("Hôm nay đã dùng hết số lần xin chuyển hồ sơ. Hãy làm tiếp vào ngày mai.")
    person = exact.carrier(number)
    if person is None:
        audit.record("household.ask_missed")
        return None
    # unscoped: somebody of elsewhere; one after the other asks for her, so that none asks twice
    person = Person.unscoped.select_for_update().only("station_id").get(pk=person.pk)
    if scope.reaches(person.station_id):
        raise Refused("Người này đang thuộc trạm mình; hãy tìm trong ô tìm kiếm.", field="number")
    _refuse_twice(person, workplace_id)
    ask = TransferAsk(
        person=person,
        from_station_id=person.station_id,
        station_id=workplace_id,
        number_end="".join(number.split())[-4:].upper(),
        since=since,
        reason=reason,
        asked_by_name=scope.shown_name[:150],
    )
    ask.save(force_insert=True)
    todo.task_open(
        TASK,
        facility_id=ask.from_station_id,
        object_id=ask.pk,
        happened_at=timezone.now(),
        title=f"{ask.station.name} xin một người",
        person_id=person.pk,
    )
    audit.record("household.asked", person_id=person.pk, object_id=ask.pk)
    readlog.record(SCREEN, [person.pk])  # that somebody carries the number is told
    return ask


def _refuse_twice(person: Person, station_id: UUID) -> None:
    # unscoped: whether this station has asked, or was told, already; nothing of either is read
    if TransferAsk.unscoped.filter(person=person, station=station_id, state=AskState.WAITING).exists():
        raise Refused("Trạm đã xin người này và đang chờ trả lời.", field="number")
    told = Transfer.unscoped.filter(part__person=person, station=station_id, state=TransferState.WAITING)
    if told.exists():
        raise Refused("Người này đã ở trong danh sách Chuyển đến chờ nhận.", field="number")


def tries_today() -> int:
    """How often this account has asked today, misses included."""
    return exact.tries_today(current(), TRIES)


def most_a_day() -> int:
    return int(parameters.value(CAP, on=timezone.localdate()))


@transaction.atomic
def ask_withdraw(*, ask: TransferAsk, expected_version: int) -> None:
    """The asking station asks no more: a wrong number, or she does not live here after all."""
    scope = current()
    scope.require("households.edit")
    if not scope.reaches(ask.station_id):
        raise TransferAsk.DoesNotExist
    _refuse_answered(ask)
    _answer(ask, AskState.WITHDRAWN, expected=expected_version)
    todo.withdraw(TASK, object_id=ask.pk, reason="Trạm xin đã thôi xin")
    audit.record("household.ask_withdrawn", person_id=ask.person_id, object_id=ask.pk)


# --- answered


@transaction.atomic
def ask_give(
    *,
    ask: TransferAsk,
    household: Household | None,
    people: Sequence[Person],
    on: dt.date,
    new_head: Person | None = None,
    note: str = "",
) -> ResidenceEvent:
    """She has left, alone or with others of her family: recorded, and told to the asking station. Somebody
    who had left for elsewhere (`household` None) is told there by her departure of then. Raises Refused.
    """
    current().require("households.edit")
    _ours(ask)
    if ask.station_id == ask.from_station_id:
        raise Refused("Hai trạm nay là một: hãy dùng Chuyển hộ, rồi trả lời trạm xin là không cần nữa.")
    if household is None:
        departure = _left_before(ask.person)
        people = [ask.person]
    else:
        if ask.person_id not in {person.pk for person in people}:
            raise Refused(f"Hãy chọn cả {ask.person.full_name}, người mà trạm kia xin.", field="people")
        departure = moving.members_depart(
            household=household,
            people=people,
            place=places.elsewhere(ask.station.unit, household.hamlet.commune, on),
            on=on,
            new_head=new_head,
            note=note,
        )
    # Told by the unit already, unless the commune was another on that day: in any case to who asks.
    transfers.tell(departure, ask.station, [person.pk for person in people])
    # unscoped: taken through the scope
    _given(TransferAsk.unscoped.filter(pk=ask.pk), departure)
    ask.refresh_from_db(from_queryset=TransferAsk.unscoped.all())  # unscoped: the same row
    if ask.departure_id != departure.pk:  # somebody else has answered this very moment
        _refuse_answered(ask)
    return departure


def _left_before(person: Person) -> ResidenceEvent:
    """The departure by which she has left us. Raises Refused."""
    part = moving.departed_as(person) if person.life_status == LifeStatus.MOVED else None
    if part is None:
        raise Refused(
            f"{person.full_name} chưa ở hộ nào của trạm. Hãy ghi vào một hộ trước, rồi trả lời.",
            field="people",
        )
    return part.event


@transaction.atomic
def ask_refuse(*, ask: TransferAsk, reason: str) -> None:
    """She has not left us, or is not the one: the asking station reads why. Raises Refused."""
    current().require("households.edit")
    _ours(ask)
    reason = _said(reason, "Hãy ghi vì sao không cho chuyển.")
    _answer(ask, AskState.REFUSED, expected=ask.version, answer=reason)
    todo.settle(TASK, object_id=ask.pk, result="Không cho chuyển")
    audit.record("household.ask_refused", person_id=ask.person_id, object_id=ask.pk)


def _ours(ask: TransferAsk) -> None:
    if not current().reaches(ask.from_station_id):
        raise TransferAsk.DoesNotExist
    _refuse_answered(ask)


def _refuse_answered(ask: TransferAsk) -> None:
    if ask.state != AskState.WAITING:
        on = date_words(timezone.localdate(ask.decided_at)) if ask.decided_at else ""
        raise Refused(f"Lần xin này đã được trả lời ngày {on}: {ask.get_state_display().lower()}.")


# --- what follows by itself


def recorded(event: ResidenceRecorded) -> None:
    """Whoever recorded that they left: what the station of their destination had asked for is answered."""
    if event.kind != EventKind.DEPARTED:
        return
    # unscoped: asked by another station; what becomes of it follows from what was recorded here
    told = Transfer.unscoped.filter(
        part__event=event.event_id, part__person=OuterRef("person"), station=OuterRef("station")
    )
    # unscoped: as above; the departure was written just now by whoever asks
    departure = ResidenceEvent.unscoped.get(pk=event.event_id)
    _given(TransferAsk.unscoped.filter(Exists(told)), departure)


def corrected(event: ResidenceCorrected) -> None:
    """The departure by which she was given never was."""
    # unscoped: as above
    for ask in TransferAsk.unscoped.filter(departure=event.event_id, state=AskState.GIVEN):
        _answer(ask, AskState.REFUSED, expected=ask.version, answer="Trạm được xin đã rút lại.")


def died(event: PersonDied) -> None:
    """Nobody moves any more."""
    # unscoped: as above
    for ask in TransferAsk.unscoped.filter(person=event.person_id, state=AskState.WAITING):
        _answer(ask, AskState.REFUSED, expected=ask.version, answer="Người này đã mất.")
        todo.settle(TASK, object_id=ask.pk, result="Người này đã mất")


def _given(rows: QuerySet[TransferAsk], departure: ResidenceEvent) -> None:
    for ask in rows.filter(state=AskState.WAITING).select_for_update(of=("self",)).order_by("pk"):
        _answer(ask, AskState.GIVEN, expected=ask.version, departure=departure)
        todo.settle(TASK, object_id=ask.pk, result="Đã cho chuyển")
        audit.record("household.ask_given", person_id=ask.person_id, object_id=ask.pk)


def _answer(ask: TransferAsk, state: str, *, expected: int, **values: object) -> None:
    ask.state, ask.decided_at = state, timezone.now()
    ask.decided_by_name = current().shown_name[:150]
    for name, value in values.items():
        setattr(ask, name, value)
    save_versioned(ask, expected=expected)


def _said(reason: str, ask: str) -> str:
    reason = clean(reason)
    if not reason:
        raise Refused(ask, field="reason")
    if len(reason) > LONGEST:
        raise Refused(f"Lý do dài quá {LONGEST} chữ.", field="reason")
    return reason
