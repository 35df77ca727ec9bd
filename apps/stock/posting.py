"""A paper becomes stock: one function a kind, each draft -> posted; and posted -> reversed.

Everything happens in one transaction, with the paper and its items locked: what cannot be done whole is not
done at all.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit, numbering
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.stock import fefo, ledger
from apps.stock.drafting import document_lock, draft_lock
from apps.stock.events import StockMoved
from apps.stock.ledger import Move, Source
from apps.stock.models import (
    DocumentKind,
    DocumentLine,
    DocumentState,
    Lot,
    MovementKind,
    StockBalance,
    StockDocument,
    StockMovement,
)
from apps.stock.services import facts_of

SOURCE = "document"
NUMBERS = {
    DocumentKind.RECEIPT: "stock.in",
    DocumentKind.OPENING: "stock.opening",
    DocumentKind.TRANSFER: "stock.out",
    DocumentKind.ISSUE: "stock.out",
    DocumentKind.DISCARD: "stock.discard",
    DocumentKind.COUNT: "stock.count",
}
# Papers about controlled drugs that two people answer for.
BY_TWO = frozenset({DocumentKind.COUNT, DocumentKind.DISCARD})

Second = tuple[UUID, str]  # account and name of the second person


def receive_post(*, document_id: UUID, expected_version: int) -> StockDocument:
    """Goods have come: each line becomes a lot of its item, or more of the same lot."""
    return _post(document_id, expected_version, DocumentKind.RECEIPT)


def opening_post(*, document_id: UUID, expected_version: int) -> StockDocument:
    """What was there when the system began. A lot that has been counted in already is refused."""
    return _post(document_id, expected_version, DocumentKind.OPENING)


def transfer_post(*, document_id: UUID, expected_version: int) -> StockDocument:
    """From one place of the station to another; lines without a lot first expired first."""
    return _post(document_id, expected_version, DocumentKind.TRANSFER)


def issue_post(*, document_id: UUID, expected_version: int) -> StockDocument:
    """Out of the station: to a hamlet, back to who sent it, to another station."""
    return _post(document_id, expected_version, DocumentKind.ISSUE)


def discard_post(*, document_id: UUID, expected_version: int, second: Second | None = None) -> StockDocument:
    """Broken, spoilt, expired: out of the book with a reason. Controlled drugs by two names."""
    return _post(document_id, expected_version, DocumentKind.DISCARD, second=second)


def count_post(
    *, document_id: UUID, expected_version: int, second: Second | None = None, confirmed: bool = False
) -> StockDocument:
    """What was found becomes what the book says; each difference is an adjustment with its reason.

    NeedsReason (code 'moved') when stock moved since the sheet was made: `confirmed` says it was looked at
    again. Controlled drugs by two names.
    """
    return _post(document_id, expected_version, DocumentKind.COUNT, second=second, confirmed=confirmed)


POST: dict[str, Callable[..., StockDocument]] = {
    DocumentKind.RECEIPT: receive_post,
    DocumentKind.OPENING: opening_post,
    DocumentKind.TRANSFER: transfer_post,
    DocumentKind.ISSUE: issue_post,
    DocumentKind.DISCARD: discard_post,
    DocumentKind.COUNT: count_post,
}


@transaction.atomic
def _post(
    document_id: UUID,
    expected_version: int,
    kind: DocumentKind,
    *,
    second: Second | None = None,
    confirmed: bool = False,
) -> StockDocument:
    scope = current()
    scope.require("stock.enter" if second is None else "stock.approve")
    document = draft_lock(document_id, expected_version)
    if document.kind != kind:
        raise Refused("Phiếu này thuộc loại khác.", code="kind")
    ledger.check_day(document.on)
    lines = list(document.lines.select_related("lot").order_by("position"))
    if not lines:
        raise Refused("Phiếu chưa có dòng nào.", code="empty")
    ledger.place_of(document.location_id, station_id=document.station_id)
    if document.to_location_id:
        ledger.place_of(document.to_location_id, station_id=document.station_id)
    items = ledger.items_lock({line.item_id for line in lines})
    for line in lines:
        line.item = items[line.item_id]
    if second is None and kind in BY_TWO and any(line.item.controlled for line in lines):
        raise Refused(
            "Phiếu có thuốc kiểm soát đặc biệt: cần người thứ hai xác nhận trước khi ghi sổ.", code="second"
        )
    if kind in (DocumentKind.RECEIPT, DocumentKind.OPENING):
        moves = _coming(document, lines)
    elif kind == DocumentKind.COUNT:
        moves = _counted(document, lines, confirmed)
    else:
        moves = _going(document, lines)
    written = ledger.write(moves, source=Source(SOURCE, document.pk), on=document.on)
    document.state = DocumentState.POSTED
    document.posted_at = timezone.now()
    if second is None:
        document.posted_by, document.posted_by_name = scope.user_id, scope.shown_name
    else:
        document.posted_by, document.posted_by_name = second
        document.second_by, document.second_by_name = scope.user_id, scope.shown_name
    document.number = numbering.take(
        NUMBERS[kind], facility_id=document.station_id, on=document.on, object_id=document.pk
    )
    save_versioned(document, expected=expected_version)
    _told("stock.posted", document, len(written))
    return document


@transaction.atomic
def reverse(*, document_id: UUID, expected_version: int, reason: str) -> StockDocument:
    """Take a posted paper back: each of its rows again with the other sign, today. Both stay readable.

    Refused when what it brought has gone on meanwhile.
    """
    scope = current()
    scope.require("stock.edit")
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do hủy ghi sổ.", field="reason", code="no-reason")
    document = document_lock(document_id)
    if document.state != DocumentState.POSTED:
        raise Refused("Chỉ hủy được phiếu đang ghi sổ.", code="state")
    rows = StockMovement.objects.filter(source_kind=SOURCE, source_id=document.pk, reverses=None)
    moved = list(rows.select_related("lot").order_by("pk"))
    ledger.items_lock({row.lot.item_id for row in moved})
    ledger.write(ledger.opposite(moved, reason), source=Source(SOURCE, document.pk), on=timezone.localdate())
    document.state = DocumentState.REVERSED
    document.reversed_at, document.reverse_reason = timezone.now(), reason
    document.reversed_by, document.reversed_by_name = scope.user_id, scope.shown_name
    save_versioned(document, expected=expected_version)
    _told("stock.reversed", document, len(moved))
    return document


def _told(action: str, document: StockDocument, lines: int) -> None:
    audit.record(
        action,
        object_id=document.pk,
        facility_id=document.station_id,
        data={"kind": document.get_kind_display().lower(), "number": document.number, "lines": lines},
    )
    publish(
        StockMoved(station_id=document.station_id, source_kind=SOURCE, source_id=document.pk, on=document.on)
    )


# --- what comes


def _coming(document: StockDocument, lines: Sequence[DocumentLine]) -> list[Move]:
    opening = document.kind == DocumentKind.OPENING
    kind = MovementKind.OPENING if opening else MovementKind.RECEIVE
    lots = _lots_of(lines)
    placed: dict[UUID, Lot] = {}
    for line in sorted(lines, key=lambda each: bool(each.diluent_number)):  # a diluent is a lot first
        diluent = _diluent(line, lines)
        same = _same(line, diluent)
        line.lot = placed[line.pk] = lots.get(same) or _new_lot(line, document.on, diluent)
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


def _new_lot(line: DocumentLine, on: dt.date, diluent: Lot | None = None) -> Lot:
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


# --- what goes


def _going(document: StockDocument, lines: Sequence[DocumentLine]) -> list[Move]:
    """Lines without a lot are parted by lots, so that the paper tells which were taken."""
    there = _there(document, lines)
    ledger.as_of([row for rows in there.values() for row in rows], document.on)
    left = {row.lot_id: row.quantity for rows in there.values() for row in rows}
    moves: list[Move] = []
    final: list[DocumentLine] = []
    # What names its lot comes first: the rest is taken from what these leave.
    for line in sorted(lines, key=lambda each: each.lot_id is None):
        for lot_id, quantity in _parts(document, line, there[line.item_id], left):
            left[lot_id] = left.get(lot_id, 0) - quantity
            moves += _moves(document, line, lot_id, quantity)
            final.append(_parted(line, lot_id, quantity))
    final.sort(key=lambda each: each.position)
    document.lines.all().delete()
    for position, line in enumerate(final):
        line.position = position
    DocumentLine.unscoped.bulk_create(final)  # unscoped: of the locked document
    return moves


def _there(document: StockDocument, lines: Sequence[DocumentLine]) -> dict[UUID, list[StockBalance]]:
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


def _moves(document: StockDocument, line: DocumentLine, lot_id: UUID, quantity: int) -> list[Move]:
    reason = line.reason or document.reason
    if document.kind == DocumentKind.TRANSFER and document.to_location_id:
        return [
            Move(MovementKind.TRANSFER, lot_id, document.location_id, -quantity, reason),
            Move(MovementKind.TRANSFER, lot_id, document.to_location_id, quantity, reason),
        ]
    kind = MovementKind.DISCARD if document.kind == DocumentKind.DISCARD else MovementKind.ISSUE
    return [Move(kind, lot_id, document.location_id, -quantity, reason)]


def _parted(line: DocumentLine, lot_id: UUID, quantity: int) -> DocumentLine:
    whole = quantity % line.factor == 0
    return DocumentLine(
        document_id=line.document_id,
        position=line.position,
        item_id=line.item_id,
        lot_id=lot_id,
        pack=line.pack if whole else line.item.unit,
        factor=line.factor if whole else 1,
        count=quantity // line.factor if whole else quantity,
        quantity=quantity,
        reason=line.reason,
    )


# --- what is found


def _counted(document: StockDocument, lines: Sequence[DocumentLine], confirmed: bool) -> list[Move]:
    if missing := [line for line in lines if line.quantity is None]:
        raise Refused(
            f"Còn {len(missing)} dòng chưa đếm, ví dụ {missing[0].item.name}. Không còn thì ghi 0.",
            code="uncounted",
        )
    there = {row.lot_id: row.quantity for rows in _there(document, lines).values() for row in rows}
    moves, moved, unexplained = [], [], []
    for line in lines:
        if line.lot is None:
            line.lot = _new_lot(line, document.on)
        now = there.get(line.lot.pk, 0)
        if line.expected is not None and now != line.expected:
            moved.append(line)
        line.expected = now
        difference = (line.quantity or 0) - now
        if difference and not (line.reason or document.reason):
            unexplained.append(line)
        if difference:
            reason = line.reason or document.reason
            moves.append(Move(MovementKind.ADJUST, line.lot.pk, document.location_id, difference, reason))
    if moved and not confirmed:
        names = ", ".join(dict.fromkeys(line.item.name for line in moved[:3]))
        raise NeedsReason(
            [Warning("moved", f"Từ lúc lập biên bản, kho đã có nhập, xuất: {names}. Xem lại số đếm.", None)]
        )
    if unexplained:
        raise Refused(
            f"{unexplained[0].item.name}, lô {unexplained[0].lot}: ghi lý do chênh lệch.",
            field="reason",
            code="unexplained",
        )
    DocumentLine.unscoped.bulk_update(lines, ["lot", "expected"])  # unscoped: of the locked document
    return moves
