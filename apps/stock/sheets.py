"""A receipt or an opening balance out of a workbook: each line is read as if it were typed into the grid.

All lines or none: a file that is mended and sent again must not bring half of itself twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.catalogues import sheets
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.scope import current
from apps.core.text import clean, search_key
from apps.stock import lines
from apps.stock.drafting import COMES_IN, MOST_LINES, LineProblems, document_lock
from apps.stock.models import StockItem

HEAD_WITHIN = 15  # lines: above the heading a supplier's list has its title and its day
SHOWN = 50  # sentences about wrong lines
# Headings without accents -> column of the grid.
HEADINGS: dict[str, str] = {
    **dict.fromkeys(("ma", "ma thuoc", "ma hang", "ma vat tu", "ma danh muc"), "item"),
    **dict.fromkeys(("ten", "ten thuoc", "ten hang", "ten thuoc vat tu", "ten vat tu", "mat hang"), "name"),
    **dict.fromkeys(("so lo", "lo", "lo san xuat"), "lot_number"),
    **dict.fromkeys(("han dung", "han su dung", "hsd", "han"), "expiry"),
    **dict.fromkeys(("so luong", "sl", "so luong nhap"), "count"),
    **dict.fromkeys(("don vi", "don vi tinh", "dvt", "quy cach"), "pack"),
    **dict.fromkeys(("don gia", "gia"), "price"),
    **dict.fromkeys(("nha san xuat", "hang san xuat", "co so san xuat"), "manufacturer"),
    **dict.fromkeys(("lo dung moi", "so lo dung moi", "dung moi"), "diluent"),
}
TITLES = (
    *("Mã", "Tên thuốc, vật tư", "Số lô", "Hạn dùng", "Số lượng", "Đơn vị", "Đơn giá"),
    *("Nhà sản xuất", "Lô dung môi"),
)


class FileProblems(Refused):
    """Lines that cannot be taken: (number in the file, sentence)."""

    def __init__(self, found: list[tuple[int, str]]) -> None:
        super().__init__(f"{len(found)} dòng của tệp cần sửa. Chưa dòng nào được nhập.", field="file")
        self.lines = found[:SHOWN]


@dataclass(frozen=True)
class Line:
    """A line of the file by column."""

    place: int
    cells: Mapping[str, str]


def read(name: str, content: bytes) -> list[Line]:
    """The lines under the heading. Raises Refused for a file that is not what its name says, or too long."""
    found: list[Line] = []
    columns: dict[int, str] = {}
    for place, cells in enumerate(sheets.cells_of(name, content), start=1):
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            named = {at: HEADINGS.get(_key(cell), "") for at, cell in enumerate(cells)}
            if {"count"} <= set(named.values()) and {"item", "name"} & set(named.values()):
                columns = {at: column for at, column in named.items() if column}
            elif place >= HEAD_WITHIN:
                break
            continue
        found.append(
            Line(place, {column: clean(cells[at])[:300] for at, column in columns.items() if at < len(cells)})
        )
        if len(found) > MOST_LINES:
            raise Refused(f"Một phiếu có nhiều nhất {MOST_LINES} dòng. Chia tệp rồi gửi lại.", field="file")
    if not columns:
        raise Refused(
            "Không thấy dòng tiêu đề có «Mã» hoặc «Tên thuốc» và «Số lượng» trong 15 dòng đầu.", field="file"
        )
    if not found:
        raise Refused("Tệp không có dòng nào dưới tiêu đề.", field="file")
    return found


def _key(cell: str) -> str:
    return search_key(cell.split("(")[0])


@transaction.atomic
def take(*, document_id: UUID, name: str, content: bytes) -> int:
    """Put the file's lines into a draft; how many. Raises FileProblems, Refused; then nothing was taken."""
    current().require("stock.enter")
    document = document_lock(document_id)
    if document.kind not in COMES_IN:
        raise Refused("Chỉ phiếu nhập và tồn đầu kỳ nhập được từ Excel.", field="file")
    wrong: list[tuple[int, str]] = []
    taken = read(name, content)
    for line in taken:
        cells = dict(line.cells)
        named = cells.pop("name", "")
        try:
            with transaction.atomic():
                if not cells.get("item"):
                    cells["item"] = _labelled(named)
                lines.line_put(document_id=document.pk, line_id=uuid7(), expected_version=0, cells=cells)
        except LineProblems as problems:
            wrong.append((line.place, " ".join(next(iter(problems.cells.values())).values())))
        except Refused as refused:
            wrong.append((line.place, refused.message))
    if wrong:
        raise FileProblems(wrong)
    return len(taken)


def _labelled(name: str) -> str:
    """The label of the station's item of that name. Raises Refused where none or several have it."""
    if not name:
        raise Refused("Dòng không có mã cũng không có tên.")
    rows = StockItem.objects.filter(station_id=current().workplace_id, is_active=True)
    same = list(rows.filter(folded__startswith=search_key(name)).order_by("pk")[:20])
    exact = [row for row in same if search_key(row.name) == search_key(name)]
    if len(exact) == 1:
        return exact[0].label
    if len(exact) > 1:
        raise Refused(f"Có {len(exact)} mặt hàng tên «{name[:60]}». Ghi mã của mặt hàng vào cột Mã.")
    raise Refused(f"Kho chưa có «{name[:60]}». Ghi mã của danh mục vào cột Mã, hoặc thêm mặt hàng trước.")
