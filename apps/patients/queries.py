"""Everything that screens, other rooms and the API read about people. Scoped and typed."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core import ports, words
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.patients import find
from apps.patients.models import (
    Allergy,
    AllergyState,
    DueItem,
    DueState,
    Identifier,
    InsuranceCard,
    Person,
    TimelineEntry,
)
from apps.patients.models.person import treated_ids
from apps.patients.rawquery import search_matches

LOOKED_THROUGH = 60  # rows taken from the index in the order of names before the best are put first
TIMELINE_PAGE = 20

# What a line about a person needs; the search columns stay in the database.
LINE_FIELDS = (
    "id",
    "code",
    "full_name",
    "sort_key",
    "sex",
    "birth_date",
    "birth_precision",
    "life_status",
    "hamlet__name",
)


@dataclass(frozen=True)
class PersonLine:
    """Enough of a person to tell her from another of the same name."""

    id: UUID
    code: str
    full_name: str
    sex: str
    birth_date: dt.date | None
    birth_precision: str
    life_status: str
    hamlet: str

    @property
    def facts(self) -> str:
        """'05/03/1990 (36 tuổi) · Nữ · Thôn Làng Teng'."""
        born = words.partial_date_words(self.birth_date, self.birth_precision) or "không rõ ngày sinh"
        age = words.age_words(self.birth_date, timezone.localdate(), self.birth_precision)
        status = {"dead": "Đã mất", "missing": "Mất tích", "moved": "Đã chuyển đi"}.get(self.life_status)
        facts = [f"{born} ({age})" if age and not status else born, words.sex_word(self.sex)]
        return " · ".join(fact for fact in [*facts, self.hamlet, status] if fact)


def people_lines(people: Iterable[dict[str, Any]]) -> list[PersonLine]:
    """Rows of LINE_FIELDS as lines."""
    return [
        PersonLine(
            id=row["id"],
            code=row["code"],
            full_name=row["full_name"],
            sex=row["sex"],
            birth_date=row["birth_date"],
            birth_precision=row["birth_precision"],
            life_status=row["life_status"],
            hamlet=row["hamlet__name"] or "",
        )
        for row in people
    ]


def find_people(scope: Scope, text: str, limit: int = 20) -> list[PersonLine]:
    """People of the catchment, and those under treatment here, who fit what was typed; best first. One
    query.
    """
    asked = find.read(text)
    if not asked:
        return []
    wanted = search_matches(asked.query) & Q(merged_into=None)
    if asked.born_on:
        wanted &= Q(birth_date=asked.born_on)
    # unscoped: the scope is spelled out in two halves, so that the broad one can walk (station, sort_key).
    everyone = Person.unscoped.filter(wanted).order_by("sort_key", "id")
    if scope.everything:
        rows = everyone.values(*LINE_FIELDS)[:LOOKED_THROUGH]
    else:
        # People belong to stations, never to points: with the one station named, a broad word walks its
        # people in the order of names and stops, instead of sorting all who fit.
        ours = everyone.filter(
            Q(station_id=scope.workplace_id)
            if scope.level == "station"
            else Q(station_id__in=scope.facility_ids)
        )
        treated = everyone.filter(pk__in=treated_ids(scope)).exclude(station_id__in=scope.facility_ids)
        rows = ours.values(*LINE_FIELDS)[:LOOKED_THROUGH].union(
            treated.values(*LINE_FIELDS)[:limit], all=True
        )
    ranked = sorted(
        rows,
        key=lambda row: (find.rank(asked, row["full_name"]), row["life_status"] != "alive", row["sort_key"]),
    )
    return people_lines(ranked[:limit])


def people_by_number(numbers: Iterable[str]) -> list[PersonLine]:
    """People within the scope who carry, or once carried, one of these numbers of a paper or card."""
    plain = sorted({number.lower() for number in numbers if number.isascii() and number.isalnum()})
    wanted = search_matches(" | ".join(f"C{number}" for number in plain))
    return people_lines(Person.objects.filter(wanted, merged_into=None).values(*LINE_FIELDS)[:20])


def people_list(scope: Scope, *, hamlet_id: UUID | None = None) -> QuerySet[Person]:
    """The people of the scope's catchment, for lists, the API and exports; ordered by the caller."""
    people = Person.objects.filter(merged_into=None).select_related("hamlet").defer("tokens", "search")
    if not scope.everything:
        people = people.filter(station_id__in=scope.facility_ids)
    return people.filter(hamlet_id=hamlet_id) if hamlet_id else people


@dataclass(frozen=True)
class PersonPage:
    """A person with what her page shows from this room."""

    person: Person
    identifiers: list[Identifier]
    cards: list[InsuranceCard]
    allergies: list[Allergy]
    household: ports.HouseholdLine | None
    due: list[DueItem]
    timeline: Page[TimelineEntry]

    @property
    def card(self) -> InsuranceCard | None:
        """The card that is good today."""
        today = timezone.localdate()
        return next((card for card in self.cards if card.in_force(today)), None)

    @property
    def active_allergies(self) -> list[Allergy]:
        return [allergy for allergy in self.allergies if allergy.state == AllergyState.ACTIVE]


def get_person(person_id: UUID) -> Person | None:
    """A person within the scope with her place and parents, or None. Two queries for who has a known parent.

    The parents come by their own statement: with them joined in, the planner worked longer than the reading.
    """
    people = Person.objects.select_related("hamlet__commune", "station").defer("tokens", "search")
    person = people.filter(pk=person_id).first()
    if person is not None and (person.mother_id or person.father_id):
        # unscoped: a child's page names parents who live elsewhere.
        known = Person.unscoped.only("code", "full_name").in_bulk(
            [each for each in (person.mother_id, person.father_id) if each]
        )
        person.mother = known.get(person.mother_id)
        person.father = known.get(person.father_id)
    return person


def person_page(scope: Scope, person_id: UUID, cursor: str = "") -> PersonPage | None:
    """A person's page, or None for a stranger. Eight queries."""
    person = get_person(person_id)
    if person is None:
        return None
    return PersonPage(
        person=person,
        identifiers=list(Identifier.objects.filter(person=person).order_by("kind", "-valid_from", "pk")),
        cards=list(InsuranceCard.objects.filter(person=person).order_by("-valid_from", "-pk")),
        allergies=list(Allergy.objects.filter(person=person).order_by("state", "substance", "pk")),
        household=household_lines([person.pk]).get(person.pk),
        due=due_items([person.pk]),
        timeline=timeline(scope, person.pk, cursor),
    )


def timeline(scope: Scope, person_id: UUID, cursor: str = "") -> Page[TimelineEntry]:
    """A page of a person's life with the station, newest first."""
    rows = TimelineEntry.objects.filter(person_id=person_id).select_related("facility")
    if not may_see_restricted(scope):
        rows = rows.filter(restricted=False)
    return keyset(rows, order=("-at", "-id"), cursor=cursor, size=TIMELINE_PAGE)


def due_items(person_ids: Sequence[UUID]) -> list[DueItem]:
    """What these people are due for and may still be given, soonest first. One query whatever the family."""
    today = timezone.localdate()
    still = Q(closes_on__isnull=True) | Q(closes_on__gte=today)
    rows = DueItem.objects.filter(still, person_id__in=person_ids, state=DueState.OPEN, restricted=False)
    return list(rows.order_by("due_on", "kind", "pk"))


def may_see_restricted(scope: Scope) -> bool:
    """Restricted lines are shown to those who examine."""
    return scope.can("visits.edit")


def household_lines(person_ids: Sequence[UUID]) -> dict[UUID, ports.HouseholdLine]:
    """The present household of each; empty while no room keeps households."""
    households = ports.get(ports.HouseholdOf)
    return households.of(person_ids) if households and person_ids else {}


def cards_in_force(person_ids: Sequence[UUID], on: dt.date) -> dict[UUID, InsuranceCard]:
    """The card of each that is good on that day. One query."""
    rows = InsuranceCard.objects.filter(person_id__in=person_ids).on(on).order_by("valid_from", "pk")
    return {card.person_id: card for card in rows}


def active_allergies(person_ids: Sequence[UUID]) -> dict[UUID, list[Allergy]]:
    """What each of these people must not be given. One query."""
    found: dict[UUID, list[Allergy]] = {}
    for allergy in Allergy.objects.filter(person_id__in=person_ids, state=AllergyState.ACTIVE):
        found.setdefault(allergy.person_id, []).append(allergy)
    return found


def person_by_code(code: str) -> Person | None:
    """The person of this workplace's station with that code (or of the scope, when only one has it)."""
    people = Person.objects.filter(code=code.strip().upper(), merged_into=None).defer("tokens", "search")
    found = list(people.select_related("hamlet")[:2])
    return found[0] if len(found) == 1 else None
