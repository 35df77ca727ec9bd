"""The port through which other rooms move stock: take what is dispensed, put it back.

The caller has checked its own right (a nurse dispenses without keeping the store); the place and the items
are looked for in the scope.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.text import clean
from apps.core.words import date_words
from apps.stock import fefo, ledger
from apps.stock.events import StockMoved
from apps.stock.ledger import Move, Source
from apps.stock.models import (
    Lot,
    LotState,
    MovementKind,
    StockBalance,
    StockItem,
    StockLocation,
    StockMovement,
)

__all__ = ["Source", "Taken", "Want", "put_back", "set_aside", "take", "take_all"]

APART = " (trả lại)"  # behind the number of a lot whose packs had left the station


@dataclass(frozen=True)
class Want:
    """So many base units of an item."""

    item_id: UUID
    quantity: int


@dataclass(frozen=True)
class Taken:
    """What was taken of one lot, with the reason why of this one."""

    item_id: UUID
    lot: Lot
    quantity: int
    movement_id: UUID
    why: str


def take(
    *,
    item_id: UUID,
    quantity: int,
    location_id: UUID,
    source: Source,
    on: dt.date,
    kind: str = MovementKind.DISPENSE,
) -> list[Taken]:
    """Take one item from one place, first expired first; the lots it came from.

    All of it or nothing: Refused (code 'short') tells what is there, and what lies there and may not be used.
    Of two who want the last box exactly one gets it.
    """
    return take_all([Want(item_id, quantity)], location_id=location_id, source=source, on=on, kind=kind)


@transaction.atomic
def take_all(
    wants: Sequence[Want],
    *,
    location_id: UUID,
    source: Source,
    on: dt.date,
    kind: str = MovementKind.DISPENSE,
) -> list[Taken]:
    """Take several items from one place: all or nothing. An item named twice is taken once, together."""
    total: dict[UUID, int] = defaultdict(int)
    for want in wants:
        if want.quantity < 1:
            raise Refused("Số lượng lấy từ kho phải từ 1.", field="quantity", code="quantity")
        total[want.item_id] += want.quantity
    place = ledger.place_of(location_id)
    items = ledger.items_lock(total)
    rows = _lots_at(place, items, on)
    moves: list[Move] = []
    planned: list[tuple[UUID, Lot, fefo.Part]] = []
    for item_id, quantity in total.items():
        lots = {str(row.lot_id): row.lot for row in rows[item_id]}
        found = fefo.allocate(quantity, map(facts_of, rows[item_id]), on)
        if not found.whole:
            raise Refused(_short(items[item_id], place, quantity, found, on), field="quantity", code="short")
        for part in found.parts:
            lot = lots[part.key]
            planned.append((item_id, lot, part))
            moves.append(Move(kind, lot.pk, place.pk, -part.quantity))
    written = ledger.write(moves, source=source, on=on)
    _told("stock.taken", place, source, moves, on)
    return [
        Taken(item_id, lot, part.quantity, row.pk, part.why)
        for (item_id, lot, part), row in zip(planned, written, strict=True)
    ]


@transaction.atomic
def put_back(
    *, source: Source, on: dt.date, quantities: Mapping[UUID, int] | None = None, reason: str
) -> list[StockMovement]:
    """Put back what `source` has taken, into the lots and places it came from.

    `quantities` says how much of each lot (by its id); without it all that has not come back yet. Refused:
    more than was taken, or nothing left to put back.
    """
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do trả lại kho.", field="reason", code="no-reason")
    here = StockMovement.objects.filter(source_kind=source.kind, source_id=source.id)
    items = set(here.values_list("lot__item_id", flat=True))
    if not items:
        raise Refused("Không có gì đã lấy từ kho để trả lại.", code="nothing")
    ledger.items_lock(items)
    out: dict[tuple[UUID, UUID], int] = defaultdict(int)  # lot and place -> still out, read under the lock
    for lot_id, place_id, quantity in here.order_by("id").values_list("lot_id", "location_id", "quantity"):
        out[lot_id, place_id] -= quantity
    wanted = dict(quantities) if quantities is not None else None
    moves = []
    for (lot_id, place_id), left in out.items():
        back = left if wanted is None else min(left, wanted.get(lot_id, 0))
        if back > 0:
            moves.append(Move(MovementKind.RETURN, lot_id, place_id, back, reason))
            if wanted is not None:
                wanted[lot_id] -= back
    if wanted is not None and any(wanted.values()):
        raise Refused("Số trả lại nhiều hơn số đã lấy của lô.", field="quantity", code="too-much")
    if not moves:
        raise Refused("Đã trả lại hết từ trước.", code="nothing")
    written = ledger.write(moves, source=source, on=on)
    place = StockLocation.objects.get(pk=moves[0].location_id)
    _told("stock.put_back", place, source, moves, on)
    return written


@transaction.atomic
def set_aside(rows: Sequence[StockMovement], *, source: Source, on: dt.date, reason: str) -> list[Lot]:
    """What has just come back from outside may not be given to anybody: it is moved into a quarantined lot of
    its own, in the place where it lies, until somebody frees that lot or discards it. Those lots.

    `rows` are the movements of put_back, whose items are locked in this transaction.
    """
    moves, lots = [], []
    for row in rows:
        lot = Lot.objects.select_related("item").get(pk=row.lot_id)
        apart = _apart(lot, on, reason)
        moves.append(Move(MovementKind.TRANSFER, lot.pk, row.location_id, -row.quantity, reason))
        moves.append(Move(MovementKind.TRANSFER, apart.pk, row.location_id, row.quantity, reason))
        lots.append(apart)
    ledger.write(moves, source=source, on=on)
    return lots


def _apart(lot: Lot, on: dt.date, reason: str) -> Lot:
    number = lot.number if lot.number.endswith(APART) else f"{lot.number[:48]}{APART}"
    same = {
        "item": lot.item,
        "number": number,
        "expiry": lot.expiry,
        "price": lot.price,
        "source": lot.source,
    }
    found: Lot | None = Lot.objects.filter(**same, state=LotState.QUARANTINED).first()
    if found is not None:
        return found
    made: Lot = Lot.unscoped.create(  # unscoped: of an item that was locked through the scope
        **same,
        month_only=lot.month_only,
        manufacturer=lot.manufacturer,
        state=LotState.QUARANTINED,
        state_reason=reason[:300],
        since=on,
    )
    return made


def _lots_at(
    place: StockLocation, items: Mapping[UUID, StockItem], on: dt.date
) -> dict[UUID, list[StockBalance]]:
    found: dict[UUID, list[StockBalance]] = {item_id: [] for item_id in items}
    held = StockBalance.objects.filter(location=place, lot__item_id__in=list(items), quantity__gt=0)
    rows = list(held.select_related("lot"))
    ledger.as_of(rows, on)
    for row in rows:
        found[row.lot.item_id].append(row)
    return found


def facts_of(row: StockBalance) -> fefo.LotFacts:
    """A balance as the rule sees it; its lot is at hand."""
    lot = row.lot
    return fefo.LotFacts(
        key=str(lot.pk),
        number=str(lot),
        expiry=lot.expiry,
        quantity=row.quantity,
        state=lot.state,
        use_first=lot.use_first,
        month_only=lot.month_only,
        since=lot.since,
    )


def _short(item: StockItem, place: StockLocation, quantity: int, found: fefo.Allocation, on: dt.date) -> str:
    there = quantity - found.short
    then = f"theo sổ từ ngày {date_words(on)}, " if on < timezone.localdate() else ""
    said = f"{item.name}: {then}{place.name} "
    said += f"chỉ còn {item.words(there)}" if there else "không còn"
    said += f", cần {item.words(quantity)}."
    if found.passed:
        lots = "; ".join(f"lô {each.number} {each.why}" for each in found.passed[:3])
        said += f" Không dùng được: {lots}."
    return said


def _told(action: str, place: StockLocation, source: Source, moves: Sequence[Move], on: dt.date) -> None:
    audit.record(
        action,
        object_id=source.id,
        facility_id=place.station_id,
        data={
            "source": source.kind,
            "lines": len(moves),
            "lots": [[str(move.lot_id), move.quantity] for move in moves],
        },
    )
    publish(StockMoved(station_id=place.station_id, source_kind=source.kind, source_id=source.id, on=on))
