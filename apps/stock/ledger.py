"""The one writer of the ledger and of the balances that follow from it.

Whoever moves stock locks its items first, in the order of their keys: two who want the last box come one
after the other, and nobody waits for ever. The database's own check stands behind this.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.words import date_words
from apps.stock.models import StockBalance, StockItem, StockLocation, StockMovement

Key = tuple[UUID, UUID]  # lot and place


@dataclass(frozen=True)
class Source:
    """The record that moves stock: its kind ('document', 'prescription_line') and its id."""

    kind: str
    id: UUID


@dataclass(frozen=True)
class Move:
    """So much more (or less) of a lot in a place, in base units."""

    kind: str  # MovementKind
    lot_id: UUID
    location_id: UUID
    quantity: int
    reason: str = ""
    reverses_id: UUID | None = None


def items_lock(item_ids: Collection[UUID]) -> dict[UUID, StockItem]:
    """The items, locked in the order of their keys until the transaction ends. Refused: one is foreign."""
    if not connection.in_atomic_block:
        raise RuntimeError("stock moves inside the transaction of what moves it")
    wanted = set(item_ids)
    rows = StockItem.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) != len(wanted):
        raise Refused("Mặt hàng này không có trong kho của trạm.", code="no-item")
    return found


def place_of(location_id: UUID, *, station_id: UUID | None = None) -> StockLocation:
    """A place of the scope (of that station, when one is named). Refused when it is not ours or is closed."""
    found: StockLocation | None = StockLocation.objects.filter(pk=location_id).first()
    if found is None or (station_id is not None and found.station_id != station_id):
        raise Refused("Kho này không thuộc trạm đang chọn.", field="location", code="no-place")
    if not found.is_active:
        raise Refused(f"{found.name} đã ngừng dùng.", field="location", code="closed-place")
    return found


def check_day(on: dt.date) -> None:
    """Stock that will move tomorrow has not moved."""
    if on > timezone.localdate():
        raise Refused("Ngày ghi sổ kho không thể ở tương lai.", field="on", code="future")


def write(moves: Sequence[Move], *, source: Source, on: dt.date) -> list[StockMovement]:
    """Write the rows and what they make of the balances. The caller holds the items' locks.

    Refused, with what is missing and where, when a balance would fall below nothing: today's, or that of any
    day since `on`. Four statements, five for a day that has gone by.
    """
    check_day(on)
    changes: dict[Key, int] = defaultdict(int)
    for move in moves:
        changes[move.lot_id, move.location_id] += move.quantity
    _balance(changes, on)
    scope = current()
    return StockMovement.unscoped.bulk_create(  # unscoped: lots and places were read through the scope
        StockMovement(
            on=on,
            kind=move.kind,
            lot_id=move.lot_id,
            location_id=move.location_id,
            quantity=move.quantity,
            source_kind=source.kind,
            source_id=source.id,
            reverses_id=move.reverses_id,
            reason=move.reason[:300],
            by=scope.user_id,
            by_name=scope.shown_name,
        )
        for move in moves
    )


def spare(balances: Sequence[StockBalance], on: dt.date) -> dict[Key, int]:
    """How much of each balance may leave on that day so that no day since then ends below nothing.

    That is the least that lay there at the end of any day from `on` to today. One query for a day that has
    gone by, none for today.
    """
    least = {(row.lot_id, row.location_id): row.quantity for row in balances}
    if on >= timezone.localdate() or not least:
        return least
    there = dict(least)
    # unscoped: of balances that were read through the scope
    moved = StockMovement.unscoped.filter(
        lot_id__in={lot for lot, _ in least}, location_id__in={place for _, place in least}, on__gt=on
    )
    days = moved.order_by("-on").values_list("lot_id", "location_id", "on").annotate(all=Sum("quantity"))
    for lot_id, place_id, _, quantity in days:
        key = (lot_id, place_id)
        if key in there:
            there[key] -= quantity  # what lay there at the end of the day before
            least[key] = min(least[key], there[key])
    return least


def as_of(balances: Sequence[StockBalance], on: dt.date) -> None:
    """Let each balance say how much of it may leave on that day (not to be saved)."""
    found = spare(balances, on)
    for row in balances:
        row.quantity = max(found[row.lot_id, row.location_id], 0)


def _balance(changes: dict[Key, int], on: dt.date) -> None:
    lots = {lot for lot, _ in changes}
    # unscoped: lots and places were read through the scope by the caller
    rows = (
        StockBalance.unscoped.select_for_update(of=("self",))
        .filter(lot_id__in=lots)
        .select_related("lot__item", "location")
        .order_by("pk")
    )
    found = {(row.lot_id, row.location_id): row for row in rows}
    leaving = [row for key, row in found.items() if changes.get(key, 0) < 0]
    free = spare(leaving, on)
    changed, new = [], []
    now = timezone.now()
    for key, quantity in changes.items():
        row = found.get(key)
        if row is None:
            if quantity < 0:
                raise Refused("Kho không còn lô này.", code="short")
            new.append(StockBalance(lot_id=key[0], location_id=key[1], quantity=quantity))
            continue
        if row.quantity + quantity < 0:
            raise Refused(short_words(row), code="short")
        if quantity < 0 and free[key] + quantity < 0:
            raise Refused(short_then_words(row, max(free[key], 0), on), code="short")
        row.quantity += quantity
        row.updated_at = now
        changed.append(row)
    StockBalance.unscoped.bulk_update(changed, ["quantity", "updated_at"])  # unscoped: the same rows
    StockBalance.unscoped.bulk_create(new)


def short_words(row: StockBalance) -> str:
    """Why a balance cannot give what was asked of it."""
    item = row.lot.item
    return f"{item.name}, lô {row.lot}: {row.location.name} chỉ còn {item.words(row.quantity)}."


def short_then_words(row: StockBalance, free: int, on: dt.date) -> str:
    """Why a balance that would do today cannot give so much on a day that has gone by."""
    item = row.lot.item
    left = f"chỉ xuất được {item.words(free)}" if free else "không xuất được nữa"
    return (
        f"{item.name}, lô {row.lot}: ghi ngày {date_words(on)} thì {row.location.name} {left}, "
        "nếu hơn thì sổ kho của một ngày từ đó đến nay sẽ âm."
    )


def opposite(rows: Iterable[StockMovement], reason: str) -> list[Move]:
    """The rows that take back those rows, which have not been taken back."""
    return [
        Move(row.kind, row.lot_id, row.location_id, -row.quantity, reason, reverses_id=row.pk) for row in rows
    ]
