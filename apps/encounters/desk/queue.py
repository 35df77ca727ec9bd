"""The day's queue of a workplace: who waits, who is called where. Numbers are a day's and a place's own.

Order: rank (priority.py), then number. Calling locks the row it takes and passes by rows that others hold, so
two who press at once never call the same person. Nothing here changes a visit's version: her form may be open
elsewhere. Only `transfer` to another point does, since a point is part of the record.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.care.models import FactState, Measurement
from apps.core import audit, parameters
from apps.core.errors import Refused
from apps.core.scope import Scope, current
from apps.core.versions import save_versioned
from apps.encounters import queries, states
from apps.encounters.desk import receiving
from apps.encounters.models import CallState, Room, Visit
from apps.encounters.writing import SOURCE
from apps.facilities.models import Facility, FacilityKind

ORDER = ("rank", "queue_no", "id")
MOST = 200  # of a day's queue on one page
LONG, REFRESH = "queue.long_wait", "queue.refresh"
STEP = 5  # minutes: a page that polls changes for the waiting time at most this often
GONE = "Người này không còn chờ ở đây: có lẽ đã được khám hoặc đã về. Xem lại hàng chờ."
ALREADY = "Số {number} vừa được gọi{where} lúc {at:%H:%M}. Nếu cần, bấm gọi lại."


@dataclass(frozen=True)
class Standing:
    """Somebody in the queue as a page shows her; `minutes` waited, in steps of five."""

    visit: Visit
    minutes: int
    long: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Queue:
    """A workplace's queue now; `mark` changes when anything that is shown changes."""

    called: list[Standing]
    waiting: list[Standing]
    skipped: list[Standing]
    examined: list[Standing]
    mark: str


def place(scope: Scope) -> UUID:
    """Where this scope's queue is: the point, else the station. PermissionDenied without a workplace."""
    if scope.workplace_id is None:
        raise PermissionDenied("visits.view")
    return scope.point_id or scope.workplace_id


def _here(scope: Scope) -> Q:
    return (
        Q(facility_id=scope.workplace_id, point_id=scope.point_id)
        if scope.point_id
        else Q(facility_id=scope.workplace_id, point__isnull=True)
    )


def rooms(scope: Scope) -> list[Room]:
    """The rooms in use at this workplace, in their order."""
    rows = Room.objects.filter(facility_id=place(scope), is_active=True)
    return list(rows.order_by("position", "name"))


def points(scope: Scope) -> list[Facility]:
    """Where else of the station somebody may be sent: its points, and the station from a point."""
    found = Facility.objects.on(timezone.localdate()).filter(
        Q(part_of_id=scope.workplace_id, kind=FacilityKind.POINT) | Q(pk=scope.workplace_id)
    )
    return [each for each in found.order_by("kind", "name") if each.pk != place(scope)]


def queue(scope: Scope, on: dt.date, *, now: dt.datetime) -> Queue:
    """Who waits here, is called and was not there, in order. Three queries."""
    long = int(parameters.value(LONG, on=on))
    # unscoped: of the visits of this scope
    taken = Measurement.unscoped.filter(source_kind=SOURCE, state=FactState.FINAL)
    rows: list[Visit] = list(
        Visit.visible(scope)
        .filter(_here(scope), on=on, state__in=(states.WAITING, states.IN_PROGRESS))
        .select_related("person", "room")
        .defer("person__tokens", "person__search")
        .annotate(measured=Exists(taken.filter(source_id=OuterRef("pk"))))
        .order_by(*ORDER)[:MOST]
    )
    queries.hushed(scope, rows)
    found: dict[str, list[Standing]] = {key: [] for key in CallState.values}
    for visit in rows:
        if visit.state == states.WAITING:
            found[visit.call].append(_standing(visit, now, long))
    return Queue(
        called=sorted(found[CallState.CALLED], key=lambda each: each.visit.called_at or now, reverse=True),
        waiting=found[CallState.WAITING],
        skipped=found[CallState.SKIPPED],
        examined=[_standing(visit, now, long) for visit in rows if visit.state == states.IN_PROGRESS],
        mark=_mark(rows, now),
    )


def _standing(visit: Visit, now: dt.datetime, long: int) -> Standing:
    minutes = max(int((now - visit.occurred_at).total_seconds()) // 60, 0)
    words = tuple(visit.priority_words)
    return Standing(visit, minutes - minutes % STEP, minutes >= long, words)


def _mark(rows: list[Visit], now: dt.datetime) -> str:
    told = [f"{now.timestamp() // (60 * STEP):.0f}"] if rows else []
    told += [f"{row.pk}{row.version}{row.state}{row.call}{row.calls}{row.rank}{row.room_id}" for row in rows]
    return receiving.digest(told)


def waiting_count(scope: Scope, on: dt.date) -> int:
    """How many have not been seen yet here on that day, called or not. One query."""
    return _waiting(scope, on).count()


# ---- calling


def _waiting(scope: Scope, on: dt.date) -> QuerySet[Visit]:
    return Visit.visible(scope).filter(_here(scope), on=on, state=states.WAITING)


@transaction.atomic
def call_next(*, room_id: UUID | None = None) -> Visit | None:
    """Call whoever is first: of a room, those sent there and those sent nowhere. None when nobody waits."""
    scope, now = _allowed(), timezone.now()
    rows = _waiting(scope, timezone.localtime(now).date()).filter(call=CallState.WAITING)
    room = receiving.room_for(room_id, (place(scope),))
    if room is not None:
        rows = rows.filter(Q(room=room) | Q(room__isnull=True))
    first = rows.select_for_update(of=("self",), skip_locked=True).order_by(*ORDER).first()
    if first is None:
        return None
    return _called(first, room, now)


@transaction.atomic
def call(*, visit_id: UUID, seen_calls: int, room_id: UUID | None = None) -> Visit:
    """Call one that was picked, or call again. `seen_calls` is how often the page knew her called.

    Refused when somebody else has called her since.
    """
    scope, now = _allowed(), timezone.now()
    visit = _taken(scope, visit_id)
    if visit.calls != seen_calls:
        raise Refused(already(visit), code="called")
    return _called(visit, receiving.room_for(room_id, (place(scope),)), now)


def already(visit: Visit) -> str:
    """The sentence for who comes second."""
    where = f" vào {visit.room.name}" if visit.room else ""
    at = timezone.localtime(visit.called_at or timezone.now())
    return ALREADY.format(number=visit.queue_no, where=where, at=at)


def _called(visit: Visit, room: Room | None, now: dt.datetime) -> Visit:
    visit.room = room or visit.room
    _put(
        visit,
        "visit.called",
        call=CallState.CALLED,
        called_at=now,
        called_by=current().user_id,
        calls=F("calls") + 1,
        room_id=visit.room.pk if visit.room else None,
    )
    visit.call, visit.called_at, visit.calls = CallState.CALLED, now, visit.calls + 1
    return visit


@transaction.atomic
def skip(*, visit_id: UUID) -> Visit:
    """She was called and did not come: she stands aside and may be taken back."""
    visit = _taken(_allowed(), visit_id)
    if visit.call != CallState.CALLED:
        raise Refused("Chỉ ghi “gọi không thấy” sau khi đã gọi.", code="not-called")
    _put(visit, "visit.skipped", call=CallState.SKIPPED)
    return visit


@transaction.atomic
def back(*, visit_id: UUID) -> Visit:
    """She is there after all: she waits again, under her number and rank."""
    visit = _taken(_allowed(), visit_id)
    _put(visit, "visit.back_in_queue", call=CallState.WAITING)
    return visit


@transaction.atomic
def transfer(*, visit_id: UUID, room_id: UUID | None = None, point_id: UUID | None = None) -> Visit:
    """Send her to another room under her number, or to another point of the station under a new one. The
    number of the visit stays that of the book where she was received.
    """
    scope = _allowed()
    visit = _taken(scope, visit_id)
    if point_id is None:
        room = receiving.room_for(room_id, (place(scope),))
        if room is None:
            raise Refused("Chọn phòng, bàn hoặc điểm trạm để chuyển đến.", field="to", code="nowhere")
        _put(visit, "visit.transferred", call=CallState.WAITING, room_id=room.pk)
        visit.room = room
        return visit
    target = next((each for each in points(scope) if each.pk == point_id), None)
    if target is None:
        raise Refused("Điểm trạm này không thuộc trạm.", field="to", code="point")
    visit.point_id = None if target.pk == scope.workplace_id else target.pk
    visit.room, visit.call = None, CallState.WAITING
    visit.queue_no = receiving.queue_number(visit.facility_id, visit.point_id, visit.on, visit.pk)
    save_versioned(visit, expected=visit.version)
    _told("visit.transferred", visit)
    return visit


def _allowed() -> Scope:
    scope = current()
    scope.require("visits.enter")
    place(scope)
    return scope


def _taken(scope: Scope, visit_id: UUID) -> Visit:
    """Somebody who waits here, locked. Visit.DoesNotExist for one out of sight, Refused for one gone."""
    visit = Visit.objects.select_for_update(of=("self",)).select_related("room").get(pk=visit_id)
    if not scope.reaches(visit.facility_id):
        raise PermissionDenied("visits.enter")
    here = (visit.facility_id, visit.point_id) == (scope.workplace_id, scope.point_id)
    if not here or visit.state != states.WAITING:
        raise Refused(GONE, code="gone")
    return visit


def _put(visit: Visit, action: str, **values: object) -> None:
    Visit.unscoped.filter(pk=visit.pk).update(**values)  # the row that was locked through the scope
    _told(action, visit)


def _told(action: str, visit: Visit) -> None:
    audit.record(
        action,
        person_id=visit.person_id,
        object_id=visit.pk,
        facility_id=visit.facility_id,
        data={"number": visit.queue_no},
    )
