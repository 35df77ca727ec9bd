"""What the pages of hamlets read: scoped, each in a fixed number of queries."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from apps.core import registry
from apps.core.models import Task, TaskState
from apps.core.paging import Page, keyset
from apps.core.registry import DraftSubject, Flag
from apps.core.scope import RESTRICTED_RIGHT, Scope
from apps.facilities.models import Hamlet
from apps.facilities.queries import hamlets_in
from apps.field.models import Proposal, ProposalState
from apps.field.said import KINDS
from apps.households.models import Household, Membership
from apps.households.queries import household_list
from apps.patients import hush, restricted
from apps.patients.hush import Hush
from apps.patients.models import DueItem, DueState, LifeStatus, Person
from apps.patients.queries import PersonLine, find_people

PAGE = 40
DUE_ROWS, LATE_ROWS = 20, 5
MINE_ROWS = 5
PREGNANT_DAYS = 300  # a flag of a pregnancy told by the hamlet goes out by itself
COMES = "Hẹn đến trạm"  # all that is told of what she may not read


# --- hamlets


@dataclass(frozen=True)
class HamletLine:
    hamlet: Hamlet
    households: int
    people: int


def hamlet_lines(scope: Scope) -> list[HamletLine]:
    """The hamlets of the scope with their families and living people. Three queries."""
    hamlets = list(hamlets_in(scope, timezone.localdate()))
    ids = [hamlet.pk for hamlet in hamlets]
    families = _counted(Household.visible(scope).filter(hamlet__in=ids))
    people = _counted(
        Person.visible(scope).filter(hamlet__in=ids, life_status=LifeStatus.ALIVE, merged_into=None)
    )
    return [HamletLine(hamlet, families.get(hamlet.pk, 0), people.get(hamlet.pk, 0)) for hamlet in hamlets]


def _counted(rows: QuerySet[Any]) -> dict[UUID, int]:
    return dict(rows.order_by().values_list("hamlet").annotate(many=Count("pk")))


def households(scope: Scope, *, hamlet_id: UUID | None, cursor: str) -> Page[Household]:
    """The families of a hamlet, in the order of their heads' names."""
    rows = household_list(scope, hamlet_id=hamlet_id)
    return keyset(rows, order=("sort_key", "id"), cursor=cursor, size=PAGE)


@dataclass(frozen=True)
class Found:
    """Somebody found by name, with the family she lives in."""

    line: PersonLine
    household_id: UUID | None


def search(scope: Scope, text: str) -> list[Found]:
    """People of the hamlets by name, year or number. Two queries."""
    lines = find_people(scope, text)
    rows = Membership.visible(scope).filter(person__in=[line.id for line in lines], valid_to__isnull=True)
    homes = dict(rows.values_list("person_id", "household_id"))
    return [Found(line, homes.get(line.id)) for line in lines]


# --- what is due


@dataclass(frozen=True)
class DueLine:
    """Who is to come on which day. Why only where it may be read."""

    person_id: UUID
    full_name: str
    hamlet: str
    household_id: UUID | None
    due_on: dt.date
    overdue: bool
    title: str


@dataclass(frozen=True)
class Due:
    """What is to be done in the hamlets: `week` from today on, soonest first, `late` what has gone by, the
    latest first; the first lines of each and how many there are, and how many in each hamlet.
    """

    week: list[DueLine]
    late: list[DueLine]
    weeks: int
    lates: int
    counts: dict[UUID, int]


def due_within(scope: Scope, until: dt.date) -> Due:
    """What is due in the hamlets up to a day, and what is overdue. Five queries at most."""
    today = timezone.localdate()
    rows = _due(scope, Person.visible(scope)).filter(due_on__lte=until)
    counts: dict[UUID, int] = {}
    lates = 0
    late = Count("pk", filter=Q(due_on__lt=today))
    for hamlet, many, gone in (
        rows.order_by().values("person__hamlet").annotate(many=Count("pk"), late=late)
        .values_list("person__hamlet", "many", "late")
    ):  # fmt: skip
        counts[hamlet] = many
        lates += gone
    told = rows.select_related("person__hamlet")
    week = list(told.filter(due_on__gte=today).order_by("due_on", "person__sort_key", "pk")[:DUE_ROWS])
    gone_by = list(told.filter(due_on__lt=today).order_by("-due_on", "person__sort_key", "pk")[:LATE_ROWS])
    items = [*week, *gone_by]
    people = [item.person_id for item in items]
    homes = dict(
        Membership.visible(scope)
        .filter(person__in=people, valid_to__isnull=True)
        .values_list("person_id", "household_id")
    )
    hushed = _hush(scope, people)
    lines = [_due_line(scope, item, homes.get(item.person_id), hushed) for item in items]
    weeks = sum(counts.values()) - lates
    return Due(lines[: len(week)], lines[len(week) :], weeks, lates, counts)


def due_of(scope: Scope, people: Iterable[Person], household_id: UUID | None) -> dict[UUID, list[DueLine]]:
    """What each of these people of the scope is due for. Two queries at most."""
    found: dict[UUID, list[DueLine]] = {}
    rows = _due(scope, Person.visible(scope).filter(pk__in=[person.pk for person in people]))
    items = list(rows.select_related("person__hamlet").order_by("due_on", "pk"))
    told = _hush(scope, [item.person_id for item in items])
    for item in items:
        found.setdefault(item.person_id, []).append(_due_line(scope, item, household_id, told))
    return found


def _hush(scope: Scope, people: Iterable[UUID]) -> Hush:
    """Of whom the list tells nothing that was typed. No query for who is told nothing at all."""
    return Hush() if tells_nothing(scope) else hush.of(scope, people)


def _due(scope: Scope, people: QuerySet[Person]) -> QuerySet[DueItem]:
    today = timezone.localdate()
    still = Q(closes_on__isnull=True) | Q(closes_on__gte=today)
    # unscoped: a village worker is told that somebody of hers is to come and when, restricted or not, in the
    # same words for both. Whoever reads the titles of visits would tell them apart: to her nothing is told.
    rows = DueItem.unscoped.filter(still, person__in=people, state=DueState.OPEN)
    rows = rows.filter(person__life_status=LifeStatus.ALIVE, person__merged_into=None)
    return rows if tells_nothing(scope) else rows.filter(restricted.readable(scope))


def tells_nothing(scope: Scope) -> bool:
    """Whether this scope reads the title of no kind that ever is restricted."""
    rights = {kind.right for kind in registry.due_kinds if kind.right} | {RESTRICTED_RIGHT}
    return not any(scope.can(right) for right in rights)


def _due_line(scope: Scope, item: DueItem, household_id: UUID | None, told: Hush) -> DueLine:
    kind = registry.due_kinds.get(item.kind)
    may = kind is not None and (kind.right is None or scope.can(kind.right))
    open_to_her = may and (not item.restricted or scope.can(RESTRICTED_RIGHT))
    return DueLine(
        person_id=item.person_id,
        full_name=item.person.full_name,
        hamlet=item.person.hamlet.name if item.person.hamlet else "",
        household_id=household_id,
        due_on=item.due_on,
        overdue=item.due_on < timezone.localdate(),
        title=told.text(item.person_id, item.title) or COMES if open_to_her else COMES,
    )


# --- a family


@dataclass(frozen=True)
class Member:
    membership: Membership
    person: Person
    due: list[DueLine]


def household_members(scope: Scope, household: Household) -> list[Member]:
    """The family as it now is, the head first. Two queries."""
    rows = list(
        Membership.visible(scope)
        .filter(household=household, valid_to__isnull=True, person__merged_into=None)
        .select_related("person")
        .defer("person__tokens", "person__search")
    )
    rows.sort(key=lambda row: (not row.is_head, row.relation or "99", row.person.birth_date or dt.date.max))
    due = due_of(scope, [row.person for row in rows], household.pk)
    return [Member(row, row.person, due.get(row.person_id, [])) for row in rows]


def get_household(scope: Scope, household_id: UUID) -> Household | None:
    return Household.visible(scope).select_related("hamlet").filter(pk=household_id).first()


# --- proposals


def mine(scope: Scope) -> QuerySet[Proposal]:
    """What this user told, newest first."""
    rows = Proposal.visible(scope).filter(made_by__in=[scope.user_id])
    return rows.select_related("hamlet", "person").order_by("-id")


def inbox(scope: Scope, *, state: str, hamlet_id: UUID | None, cursor: str) -> Page[Proposal]:
    """The station's list: what waits, oldest first; what was answered, newest first."""
    rows = Proposal.visible(scope).filter(state=state).select_related("hamlet", "person")
    if hamlet_id:
        rows = rows.filter(hamlet_id=hamlet_id)
    order = ("id",) if state == ProposalState.NEW else ("-id",)
    return keyset(rows, order=order, cursor=cursor, size=PAGE)


def waiting(scope: Scope, limit: int) -> list[Any]:
    """What waits for an answer, sick clusters first, each with the moment by which its task is due
    (`due_at`). One query.
    """
    rows = Proposal.visible(scope).filter(state=ProposalState.NEW).select_related("hamlet", "person")
    # unscoped: of a proposal that is seen; when its answer is due
    tasks = Task.unscoped.filter(object_id=OuterRef("pk"), state=TaskState.OPEN).order_by("due_at")
    rows = rows.annotate(due_at=Subquery(tasks.values("due_at")[:1]))
    return sorted(rows.order_by("id")[:limit], key=lambda row: (row.kind != "cluster", row.pk))


def proposal(scope: Scope, pk: UUID) -> Proposal | None:
    found = Proposal.visible(scope).select_related("hamlet", "person", "household", "station")
    return found.filter(pk=pk).first()


def pregnancy_flags(scope: Scope, person_ids: Iterable[UUID]) -> dict[UUID, list[Flag]]:
    """'Thôn báo có thai' for the station, from accepted news, until their room knows. One query."""
    if scope.hamlet_ids is not None or not scope.can("visits.view"):
        return {}
    since = timezone.now() - dt.timedelta(days=PREGNANT_DAYS)
    rows = Proposal.visible(scope).filter(
        person__in=list(person_ids), kind="pregnancy", state=ProposalState.ACCEPTED, decided_at__gte=since
    )
    found: dict[UUID, list[Flag]] = {}
    for row in rows:
        if row.person_id is None:
            continue
        due_on = getattr(row.said, "due_on", None)
        word = f"Thôn báo có thai, dự kiến sinh {due_on:%d/%m/%Y}" if due_on else "Thôn báo có thai"
        found.setdefault(row.person_id, []).append(Flag(word, "info"))
    return {person: flags[:1] for person, flags in found.items()}


def draft_subjects(kind: str) -> Any:
    """`about` of the draft of one kind of proposal: of a household, or of the station for a hamlet's news."""
    from django.urls import reverse

    def about(scope: Scope, object_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
        title = f"Báo «{KINDS[kind].title}»"
        ids = list(object_ids)
        found = {
            row.pk: DraftSubject(
                f"{title}: hộ {row.code}", reverse("field:tell_of", args=[row.pk, kind]), row.station_id
            )
            for row in Household.visible(scope).filter(pk__in=ids)
        }
        if KINDS[kind].about in ("household", "") and scope.workplace_id in ids:
            assert scope.workplace_id is not None  # noqa: S101 - it stands in the list
            found[scope.workplace_id] = DraftSubject(
                title, reverse("field:tell", args=[kind]), scope.workplace_id
            )
        return found

    return about
