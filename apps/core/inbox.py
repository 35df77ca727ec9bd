"""What is to be done, as the home page, the list and the paper show it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Window
from django.utils import timezone

from apps.core import ports, readlog, registry, todo
from apps.core.models import Task, TaskState
from apps.core.paging import Page, keyset
from apps.core.registry import TaskKind
from apps.core.scope import RESTRICTED_RIGHT, Scope

HOME_ROWS = 8  # the home page has other panels under it
PAGE = 50
PRINTED = 500  # a list of more is no list to work from


@dataclass(frozen=True)
class TaskLine:
    """A task in words: who it is about when the reader may know, how it stands with its clock."""

    task: Task
    kind: TaskKind
    title: str
    person: ports.PersonWords | None
    link: str
    overdue: bool
    escalated: bool
    outcome: str = ""  # what was done about it, typed by who did it


def visible(scope: Scope, now: dt.datetime) -> QuerySet[Task]:
    """The tasks of the kinds whose right the scope holds; for the head also any that has been escalated."""
    kinds = Q(kind__in=[kind.key for kind in registry.task_kinds if scope.can(kind.right)])
    if scope.can("tasks.approve"):
        kinds |= Q(escalate_at__lte=now)
    return Task.visible(scope).filter(kinds)


def home(scope: Scope) -> dict[str, Any] | None:
    """The open tasks soonest due, overdue first, with how many there are; without those of a panel of their
    own. Two queries; one when none.
    """
    now = timezone.now()
    elsewhere = [kind.key for kind in registry.task_kinds if kind.own_panel and scope.can(kind.right)]
    rows = list(
        visible(scope, now)
        .filter(state=TaskState.OPEN)
        .exclude(kind__in=elsewhere)
        .annotate(total=Window(Count("pk")), late=Window(Count("pk", filter=Q(due_at__lt=now))))
        .order_by("due_at", "id")[:HOME_ROWS]
    )
    if not rows:
        return None
    first: Any = rows[0]
    return {"lines": lines(scope, rows, now), "total": first.total, "overdue": first.late}


FILTERS = {
    "": Q(state=TaskState.OPEN),
    "done": Q(state=TaskState.DONE),
    "cancelled": Q(state=TaskState.CANCELLED),
}


def chosen(scope: Scope, *, state: str = "", kind: str = "") -> QuerySet[Task]:
    """The tasks of a filter: '' open, 'overdue', 'escalated', 'done', 'cancelled'; of one kind or of all."""
    now = timezone.now()
    rows = visible(scope, now).filter(FILTERS.get(state, Q(state=TaskState.OPEN)))
    if state == "overdue":
        rows = rows.filter(due_at__lt=now)
    elif state == "escalated":
        rows = rows.filter(escalate_at__lte=now)
    return rows.filter(kind=kind) if kind else rows


def page(scope: Scope, *, state: str = "", kind: str = "", cursor: str = "") -> Page[Task]:
    """A page of a filter: open ones soonest due first, closed ones newest first. One query."""
    closed = state in ("done", "cancelled")
    order = ("-closed_at", "-id") if closed else ("due_at", "id")
    return keyset(chosen(scope, state=state, kind=kind), order=order, cursor=cursor, size=PAGE)


def counts(scope: Scope) -> dict[str, int]:
    """How many are open, overdue and escalated. One query."""
    now = timezone.now()
    return (
        visible(scope, now)
        .filter(state=TaskState.OPEN)
        .aggregate(
            open=Count("pk"),
            overdue=Count("pk", filter=Q(due_at__lt=now)),
            escalated=Count("pk", filter=Q(escalate_at__lte=now)),
        )
    )


def printed(scope: Scope) -> list[Task]:
    """The open tasks of the paper list."""
    return list(chosen(scope).order_by(F("due_at"), "id")[:PRINTED])


def lines(scope: Scope, tasks: Sequence[Task], now: dt.datetime | None = None) -> list[TaskLine]:
    """Tasks in words; whose people are shown stands in the read log. One query for all of them."""
    now = now or timezone.now()
    told = {task.pk for task in tasks if _may_be_told(scope, task)}
    people = _people(scope, {task.person_id for task in tasks if task.pk in told and task.person_id})
    if people:
        readlog.record("task.list", list(people))
    return [
        TaskLine(
            task=task,
            kind=kind,
            title=task.title if task.pk in told else "",
            person=people.get(task.person_id) if task.person_id and task.pk in told else None,
            link=kind.link(task.object_id) if scope.can(kind.right) and task.pk in told else "",
            overdue=task.state == TaskState.OPEN and task.due_at < now,
            escalated=task.state == TaskState.OPEN and task.escalate_at <= now,
            outcome=task.outcome if task.pk in told else "",
        )
        for task in tasks
        if (kind := registry.task_kinds.get(task.kind)) is not None
    ]


def _may_be_told(scope: Scope, task: Task) -> bool:
    """Whether the reader may know more than the kind: by its right, and by that for restricted records."""
    kind = todo.kind_of(task.kind)
    return scope.can(kind.right) and (not task.restricted or scope.can(RESTRICTED_RIGHT))


def _people(scope: Scope, person_ids: Iterable[UUID]) -> dict[UUID, ports.PersonWords]:
    people = ports.get(ports.PeopleInWords)
    return people.of(scope, list(person_ids)) if people else {}
