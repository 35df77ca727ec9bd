"""The list of back-entries as a guarded file: people only where the reader may know them."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import current
from apps.core.words import datetime_words
from apps.outage import queries
from apps.outage.queries import ORDER, Asked

KIND = "outage.entries"
AT_ONCE = 500
HEADINGS = (
    *("Lúc xảy ra", "Lúc nhập", "Nhập muộn", "Trạm", "Loại", "Bản ghi", "Họ và tên"),
    *("Mã phiếu", "Người thực hiện", "Người nhập", "Lý do"),
)
WIDTHS = (17, 17, 18, 32, 16, 24, 26, 16, 26, 20, 40)


def as_args(asked: Asked) -> dict[str, str]:
    """The filters as they are kept with the file."""
    days = {"since": asked.since.isoformat(), "until": asked.until.isoformat()}
    return days | ({"station": str(asked.station)} if asked.station else {})


def _asked(args: Mapping[str, Any]) -> Asked:
    since, until = (dt.date.fromisoformat(str(args[name])) for name in ("since", "until"))
    return Asked(since, until, UUID(str(args["station"])) if args.get("station") else None)


def count(args: Mapping[str, Any]) -> int:
    """How many rows the list has."""
    return queries.chosen(current(), _asked(args)).count()


def sheet(args: Mapping[str, Any]) -> ExportSheet:
    """The list, the latest event first, read a part at a time."""
    return ExportSheet(HEADINGS, _cells(_asked(args)), dict(enumerate(WIDTHS)))


EXPORT = ExportKind(KIND, "Danh sách nhập bù", ("outage.export",), "outage.export", "nhap-bu", count, sheet)


def _cells(asked: Asked) -> Iterator[tuple[UUID | None, Sequence[str]]]:
    scope = current()
    rows = queries.chosen(scope, asked).order_by(*ORDER).iterator(chunk_size=AT_ONCE)
    while part := [row for _, row in zip(range(AT_ONCE), rows, strict=False)]:
        for line in queries.lines(scope, part, screen=""):
            entry = line.entry
            yield (
                line.told.person_id if line.told and line.person else None,
                (
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
                ),
            )
