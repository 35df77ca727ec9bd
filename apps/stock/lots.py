"""What a paper brings: each of its lines becomes a lot of its item, or more of the same lot."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from apps.core.errors import Refused
from apps.stock.ledger import Move
from apps.stock.models import (
    DocumentKind,
    DocumentLine,
    Lot,
    MovementKind,
    StockDocument,
    StockMovement,
)


def moves_in(document: StockDocument, lines: Sequence[DocumentLine]) -> list[Move]:
    """The moves of a receipt or an opening balance; its lines then name their lots."""
    opening = document.kind == DocumentKind.OPENING
    kind = MovementKind.OPENING if opening else MovementKind.RECEIVE
    lots = _lots_of(lines)
    placed: dict[UUID, Lot] = {}
    for line in sorted(lines, key=lambda each: bool(each.diluent_number)):  # a diluent is a lot first
        diluent = _diluent(line, lines)
        same = _same(line, diluent)
        line.lot = placed[line.pk] = lots.get(same) or new_lot(line, document.on, diluent)
        lots[same] = line.lot
    moves = [Move(kind, placed[line.pk].pk, document.location_id, line.quantity or 0) for line in lines]
    if opening:
        counted = StockMovement.objects.filter(
            kind=MovementKind.OPENING,
            lot_id__in={move.lot_id for move in moves},
            location=document.location,
            reverses=None,
            reversed_by=None,
        ).select_related("lot__item")
        if (there := counted.first()) is not None:
            raise Refused(
                f"{there.lot.item.name}, lô {there.lot}: đã ghi tồn đầu kỳ trước đó.", code="opened"
            )
    DocumentLine.unscoped.bulk_update(lines, ["lot"])  # unscoped: of the locked document
    return moves


Same = tuple[UUID, str, dt.date | None, bool, str, str, Decimal | None, UUID | None]


def _diluent(line: DocumentLine, lines: Sequence[DocumentLine]) -> Lot | None:
    """The lot of diluent a line names: one of the same paper, else one the station has. Raises Refused."""
    number = line.diluent_number
    if not number:
        return None
    others = [each for each in lines if each.item_id != line.item_id and not each.diluent_number]
    found = [each.lot for each in others if each.lot and each.lot_number.casefold() == number.casefold()]
    if not found:
        rows = Lot.objects.filter(item__station_id=line.item.station_id, number__iexact=number, diluent=None)
        found = list(rows.exclude(item_id=line.item_id).order_by("-since", "-pk"))
    if not found:
        raise Refused(
            f"{line.item.name}: lô dung môi {number} không có trên phiếu này, cũng không có trong kho. "
            "Thêm một dòng cho dung môi, hoặc sửa số lô.",
            code="no-diluent",
        )
    if len({lot.item_id for lot in found}) > 1:
        raise Refused(
            f"{line.item.name}: nhiều mặt hàng có lô {number}, không rõ lô nào là dung môi. "
            "Nhập dung môi trên cùng phiếu.",
            code="which-diluent",
        )
    return found[0]


def _unit_price(line: DocumentLine) -> Decimal | None:
    return None if line.price is None else (line.price / line.factor).quantize(Decimal("0.0001"))


def _same(line: DocumentLine, diluent: Lot | None) -> Same:
    """What makes two lines one lot: what stands on the pack, and where it came from at what price."""
    return (
        line.item_id,
        line.lot_number.casefold(),
        line.expiry,
        line.month_only,
        line.manufacturer.casefold(),
        line.source,
        _unit_price(line),
        diluent.pk if diluent else None,
    )


def _lots_of(lines: Sequence[DocumentLine]) -> dict[Same, Lot]:
    rows = Lot.objects.filter(item_id__in={line.item_id for line in lines}).order_by("pk")
    return {
        (
            lot.item_id,
            lot.number.casefold(),
            lot.expiry,
            lot.month_only,
            lot.manufacturer.casefold(),
            lot.source,
            lot.price,
            lot.diluent_id,
        ): lot
        for lot in rows
    }


def new_lot(line: DocumentLine, on: dt.date, diluent: Lot | None = None) -> Lot:
    """The lot of a line that the station did not have."""
    made: Lot = Lot.unscoped.create(  # unscoped: of an item that was locked through the scope
        item_id=line.item_id,
        number=line.lot_number,
        expiry=line.expiry,
        month_only=line.month_only,
        manufacturer=line.manufacturer,
        source=line.source,
        price=_unit_price(line),
        diluent=diluent,
        since=on,
    )
    return made
