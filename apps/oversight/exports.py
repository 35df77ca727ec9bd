"""Rows of a log as a guarded file for the auditor: codes, no names of patients."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import current
from apps.core.words import datetime_words
from apps.oversight import queries
from apps.oversight.queries import Filters, Line

AT_ONCE = 200
ALL_PEOPLE = 1_000  # codes of one row; a list that was exported may hold more
HEADINGS = ("Số dòng", "Lúc", "Tên đăng nhập", "Họ và tên", "Cơ sở", "Nội dung", "Mã người bệnh", "Lý do")
WIDTHS = (10, 17, 18, 26, 34, 50, 24, 30)
IDS = ("person", "user", "facility", "record")
SCREEN = "audit.export"


def as_args(asked: Filters) -> dict[str, str]:
    """The filters as they are kept with the file: ids and dates."""
    given = {"since": asked.since.isoformat(), "until": asked.until.isoformat(), "kind": asked.kind}
    return given | {name: str(value) for name in IDS if (value := getattr(asked, name))}


def _asked(args: Mapping[str, Any]) -> Filters:
    since, until = (dt.date.fromisoformat(str(args[name])) for name in ("since", "until"))
    ids = {name: UUID(str(args[name])) for name in IDS if args.get(name)}
    return Filters(since=since, until=until, kind=str(args.get("kind", "")), **ids)


def _kind(log: str, title: str, file_name: str) -> ExportKind:
    rows_of: Any = queries.acts if log == "acts" else queries.looks

    def count(args: Mapping[str, Any]) -> int:
        return int(rows_of(current(), _asked(args)).count())

    def lines(entries: list[Any]) -> list[Line]:
        if log == "acts":
            return queries.act_lines(current(), entries)
        return queries.look_lines(current(), entries, people=ALL_PEOPLE)

    def cells(asked: Filters) -> Iterator[tuple[list[UUID], Sequence[str]]]:
        rows = rows_of(current(), asked).order_by(*queries.ORDER).iterator(chunk_size=AT_ONCE)
        while part := [row for _, row in zip(range(AT_ONCE), rows, strict=False)]:
            yield from map(_row, lines(part))

    def sheet(args: Mapping[str, Any]) -> ExportSheet:
        return ExportSheet(HEADINGS, cells(_asked(args)), dict(enumerate(WIDTHS)))

    return ExportKind(f"audit.{log}", title, ("audit.export",), SCREEN, file_name, count, sheet)


def _row(line: Line) -> tuple[list[UUID], Sequence[str]]:
    people = ", ".join(person.code for person in line.people)
    if line.more_people:
        people += f" và {line.more_people} người khác"
    at = datetime_words(timezone.localtime(line.at))
    cells = (str(line.seq), at, line.username, line.who, line.place, line.said, people, line.reason)
    return [person.id for person in line.people], cells


KINDS = {
    "acts": _kind("acts", "Nhật ký thao tác", "nhat-ky-thao-tac"),
    "looks": _kind("looks", "Nhật ký xem", "nhat-ky-xem"),
}
