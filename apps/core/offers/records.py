"""What a room says about its records: logs, papers, numbers, tasks, drafts, second approvals, hand-over."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from apps.core.models import PendingChange
    from apps.core.scope import Level, Scope


@dataclass(frozen=True)
class AuditSentence:
    """How an audit action reads: '{data keys}' may stand in the sentence."""

    key: str
    sentence: str


@dataclass(frozen=True)
class ReadScreen:
    key: str
    title: str


@dataclass(frozen=True)
class Rule:
    """A rule of the bench: the same pure function that screens and reports call.

    `run` takes the plain JSON input and gives the plain JSON output; it raises `rules.BadInput`.
    `inputs` and `outputs` tell each field's type and unit.
    """

    key: str
    run: Callable[[dict[str, Any]], dict[str, Any]]
    source: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    open_keys: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ChangeKind:
    """Something that one account asks for and another has to approve.

    The second holds `right` at one of `levels`, reaches the change's facility (when it has one), is not who
    asked nor, by `may`, who gains. `apply(change)` does it in the approval's transaction, as the second.
    `here`: she may agree at the asker's computer, by her password or PIN (facilities.second_name).
    `apart`: not while one of the two has just opened the other's account (approvals.apart).
    `dropped(change)`: what waited for it is done with, in the transaction in which it was refused or
    withdrawn; nobody tells when a change runs out.
    """

    key: str
    title: str
    right: str
    apply: Callable[["PendingChange"], None]
    may: Callable[["Scope", "PendingChange"], bool] = lambda scope, change: True
    levels: frozenset["Level"] = frozenset({"station", "region", "province", "system"})
    days: int = 7
    here: bool = False
    apart: bool = True
    dropped: Callable[["PendingChange"], None] = lambda change: None


@dataclass(frozen=True)
class PaperKind:
    """A printed paper's QR: where a scan of it leads (`link(object_id)`)."""

    key: str
    title: str
    link: Callable[[UUID], str]


def by_year(on: dt.date) -> str:
    return str(on.year)


def by_day(on: dt.date) -> str:
    return on.isoformat()


def _nothing_before(facility_id: UUID, period: str) -> int:
    return 0


@dataclass(frozen=True)
class NumberKind:
    """A running number of a facility (numbering.py): visits of a year, the queue of a day, a paper's book.

    `form` writes it from `number` and `on` ('{on.year}-{number:06d}'). `highest(facility_id, period)` is the
    highest number that records carried before the book was begun. With `kept` every number has a row of its
    own; without, the record itself is the row and only voided numbers are kept. Not `listed`: no book for the
    head of the station to look at.
    """

    key: str
    title: str
    form: str
    period: Callable[[dt.date], str] = by_year
    highest: Callable[[UUID, str], int] = _nothing_before
    kept: bool = True
    listed: bool = True
    order: int = 100

    def written(self, number: int, on: dt.date) -> str:
        return self.form.format(number=number, on=on)


@dataclass(frozen=True)
class AppointmentKind:
    """What people are expected for: `title` stands in diaries and due lists ('Tái khám'). The appointment's
    own reason is told to holders of `right` alone. `by_hand`: the diary's form offers it.
    """

    key: str
    title: str
    right: str | None = None
    by_hand: bool = False
    order: int = 100


@dataclass(frozen=True)
class TargetGroup:
    """A group of people whom a programme, a campaign or a law is for (care/targets.py): under 1 year, poor.

    `q(on)` is a condition (Q) on people that holds for who belongs, or may belong, on that day; `sure(on)`
    for who surely does, where a birth is not known to the day. `note` is told beside the group ('theo diện
    hộ hiện nay'). Only holders of `right` may ask for it.
    """

    key: str
    title: str
    q: Callable[[dt.date], Any]
    sure: Callable[[dt.date], Any] | None = None
    note: str = ""
    right: str | None = None
    order: int = 100


@dataclass(frozen=True)
class TaskKind:
    """Something that must be done by a moment (todo.py), shown to holders of `right`.

    `clock` and `escalate` are keys of parameters that hold a deadline rule (clocks.py): when it is due, and
    how long after that the head of the station is told. `link(object_id)` leads to where it is done. A
    restricted task tells its kind's title alone to those without `scope.RESTRICTED_RIGHT`. `own_panel`: its
    open tasks stand in a panel of the room's own on the home page, and not in that of the tasks as well.
    """

    key: str
    title: str
    right: str
    clock: str
    link: Callable[[UUID], str]
    escalate: str = "tasks.escalate"
    order: int = 100
    own_panel: bool = False


@dataclass(frozen=True)
class DraftSubject:
    """What a draft is about, as far as the asker may know it."""

    title: str
    url: str  # of the form that takes the draft up again; ids alone, nothing about a person
    facility_id: UUID
    version: int = 0  # of the record as it now stands; 0 for a new one
    person_id: UUID | None = None


@dataclass(frozen=True)
class DraftKind:
    """A form that keeps what is typed into it (drafts.py). `about(scope, object_ids)` leaves out what the
    scope does not see and costs at most one query; `right` is what the form itself asks for.
    """

    key: str
    title: str
    right: str
    about: Callable[["Scope", Collection[UUID]], Mapping[UUID, DraftSubject]]
    order: int = 100


@dataclass(frozen=True)
class Holder:
    """Somebody with something in hand: her account and every practitioner she has been."""

    user_id: UUID
    practitioner_ids: frozenset[UUID]
    name: str


@dataclass(frozen=True)
class HandoverItem:
    """One thing that a leaver leaves behind."""

    id: UUID
    title: str
    note: str
    url: str
    person_id: UUID | None = None


@dataclass(frozen=True)
class Handover:
    """What a leaver leaves behind, of one kind. `list(scope, holder, limit)` costs one query;
    `move(scope, holder, taker, ids)` says how many went over, None where nothing has to.
    """

    key: str
    title: str
    right: str
    list: Callable[["Scope", Holder, int], Sequence[HandoverItem]]
    move: Callable[["Scope", Holder, Holder, Collection[UUID]], int] | None = None
    note: str = ""
    order: int = 100

    @property
    def moves(self) -> bool:
        """Whether its lines can go over; a template that asked for `move` would call it."""
        return self.move is not None
