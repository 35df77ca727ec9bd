"""A paper before it is posted: saved as a whole, each cell looked at, thrown away when it was a mistake."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.core import audit
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.stock import units
from apps.stock.ledger import check_day, place_of
from apps.stock.models import (
    DocumentKind,
    DocumentLine,
    DocumentState,
    ItemKind,
    Lot,
    StockDocument,
    StockItem,
    StockLocation,
)

MOST_LINES = 500
LONGEST_YEARS = 15  # of an expiry from the day it came: further off is a slip of the hand
COMES_IN = frozenset({DocumentKind.RECEIPT, DocumentKind.OPENING})
Cells = dict[int, dict[str, str]]  # number of the line from 0 -> column -> sentence


@dataclass(frozen=True)
class LineInput:
    """One line as it was typed and read. `pack` empty: `count` is in base units. `lot_id` names a lot that
    lies there; without one what goes out is taken first expired first.
    """

    item_id: UUID
    count: int | None
    pack: str = ""
    lot_id: UUID | None = None
    lot_number: str = ""
    expiry: dt.date | None = None
    month_only: bool = False
    manufacturer: str = ""
    diluent_number: str = ""  # of the lot of diluent that came with it
    source: str = ""
    price: Decimal | None = None  # of one pack
    reason: str = ""


@dataclass(frozen=True)
class DocumentInput:
    """A paper's head and lines; `lines` None leaves those of a draft as they are."""

    on: dt.date
    location_id: UUID
    to_location_id: UUID | None = None
    partner: str = ""
    reference: str = ""
    reason: str = ""
    note: str = ""
    lines: Sequence[LineInput] | None = ()


class LineProblems(Refused):
    """Cells that cannot be; `cells` has a sentence for each, by the number of the line and its column."""

    def __init__(self, cells: Cells) -> None:
        first = min(cells)
        column, sentence = next(iter(cells[first].items()))
        super().__init__(f"Dòng {first + 1}: {sentence}", code="lines")
        self.cells = cells
        self.column = column


@transaction.atomic
def draft_save(
    *, kind: str, data: DocumentInput, document_id: UUID | None = None, expected_version: int | None = None
) -> StockDocument:
    """Keep a paper as a draft, new or again; nothing moves. Raises LineProblems, Refused, StaleVersion."""
    scope = current()
    scope.require("stock.enter")
    place = place_of(data.location_id)
    check_day(data.on)
    document = (
        draft_lock(document_id, expected_version)
        if document_id
        else StockDocument(
            station_id=place.station_id, kind=kind, made_by=scope.user_id, made_by_name=scope.shown_name
        )
    )
    _fill(document, data, place)
    if data.lines is None:
        if document_id:
            return save_versioned(document, expected=document.version)
        document.save(force_insert=True)
        return document
    lines = lines_of(document, data.lines)
    if document_id:
        save_versioned(document, expected=document.version)
        document.lines.all().delete()
    else:
        document.save(force_insert=True)
    for line in lines:
        line.document = document
    DocumentLine.unscoped.bulk_create(lines)  # unscoped: of the document above
    return document


def _fill(document: StockDocument, data: DocumentInput, place: StockLocation) -> None:
    if document.kind == DocumentKind.COUNT:
        raise Refused("Biên bản kiểm kê được lập từ sổ kho.", code="kind")
    if document.station_id != place.station_id:
        raise Refused("Kho này không thuộc trạm đang chọn.", field="location", code="no-place")
    document.on, document.location = data.on, place
    document.to_location = None
    if document.kind == DocumentKind.TRANSFER:
        if data.to_location_id is None:
            raise Refused("Chọn nơi chuyển đến.", field="to_location", code="no-place")
        if data.to_location_id == place.pk:
            raise Refused("Nơi chuyển đến phải khác nơi chuyển đi.", field="to_location", code="same-place")
        document.to_location = place_of(data.to_location_id, station_id=place.station_id)
    document.partner, document.reference = clean(data.partner)[:200], clean(data.reference)[:100]
    document.reason, document.note = clean(data.reason)[:300], clean(data.note, lines=True)[:500]


def draft_lock(document_id: UUID, expected_version: int | None) -> StockDocument:
    """The draft, locked. Refused when it is no draft any more, StaleVersion when somebody saved meanwhile."""
    document = document_lock(document_id)
    if not document.is_draft:
        raise Refused(f"{document} đã ghi sổ, không sửa được nữa.", code="posted")
    if expected_version is not None and document.version != expected_version:
        raise StaleVersion(current=document, mine=document)
    return document


def document_lock(document_id: UUID) -> StockDocument:
    """A paper of the scope, locked until the transaction ends."""
    rows = StockDocument.objects.select_for_update(of=("self",)).select_related("location", "to_location")
    found: StockDocument | None = rows.filter(pk=document_id).first()
    if found is None:
        raise Refused("Không có phiếu kho này.", code="no-document")
    return found


@transaction.atomic
def draft_drop(*, document_id: UUID, expected_version: int) -> None:
    """Throw a draft away: nothing had moved, no number was given."""
    current().require("stock.enter")
    document = draft_lock(document_id, expected_version)
    audit.record(
        "stock.draft_dropped",
        object_id=document.pk,
        facility_id=document.station_id,
        data={"kind": document.get_kind_display()},
    )
    document.delete()


@transaction.atomic
def draft_again(*, document_id: UUID) -> StockDocument:
    """A draft like a paper that was taken back, to be put right and posted anew under another number."""
    scope = current()
    scope.require("stock.enter")
    former = document_lock(document_id)
    if former.state != DocumentState.REVERSED or former.kind == DocumentKind.COUNT:
        raise Refused("Chỉ lập lại được phiếu đã hủy ghi sổ; kiểm kê thì đếm lại.", code="state")
    made = StockDocument(
        station_id=former.station_id,
        kind=former.kind,
        on=former.on,
        location=former.location,
        to_location=former.to_location,
        partner=former.partner,
        reference=former.reference,
        reason=former.reason,
        made_by=scope.user_id,
        made_by_name=scope.shown_name,
    )
    made.save(force_insert=True)
    lines = list(former.lines.order_by("position"))
    for line in lines:
        line.pk, line.document, line.version = uuid7(), made, 1
        if former.kind in COMES_IN:
            line.lot = None  # found anew by what stands on the pack
        line._state.adding = True
    DocumentLine.unscoped.bulk_create(lines)  # unscoped: of the paper above
    return made


def lines_of(document: StockDocument, inputs: Sequence[LineInput]) -> list[DocumentLine]:
    """Rows of what was typed. Raises LineProblems with every cell that cannot be; three queries."""
    if len(inputs) > MOST_LINES:
        raise Refused(f"Một phiếu có nhiều nhất {MOST_LINES} dòng.", code="too-many")
    items: dict[UUID, StockItem] = StockItem.objects.filter(
        station_id=document.station_id, is_active=True
    ).in_bulk({line.item_id for line in inputs})
    lots: dict[UUID, Lot] = Lot.objects.in_bulk({line.lot_id for line in inputs if line.lot_id})
    cells: Cells = defaultdict(dict)
    rows = []
    for position, line in enumerate(inputs):
        item = items.get(line.item_id)
        if item is None:
            cells[position]["item"] = "Chọn mặt hàng trong danh sách."
            continue
        found = _problems(document, item, line, lots.get(line.lot_id) if line.lot_id else None)
        if found:
            cells[position] = found
            continue
        rows.append(_row(item, line, position))
    if cells:
        raise LineProblems(dict(cells))
    return rows


def _row(item: StockItem, line: LineInput, position: int) -> DocumentLine:
    factor = factor_of(item, line.pack)
    return DocumentLine(
        position=position,
        item=item,
        lot_id=line.lot_id,
        lot_number=clean(line.lot_number)[:60],
        expiry=line.expiry,
        month_only=line.month_only,
        manufacturer=clean(line.manufacturer)[:200],
        diluent_number=clean(line.diluent_number)[:60],
        source=line.source[:30],
        pack=line.pack or item.unit,
        factor=factor,
        count=line.count,
        quantity=None if line.count is None else line.count * factor,
        price=line.price,
        reason=clean(line.reason)[:300],
    )


def factor_of(item: StockItem, pack: str) -> int:
    """Base units in a pack of the item; KeyError for a pack that it does not come in."""
    named = {item.unit.lower(): 1} | {each.name.lower(): each.factor for each in item.pack_list}
    return named[(pack or item.unit).strip().lower()]


def _problems(document: StockDocument, item: StockItem, line: LineInput, lot: Lot | None) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        factor = factor_of(item, line.pack)
    except KeyError:
        found["pack"] = f"{item.name} không có quy cách «{line.pack}»."
        factor = 1
    if line.count is None or line.count < 1:
        found["count"] = "Số lượng phải từ 1."
    elif line.count * factor > units.MOST:
        found["count"] = "Số lượng lớn quá mức có thể."
    if line.price is not None and not 0 <= line.price < 10**11:
        found["price"] = "Đơn giá không thể âm hay lớn như vậy."
    if line.lot_id and (lot is None or lot.item_id != item.pk):
        found["lot"] = "Lô này không phải của mặt hàng đã chọn."
    if document.kind in COMES_IN:
        found |= _lot_problems(document, item, line)
    if document.kind == DocumentKind.DISCARD:
        if not line.lot_id:
            found.setdefault("lot", "Chọn lô cần hủy.")
        if not (clean(line.reason) or document.reason):
            found["reason"] = "Ghi lý do hủy."
    return found


def _lot_problems(document: StockDocument, item: StockItem, line: LineInput) -> dict[str, str]:
    """What stands on the pack: without it a medicine can be neither recalled nor given in order."""
    found: dict[str, str] = {}
    if item.kind != ItemKind.SUPPLY:
        if not clean(line.lot_number):
            found["lot_number"] = "Ghi số lô trên bao bì."
        if line.expiry is None:
            found["expiry"] = "Ghi hạn dùng trên bao bì."
    if line.expiry is not None:
        if document.kind == DocumentKind.RECEIPT and line.expiry < document.on:
            found["expiry"] = "Lô này đã hết hạn vào ngày nhập."
        elif (line.expiry - document.on).days > 366 * LONGEST_YEARS:
            found["expiry"] = f"Hạn dùng xa quá {LONGEST_YEARS} năm. Xem lại năm."
    return found


def total_of(lines: Sequence[DocumentLine]) -> Decimal:
    """What all lines cost together, in đồng."""
    return sum((line.amount for line in lines if line.amount is not None), Decimal(0))
