"""A workbook written row by row, all of it text: nothing is computed, nothing is left in a temporary file.

openpyxl keeps each sheet in the system's temporary folder while it writes, where a list of people would lie
open after a crash; and it takes five times as long. What a spreadsheet would compute gets a quote before it.
"""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import IO, Self
from xml.sax.saxutils import escape  # it writes and reads nothing  # nosec B406

from apps.core.text import clean

MARKS = ("=", "+", "-", "@")
MOST_CELL = 32_000  # characters; a spreadsheet calls a file with more than 32,767 damaged
SHEET_NAME = 31
WIDTH = 13

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"'
    f' ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main'
    f'+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2"'
    f' Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # Style 1 is text: a spreadsheet that saves the file again leaves 0912… and 3/2 as they are.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/>'
    '</font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill'
    ' patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf/><xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="49" fontId="1"'
    ' applyNumberFormat="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0"'
    ' builtinId="0"/></cellStyles></styleSheet>',
}


def as_text(cell: str) -> str:
    """The cell without unseen marks (one may hide a sign), and so that no spreadsheet computes it."""
    cell = clean(cell, lines=True)[:MOST_CELL]
    return f"'{cell}" if cell.startswith(MARKS) else cell


class TextWorkbook:
    """One sheet under a heading that stays, with a line `above` it that says what it is; `add` a row at a
    time, inside `with`. Written forwards only.
    """

    def __init__(
        self,
        target: IO[bytes],
        *,
        title: str,
        headings: Sequence[str],
        widths: Mapping[int, int] | None = None,
        above: str = "",
    ) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        name = escape("".join(char for char in clean(title) if char not in "[]:*?/\\")[:SHEET_NAME] or "1")
        self._put(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{name.replace(chr(34), "")}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        for part, text in _PARTS.items():
            self._put(part, text)
        self._sheet = self._zip.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        columns = "".join(
            f'<col min="{at}" max="{at}" width="{(widths or {}).get(at - 1, WIDTH)}" customWidth="1"/>'
            for at in range(1, len(headings) + 1)
        )
        fixed = 2 if above else 1
        self._write(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane'
            f' ySplit="{fixed}" topLeftCell="A{fixed + 1}" activePane="bottomLeft" state="frozen"/>'
            f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>"
        )
        if above:
            self._row([as_text(above)], style=2)
        self._row([as_text(heading) for heading in headings], style=2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("</sheetData></worksheet>")
        self._sheet.close()
        self._zip.close()

    def add(self, cells: Iterable[str]) -> None:
        """One row. Every cell stays the text that it is."""
        self._row([as_text(cell) for cell in cells], style=1)

    def _row(self, cells: Sequence[str], *, style: int) -> None:
        self._write(f"<row>{''.join(_cell(cell, style) for cell in cells)}</row>")

    def _put(self, name: str, text: str) -> None:
        self._zip.writestr(name, text if text.startswith("<?xml") else _HEAD + text)

    def _write(self, text: str) -> None:
        self._sheet.write(text.encode())


def _cell(text: str, style: int) -> str:
    if not text:
        return f'<c s="{style}"/>'
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
