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
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.scope import current
from apps.stock.models import StockBalance, StockItem, StockLocation, StockMovement


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

    Refused, with what is missing and where, when a balance would fall below nothing. Four statements.
    """
    check_day(on)
    changes: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for move in moves:
        changes[move.lot_id, move.location_id] += move.quantity
    _balance(changes)
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


def _balance(changes: dict[tuple[UUID, UUID], int]) -> None:
    lots = {lot for lot, _ in changes}
    # unscoped: lots and places were read through the scope by the caller
    rows = (
        StockBalance.unscoped.select_for_update(of=("self",))
        .filter(lot_id__in=lots)
        .select_related("lot__item", "location")
        .order_by("pk")
    )
    found = {(row.lot_id, row.location_id): row for row in rows}
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
        row.quantity += quantity
        row.updated_at = now
        changed.append(row)
    StockBalance.unscoped.bulk_update(changed, ["quantity", "updated_at"])  # unscoped: the same rows
    StockBalance.unscoped.bulk_create(new)


def short_words(row: StockBalance) -> str:
    """Why a balance cannot give what was asked of it."""
    item = row.lot.item
    return f"{item.name}, lô {row.lot}: {row.location.name} chỉ còn {item.words(row.quantity)}."


def opposite(rows: Iterable[StockMovement], reason: str) -> list[Move]:
    """The rows that take back those rows, which have not been taken back."""
    return [
        Move(row.kind, row.lot_id, row.location_id, -row.quantity, reason, reverses_id=row.pk) for row in rows
    ]
