"""Everything that screens, other rooms and the API read about people. Scoped and typed."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Expression, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone

from apps.core import ports, registry, words
from apps.core.paging import Page, keyset
from apps.core.registry import DraftSubject
from apps.core.scope import Scope, current
from apps.core.together import heard, told
from apps.patients import find
from apps.patients.models import (
    Allergy,
    AllergyState,
    DueItem,
    DueState,
    Identifier,
    InsuranceCard,
    LifeStatus,
    MergeRecord,
    Person,
    TimelineEntry,
)
from apps.patients.models.person import treated_ids
from apps.patients.rawquery import of_station, search_matches

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
FOUND_FIELDS = (*LINE_FIELDS, "station_id")


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
    known = Q(merged_into=None, birth_date=asked.born_on) if asked.born_on else Q(merged_into=None)
    # unscoped: the scope is spelled out in two halves, so that the broad one can walk (station, sort_key).
    ordered = Person.unscoped.filter(known).order_by("sort_key", "id")
    everyone = ordered.filter(search_matches(asked.query))
    if scope.everything:
        return _ranked(scope, asked, everyone.values(*FOUND_FIELDS)[:LOOKED_THROUGH], limit)
    ours = everyone.filter(station_id__in=scope.facility_ids)
    if scope.level == "station" and scope.workplace_id:
        # People belong to stations, never to points: with the one station named, a broad word walks its
        # people in the order of names and stops, and a selective one reads none of the province's others.
        here = search_matches(of_station(asked.query, scope.workplace_id))
        ours = ordered.filter(here, station_id=scope.workplace_id)
    if scope.hamlet_ids is not None:
        return _ranked(
            scope, asked, ours.filter(Person.scope_q(scope)).values(*FOUND_FIELDS)[:LOOKED_THROUGH], limit
        )
    treated = everyone.filter(pk__in=treated_ids(scope)).exclude(station_id__in=scope.facility_ids)
    rows = ours.values(*FOUND_FIELDS)[:LOOKED_THROUGH].union(treated.values(*FOUND_FIELDS)[:limit], all=True)
    return _ranked(scope, asked, rows, limit)


def _ranked(scope: Scope, asked: find.Asked, rows: Iterable[dict[str, Any]], limit: int) -> list[PersonLine]:
    """The best of what was found, first: one's own catchment before who is only treated here."""
    ranked = sorted(
        rows,
        key=lambda row: (
            not scope.reaches(row["station_id"]),
            find.rank(asked, row["full_name"]),
            row["life_status"] != "alive",
            row["sort_key"],
        ),
    )
    return people_lines(ranked[:limit])


def people_by_number(numbers: Iterable[str]) -> list[PersonLine]:
    """People within the scope who carry, or once carried, one of these numbers of a paper or card."""
    plain = sorted({number.lower() for number in numbers if number.isascii() and number.isalnum()})
    wanted = search_matches(" | ".join(f"C{number}" for number in plain))
    return people_lines(Person.objects.filter(wanted, merged_into=None).values(*LINE_FIELDS)[:20])


class InWords:
    """People for the lists of the ground floor (ports.PeopleInWords)."""

    def of(self, scope: Scope, person_ids: Sequence[UUID]) -> dict[UUID, ports.PersonWords]:
        """Those of the batch that the scope sees. One query, none for nobody."""
        if not person_ids:
            return {}
        rows = Person.visible(scope).filter(pk__in=person_ids).values(*LINE_FIELDS)
        return {
            line.id: ports.PersonWords(
                line.id, line.full_name, line.facts, reverse("patients:person", args=[line.id])
            )
            for line in people_lines(rows)
        }


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


def get_person(person_id: UUID, **also: Expression) -> Person | None:
    """A person within the scope with her place and parents, or None. One query, `also` read in it.

    The parents come as subqueries: with them joined in, the planner worked longer than the reading.
    """
    people = Person.objects.select_related("hamlet__commune", "permanent_unit", "station")
    people = people.defer("tokens", "search")
    # unscoped: a child's page names parents who live elsewhere; not to who sees some hamlets only.
    everyone = Person.unscoped if current().hamlet_ids is None else Person.objects
    kin = everyone.values(told=JSONObject(**{name: name for name in KIN_FIELDS}))
    found = (
        people.filter(pk=person_id)
        .annotate(
            absorbed_told=_absorbed(),
            mother_told=Subquery(kin.filter(pk=OuterRef("mother_id"))),
            father_told=Subquery(kin.filter(pk=OuterRef("father_id"))),
            **also,
        )
        .first()
    )
    if found is not None:
        found.mother, found.father = _kin(found.mother_told), _kin(found.father_told)
        found.absorbed = [
            each | {"at": dt.datetime.fromisoformat(each["at"])} for each in found.absorbed_told
        ]
    return found


def _absorbed() -> Expression:
    """The standing merges into this person, latest first, for their panel: a column of her own row."""
    # unscoped: of a person who was found within the scope
    rows = MergeRecord.unscoped.filter(kept=OuterRef("pk"), undone_at__isnull=True).order_by("-at", "-id")
    whole = JSONObject(
        pk="id", at="at", by_name="by_name", old_id="old_id", code="old__code", full_name="old__full_name"
    )
    return ArraySubquery(rows.values(whole=whole))  # type: ignore[return-value]  # the stubs forget it is one


# In the order of the model, which from_db asks for.
KIN_FIELDS = ("id", "code", "full_name", "birth_date", "birth_precision", "station_id")


def _kin(told: dict[str, Any] | None) -> Person | None:
    """A parent as far as her name, her birth and her station's code tell."""
    if told is None:
        return None
    read: dict[str, Any] = {name: UUID(told[name]) for name in ("id", "station_id")}
    read["birth_date"] = dt.date.fromisoformat(told["birth_date"]) if told["birth_date"] else None
    return Person.from_db("default", KIN_FIELDS, [(told | read)[name] for name in KIN_FIELDS])


def knows_whole(scope: Scope, person: Person) -> bool:
    """Whether the scope may read all of a person: her own station may. Who only treats her sees who she is,
    her insurance, her allergies, and what was done here.
    """
    return scope.reaches(person.station_id)


@dataclass(frozen=True)
class TimelineFilter:
    """What of a timeline is asked for: entries of one kind, of one year; '' and None for all."""

    kind: str = ""
    year: int | None = None

    @classmethod
    def read(cls, kind: str, year: str) -> "TimelineFilter":
        """From an address; what is no kind or no year asks for all."""
        known = kind if registry.timeline_kinds.get(kind) else ""
        return cls(known, int(year) if re.fullmatch("(19|20)[0-9]{2}", year) else None)

    @property
    def chosen(self) -> bool:
        return bool(self.kind or self.year)


ALL = TimelineFilter()


def person_page(
    scope: Scope, person_id: UUID, cursor: str = "", asked: TimelineFilter = ALL
) -> PersonPage | None:
    """A person's page, or None for a stranger. Three queries: her papers, cards, allergies and due items come
    with her.
    """
    hers = {"person": OuterRef("pk")}
    person: Any = get_person(
        person_id,
        numbers_told=told(Identifier.objects.filter(**hers).order_by("kind", "-valid_from", "pk")),
        cards_told=told(InsuranceCard.objects.filter(**hers).order_by("-valid_from", "-pk")),
        allergies_told=told(Allergy.objects.filter(**hers).order_by("state", "substance", "pk")),
        due_told=told(_still_due(**hers)),
    )
    if person is None:
        return None
    return PersonPage(
        person=person,
        identifiers=heard(Identifier, person.numbers_told),
        cards=heard(InsuranceCard, person.cards_told),
        allergies=heard(Allergy, person.allergies_told),
        household=household_lines([person.pk]).get(person.pk) if knows_whole(scope, person) else None,
        due=heard(DueItem, person.due_told),
        timeline=timeline(scope, person.pk, cursor, asked),
    )


def timeline(
    scope: Scope, person_id: UUID, cursor: str = "", asked: TimelineFilter = ALL
) -> Page[TimelineEntry]:
    """A page of a person's life with the station, newest first. The index of a person's entries serves every
    filter: nobody has so many that looking through hers costs anything.
    """
    rows = TimelineEntry.visible(scope).filter(person_id=person_id).select_related("facility")
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.year:
        here = timezone.get_default_timezone()
        begins, ends = (dt.datetime(year, 1, 1, tzinfo=here) for year in (asked.year, asked.year + 1))
        rows = rows.filter(at__gte=begins, at__lt=ends)
    return keyset(rows, order=("-at", "-id"), cursor=cursor, size=TIMELINE_PAGE)


def due_between(scope: Scope, since: dt.date, until: dt.date) -> list[DueItem]:
    """What people who live here are due for between two days, by day and name, with them. One query."""
    rows = DueItem.visible(scope).filter(due_on__gte=since, due_on__lte=until, state=DueState.OPEN)
    return list(rows.select_related("person__hamlet").order_by("due_on", "person__sort_key", "pk"))


def due_items(person_ids: Sequence[UUID]) -> list[DueItem]:
    """What these people are due for and may still be given, soonest first. One query whatever the family."""
    return list(_still_due(person_id__in=person_ids))


def _still_due(**whose: Any) -> QuerySet[DueItem]:
    still = Q(closes_on__isnull=True) | Q(closes_on__gte=timezone.localdate())
    return DueItem.objects.filter(still, state=DueState.OPEN, **whose).order_by("due_on", "kind", "pk")


def death_drafts(scope: Scope, person_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
    """The people whose death somebody was about to record. One query."""
    people = Person.visible(scope).filter(pk__in=list(person_ids)).only("full_name", "station_id")
    return {
        person.pk: DraftSubject(
            title=f"Ghi tử vong – {person.full_name}",
            url=reverse("patients:death_record", args=[person.pk]),
            facility_id=person.station_id,
            person_id=person.pk,
        )
        for person in people
    }


def household_lines(person_ids: Sequence[UUID]) -> dict[UUID, ports.HouseholdLine]:
    """The present household of each; empty while no room keeps households."""
    households = ports.get(ports.HouseholdOf)
    return households.of(person_ids) if households and person_ids else {}


def cards_in_force(person_ids: Sequence[UUID], on: dt.date) -> dict[UUID, InsuranceCard]:
    """The card of each that is good on that day. One query."""
    found: dict[UUID, InsuranceCard] = {}
    for card in cards_good(on).filter(person_id__in=person_ids):
        found.setdefault(card.person_id, card)
    return found


def cards_good(on: dt.date) -> QuerySet[InsuranceCard]:
    """The cards that are good on that day, of several of one person the newest first."""
    return InsuranceCard.objects.on(on).order_by("-valid_from", "-pk")


def active_allergies(person_ids: Sequence[UUID]) -> dict[UUID, list[Allergy]]:
    """What each of these people must not be given. One query."""
    found: dict[UUID, list[Allergy]] = {}
    for allergy in allergies_held().filter(person_id__in=person_ids):
        found.setdefault(allergy.person_id, []).append(allergy)
    return found


def allergies_held() -> QuerySet[Allergy]:
    """The allergies that hold, in the order in which they are told."""
    return Allergy.objects.filter(state=AllergyState.ACTIVE).order_by("substance", "pk")


def person_by_code(code: str) -> Person | None:
    """The person of this workplace's station with that code (or of the scope, when only one has it); the code
    of a record that was merged is the code of the one that stayed.
    """
    written = code.strip().upper()
    hers = Q(code=written, merged_into=None) | Q(merged_from__code=written)
    people = Person.objects.filter(hers).defer("tokens", "search").distinct()
    found = list(people.select_related("hamlet")[:2])
    return found[0] if len(found) == 1 else None


def counts_by_station(station_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many living people each station cares for; nothing about any of them."""
    # a reviewer sees figures of stations whose people she may not see
    rows = Person.unscoped.filter(
        station__in=station_ids, life_status=LifeStatus.ALIVE, merged_into__isnull=True
    )
    # count(*), not of a column: then the index person_counted answers alone
    return dict(rows.values("station").order_by().annotate(many=Count("*")).values_list("station", "many"))
