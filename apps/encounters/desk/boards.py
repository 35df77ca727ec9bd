"""Rooms, and the screen of a waiting room: what it shows, who opened it, how long it may.

A screen needs nobody signed in: whoever opens it leaves a random key in that browser's cookie, of which the
database keeps the hash. The key opens one page, which holds numbers, rooms and, where the station says so,
given names; never a reason, a diagnosis, or the name of a restricted visit.
"""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.core import audit, parameters
from apps.core.errors import Refused
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.encounters import states
from apps.encounters.desk import queue, receiving
from apps.encounters.models import BoardScreen, CallState, QueueSetting, Room, Visit

DAYS, ROWS = "queue.board_days", "queue.board_rows"
KEY_BYTES = 32
SEEN_EVERY = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class BoardLine:
    """One line of the screen: a number, where to go, and a name where it may stand."""

    number: int
    room: str = ""
    name: str = ""


@dataclass(frozen=True)
class Board:
    """What a screen shows; `mark` changes with it."""

    place: str
    called: list[BoardLine]
    following: list[BoardLine]
    waiting: int
    mark: str


# ---- what stands on it


def shows_names(facility_id: UUID | None) -> bool:
    """Whether the station lets its screens and tickets say given names; numbers alone unless it said so."""
    if facility_id is None:
        return False
    # unscoped: of the station whose screen or ticket this is
    return QueueSetting.unscoped.filter(facility_id=facility_id, shows_names=True).exists()


def call_name(visit: Visit, named: bool) -> str:
    """The given name, where the station shows names and the visit is open to everybody."""
    if not named or visit.restricted or visit.person.identity:
        return ""
    return str(visit.person.full_name).split()[-1] if visit.person.full_name else ""


def board(screen: BoardScreen, on: dt.date) -> Board:
    """The screen's lines of a day. Four queries."""
    named, most = shows_names(screen.facility_id), int(parameters.value(ROWS, on=on))
    here = Q(point_id=screen.point_id) if screen.point_id else Q(point__isnull=True)
    # unscoped: nobody is signed in at a screen; it shows numbers, and names only as the station has said
    rows = Visit.unscoped.filter(here, facility_id=screen.facility_id, on=on, state=states.WAITING)
    rows = rows.select_related("person", "room").only(
        "queue_no", "call", "called_at", "restricted", "room__name", "person__full_name", "person__identity"
    )
    called = list(rows.filter(call=CallState.CALLED).order_by("-called_at", "id")[:most])
    waiting = rows.filter(call=CallState.WAITING)
    following = list(waiting.order_by(*queue.ORDER)[:most])
    lines = [_line(visit, named) for visit in called]
    after = [BoardLine(visit.queue_no) for visit in following]
    told = [f"{line.number}{line.room}{line.name}" for line in lines] + [str(each.number) for each in after]
    place = screen.point.name if screen.point else screen.facility.name
    many = waiting.count() if len(after) == most else len(after)
    return Board(place, lines, after, many, receiving.digest([*told, "#", str(many)]))


def _line(visit: Visit, named: bool) -> BoardLine:
    return BoardLine(visit.queue_no, visit.room.name if visit.room else "", call_name(visit, named))


# ---- screens


@transaction.atomic
def screen_open() -> tuple[BoardScreen, str]:
    """Make the browser that asks a screen of this workplace. Gives the row and the key for its cookie."""
    scope = _allowed("visits.edit")
    now = timezone.now()
    key = secrets.token_urlsafe(KEY_BYTES)
    days = int(parameters.value(DAYS, on=timezone.localtime(now).date()))
    screen = BoardScreen.objects.create(
        facility_id=scope.workplace_id,
        point_id=scope.point_id,
        key_hash=_hash(key),
        opened_by_name=scope.shown_name,
        opened_at=now,
        expires_at=now + dt.timedelta(days=days),
    )
    audit.record("board.opened", object_id=screen.pk, facility_id=screen.facility_id, data={})
    return screen, key


@transaction.atomic
def screen_close(*, screen_id: UUID) -> None:
    """The screen shows nothing from now on. Raises BoardScreen.DoesNotExist."""
    _allowed("visits.edit")
    screen = BoardScreen.objects.select_for_update().get(pk=screen_id)
    if screen.closed_at is None:
        screen.closed_at = timezone.now()
        screen.save(update_fields=["closed_at", "updated_at"])
        audit.record("board.closed", object_id=screen.pk, facility_id=screen.facility_id, data={})


def screen_of(key: str, now: dt.datetime) -> BoardScreen | None:
    """The open screen that holds this key; None for a wrong, closed or old one. One query."""
    if not key:
        return None
    # unscoped: nobody is signed in at a screen; who has the key may see its page
    screen = (
        BoardScreen.unscoped.select_related("facility", "point")
        .filter(key_hash=_hash(key), closed_at__isnull=True, expires_at__gt=now)
        .first()
    )
    if screen and (screen.seen_at is None or now - screen.seen_at > SEEN_EVERY):
        BoardScreen.unscoped.filter(pk=screen.pk).update(seen_at=now)  # the one just found
    return screen


def screens(scope: Scope) -> list[BoardScreen]:
    """The screens of the workplace that are open."""
    if scope.workplace_id is None:
        return []
    rows = BoardScreen.visible(scope).filter(closed_at__isnull=True, expires_at__gt=timezone.now())
    return list(rows.filter(facility_id=scope.workplace_id).select_related("point").order_by("opened_at"))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


# ---- rooms and the setting


@transaction.atomic
def room_put(*, name: str, position: int, room_id: UUID | None = None, is_active: bool = True) -> Room:
    """A new room of this workplace, or another name or end of one. Raises Refused, Room.DoesNotExist."""
    scope = _allowed("visits.edit")
    name = clean(name)
    if not name:
        raise Refused("Ghi tên phòng, bàn khám.", field="name", code="no-name")
    here = queue.place(scope)
    room = (
        Room.objects.select_for_update().get(pk=room_id, facility_id=here)
        if room_id
        else Room(facility_id=here)
    )
    room.name, room.position, room.is_active = name[:40], position, is_active
    try:
        with transaction.atomic():
            room.save()
    except IntegrityError as clash:
        raise Refused(f"Đã có phòng, bàn tên {name}.", field="name", code="twice") from clash
    audit.record("room.put", object_id=room.pk, facility_id=scope.workplace_id, data={})
    return room


@transaction.atomic
def names_put(*, shown: bool) -> None:
    """Whether screens and tickets of the station say given names."""
    scope = _allowed("visits.approve")
    QueueSetting.objects.update_or_create(facility_id=scope.workplace_id, defaults={"shows_names": shown})
    audit.record(
        "board.names",
        object_id=None,
        facility_id=scope.workplace_id,
        data={"shown": "hiện tên gọi" if shown else "chỉ hiện số"},
    )


def _allowed(right: str) -> Scope:
    scope = current()
    scope.require(right)
    if scope.workplace_id is None:
        raise PermissionDenied(right)
    return scope
