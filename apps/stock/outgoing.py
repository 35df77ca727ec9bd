"""What a paper takes or finds: lines parted by lots, first expired first; differences of a count."""

from collections.abc import Sequence
from uuid import UUID

from apps.core.errors import NeedsReason, Refused, Warning
from apps.stock import fefo, ledger
from apps.stock.ledger import Move
from apps.stock.lots import new_lot
from apps.stock.models import (
    DocumentKind,
    DocumentLine,
    Lot,
    MovementKind,
    StockBalance,
    StockDocument,
)
from apps.stock.services import facts_of


def moves_out(document: StockDocument, lines: Sequence[DocumentLine]) -> list[Move]:
    """Lines without a lot are parted by lots, so that the paper tells which were taken."""
    final = planned(document, lines)
    document.lines.all().delete()
    for position, line in enumerate(final):
        line.position = position
    DocumentLine.unscoped.bulk_create(final)  # unscoped: of the locked document
    return [move for line in final for move in _moves(document, line)]


def planned(document: StockDocument, lines: Sequence[DocumentLine]) -> list[DocumentLine]:
    """The lines, not saved, with the lots that would be taken now. Refused when there is too little."""
    there = there_of(document, lines)
    rows = [row for rows in there.values() for row in rows]
    ledger.as_of(rows, document.on)
    lots = {row.lot_id: row.lot for row in rows}
    left = {row.lot_id: row.quantity for row in rows}
    final: list[DocumentLine] = []
    # What names its lot comes first: the rest is taken from what these leave.
    for line in sorted(lines, key=lambda each: each.lot_id is None):
        for lot_id, quantity in _parts(document, line, there[line.item_id], left):
            left[lot_id] = left.get(lot_id, 0) - quantity
            final.append(_parted(line, lots[lot_id], quantity))
    return sorted(final, key=lambda each: each.position)


def there_words(document: StockDocument, line: DocumentLine) -> str:
    """How much may leave of what a draft's line names, in words. Refused when all lines of its item together
    take more.
    """
    lines = list(document.lines.filter(item=line.item_id).select_related("item", "lot").order_by("position"))
    rows = there_of(document, lines)[line.item_id]
    ledger.as_of(rows, document.on)
    if line.lot_id:
        many = sum(row.quantity for row in rows if row.lot_id == line.lot_id)
    else:
        many = sum(row.quantity for row in rows if not fefo.why_not(facts_of(row), document.on))
    planned(document, lines)
    return f"{document.location.name} đang có {line.item.words(many)}"


def there_of(document: StockDocument, lines: Sequence[DocumentLine]) -> dict[UUID, list[StockBalance]]:
    """What lies at the paper's place of each item of these lines. One query."""
    found: dict[UUID, list[StockBalance]] = {line.item_id: [] for line in lines}
    rows = StockBalance.objects.filter(location=document.location, lot__item_id__in=list(found))
    for row in rows.select_related("lot"):
        found[row.lot.item_id].append(row)
    return found


def _parts(
    document: StockDocument, line: DocumentLine, rows: Sequence[StockBalance], left: dict[UUID, int]
) -> list[tuple[UUID, int]]:
    wanted = line.quantity or 0
    place, item = document.location, line.item
    if line.lot_id:
        have = left.get(line.lot_id, 0)
        if have < wanted:
            raise Refused(
                f"{item.name}, lô {line.lot}: {place.name} chỉ còn {item.words(have)}, "
                f"cần {item.words(wanted)}.",
                code="short",
            )
        return [(line.lot_id, wanted)]
    facts = [_left_of(row, left) for row in rows]
    found = fefo.allocate(wanted, facts, document.on)
    if not found.whole:
        have = wanted - found.short
        raise Refused(
            f"{item.name}: {place.name} chỉ còn {item.words(have)} dùng được, cần {item.words(wanted)}.",
            code="short",
        )
    return [(UUID(part.key), part.quantity) for part in found.parts]


def _left_of(row: StockBalance, left: dict[UUID, int]) -> fefo.LotFacts:
    row.quantity = left[row.lot_id]
    return facts_of(row)


def _moves(document: StockDocument, line: DocumentLine) -> list[Move]:
    reason, quantity = line.reason or document.reason, line.quantity or 0
    assert line.lot_id is not None  # noqa: S101 - it was parted by lots
    if document.kind == DocumentKind.TRANSFER and document.to_location_id:
        return [
            Move(MovementKind.TRANSFER, line.lot_id, document.location_id, -quantity, reason),
            Move(MovementKind.TRANSFER, line.lot_id, document.to_location_id, quantity, reason),
        ]
    kind = MovementKind.DISCARD if document.kind == DocumentKind.DISCARD else MovementKind.ISSUE
    return [Move(kind, line.lot_id, document.location_id, -quantity, reason)]


def _parted(line: DocumentLine, lot: Lot, quantity: int) -> DocumentLine:
    whole = quantity % line.factor == 0
    return DocumentLine(
        document_id=line.document_id,
        position=line.position,
        item=line.item,
        lot=lot,
        pack=line.pack if whole else line.item.unit,
        factor=line.factor if whole else 1,
        count=quantity // line.factor if whole else quantity,
        quantity=quantity,
        reason=line.reason,
    )


def counted(document: StockDocument, lines: Sequence[DocumentLine], confirmed: bool) -> list[Move]:
    """The adjustments of a count, each with its reason."""
    there = check_count(document, lines, confirmed)
    moves = []
    for line in lines:
        if line.lot is None:
            line.lot = new_lot(line, document.on)
        line.expected = there.get(line.lot.pk, 0)
        if difference := (line.quantity or 0) - line.expected:
            reason = line.reason or document.reason
            moves.append(Move(MovementKind.ADJUST, line.lot.pk, document.location_id, difference, reason))
    DocumentLine.unscoped.bulk_update(lines, ["lot", "expected"])  # unscoped: of the locked document
    return moves


def check_count(
    document: StockDocument, lines: Sequence[DocumentLine], confirmed: bool
) -> dict[UUID | None, int]:
    """What lies there by lot. Refuses a count that is not whole or leaves a difference without its reason;
    asks when stock moved since the sheet was made.
    """
    if missing := [line for line in lines if line.quantity is None]:
        raise Refused(
            f"Còn {len(missing)} dòng chưa đếm, ví dụ {missing[0].item.name}. Không còn thì ghi 0.",
            code="uncounted",
        )
    there: dict[UUID | None, int] = {
        row.lot_id: row.quantity for rows in there_of(document, lines).values() for row in rows
    }
    moved = [line for line in lines if line.expected not in (None, there.get(line.lot_id, 0))]
    if moved and not confirmed:
        names = ", ".join(dict.fromkeys(line.item.name for line in moved[:3]))
        raise NeedsReason(
            [Warning("moved", f"Từ lúc lập biên bản, kho đã có nhập, xuất: {names}. Xem lại số đếm.", None)]
        )
    for line in lines:
        if line.quantity != there.get(line.lot_id, 0) and not (line.reason or document.reason):
            raise Refused(
                f"{line.item.name}, lô {line.lot}: ghi lý do chênh lệch.", field="reason", code="unexplained"
            )
    return there
