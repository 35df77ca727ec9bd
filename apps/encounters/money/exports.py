"""What leaves the till as a file: the receipts of a span (guarded, with names), the closed days (sums
alone).
"""

import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import Scope, current
from apps.core.words import date_words, datetime_words
from apps.core.workbooks import TextWorkbook
from apps.encounters.models import CashDay, Receipt, Visit
from apps.encounters.money.queries import may_know, name_of

KEY = "money.receipts"
AT_ONCE = 500
HEADINGS = (
    "Số biên lai", "Ngày lập", "Người bệnh", "Mã", "Đối tượng", "Tổng chi phí", "BHYT trả",
    "Chương trình trả", "Người bệnh trả", "Miễn giảm", "Phải thu", "Trạng thái", "Hình thức", "Thu lúc",
    "Người thu", "Vào sổ quỹ", "Lý do hủy",
)  # fmt: skip
DAY_HEADINGS = (
    "Ngày", "Cơ sở", "Tồn đầu", "Thu", "Chi", "Tồn cuối theo sổ", "Kiểm đếm", "Chênh lệch", "Lý do",
    "Chuyển khoản", "Người khóa sổ", "Người xác nhận", "Trạng thái",
)  # fmt: skip


def _span(args: Mapping[str, Any]) -> QuerySet[Receipt]:
    since, until = dt.date.fromisoformat(args["since"]), dt.date.fromisoformat(args["until"])
    scope = current()
    return Receipt.objects.filter(facility_id__in=scope.facility_ids, on__range=(since, until))


def _count(args: Mapping[str, Any]) -> int:
    return _span(args).count()


def _sheet(args: Mapping[str, Any]) -> ExportSheet:
    rows = _span(args).select_related("visit__person").order_by("on", "number")
    return ExportSheet(HEADINGS, _cells(current(), rows), {2: 28, 14: 22, 16: 30})


def _cells(scope: Scope, rows: QuerySet[Receipt]) -> Iterator[tuple[UUID | None, Sequence[str]]]:
    for row in rows.iterator(chunk_size=AT_ONCE):
        visit: Visit = row.visit
        known = may_know(scope, visit)
        paid = timezone.localtime(row.paid_at) if row.paid_at else None
        yield (
            visit.person_id if known else None,
            [
                row.number,
                date_words(row.on),
                name_of(scope, visit),
                visit.person.code if known else "",
                visit.payer_word,
                str(row.total),
                str(row.fund),
                str(row.programme),
                str(row.patient),
                str(row.relief),
                str(row.payable),
                row.get_state_display(),
                row.get_method_display() if row.method else "",
                datetime_words(paid),
                row.paid_by_name,
                date_words(row.book_on),
                row.void_reason,
            ],
        )


EXPORT = ExportKind(KEY, "Danh sách biên lai", ("money.export",), "money.export", "bien-lai", _count, _sheet)


def days_workbook(scope: Scope) -> bytes:
    """The closed days of the scope's stations, newest first. Two queries."""
    out = io.BytesIO()
    rows = CashDay.visible(scope).filter(facility_id__in=scope.facility_ids).select_related("facility")
    with TextWorkbook(out, title="Sổ quỹ", headings=DAY_HEADINGS, widths={1: 28, 8: 30}) as book:
        for row in rows.order_by("-on", "facility__name").iterator(chunk_size=AT_ONCE):
            book.add(
                [
                    date_words(row.on),
                    row.facility.name,
                    *(
                        str(figure)
                        for figure in (
                            row.opening, row.cash_in, row.cash_out, row.closing, row.counted, row.difference,
                        )
                    ),
                    row.difference_reason,
                    str(row.transfers),
                    row.closed_by_name,
                    row.confirmed_by_name,
                    row.get_state_display(),
                ]
            )  # fmt: skip
    return out.getvalue()
