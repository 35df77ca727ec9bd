"""A list as it was sent: its heading found, its lines read one after the other. Nothing of it is kept here.

A formula is passed on as its text, so that its line can be refused and the others taken.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from apps.catalogues import sheets
from apps.core.errors import Refused
from apps.core.text import clean
from apps.households import sheet

MOST_LINES = 50_000  # the people of the largest commune
HEAD_WITHIN = 15  # lines: above the heading a list has its title, its place and its day
BLOCK = 1_000_000  # bytes

Cells = list[str]


@dataclass(frozen=True)
class Heading:
    """The line that names the columns."""

    at: int
    cells: Cells


def rows(name: str, content: bytes) -> Iterator[tuple[int, Cells]]:
    """The lines that are not empty, with their number in the file. Raises Refused."""
    for place, cells in enumerate(sheets.cells_of(name, content), start=1):
        if any(cell.strip() for cell in cells):
            yield place, cells


def heading(lines: Iterable[tuple[int, Cells]]) -> Heading:
    """The first line that names at least two known columns; else the first line there is. Raises Refused."""
    first = list(islice(lines, HEAD_WITHIN))
    if not first:
        raise Refused("Tệp trống.", field="file")
    at, cells = next((line for line in first if len(sheet.recognise(line[1])) >= 2), first[0])
    cells = [clean(cell)[:200] for cell in cells]
    named = [cell for cell in cells if cell]
    if len(cells) > sheets.MAX_COLUMNS:
        raise Refused(f"Tệp có quá {sheets.MAX_COLUMNS} cột.", field="file")
    if twice := next((cell for cell in named if named.count(cell) > 1), ""):
        raise Refused(f"Dòng tiêu đề có hai cột cùng tên “{twice[:40]}”. Hãy đổi tên một cột.", field="file")
    return Heading(at, cells)


def refuse_long(name: str, content: bytes, after: int) -> None:
    """Counts the lines without reading them, so that a file that is too long is refused when it is sent."""
    if name.lower().endswith(".csv"):
        lines = content.count(b"\n") + (not content.endswith(b"\n"))
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = sorted(part for part in archive.namelist() if part.startswith("xl/worksheets/sheet"))
            lines = _count(archive, parts[0]) if parts else 0
    if lines - after > MOST_LINES:
        refuse_more(lines - after)


def refuse_more(lines: int) -> None:
    raise Refused(
        f"Tệp có {lines:,} dòng, mỗi lần tối đa {MOST_LINES:,}. Chia tệp theo thôn rồi gửi lại.".replace(
            ",", "."
        ).replace(". m", ", m"),
        field="file",
    )


def _count(archive: zipfile.ZipFile, part: str) -> int:
    found, rest = 0, b""
    with archive.open(part) as file:
        while block := file.read(BLOCK):
            block = rest + block
            found += block.count(b"<row ") + block.count(b"<row>")
            rest = block[-4:]  # a tag may be cut
    return found
