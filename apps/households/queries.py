"""Everything that screens, other rooms and the API read about households. Scoped and typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from apps.core import registry
from apps.core.ports import HouseholdLine
from apps.core.scope import Scope
from apps.households.models import Household, Membership
from apps.patients.models import DueItem, InsuranceCard, Person
from apps.patients.queries import active_allergies, cards_in_force, due_items


class Households:
    """The port HouseholdOf."""

    def of(self, person_ids: Sequence[UUID]) -> dict[UUID, HouseholdLine]:
        """The present household of each person, within the scope. One query."""
        head = Membership.objects.filter(
            household=OuterRef("household"), is_head=True, valid_to__isnull=True
        ).order_by("pk")[:1]
        rows = (
            Membership.objects.filter(person_id__in=list(person_ids), valid_to__isnull=True)
            .annotate(
                head_id=Subquery(head.values("person_id")),
                head_name=Subquery(head.values("person__full_name")),
            )
            .values_list(
                "person_id",
                "household_id",
                "household__code",
                "head_id",
                "head_name",
                "relation",
                "household__poverty",
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


household_of = Households().of


@dataclass(frozen=True)
class Member:
    """A person of a family with what the family's page shows of her."""

    membership: Membership
    person: Person
    card: InsuranceCard | None
    due: list[DueItem]
    allergies: list[Any]
    flags: list[registry.Flag]


@dataclass(frozen=True)
class HouseholdPage:
    household: Household
    members: list[Member]
    left: list[Membership]

    @property
    def head(self) -> Person | None:
        return next((member.person for member in self.members if member.membership.is_head), None)


def get_household(household_id: UUID) -> Household | None:
    """A household within the scope with its place, or None."""
    return Household.objects.select_related("hamlet__commune", "station").filter(pk=household_id).first()


def household_page(scope: Scope, household_id: UUID) -> HouseholdPage | None:
    """A family on one page, or None for a stranger. The same number of queries whatever its size."""
    household = get_household(household_id)
    if household is None:
        return None
    # unscoped people: members of a household of the station, also one who was seen off to another hamlet.
    everybody = Person.unscoped.defer("tokens", "search").select_related("hamlet")
    rows = list(
        Membership.objects.filter(household=household)
        .prefetch_related(Prefetch("person", queryset=everybody))
        .order_by("-is_head", "relation", "pk")
    )
    now = [row for row in rows if row.valid_to is None]
    ids = [row.person_id for row in now]
    cards = cards_in_force(ids, timezone.localdate())
    allergies, flags = active_allergies(ids), registry.flags_for(scope, ids)
    due: dict[UUID, list[DueItem]] = {}
    for item in due_items(ids):
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
                card=cards.get(row.person_id),
                due=due.get(row.person_id, []),
                allergies=allergies.get(row.person_id, []),
                flags=flags[row.person_id],
            )
            for row in now
        ],
        left=[row for row in rows if row.valid_to is not None],
    )


def household_list(scope: Scope, *, hamlet_id: UUID | None = None) -> QuerySet[Household]:
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
    return households.filter(hamlet_id=hamlet_id) if hamlet_id else households


def household_by_code(code: str) -> list[Household]:
    """Households within the scope with that code. One query."""
    heads = Membership.objects.filter(is_head=True, valid_to__isnull=True).select_related("person")
    found = Household.objects.filter(code=code).select_related("hamlet")
    return list(found.prefetch_related(Prefetch("memberships", queryset=heads, to_attr="heads"))[:5])
