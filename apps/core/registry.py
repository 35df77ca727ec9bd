"""What the rooms offer to the house.

A room registers in its `plugs.py`, loaded by `AppConfig.ready`; nobody imports upward. A name used
twice raises at start, so a mistake never reaches a user. Providers take ids in a batch and cost at
most one query a batch.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from uuid import UUID

from apps.core.offers.merging import MergeQuestion, MergeRule, MergeStep
from apps.core.offers.pages import (
    DAY_END_GROUPS,
    LAST,
    MONEY,
    PAPERS,
    PATIENTS,
    PEOPLE,
    RUNNING,
    STORE,
    DayEndFigure,
    DayEndLine,
    DueKind,
    Flag,
    GuideChapter,
    Hit,
    HomePanel,
    MenuItem,
    PersonFlag,
    RecordAction,
    RecordPanel,
    RecordSection,
    SearchSource,
    Section,
    StationFigure,
    TimelineKind,
)
from apps.core.offers.records import (
    AppointmentKind,
    AuditSentence,
    ChangeKind,
    DraftKind,
    DraftSubject,
    Handover,
    HandoverItem,
    Holder,
    NumberKind,
    PaperKind,
    ReadScreen,
    Rule,
    TargetGroup,
    TaskKind,
    by_day,
    by_year,
)
from apps.core.offers.running import (
    DoctorCheck,
    ExportKind,
    ExportSheet,
    GoLiveItem,
    JobKind,
    Loader,
    LoadReport,
    NightlyWork,
    Progress,
    Result,
)
from apps.core.offers.succeeding import Heir, Succession, SuccessionStays, SuccessionStep

if TYPE_CHECKING:
    from apps.core.scope import Scope

# Rooms import what they register from here.
__all__ = [
    "DAY_END_GROUPS",
    "LAST",
    "MONEY",
    "PAPERS",
    "PATIENTS",
    "PEOPLE",
    "RUNNING",
    "STORE",
    "AppointmentKind",
    "AuditSentence",
    "ChangeKind",
    "DayEndFigure",
    "DayEndLine",
    "DoctorCheck",
    "DraftKind",
    "DraftSubject",
    "DueKind",
    "ExportKind",
    "ExportSheet",
    "Flag",
    "GoLiveItem",
    "GuideChapter",
    "Handover",
    "HandoverItem",
    "Heir",
    "Hit",
    "Holder",
    "HomePanel",
    "JobKind",
    "LoadReport",
    "Loader",
    "MenuItem",
    "MergeQuestion",
    "MergeRule",
    "MergeStep",
    "NightlyWork",
    "NumberKind",
    "PaperKind",
    "PersonFlag",
    "Progress",
    "ReadScreen",
    "RecordAction",
    "RecordPanel",
    "RecordSection",
    "Result",
    "Rule",
    "SearchSource",
    "Section",
    "StationFigure",
    "Succession",
    "SuccessionStays",
    "SuccessionStep",
    "TargetGroup",
    "TaskKind",
    "TimelineKind",
    "by_day",
    "by_year",
]


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


sections: Registry[Section] = Registry("sections")
menu: Registry[MenuItem] = Registry("menu")
user_menu: Registry[MenuItem] = Registry("user_menu")
# What may be done when the search box did not find whom one looked for, below its hits.
search_offers: Registry[MenuItem] = Registry("search_offers")
home_panels: Registry[HomePanel] = Registry("home_panels")
station_figures: Registry[StationFigure] = Registry("station_figures")
record_panels: Registry[RecordPanel] = Registry("record_panels")
record_sections: Registry[RecordSection] = Registry("record_sections")
search_sources: Registry[SearchSource] = Registry("search_sources")
timeline_kinds: Registry[TimelineKind] = Registry("timeline_kinds")
due_kinds: Registry[DueKind] = Registry("due_kinds")
person_flags: Registry[PersonFlag] = Registry("person_flags")
person_actions: Registry[RecordAction] = Registry("person_actions")
household_actions: Registry[RecordAction] = Registry("household_actions")
audit_sentences: Registry[AuditSentence] = Registry("audit_sentences")
readlog_screens: Registry[ReadScreen] = Registry("readlog_screens")
rules: Registry[Rule] = Registry("rules")
loaders: Registry[Loader] = Registry("loaders")
handovers: Registry[Handover] = Registry("handovers")
succession_steps: Registry[SuccessionStep] = Registry("succession_steps")
succession_stays: Registry[SuccessionStays] = Registry("succession_stays")
drafts: Registry[DraftKind] = Registry("drafts")
jobs: Registry[JobKind] = Registry("jobs")
exports: Registry[ExportKind] = Registry("exports")
papers: Registry[PaperKind] = Registry("papers")
numbers: Registry[NumberKind] = Registry("numbers")
appointment_kinds: Registry[AppointmentKind] = Registry("appointment_kinds")
target_groups: Registry[TargetGroup] = Registry("target_groups")
task_kinds: Registry[TaskKind] = Registry("task_kinds")
day_end: Registry[DayEndLine] = Registry("day end lines")
changes: Registry[ChangeKind] = Registry("changes")
# How each field that points to a person follows a merge; a test of the house fails for one in no rule.
merge_rules: Registry[MergeRule] = Registry("merge_rules")
guide: Registry[GuideChapter] = Registry("guide")
nightly: Registry[NightlyWork] = Registry("nightly")
checks: Registry[DoctorCheck] = Registry("checks")
golive: Registry[GoLiveItem] = Registry("golive")


def panels_for(record: str, scope: "Scope", obj: Any) -> list[dict[str, Any]]:
    """The panels of a record's page that `scope` may see: template, title and context, in order."""
    shown = []
    for panel in record_panels:
        if panel.record != record or not scope.can(panel.right):
            continue
        context = panel.provide(scope, obj)
        if context is not None:
            shown.append(
                {
                    "key": panel.key,
                    "title": panel.title,
                    "template": panel.template,
                    "context": context,
                    "last": panel.order >= LAST,
                }
            )
    return shown


def actions_for(
    scope: "Scope", record_id: UUID, actions: Registry[RecordAction] = person_actions
) -> list[dict[str, str]]:
    """What `scope` may begin for a person, or for a household with `household_actions`: title, address and
    key, in order. No query.
    """
    return [
        {"title": action.title, "url": action.link(record_id), "hotkey": action.hotkey}
        for action in actions
        if scope.can(action.right)
    ]


def flags_for(scope: "Scope", person_ids: Sequence[UUID]) -> dict[UUID, list[Flag]]:
    """All rooms' flags for a batch of people: one query a room."""
    found: dict[UUID, list[Flag]] = {person_id: [] for person_id in person_ids}
    for provider in person_flags:
        for person_id, flags in provider.provide(scope, person_ids).items():
            found.setdefault(person_id, []).extend(flags)
    return found
