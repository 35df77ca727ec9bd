"""The list of back-entries as a workbook: people only where the reader may know them."""

import io

from django.utils import timezone
from openpyxl import Workbook

from apps.core import audit
from apps.core.errors import Refused
from apps.core.excel import as_text
from apps.core.scope import current
from apps.core.words import datetime_words
from apps.outage import queries
from apps.outage.queries import ORDER, Asked

MOST = 5_000
HEADINGS = (
    *("Lúc xảy ra", "Lúc nhập", "Nhập muộn", "Trạm", "Loại", "Bản ghi", "Họ và tên"),
    *("Mã phiếu", "Người thực hiện", "Người nhập", "Lý do"),
)
WIDTHS = (17, 17, 18, 32, 16, 24, 26, 16, 26, 20, 40)


def export(asked: Asked) -> bytes:
    """The rows that fit, audited. Raises Refused when there are too many."""
    scope = current()
    scope.require("outage.export")
    rows = list(queries.chosen(scope, asked).order_by(*ORDER)[: MOST + 1])
    if len(rows) > MOST:
        raise Refused(f"Nhiều hơn {MOST // 1000}.000 dòng. Hãy thu hẹp số ngày.")
    lines = queries.lines(scope, rows, screen="outage.export")
    audit.record("outage.exported", data={"rows": len(lines)})
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Nhập bù")
    sheet.freeze_panes = "A2"
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFGHIJK"[place]].width = width
    sheet.append(list(HEADINGS))
    for line in lines:
        entry = line.entry
        cells = (
            datetime_words(timezone.localtime(entry.occurred_at)),
            datetime_words(timezone.localtime(entry.recorded_at)),
            entry.late,
            entry.facility.name,
            line.kind_title,
            line.told.title if line.told else "",
            line.person.name if line.person else "",
            entry.slip.shown if entry.slip else "",
            entry.performer.full_name,
            entry.recorded_by_name,
            entry.reason if line.told else "",
        )
        sheet.append([as_text(cell) for cell in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
