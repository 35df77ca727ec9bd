"""Rows of a log as a workbook for the auditor: codes, no names of patients."""

import io
from typing import Any

from django.db import transaction
from django.utils import timezone
from openpyxl import Workbook

from apps.core import audit, readlog
from apps.core.errors import Refused
from apps.core.excel import as_text
from apps.core.scope import current
from apps.core.words import datetime_words
from apps.oversight import queries
from apps.oversight.queries import Filters, Line

MOST = 20_000  # rows: some seconds in the request
ALL_PEOPLE = 1_000  # codes of one row; a list that was exported may hold more
HEADINGS = ("Số dòng", "Lúc", "Tên đăng nhập", "Họ và tên", "Cơ sở", "Nội dung", "Mã người bệnh", "Lý do")
WIDTHS = (10, 17, 18, 26, 34, 50, 24, 30)
TITLES = {"acts": "nhật ký thao tác", "looks": "nhật ký xem"}


@transaction.atomic
def export(*, log: str, asked: Filters, reason: str) -> bytes:
    """The workbook of the rows that fit, audited with its reason. Raises Refused."""
    scope = current()
    scope.require("audit.export")
    if not reason:
        raise Refused("Hãy ghi lý do xuất.", field="reason")
    rows: Any = (queries.acts if log == "acts" else queries.looks)(scope, asked)
    entries = list(rows.order_by(*queries.ORDER)[: MOST + 1])
    if len(entries) > MOST:
        raise Refused(
            f"Nhiều hơn {MOST // 1000}.000 dòng. Thu hẹp số ngày hoặc chọn thêm điều kiện.", field="reason"
        )
    lines = (
        queries.act_lines(scope, entries)
        if log == "acts"
        else queries.look_lines(scope, entries, people=ALL_PEOPLE)
    )
    audit.record("log.exported", data={"log": TITLES[log], "rows": len(lines), "reason": reason})
    readlog.record("audit.export", {person.id for line in lines for person in line.people}, reason=reason)
    return _workbook(lines)


def _workbook(lines: list[Line]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Nhật ký")
    sheet.freeze_panes = "A2"
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFGH"[place]].width = width
    sheet.append(list(HEADINGS))
    for line in lines:
        people = ", ".join(person.code for person in line.people)
        if line.more_people:
            people += f" và {line.more_people} người khác"
        at = datetime_words(timezone.localtime(line.at))
        cells = (at, line.username, line.who, line.place, line.said, people, line.reason)
        sheet.append([line.seq, *map(as_text, cells)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
