"""Stock in the hour without a line: what lies where, on paper; and what came, went out or was thrown away,
entered from the slips afterwards (apps/outage) through the same papers as on any other day.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.catalogues import codes
from apps.core.errors import NeedsReason, Refused
from apps.core.ids import uuid7
from apps.core.scope import Scope, current
from apps.core.words import datetime_words
from apps.outage.kinds import BackEntryKind, Column, Entered, Row, RowProblems, Sheet, Told
from apps.stock import drafting, fefo, lines, posting, queries, reading
from apps.stock.drafting import DocumentInput, LineProblems
from apps.stock.models import DocumentKind, DocumentState, StockBalance, StockDocument, StockLocation
from apps.stock.models.items import ORDINARY
from apps.stock.services import facts_of

LINES = 3  # of a slip that the grid takes; what is more is added to the draft
RECEIPT, ISSUE, DISCARD = "nhap", "xuat", "huy"
MOVES: dict[str, DocumentKind] = {
    RECEIPT: DocumentKind.RECEIPT,
    ISSUE: DocumentKind.ISSUE,
    DISCARD: DocumentKind.DISCARD,
}
_COUNT = re.compile(r"([0-9][0-9.,\s]*)\s*(.*)")


def _places(scope: Scope) -> list[tuple[str, str]]:
    return [(str(place.pk), place.name) for place in reading.places(scope)]


def _line_columns(number: int) -> tuple[Column, ...]:
    return (
        Column(f"item{number}", f"Hàng {number}", "pick", picker="stock_item", placeholder="Tên, mã"),
        Column(f"count{number}", f"Số lượng {number}", placeholder="20 hoặc 2 hộp", wide=True),
        Column(f"lot{number}", f"Số lô, hạn {number}", placeholder="A12 06/2027", wide=True),
    )


COLUMNS = (
    Column(
        "move",
        "Việc",
        "select",
        choices=((RECEIPT, "Nhập về"), (ISSUE, "Xuất ra"), (DISCARD, "Hủy")),
        wide=True,
    ),
    Column("place", "Kho, tủ", "select", listed=_places, wide=True),
    Column("partner", "Nơi giao, nơi nhận", wide=True),
    Column("why", "Lý do, chứng từ", wide=True),
    *(column for number in range(1, LINES + 1) for column in _line_columns(number)),
    Column(
        "after",
        "Sau khi lưu",
        "select",
        choices=(("post", "Ghi sổ"), ("draft", "Còn dòng, để nháp")),
        wide=True,
    ),
)


# --- on paper


def sheets(scope: Scope, on: dt.date) -> list[Sheet]:
    """What lies at each place from which medicines are given: lots, first expired first. Two queries."""
    places = {place.pk: place for place in queries.dispensing_places(scope)}
    rows = (
        StockBalance.visible(scope)
        .filter(location__in=list(places), quantity__gt=0, lot__item__is_active=True)
        .select_related("lot__item")
        .order_by("lot__item__folded", "lot__item", "lot__expiry", "lot")
    )
    by_place: dict[UUID, list[tuple[str, ...]]] = {pk: [] for pk in places}
    for row in rows:
        lot, item = row.lot, row.lot.item
        name = item.name
        if item.programme != ORDINARY:
            name = f"{name} ({codes.label('stock_programme', item.programme)})"
        why = fefo.why_not(facts_of(row), on)
        until = why if lot.is_expired(on) and why else ", ".join(filter(None, (lot.expiry_words, why)))
        by_place[row.location_id].append((name, str(lot), until, item.words(row.quantity), ""))
    at = datetime_words(timezone.localtime())
    headings = ("Thuốc, vật tư", "Số lô", "Hạn dùng", "Còn lúc in", "Đã dùng trên giấy")
    return [
        Sheet(f"Tồn tại {places[pk].name}", headings, lots, f"Theo sổ lúc {at}; dùng lô hết hạn trước.")
        for pk, lots in by_place.items()
        if lots
    ]


# --- entered afterwards


@transaction.atomic
def enter(row: Row) -> Entered:
    """One slip as a paper of its day: posted, or left as a draft for the lines that had no room."""
    errors: dict[str, str] = {}
    kind = MOVES.get(row.cells.get("move", ""))
    if kind is None:
        errors["move"] = "Chọn nhập, xuất hay hủy."
    place = _place(row.cells.get("place", ""), errors)
    wanted = [number for number in range(1, LINES + 1) if _typed(row.cells, number)]
    if not wanted:
        errors["item1"] = "Chọn mặt hàng trên phiếu."
    if errors or kind is None or place is None:
        raise RowProblems(errors)
    why = row.cells.get("why", "")
    try:
        document = drafting.draft_save(
            kind=kind,
            data=DocumentInput(
                on=row.at.date(),
                location_id=place.pk,
                partner=row.cells.get("partner", ""),
                reason="" if kind == DocumentKind.RECEIPT else why,
                reference=why if kind == DocumentKind.RECEIPT else "",
                lines=(),
            ),
        )
    except Refused as refused:
        raise RowProblems({_at(refused.field or ""): refused.message}) from refused
    for number in wanted:
        _line(document, number, row.cells, errors)
    if errors:
        raise RowProblems(errors)
    document.refresh_from_db()
    if row.cells.get("after", "post") == "draft":
        return Entered(document.pk, None, f"Đã lưu nháp {document.get_kind_display().lower()}")
    try:
        document = posting.POST[kind](document_id=document.pk, expected_version=document.version)
    except (Refused, NeedsReason) as refused:
        said = refused.message if isinstance(refused, Refused) else refused.warnings[0].sentence
        if isinstance(refused, Refused) and refused.code == "second":
            said = "Có thuốc kiểm soát đặc biệt: chọn “để nháp”, rồi mở phiếu nhờ người thứ hai xác nhận."
            raise RowProblems({"after": said}) from refused
        raise RowProblems({"count1": said}) from refused
    return Entered(document.pk, None, f"Đã ghi sổ {document.number}")


def _place(chosen: str, errors: dict[str, str]) -> StockLocation | None:
    places = {str(place.pk): place for place in reading.places(current())}
    place = places.get(chosen)
    if place is None:
        errors["place"] = "Chọn kho, tủ." if places else "Trạm chưa có kho nào: lập kho trước."
    return place


def _typed(cells: Mapping[str, str], number: int) -> bool:
    return any(cells.get(f"{name}{number}", "") for name in ("item", "count", "lot"))


def _line(document: StockDocument, number: int, cells: Mapping[str, str], errors: dict[str, str]) -> None:
    """One line of the slip, read as the stock's own grid reads it; its wrong cells go into `errors`."""
    count, pack = _count(cells.get(f"count{number}", ""))
    lot, expiry = lot_and_expiry(cells.get(f"lot{number}", ""))
    said = {"item": cells.get(f"item{number}", ""), "count": count, "pack": pack}
    if document.kind == DocumentKind.RECEIPT:
        said |= {"lot_number": lot, "expiry": expiry}
    else:
        said["lot"] = lot
    try:
        lines.line_put(document_id=document.pk, line_id=uuid7(), expected_version=0, cells=said)
    except LineProblems as wrong:
        for column, sentence in wrong.cells[0].items():
            errors.setdefault(_column(column, number), sentence)
    except Refused as refused:
        errors.setdefault(f"item{number}", refused.message)


def _count(text: str) -> tuple[str, str]:
    """'2 hộp' -> ('2', 'hộp'); '20' -> ('20', '')."""
    found = _COUNT.fullmatch(text.strip())
    return (found[1].strip(), found[2].strip()) if found else (text, "")


def lot_and_expiry(text: str) -> tuple[str, str]:
    """'A12 06/2027' -> ('A12', '06/2027'): what stands last and has a stroke in it is the day of expiry."""
    number, _, last = text.strip().rpartition(" ")
    if "/" in last:
        return re.sub(r"[\s,;]*(hd|hạn|hsd|exp)?[\s:.,;]*$", "", number, flags=re.IGNORECASE), last
    return text.strip(), ""


def _column(column: str, number: int) -> str:
    """Where a column of the stock's grid stands in this one."""
    if column == "reason":
        return "why"
    names = {"item": "item", "lot": "lot", "lot_number": "lot", "expiry": "lot"}
    return f"{names.get(column, 'count')}{number}"


def _at(field: str) -> str:
    return {"location": "place", "on": "day"}.get(field, "")


def about(scope: Scope, document_ids: Collection[UUID]) -> dict[UUID, Told]:
    """The papers that slips have become, as far as the scope sees them. One query."""
    rows = StockDocument.visible(scope).filter(pk__in=list(document_ids))
    words = {DocumentState.DRAFT: ", còn nháp", DocumentState.REVERSED: ", đã hủy ghi sổ"}
    return {
        row.pk: Told(f"{row}{words.get(DocumentState(row.state), '')}", reverse("stock:paper", args=[row.pk]))
        for row in rows
    }


KIND = BackEntryKind(
    key="kho",
    title="Phiếu kho",
    right="stock.enter",
    act="",
    columns=COLUMNS,
    enter=enter,
    about=about,
    slip="print/outage_stock_slip.html",
    sheets=sheets,
    sheets_right="stock.view",
    hints=(
        "Hàng nhập về, xuất khỏi trạm, hỏng phải hủy: mỗi lần một phiếu kho, ghi lô, hạn trên bao bì.",
        "Thuốc phát cho người bệnh ghi ở phiếu khám, không ghi phiếu kho; đánh dấu cột “Đã dùng trên giấy”.",
    ),
    usual_slips="outage.stock_slips",
    order=20,
)
