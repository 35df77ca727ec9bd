"""Reading a table file that somebody sends: CSV or XLSX, never trusted. Every refusal is a sentence."""

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from apps.catalogues.tables import Line
from apps.core.errors import Refused

# The largest shipped catalogue is 3 MB and 16,000 rows; ten times that is still quick to read.
MAX_BYTES = 15_000_000
MAX_UNPACKED_BYTES = 200_000_000
# A real workbook packs about 1:10; a bomb packs 1:1000.
MAX_RATIO = 100
MAX_PARTS = 200
MAX_ROWS = 100_000
MAX_COLUMNS = 60
MAX_CELL = 5_000


def read_shipped(path: Path) -> list[Line]:
    """The lines of a CSV file that came with the software."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def content_of(file: UploadedFile) -> bytes:
    """What was uploaded, if it is not too large to be looked at. Raises Refused."""
    _refuse_large(file.size or 0)
    return file.read()


def read_upload(name: str, content: bytes) -> list[Line]:
    """The lines of an uploaded file: heading -> text. Raises Refused with what is wrong and what to do."""
    _refuse_large(len(content))
    if not content:
        raise Refused("Tệp trống.", field="file")
    suffix = Path(name).suffix.lower()
    if suffix == ".csv":
        return list(_lines(_csv_cells(content)))
    if suffix == ".xlsx":
        return list(_lines(_xlsx_cells(content)))
    raise Refused("Chỉ nhận tệp Excel (.xlsx) hoặc CSV (.csv).", field="file")


def cells_of(name: str, content: bytes) -> Iterator[list[str]]:
    """The rows of an uploaded file as plain texts, one after the other; formulas as their text.

    Raises Refused for a file that is no table, also in the middle of it.
    """
    _refuse_large(len(content))
    if not content:
        raise Refused("Tệp trống.", field="file")
    suffix = Path(name).suffix.lower()
    if suffix == ".csv":
        return _csv_cells(content)
    if suffix == ".xlsx":
        return _xlsx_cells(content, formulas=True)
    raise Refused("Chỉ nhận tệp Excel (.xlsx) hoặc CSV (.csv).", field="file")


def _refuse_large(size: int) -> None:
    if size > MAX_BYTES:
        raise Refused(f"Tệp lớn quá {MAX_BYTES // 1_000_000} MB. Chia nhỏ tệp rồi gửi lại.", field="file")


def _csv_cells(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("Tệp CSV không phải mã UTF-8. Lưu lại dạng CSV UTF-8.", field="file") from error
    if "\0" in text:
        raise Refused("Tệp CSV có ký tự lạ, không phải tệp văn bản.", field="file")
    first_line = text.split("\n", 1)[0]
    delimiter = ";" if first_line.count(";") > first_line.count(",") else ","
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise Refused("Tệp CSV hỏng: dấu phẩy hoặc dấu ngoặc kép không đúng chỗ.", field="file") from error


def _xlsx_cells(content: bytes, *, formulas: bool = False) -> Iterator[list[str]]:
    _refuse_bomb(content)
    from openpyxl import load_workbook

    try:
        # Formulas are read as text so that they can be refused, never computed.
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        # A cell far to the right would make each row sixteen thousand cells long.
        for row in sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=formulas):
            cells = [_text(cell) if formulas else _cell(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            yield cells
    except Refused:
        raise
    except Exception as error:  # a broken workbook fails in many ways inside the reader
        raise Refused(
            "Tệp Excel hỏng, không đọc được. Mở bằng Excel, lưu lại rồi gửi.", field="file"
        ) from error


def _refuse_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refused("Tệp không phải bảng tính Excel (.xlsx).", field="file") from error
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise Refused("Tệp không phải bảng tính Excel (.xlsx).", field="file")
    if any(part.filename.endswith("vbaProject.bin") for part in parts):
        raise Refused("Tệp Excel có macro. Lưu lại dạng .xlsx không có macro.", field="file")
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED_BYTES or unpacked > MAX_RATIO * len(content):
        raise Refused("Tệp Excel nén bất thường, không nhận.", field="file")


def _cell(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if getattr(cell, "data_type", "") == "f" or (isinstance(value, str) and value.startswith("=")):
        raise Refused(f"Ô {cell.coordinate} có công thức. Dán lại dạng giá trị rồi gửi.", field="file")
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d"))
    return str(value)


def _lines(cells: Iterator[list[str]]) -> Iterator[Line]:
    heading: list[str] | None = None
    for place, row in enumerate(cells, start=1):
        if place > MAX_ROWS:
            raise Refused(f"Tệp dài quá {MAX_ROWS:,} dòng.".replace(",", "."), field="file")
        if not any(cell.strip() for cell in row):
            continue
        if any(len(cell) > MAX_CELL for cell in row):
            raise Refused(f"Dòng {place} có ô dài quá {MAX_CELL} ký tự.", field="file")
        if heading is None:
            heading = [cell.strip().lower() for cell in row]
            if len(heading) > MAX_COLUMNS:
                raise Refused(f"Tệp có quá {MAX_COLUMNS} cột.", field="file")
            named = [name for name in heading if name]
            if len(named) != len(set(named)):
                raise Refused("Dòng tiêu đề có hai cột trùng tên.", field="file")
            continue
        if any(cell.strip() for cell in row[len(heading) :]):
            raise Refused(f"Dòng {place} có nhiều ô hơn dòng tiêu đề.", field="file")
        yield {name: row[at] if at < len(row) else "" for at, name in enumerate(heading) if name}
    if heading is None:
        raise Refused("Tệp trống.", field="file")
