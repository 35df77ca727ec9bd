"""What a room plugs in for the hour without a line: what stands on paper, and how it is entered afterwards.

`kinds.add(BackEntryKind(...))` in the room's plugs; CONTRIBUTING.md says how.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.core.errors import Refused
from apps.core.registry import Registry
from apps.core.scope import Scope
from apps.facilities.models import Practitioner


@dataclass(frozen=True)
class Expected:
    """A line of the paper list: somebody who is expected, with what must be known without a computer."""

    hamlet: str
    name: str
    born: str
    sex: str
    code: str
    why: str
    allergies: str
    last: str
    person_id: UUID


@dataclass(frozen=True)
class Sheet:
    """A table of the pack beside the list of people: the medicines at hand, a schedule."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A cell of the grid, as components/grid.html draws it; `picker` names a kind of catalogues.picks."""

    name: str
    label: str
    kind: str = "text"
    unit: str = ""
    picker: str = ""
    placeholder: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    wide: bool = False
    listed: Callable[[Scope], Sequence[tuple[str, str]]] | None = None  # choices that are the station's own
    right: str = ""  # who lacks it has no such cell


class RowProblems(Refused):
    """What is wrong with a row: {column: sentence}; '' is the row as a whole."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(next(iter(errors.values())))
        self.errors = dict(errors)


@dataclass(frozen=True)
class Row:
    """One row as its kind gets it: everything that all kinds share is read and checked."""

    at: dt.datetime
    practitioner: Practitioner
    cells: Mapping[str, str]
    reason: str = ""  # why it is so late, why without a slip, why the odd stays


@dataclass(frozen=True)
class Entered:
    """What came of a row."""

    object_id: UUID
    person_id: UUID | None
    message: str


@dataclass(frozen=True)
class Told:
    """A back-entered record as far as the reader may know it."""

    title: str
    url: str
    person_id: UUID | None = None


@dataclass(frozen=True)
class BackEntryKind:
    """`enter(row)` writes one row inside the caller's transaction: the same services as a record of the day,
    with entry_mode 'back_entered'; it raises RowProblems. `about(scope, ids)` and `expected(scope, since,
    until)` leave out what the scope does not see; each costs a fixed number of queries.

    `key` stands in the address; `act`, of facilities.practice, is what the performer must be
    free to do ('': anybody who worked here). `waiting(scope, on)` is who stands in the queue now, in its
    order. `usual_slips`: the parameter of how many blank slips a pack has where that is not the usual number.
    """

    key: str
    title: str
    right: str
    act: str
    columns: Sequence[Column]
    enter: Callable[[Row], Entered]
    about: Callable[[Scope, Collection[UUID]], Mapping[UUID, Told]]
    slip: str  # the template of a blank slip under templates/print/
    expected: Callable[[Scope, dt.date, dt.date], Sequence[Expected]] | None = None
    waiting: Callable[[Scope, dt.date], Sequence[Expected]] | None = None
    sheets: Callable[[Scope, dt.date], Sequence[Sheet]] | None = None
    sheets_right: str = ""  # who may see the tables on paper, where that is not `right`
    hints: tuple[str, ...] = field(default_factory=tuple)  # lines for the page of instructions
    usual_slips: str = "outage.slips"
    order: int = 100


kinds: Registry[BackEntryKind] = Registry("back-entry kinds")


def columns_of(kind: BackEntryKind, staff: Sequence[tuple[str, str]], scope: Scope) -> list[dict[str, Any]]:
    """All columns of a kind's grid: what all kinds share around the kind's own."""
    who = Column("who", "Người làm", "select", choices=(("", ""), *staff), wide=True)
    return [
        vars(column) | ({"choices": tuple(column.listed(scope))} if column.listed else {})
        for column in (*SHARED, who, *_own(kind, scope), LAST)
    ]


def names_of(kind: BackEntryKind, scope: Scope) -> list[str]:
    """The names of the cells that a row of this scope has."""
    return [*(column.name for column in (*SHARED, *_own(kind, scope), LAST)), "who"]


def _own(kind: BackEntryKind, scope: Scope) -> list[Column]:
    return [column for column in kind.columns if not column.right or scope.can(column.right)]


SHARED = (
    Column("slip", "Mã phiếu", placeholder="Quét hoặc gõ", wide=True),
    Column("day", "Ngày", "date"),
    Column("time", "Giờ", placeholder="7h30"),
)
LAST = Column("reason", "Lý do muộn, không phiếu", wide=True)
