"""The issued papers of a span as a guarded file. No diagnosis in it."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import Scope, current
from apps.core.words import date_words, datetime_words
from apps.encounters.certificates import queries
from apps.encounters.models import Certificate
from apps.patients import hush

KEY = "certificates.list"
AT_ONCE = 500
HEADINGS = (
    "Loại giấy", "Số", "Ngày cấp", "Người bệnh", "Mã", "Từ ngày", "Đến ngày", "Nơi chuyển đến",
    "Có phản hồi", "Người ký", "Người cấp", "Trạng thái", "Hủy lúc", "Lý do hủy",
)  # fmt: skip


def _rows(args: Mapping[str, Any]) -> QuerySet[Certificate]:
    since, until = dt.date.fromisoformat(args["since"]), dt.date.fromisoformat(args["until"])
    return queries.between(current(), since, until, args.get("kind", ""))


def _count(args: Mapping[str, Any]) -> int:
    return _rows(args).count()


def _sheet(args: Mapping[str, Any]) -> ExportSheet:
    return ExportSheet(HEADINGS, _cells(current(), _rows(args)), {0: 30, 3: 28, 7: 30, 9: 22, 13: 30})


def _cells(scope: Scope, rows: QuerySet[Certificate]) -> Iterator[tuple[UUID | None, Sequence[str]]]:
    told = hush.of(scope, list(rows.values_list("person_id", flat=True).distinct()))
    for row in rows.iterator(chunk_size=AT_ONCE):
        cancelled = timezone.localtime(row.cancelled_at) if row.cancelled_at else None
        yield (
            row.person_id,
            [
                row.get_kind_display(),
                row.number,
                date_words(row.on),
                row.person.full_name,
                row.person.code,
                date_words(row.since),
                date_words(row.until),
                told.text(row.person_id, str(row.said.get("destination", ""))),
                "có" if row.answered else "",
                row.signer_name,
                row.issued_by_name,
                row.get_state_display(),
                datetime_words(cancelled),
                told.text(row.person_id, row.cancel_reason),
            ],
        )


EXPORT = ExportKind(
    KEY, "Giấy đã cấp", ("certificates.export",), "certificate.export", "giay-da-cap", _count, _sheet
)
