"""What a family and its people are entitled to, and how they live, in the words of a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.catalogues import codes
from apps.core.scope import Scope
from apps.core.words import date_words
from apps.households import families
from apps.households.models import (
    CATEGORIES,
    EventState,
    Household,
    HouseholdStatus,
    LivingSurvey,
    PersonStatus,
    StatusKind,
)
from apps.households.statuses import LISTS
from apps.patients.models import Person

SURVEYS = 20  # that many looks back: of a family that is looked at twice a year, ten years


@dataclass(frozen=True)
class StatusLine:
    """One status in words. `row` is where it is ended or withdrawn."""

    row: HouseholdStatus | PersonStatus
    words: str
    span: str

    @property
    def is_error(self) -> bool:
        return self.row.state == EventState.ENTERED_IN_ERROR


@dataclass(frozen=True)
class PersonStatuses:
    person: Person
    membership_id: UUID
    lines: list[StatusLine]


@dataclass(frozen=True)
class StatusPage:
    household: list[StatusLine]
    people: list[PersonStatuses]
    person_ids: list[UUID] = field(default_factory=list)


def status_page(scope: Scope, household: Household) -> StatusPage:
    """The same number of queries whatever the family's size."""
    own = HouseholdStatus.objects.filter(household=household).order_by("-valid_from", "-pk")
    members = families.open_rows(household)
    by_person: dict[UUID, list[StatusLine]] = {}
    rows = PersonStatus.objects.filter(person__in=[row.person_id for row in members])
    for row in rows.order_by("-valid_from", "-pk"):
        if words := status_words(row, scope):
            by_person.setdefault(row.person_id, []).append(_line(row, words))
    return StatusPage(
        household=[_line(row, row.get_poverty_display()) for row in own],
        people=[
            PersonStatuses(row.person, row.pk, by_person.get(row.person_id, []))
            for row in sorted(members, key=lambda row: (not row.is_head, row.relation or "99"))
        ],
        person_ids=[row.person_id for row in members],
    )


def status_words(row: PersonStatus, scope: Scope) -> str:
    """'Khuyết tật: Vận động, Nặng'; '' for whoever may not know of a mind that is ill."""
    if row.is_mental and not scope.can("restricted.view"):
        return ""
    kind = StatusKind(row.kind)
    parts = [codes.label(CATEGORIES[kind], row.category), codes.label("disability_degree", row.degree)]
    told = ", ".join(part for part in parts if part)
    return f"{kind.label}: {told}" if told else kind.label


def _line(row: HouseholdStatus | PersonStatus, words: str) -> StatusLine:
    since = f"từ {date_words(row.valid_from)}" if row.valid_from else "từ trước"
    until = f" đến {date_words(row.valid_to)}" if row.valid_to else ""
    return StatusLine(row, words, since + until)


# --- how they live


def surveys(household: Household) -> list[LivingSurvey]:
    """The looks at a family, newest first."""
    return list(LivingSurvey.objects.filter(household=household).order_by("-on", "-pk")[:SURVEYS])


@dataclass(frozen=True)
class SurveyLine:
    survey: LivingSurvey
    facts: list[tuple[str, str]]

    @property
    def is_error(self) -> bool:
        return self.survey.state == EventState.ENTERED_IN_ERROR


def in_words(rows: Iterable[LivingSurvey]) -> list[SurveyLine]:
    return [SurveyLine(row, facts(row)) for row in rows]


def facts(row: LivingSurvey | dict[str, Any]) -> list[tuple[str, str]]:
    """What was seen, each with its name; what was not looked at is left out."""
    said = row if isinstance(row, dict) else {name: getattr(row, name) for name in _names()}
    told: list[tuple[str, str]] = []
    for name, catalogue in LISTS.items():
        if code := said[name]:
            told.append((_title(name), codes.label(catalogue, code)))
        if name == "latrine" and said["latrine_hygienic"] is not None:
            told.append(("Nhà tiêu hợp vệ sinh", "có" if said["latrine_hygienic"] else "không"))
    if said["note"]:
        told.append(("Ghi chú", said["note"]))
    return told


def _names() -> Sequence[str]:
    return [*LISTS, "latrine_hygienic", "note"]


def _title(name: str) -> str:
    verbose = str(LivingSurvey._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return verbose[:1].upper() + verbose[1:]
