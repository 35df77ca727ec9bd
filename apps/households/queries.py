"""Everything that screens, other rooms and the API read about households. Scoped and typed."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils import timezone

from apps.core import registry
from apps.core.ports import HouseholdLine
from apps.core.registry import DraftSubject
from apps.core.scope import Scope
from apps.core.together import heard, told
from apps.households.conditions import facts, status_words
from apps.households.locking import lock_homes
from apps.households.models import (
    EventKind,
    EventState,
    Household,
    LivingSurvey,
    Membership,
    PersonStatus,
    ResidenceEvent,
    ResidenceEventPerson,
)
from apps.households.statuses import LISTS, poverty_on
from apps.patients import hush
from apps.patients.models import Allergy, DueItem, InsuranceCard, Person
from apps.patients.queries import allergies_held, cards_good, due_items

SEEN = (*LISTS, "latrine_hygienic", "note")


class Households:
    """The port HouseholdOf."""

    def of(self, person_ids: Sequence[UUID], on: dt.date | None = None) -> dict[UUID, HouseholdLine]:
        """The household of each person within the scope, now or as it was on that day. One query."""
        head = Membership.objects.filter(
            household=OuterRef("household"), is_head=True, valid_to__isnull=True
        ).order_by("pk")[:1]
        of_day = Q(valid_to__isnull=True)
        if on is not None:
            of_day |= Q(valid_to__gte=on)
            of_day &= Q(valid_from__isnull=True) | Q(valid_from__lte=on)
        rows = (
            Membership.objects.filter(of_day, person_id__in=list(person_ids))
            .annotate(
                head_id=Subquery(head.values("person_id")),
                head_name=Subquery(head.values("person__full_name")),
                of_the_day=poverty_on(on or timezone.localdate(), "household"),
            )
            .order_by(F("valid_from").asc(nulls_first=True), "pk")
            .values_list(
                "person_id",
                "household_id",
                "household__code",
                "head_id",
                "head_name",
                "relation",
                "of_the_day",
            )
        )
        return {
            person_id: HouseholdLine(
                household_id=household_id,
                code=code,
                head_id=head_id,
                head_name=head_name or "",
                relation=relation,
                poverty=poverty,
                url=reverse("households:household", args=[household_id]),
            )
            for person_id, household_id, code, head_id, head_name, relation, poverty in rows
        }

    def members(self, household_id: UUID) -> Sequence[UUID]:
        """Who belongs to a household within the scope now. One query."""
        rows = Membership.objects.filter(household_id=household_id, valid_to__isnull=True)
        return list(rows.values_list("person_id", flat=True))

    def lock(self, person_ids: Sequence[UUID]) -> None:
        lock_homes(person_ids)


class Living:
    """The port LivingOf."""

    def latrine(self, person_id: UUID) -> tuple[str, dt.date] | None:
        """What the last survey of her family says, when it says something of it. One query."""
        home = Membership.objects.filter(person_id=person_id, valid_to__isnull=True).values("household")
        seen = LivingSurvey.objects.filter(household__in=home, state=EventState.FINAL)
        last = seen.order_by("-on").values_list("latrine", "on").first()
        return last if last and last[0] else None


@dataclass(frozen=True)
class Member:
    """A person of a family with what the family's page shows of her."""

    membership: Membership
    person: Person
    card: InsuranceCard | None
    due: list[DueItem]
    allergies: list[Any]
    flags: list[registry.Flag]
    away: ResidenceEvent | None = None
    statuses: list[tuple[str, str]] = field(default_factory=list)  # the word, and the whole of it
    hushed: bool = False  # nothing typed is told of what she is due for: the family's page is read aloud


@dataclass(frozen=True)
class Left:
    """Somebody who was of the family; with the departure that she may come back from."""

    membership: Membership
    departure: ResidenceEvent | None


@dataclass(frozen=True)
class HouseholdPage:
    household: Household
    members: list[Member]
    left: list[Left]
    living: tuple[dt.date, list[tuple[str, str]]] | None = None

    @property
    def head(self) -> Person | None:
        return next((member.person for member in self.members if member.membership.is_head), None)


def get_household(household_id: UUID) -> Household | None:
    """A household within the scope with its place, or None."""
    return _at_home().filter(pk=household_id).first()


def _at_home() -> QuerySet[Household]:
    """With the name by which everybody knows the family (`head_name`): for headings, never for a title of the
    page, which the browser keeps.
    """
    heads = Membership.objects.filter(household=OuterRef("pk"), is_head=True, valid_to__isnull=True)
    return Household.objects.select_related("hamlet__commune__parent", "station", "merged_into").annotate(
        head_name=Subquery(heads.values("person__full_name")[:1])
    )


def household_page(scope: Scope, household_id: UUID) -> HouseholdPage | None:
    """A family on one page, or None for a stranger. The same number of queries whatever its size."""
    seen = LivingSurvey.objects.filter(household=OuterRef("pk"), state=EventState.FINAL).order_by("-on")
    of_page = _at_home().annotate(last_seen=Subquery(seen.values(told=_as_json("on", *SEEN))[:1]))
    household = of_page.filter(pk=household_id).first()
    if household is None:
        return None
    today = timezone.localdate()
    entitled = PersonStatus.objects.filter(person=OuterRef("person"), state=EventState.FINAL).on(today)
    # unscoped people: members of a household of the station, also one who was seen off to another hamlet.
    everybody = Person.unscoped.defer("tokens", "search").select_related("hamlet")
    everybody = everybody.annotate(
        cards_told=told(cards_good(today).filter(person=OuterRef("pk"))),
        allergies_told=told(allergies_held().filter(person=OuterRef("pk"))),
        hushed=hush.stored("pk"),
    )
    rows: list[Any] = list(
        Membership.objects.filter(household=household)
        .annotate(
            entitled=ArraySubquery(
                entitled.order_by("kind", "pk").values(told=_as_json("kind", "category", "degree"))
            )
        )
        .prefetch_related(Prefetch("person", queryset=everybody))
        .order_by("-is_head", "relation", "pk")
    )
    now = [row for row in rows if row.valid_to is None]
    # whoever was merged into another record has not left: she stands there under that one
    gone = [row for row in rows if row.valid_to is not None and row.person.merged_into_id is None]
    ids = [row.person_id for row in now]
    away = _away(household, rows)
    flags = registry.flags_for(scope, ids)
    due: dict[UUID, list[DueItem]] = {}
    for item in due_items(ids):
        if item.restricted:
            continue  # on a page of the whole family, for nobody
        due.setdefault(item.person_id, []).append(item)
    now.sort(
        key=lambda row: (not row.is_head, row.relation or "99", row.person.birth_date or timezone.localdate())
    )
    return HouseholdPage(
        household=household,
        members=[
            Member(
                membership=row,
                person=row.person,
                card=next(iter(heard(InsuranceCard, row.person.cards_told)), None),
                due=due.get(row.person_id, []),
                allergies=heard(Allergy, row.person.allergies_told),
                hushed=row.person.hushed,
                flags=flags[row.person_id],
                away=away.get(("absent", row.person_id)),
                statuses=[
                    (words.partition(":")[0], words)
                    for each in row.entitled
                    if (words := status_words(PersonStatus(**each), scope))
                ],
            )
            for row in now
        ],
        left=[
            Left(row, away.get(("departed", row.person_id)) if row.person.life_status == "moved" else None)
            for row in gone
        ],
        living=_seen(household.last_seen),
    )


def _as_json(*names: str) -> JSONObject:
    """Some columns of a row that another query brings along."""
    return JSONObject(**{name: F(name) for name in names})


def _seen(last: dict[str, Any] | None) -> tuple[dt.date, list[tuple[str, str]]] | None:
    return (dt.date.fromisoformat(last["on"]), facts(last)) if last else None


def _away(household: Household, rows: Sequence[Membership]) -> dict[tuple[str, UUID], ResidenceEvent]:
    """Who of the family is away for a time, or has left from here: by kind and person. One query."""
    back = ResidenceEventPerson.objects.filter(
        event__follows=OuterRef("event"), person=OuterRef("person"), event__state=EventState.FINAL
    )
    found = ResidenceEventPerson.objects.filter(
        ~Exists(back),
        event__household=household,
        event__kind__in=[EventKind.ABSENT, EventKind.DEPARTED],
        event__state=EventState.FINAL,
        person__in=[row.person_id for row in rows],
    ).select_related("event")
    return {(row.event.kind, row.person_id): row.event for row in found.order_by("event__on")}


def household_list(scope: Scope, *, hamlet_id: UUID | None = None) -> QuerySet[Any]:
    """The households of the catchment with head and number of members; ordered by the caller."""
    heads = Membership.objects.filter(is_head=True, valid_to__isnull=True).select_related("person")
    members = (
        Membership.objects.filter(household=OuterRef("pk"), valid_to__isnull=True)
        .order_by()
        .values("household")
        .annotate(number=Count("pk"))
    )
    households = (
        Household.objects.select_related("hamlet")
        .prefetch_related(Prefetch("memberships", queryset=heads, to_attr="heads"))
        .annotate(member_count=Coalesce(Subquery(members.values("number")), 0))
    )
    households = households.filter(closed="")
    return households.filter(hamlet_id=hamlet_id) if hamlet_id else households


def household_by_code(code: str) -> list[Household]:
    """Households within the scope with that code, or that had it at a former station. One query."""
    known = Q(code=code) | Q(former_codes__contains=[code])
    return list(_with_heads().filter(known).order_by("former_codes", "code", "pk")[:5])


def household_by_bhxh_code(code: str) -> list[Household]:
    """The open household within the scope to which the social insurance gave that number. One query."""
    return list(_with_heads().filter(bhxh_code=code, closed=""))


def households_with_heads(household_ids: Sequence[UUID]) -> list[Household]:
    """These households within the scope, in the order given. One query, none for none."""
    found = {row.pk: row for row in _with_heads().filter(pk__in=household_ids)} if household_ids else {}
    return [found[pk] for pk in household_ids if pk in found]


def _with_heads() -> QuerySet[Household]:
    heads = Membership.objects.filter(is_head=True, valid_to__isnull=True).select_related("person")
    return Household.objects.select_related("hamlet__commune").prefetch_related(
        Prefetch("memberships", queryset=heads, to_attr="heads")
    )


def draft_subjects(scope: Scope, household_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
    """The households that somebody was about to add a member to. One query."""
    households = Household.visible(scope).filter(pk__in=list(household_ids))
    return {
        household.pk: DraftSubject(
            title=f"Thêm người vào hộ {household.code}",
            url=reverse("households:member_new", args=[household.pk]),
            facility_id=household.station_id,
        )
        for household in households
    }
