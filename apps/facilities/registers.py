"""A statutory register: a view over what was recorded, in the columns of its circular. Nothing is typed in.

A room describes its book as a `Register`; this frame pages it, numbers its rows, makes the guarded file
(core/guarded.py) and the paper. The pages: facilities/views/registers.py. A yearly book has columns of the
person, then the same columns for each month (`months`).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.core import audit, readlog, words
from apps.core.errors import Refused
from apps.core.paging import Page, count_before, keyset
from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import Scope, current
from apps.facilities.letterheads import letterhead

PAGE = 50
AT_ONCE = 500  # rows of a workbook read at a time
MOST_PRINTED = 1_000  # rows of one paper: about 90 pages across
LONGEST = 5 * 366  # days of one part of a book
MONTHS = range(1, 13)
MIDDLE, WIDE = 16, 30  # characters from which a column is given room on the screen
DAY_WIDTH = 12
HEADING = 0.6  # of a heading's characters stand beside each other where it is longer than its cells

Cell = TypeVar("Cell")


@dataclass(frozen=True)
class Asked:
    """Which part of the book: two days, by one of its dates, what was picked in its filters ."""

    since: dt.date
    until: dt.date
    by: str
    picked: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """One way to narrow the book: a hamlet, a point. Shown where `choices(scope)` has any."""

    key: str  # in the address
    label: str
    choices: Callable[[Scope], Iterable[tuple[UUID, str]]]


@dataclass(frozen=True)
class Entry:
    """What one record says: all cells but the first, which is the number of the row."""

    object_id: UUID
    person_id: UUID
    cells: tuple[str, ...]
    day: dt.date | None = None  # of a daily book


@dataclass(frozen=True)
class Dates:
    """One way to lay out the book: the column its period is chosen by, its order, and how it is said."""

    column: str
    order: tuple[str, ...]  # the last one unique
    word: str  # 'Khám', 'Tử vong', 'Ghi sổ': '... từ 01/01/2026 đến 31/03/2026'


@dataclass(frozen=True)
class Register:
    """A book of people. `key` names its audit sentence ('<key>.printed') and its screens of the read log
    ('<key>.page', '<key>.paper', '<key>.export'); its rights are '<section>.view' and '<section>.export'.

    `rows(scope, asked)` are the records of the part in no order; `entries(scope, rows)` their cells, for a
    batch, in a fixed number of queries. `place(scope, asked)` is the facility or hamlet whose name of the day
    stands at the head of its paper, as `letterhead` takes them.

    With `months` it is a book of a year: `rows` picks who stands in the year of `asked` by itself, and the
    cells are those of `columns`, then of each month in turn. Its rows carry no number of their own.
    """

    key: str
    code: str  # 'A1'
    title: str  # 'Sổ khám bệnh'
    section: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]  # characters of each column of the workbook
    dates: Mapping[str, Dates]  # the first is the usual one
    rows: Callable[[Scope, Asked], QuerySet[Any]]
    entries: Callable[[Scope, Sequence[Any]], list[Entry]]
    url: str  # 'encounters:a1'; also '<url>_export', '<url>_paper'
    link: Callable[[UUID], str]  # the record's page
    filters: tuple[Filter, ...] = ()
    place: Callable[[Scope, Asked], dict[str, Any]] = lambda scope, asked: {}
    lead: str = ""
    daily: bool = False  # each day under its own heading; the part shown first is today, else this year
    months: tuple[str, ...] = ()  # of a yearly book: what is written each month
    month_widths: tuple[int, ...] = ()
    most_printed: int = 0  # people of one paper; 0 is the usual number

    @property
    def yearly(self) -> bool:
        return bool(self.months)

    def all_columns(self) -> tuple[str, ...]:
        """Those of the workbook: of a daily book its day too, of a yearly one also 'Tháng 3: Ngày khám'."""
        months = (f"Tháng {month}: {each}" for month in MONTHS for each in self.months)
        return (*self._day("Ngày"), *self.columns, *months)

    def all_widths(self) -> tuple[int, ...]:
        return (*self._day(DAY_WIDTH), *self.widths, *(self.month_widths * len(MONTHS)))

    def _day(self, cell: Cell) -> tuple[Cell, ...]:
        return (cell,) if self.daily else ()

    def all_cells(self, line: "Line") -> tuple[str, ...]:
        """A row of the workbook."""
        return (*self._day(words.date_words(line.day)), *line.cells)

    def headings(self) -> list[tuple[str, str]]:
        """Each column and how broad it is on the screen."""
        return [
            (column, "wide" if width >= WIDE else "middle" if width >= MIDDLE else "")
            for column, width in zip(self.columns, self.room(), strict=True)
        ]

    def room(self) -> list[float]:
        """The characters that each column asks for where it is read: of its cells, or of a long heading,
        which otherwise stands in a pile of single words.
        """
        return [
            max(width, len(column) * HEADING) for column, width in zip(self.columns, self.widths, strict=True)
        ]

    def usual_by(self) -> str:
        return next(iter(self.dates))

    def period(self, asked: Asked) -> str:
        if self.yearly:
            return f"Năm {asked.since.year}"
        word = self.dates[asked.by].word
        return f"{word} từ {asked.since:%d/%m/%Y} đến {asked.until:%d/%m/%Y}"


@dataclass(frozen=True)
class Line:
    """A row of the book as it is written."""

    object_id: UUID
    person_id: UUID
    cells: tuple[str, ...]
    named: tuple[tuple[str, str], ...]  # each cell with its heading, for the phone
    link: str
    day: dt.date | None = None
    opens: bool = False  # the first of its day, under the day's heading
    months: tuple[tuple[str, ...], ...] = ()  # of a yearly book
    across: tuple[tuple[str, tuple[str, ...]], ...] = ()  # each of its columns with the twelve cells


def chosen(book: Register, scope: Scope, asked: Asked) -> QuerySet[Any]:
    """The records of that part, of the scope's own stations; ordered by the caller."""
    if book.yearly:
        return book.rows(scope, asked)
    day = book.dates[asked.by].column
    return book.rows(scope, asked).filter(**{f"{day}__gte": asked.since, f"{day}__lte": asked.until})


def page(book: Register, scope: Scope, asked: Asked, cursor: str = "") -> tuple[Page[Any], list[Line]]:
    """One page of the book and its rows in words; whoever stands there is in the read log."""
    rows, order = chosen(book, scope, asked), book.dates[asked.by].order
    found = keyset(rows, order=order, cursor=cursor, size=PAGE)
    before = 0
    if found.previous_cursor and found.items:
        plain = rows.select_related(None).prefetch_related(None)
        before = count_before(plain, order=order, row=found.items[0])
    return found, _looked_at(book, scope, found.items, before, "page")


def _looked_at(book: Register, scope: Scope, rows: Sequence[Any], before: int, screen: str) -> list[Line]:
    lines = _lines(book, scope, rows, before)
    if lines:
        readlog.record(f"{book.key}.{screen}", [line.person_id for line in lines])
    return lines


def _lines(book: Register, scope: Scope, rows: Sequence[Any], before: int) -> list[Line]:
    lines, last = [], None
    for number, entry in enumerate(book.entries(scope, rows), before + 1):
        cells = entry.cells if book.yearly else (str(number), *entry.cells)
        first, each = len(book.columns), len(book.months)
        named = tuple(zip(book.columns, cells[:first], strict=True))
        months = tuple(cells[at : at + each] for at in range(first, len(cells), each or 1))
        across = tuple(
            (column, tuple(month[place] for month in months)) for place, column in enumerate(book.months)
        )
        link = book.link(entry.object_id)
        opens, last = entry.day != last, entry.day
        lines.append(
            Line(entry.object_id, entry.person_id, cells, named, link, entry.day, opens, months, across)
        )
    return lines


# --- what leaves the screen


def as_args(asked: Asked) -> dict[str, Any]:
    """The part of the book as a guarded export keeps it."""
    picked = {key: str(value) for key, value in asked.picked.items()}
    return {"since": str(asked.since), "until": str(asked.until), "by": asked.by, "picked": picked}


def _from_args(args: Mapping[str, Any]) -> Asked:
    day = dt.date.fromisoformat
    picked = {key: UUID(value) for key, value in args["picked"].items()}
    return Asked(day(args["since"]), day(args["until"]), args["by"], picked)


def export_kind(book: Register) -> ExportKind:
    """The book as a guarded file: its plugs add this to `registry.exports`."""

    def count(args: Mapping[str, Any]) -> int:
        return chosen(book, current(), _from_args(args)).count()

    def sheet(args: Mapping[str, Any]) -> ExportSheet:
        scope, asked = current(), _from_args(args)
        head = letterhead(scope, min(asked.until, timezone.localdate()), **book.place(scope, asked))
        said = [f"{book.title} ({book.code})", head["facility_name"], book.period(asked)]
        return ExportSheet(
            book.all_columns(),
            _cells(book, asked),
            dict(enumerate(book.all_widths())),
            above=" – ".join(filter(None, said)),
            tab=f"Sổ {book.code}",
        )

    right, name = f"{book.section}.export", f"so-{book.code.lower()}"
    title = f"{book.title} {book.code}"
    return ExportKind(f"{book.key}.book", title, (right,), f"{book.key}.export", name, count, sheet)


def _cells(book: Register, asked: Asked) -> Iterator[tuple[UUID, Sequence[str]]]:
    scope, before = current(), 0
    rows = chosen(book, scope, asked).order_by(*book.dates[asked.by].order).iterator(chunk_size=AT_ONCE)
    while part := list(islice(rows, AT_ONCE)):
        for line in _lines(book, scope, part, before):
            yield line.person_id, book.all_cells(line)
        before += len(part)


def printed(book: Register, asked: Asked) -> dict[str, Any]:
    """What stands on the paper, A4 across with the statutory heading. Raises Refused when it is too long."""
    scope = current()
    scope.require(f"{book.section}.export")
    ordered = chosen(book, scope, asked).order_by(*book.dates[asked.by].order)
    limit = book.most_printed or MOST_PRINTED
    rows = list(ordered[: limit + 1])
    if len(rows) > limit:
        most = words.quantity_words(limit)
        raise Refused(f"Nhiều hơn {most} dòng. Hãy thu hẹp số ngày hoặc chọn một nơi.")
    lines = _looked_at(book, scope, rows, 0, "paper")
    audit.record(f"{book.key}.printed", data={"rows": len(lines)})
    return {
        "title": book.title,
        "landscape": True,
        "national": True,
        "form_code": f"Sổ {book.code}",
        "lines": lines,
        "columns": book.columns,
        "months": book.months,
        "rooms": rooms_on_paper(book.room()),
        "numbers": range(1, len(book.columns) + 1),
        "period": book.period(asked),
        "places": picked_words(book, scope, asked),
        **letterhead(scope, min(asked.until, timezone.localdate()), **book.place(scope, asked)),
    }


def rooms_on_paper(widths: Sequence[float]) -> list[int]:
    """The part of the sheet that each column gets, in whole percent that fill it: by the root of its
    characters, since a sentence folds and a date does not.
    """
    roots = [width**0.5 for width in widths]
    exact = [100 * root / sum(roots) for root in roots]
    rooms = [int(part) for part in exact]
    by_rest = sorted(range(len(exact)), key=lambda place: rooms[place] - exact[place])
    for place in by_rest[: 100 - sum(rooms)]:
        rooms[place] += 1
    return rooms


def picked_words(book: Register, scope: Scope, asked: Asked) -> list[str]:
    """What the book was narrowed to, in words: 'Thôn Làng Teng'."""
    found = [
        dict(each.choices(scope)).get(asked.picked[each.key])
        for each in book.filters
        if each.key in asked.picked
    ]
    return [word for word in found if word]
