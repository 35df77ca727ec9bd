"""What a room shows on the pages of the house: menu, panels, search, timelines, flags."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

if TYPE_CHECKING:
    from apps.core.scope import Level, Scope


@dataclass(frozen=True)
class Section:
    """A part of the house that rights are given for: '<section>.<action>'."""

    key: str
    title: str
    order: int = 100


PEOPLE, RUNNING = "Dân cư", "Quản lý"  # groups of the main menu


@dataclass(frozen=True)
class MenuItem:
    """A line of the main menu. Items of one `group` fold under its name where the menu would be too long."""

    key: str
    title: str
    url_name: str
    right: str | None
    order: int = 100
    icon: str = ""
    group: str = ""


Provide = Callable[["Scope"], Mapping[str, Any] | None]


ProvideFor = Callable[["Scope", Any], Mapping[str, Any] | None]


@dataclass(frozen=True)
class HomePanel:
    """What must be done today, for holders of `right` (None: everybody's own) at one of `levels`. None from
    `provide` hides it. What waits until there is time for it comes
    `later` at a station: below, side by side.
    """

    key: str
    title: str
    right: str | None
    template: str
    provide: Provide
    order: int = 100
    levels: frozenset["Level"] = frozenset({"station"})
    later: bool = False
    first_without: str = ""  # a right: whoever lacks it has nothing more urgent than this panel


@dataclass(frozen=True)
class StationFigure:
    """A column of the page of all stations: one figure a station, never anything about a person.

    `provide(station_ids)` gets stations that the asker's scope holds, and costs one query. `alarm`: a figure
    above nought is somebody's work.
    """

    key: str
    title: str
    provide: Callable[[Sequence[UUID]], Mapping[UUID, Any]]
    order: int = 100
    kind: Literal["number", "date", "moment"] = "number"
    alarm: bool = False


LAST = 900  # record panels from here on are there to be looked up


@dataclass(frozen=True)
class RecordPanel:
    """A part of another room's page ('person', 'household', 'visit', 'death'). None from `provide` hides it.

    On the person's page what is to be done (`order` under LAST) stands above the course of events, what is
    only there to be looked up below it.
    """

    key: str
    record: str
    title: str
    right: str
    template: str
    provide: ProvideFor
    order: int = 100


@dataclass(frozen=True)
class RecordSection:
    """What a room tells in section C (vaccinations) or D (examinations) of a person's health record.

    `provide(scope, person, cursor)` gives what `template` draws on the page, a page of it at a time;
    `printed(scope, person, sheet)` what `paper` prints: as much as a request can render is sheet 1, what is
    older sheet 2 and so on. Both leave out what the scope may not read, say under `more_sheets` how many
    sheets there are when it is more than one, and cost the same number of queries however much there is.
    """

    key: str
    letter: Literal["C", "D"]
    right: str
    template: str
    paper: str
    provide: Callable[["Scope", Any, str], Mapping[str, Any]]
    printed: Callable[["Scope", Any, int], Mapping[str, Any]]
    order: int = 100


@dataclass(frozen=True)
class Hit:
    """One line of the search box."""

    title: str
    subtitle: str
    url: str
    note: str = ""
    kind: str = "person"
    person_id: UUID | None = None
    restricted: bool = False


@dataclass(frozen=True)
class SearchSource:
    """Answers the search box. `search(scope, text, limit)` gives hits, best first."""

    key: str
    search: Callable[["Scope", str, int], Sequence[Hit]]
    order: int = 100


@dataclass(frozen=True)
class TimelineKind:
    """How a kind of timeline entry is called, and where it leads (`link(object_id)`).

    Without `right` a reader is told `title` alone: an entry's own words may name a disease.
    """

    key: str
    title: str
    link: Callable[[UUID], str] | None = None
    icon: str = ""
    right: str | None = None


@dataclass(frozen=True)
class DueKind:
    """How a kind of due item is called, and the one click that acts on it (`link(person_id, object_id)`).

    Without `right` a reader is told `title` alone, as for TimelineKind. `comes`: the person is expected at
    the station, so she stands on its list on paper.
    """

    key: str
    title: str
    action: str = ""
    link: Callable[[UUID, UUID | None], str] | None = None
    right: str | None = None
    comes: bool = True


@dataclass(frozen=True)
class Flag:
    """A word on the person's banner. `state` is one of danger, warning, info, grey."""

    word: str
    state: str = "info"


@dataclass(frozen=True)
class PersonFlag:
    """Flags for a batch of people, by person id."""

    key: str
    provide: Callable[["Scope", Iterable[UUID]], Mapping[UUID, Sequence[Flag]]]
    order: int = 100


@dataclass(frozen=True)
class RecordAction:
    """One click that begins something for a person, from her page or her household's, or for a household from
    its page (`link(id)`).
    """

    key: str
    title: str
    right: str
    link: Callable[[UUID], str]
    order: int = 100
    hotkey: str = ""  # on the record's own page: 'F2'


@dataclass(frozen=True)
class DayEndFigure:
    """What is left of one kind at the day's end: how many, and the page that shows exactly these.

    `words` stand in the place of the number where one says too little ('chưa khóa, theo sổ 1.250.000 đ').
    `asks` is put to whoever hands over while something is left; it never keeps her from it.
    """

    count: int
    url: str
    words: str = ""
    state: Literal["danger", "warning", "info"] = "warning"
    asks: str = ""


@dataclass(frozen=True)
class DayEndLine:
    """A line of the day's end and of the hand-over between shifts, for holders of `right`.

    `provide(scope)` costs one query, two at most; None hides the line: the workplace has no such thing.
    A count of nought is told as done. Nothing about a person stands in it: it is kept with the hand-over.
    """

    key: str
    title: str
    group: str  # one of DAY_END_GROUPS
    right: str | None
    provide: Callable[["Scope"], DayEndFigure | None]
    order: int = 100


PATIENTS, MONEY, STORE, PAPERS = "Người bệnh", "Tiền", "Kho thuốc, vật tư", "Giấy tờ, gửi đi"
DAY_END_GROUPS = (PATIENTS, MONEY, STORE, PAPERS)


@dataclass(frozen=True)
class GuideChapter:
    """A chapter of the handbook at /huong-dan/. `views`: from which page (its URL name) F1 opens which part
    (the `id` of a section in `template`); '' is the chapter's beginning. `levels`: whom it is written for.
    """

    key: str
    title: str
    template: str
    views: Mapping[str, str]
    order: int = 100
    levels: frozenset["Level"] = frozenset({"station"})
