"""What a room brings to running an installation: loaders, jobs, nightly work, checks, the go-live list."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

if TYPE_CHECKING:
    from apps.core.models import Job
    from apps.core.scope import Scope


@dataclass
class LoadReport:
    """What one loader did, told as it goes."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Loader:
    """Brings a shipped catalogue into the database; idempotent. `load(fixtures_folder, report)`."""

    key: str
    title: str
    load: Callable[[Path, LoadReport], None]
    order: int = 100


@dataclass(frozen=True)
class JobKind:
    """Long work. `run(job)` runs inside the scope of whoever started it."""

    key: str
    title: str
    run: Callable[["Job"], None]
    right: str | None = None


@dataclass(frozen=True)
class NightlyWork:
    """Work done once a day while nobody works (core/nightly.py). `run(day)` says in a sentence what it did.

    It runs as the system; a day may be done twice when its runner died, so it must bear that.
    """

    key: str
    title: str
    run: Callable[[dt.date], str]
    order: int = 100


@dataclass(frozen=True)
class Result:
    """What a check of the installation says: a sentence, and what to do when it is not 'ok'.

    Pages show `what_to_do`, in the words of the head, who it is asked of; `at_server` names the command or
    the setting, and only `manage.py doctor` says it.
    """

    state: Literal["ok", "warn", "bad"]
    sentence: str
    what_to_do: str = ""
    at_server: str = ""


@dataclass(frozen=True)
class DoctorCheck:
    """One thing that `manage.py doctor` and the page of the installation look at, as the system."""

    key: str
    title: str
    run: Callable[[], Result]
    order: int = 100


@dataclass(frozen=True)
class Progress:
    """How far an item of the go-live list is: `done`, and `wanted` where that is known."""

    done: int
    wanted: int | None
    sentence: str

    @property
    def complete(self) -> bool:
        return self.done > 0 and (self.wanted is None or self.done >= self.wanted)


@dataclass(frozen=True)
class GoLiveItem:
    """What a station does before it begins. Without `count` somebody ticks it by hand, with name and date."""

    key: str
    title: str
    what_to_do: str
    count: Callable[["Scope"], Progress] | None = None
    link: Callable[["Scope"], str] | None = None
    order: int = 100


@dataclass(frozen=True)
class ExportSheet:
    """What an export's workbook holds. `rows` gives whom each row is about (for the read log; None for
    nobody, several for a row of several) and its cells; it is read once, in the background, and should not
    hold all of it at once. `above` is a line over the headings, `tab` the short name of the sheet (empty: the
    title of the export).
    """

    headings: Sequence[str]
    rows: Iterable[tuple[UUID | Collection[UUID] | None, Sequence[str]]]
    widths: Mapping[int, int] = field(default_factory=dict)  # place of a column -> width in characters
    above: str = ""
    tab: str = ""


@dataclass(frozen=True)
class ExportKind:
    """A list of people that may leave as a file (guarded.py).

    All of `rights` are needed to ask for it, while it is made, and to take it. `count(args)` and
    `sheet(args)` run in the scope of whoever asked; `args` holds ids and options alone. `screen` is that of
    the read log.
    """

    key: str
    title: str
    rights: tuple[str, ...]
    screen: str
    file_name: str  # without date and ending: 'danh-sach-dan'
    count: Callable[[Mapping[str, Any]], int]
    sheet: Callable[[Mapping[str, Any]], ExportSheet]
