"""What the rooms offer to the house.

A room registers in its `plugs.py`, loaded by `AppConfig.ready`; nobody imports upward. A name used
twice raises at start, so a mistake never reaches a user. Providers take ids in a batch and cost at
most one query a batch.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from apps.core.models import Job
    from apps.core.scope import Level, Scope


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


ItemT = TypeVar("ItemT", bound=Keyed)


class Registry(Generic[ItemT]):
    """Items by key, listed in their order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._items: dict[str, ItemT] = {}

    def add(self, *items: ItemT) -> None:
        for item in items:
            if item.key in self._items:
                raise ValueError(f"{self.name}: {item.key!r} is registered twice")
            self._items[item.key] = item

    def get(self, key: str) -> ItemT | None:
        return self._items.get(key)

    def all(self) -> list[ItemT]:
        return sorted(self._items.values(), key=lambda item: (getattr(item, "order", 0), item.key))

    def __iter__(self) -> Iterator[ItemT]:
        return iter(self.all())


@dataclass(frozen=True)
class Section:
    """A part of the house that rights are given for: '<section>.<action>'."""

    key: str
    title: str
    order: int = 100


@dataclass(frozen=True)
class MenuItem:
    key: str
    title: str
    url_name: str
    right: str | None
    order: int = 100
    icon: str = ""


Provide = Callable[["Scope"], Mapping[str, Any] | None]
ProvideFor = Callable[["Scope", Any], Mapping[str, Any] | None]


@dataclass(frozen=True)
class HomePanel:
    """What must be done today, for holders of `right` at one of `levels`. None from `provide` hides it."""

    key: str
    title: str
    right: str
    template: str
    provide: Provide
    order: int = 100
    levels: frozenset["Level"] = frozenset({"station"})


@dataclass(frozen=True)
class RecordPanel:
    """A part of another room's page ('person', 'household', 'visit'). None from `provide` hides it."""

    key: str
    record: str
    title: str
    right: str
    template: str
    provide: ProvideFor
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

    Without `right` a reader is told `title` alone, as for TimelineKind.
    """

    key: str
    title: str
    action: str = ""
    link: Callable[[UUID, UUID | None], str] | None = None
    right: str | None = None


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
class PersonAction:
    """One click that begins something for a person, from her page or her household's (`link(person_id)`)."""

    key: str
    title: str
    right: str
    link: Callable[[UUID], str]
    order: int = 100


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
class PaperKind:
    """A printed paper's QR: where a scan of it leads (`link(object_id)`)."""

    key: str
    title: str
    link: Callable[[UUID], str]


sections: Registry[Section] = Registry("sections")
menu: Registry[MenuItem] = Registry("menu")
user_menu: Registry[MenuItem] = Registry("user_menu")
home_panels: Registry[HomePanel] = Registry("home_panels")
record_panels: Registry[RecordPanel] = Registry("record_panels")
search_sources: Registry[SearchSource] = Registry("search_sources")
timeline_kinds: Registry[TimelineKind] = Registry("timeline_kinds")
due_kinds: Registry[DueKind] = Registry("due_kinds")
person_flags: Registry[PersonFlag] = Registry("person_flags")
person_actions: Registry[PersonAction] = Registry("person_actions")
audit_sentences: Registry[AuditSentence] = Registry("audit_sentences")
readlog_screens: Registry[ReadScreen] = Registry("readlog_screens")
rules: Registry[Rule] = Registry("rules")
loaders: Registry[Loader] = Registry("loaders")
jobs: Registry[JobKind] = Registry("jobs")
papers: Registry[PaperKind] = Registry("papers")


def panels_for(record: str, scope: "Scope", obj: Any) -> list[dict[str, Any]]:
    """The panels of a record's page that `scope` may see: template, title and context, in order."""
    shown = []
    for panel in record_panels:
        if panel.record != record or not scope.can(panel.right):
            continue
        context = panel.provide(scope, obj)
        if context is not None:
            shown.append(
                {"key": panel.key, "title": panel.title, "template": panel.template, "context": context}
            )
    return shown


def actions_for(scope: "Scope", person_id: UUID) -> list[dict[str, str]]:
    """What `scope` may begin for a person: title and address, in order. No query."""
    return [
        {"title": action.title, "url": action.link(person_id)}
        for action in person_actions
        if scope.can(action.right)
    ]


def flags_for(scope: "Scope", person_ids: Sequence[UUID]) -> dict[UUID, list[Flag]]:
    """All rooms' flags for a batch of people: one query a room."""
    found: dict[UUID, list[Flag]] = {person_id: [] for person_id in person_ids}
    for provider in person_flags:
        for person_id, flags in provider.provide(scope, person_ids).items():
            found.setdefault(person_id, []).extend(flags)
    return found
