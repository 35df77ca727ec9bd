"""Tasks with a legal clock: opened by events, done or given up with a reason, each once."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit, clocks, holidays, parameters, registry
from apps.core.errors import Refused
from apps.core.models import Task, TaskState
from apps.core.registry import TaskKind
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.core.words import datetime_words


@transaction.atomic
def task_open(
    kind_key: str,
    *,
    facility_id: UUID,
    object_id: UUID,
    happened_at: dt.datetime,
    title: str = "",
    person_id: UUID | None = None,
    restricted: bool = False,
    clock: str = "",
) -> Task:
    """What must be done about one record; the clock runs from `happened_at`. An open one stays as it is.

    `clock` names another parameter than the kind's own, where the deadline follows from the record.
    """
    kind = kind_of(kind_key)
    due_at, escalate_at = _clock(clock or kind.clock, kind.escalate, happened_at)
    # unscoped: the record's service has checked the facility
    task, made = Task.unscoped.get_or_create(
        kind=kind.key,
        object_id=object_id,
        state=TaskState.OPEN,
        defaults={
            "facility_id": facility_id,
            "person_id": person_id,
            "restricted": restricted,
            "title": title_words(title),
            "happened_at": happened_at,
            "due_at": due_at,
            "escalate_at": escalate_at,
        },
    )
    if made:
        _audit("task.opened", task, kind)
    return task


def title_words(title: str) -> str:
    """A title as it is stored."""
    return clean(title)[:200]


def newest(kind_key: str, *, object_id: UUID) -> Task | None:
    """The last task of a kind that was opened for a record, whatever has become of it. One query."""
    # unscoped: the record's service has checked the facility
    rows = Task.unscoped.filter(kind=kind_of(kind_key).key, object_id=object_id)
    return rows.order_by("-created_at", "-id").first()


def _clock(clock: str, escalate: str, happened_at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """When it is due and when the head is told, by the rules in force on the day it happened."""
    on = timezone.localdate(happened_at)
    rules = parameters.values([clock, escalate], on=on)
    if missing := {clock, escalate} - rules.keys():
        raise parameters.NoParameter(f"{', '.join(sorted(missing))} on {on}")
    counted = any(clocks.counts_working_days(rule) for rule in rules.values())
    calendar = holidays.calendar_from(on) if counted else clocks.WEEKENDS_ONLY
    due_at = clocks.due_at(rules[clock], happened_at, calendar)
    return due_at, clocks.due_at(rules[escalate], due_at, calendar)


@transaction.atomic
def task_done(*, task_id: UUID, expected_version: int, result: str) -> Task:
    """Say what was done. Raises Task.DoesNotExist, Refused when it is not open any more, StaleVersion."""
    return _close(task_id, expected_version, TaskState.DONE, result, "Ghi kết quả: đã làm gì.")


@transaction.atomic
def task_cancel(*, task_id: UUID, expected_version: int, reason: str) -> Task:
    """Say why it need not be done."""
    return _close(task_id, expected_version, TaskState.CANCELLED, reason, "Ghi lý do không cần làm.")


def settle(kind_key: str, *, object_id: UUID, result: str) -> None:
    """The record itself shows that it was done: its open task is closed. Nothing happens without one."""
    _settle(kind_key, object_id, TaskState.DONE, result)


def withdraw(kind_key: str, *, object_id: UUID, reason: str) -> None:
    """The record no longer asks for it."""
    _settle(kind_key, object_id, TaskState.CANCELLED, reason)


def may_act(task: Task) -> bool:
    """Whether the scope in force may close this task."""
    scope, kind = current(), registry.task_kinds.get(task.kind)
    if kind is None or not scope.reaches(task.facility_id):
        return False
    return scope.can(kind.right) or (scope.can("tasks.approve") and task.escalate_at <= timezone.now())


def kind_of(key: str) -> TaskKind:
    kind = registry.task_kinds.get(key)
    if kind is None:
        raise KeyError(f"task kind {key!r} is not registered")
    return kind


def _close(task_id: UUID, expected_version: int, state: str, words: str, ask: str) -> Task:
    task = Task.objects.select_for_update().get(pk=task_id)
    if not may_act(task):
        raise Task.DoesNotExist
    if task.state != TaskState.OPEN:
        at = datetime_words(timezone.localtime(task.closed_at)) if task.closed_at else ""
        said = "ghi là đã làm" if task.state == TaskState.DONE else "ghi là không cần làm"
        raise Refused(f"Việc này đã được {task.closed_by_name} {said} lúc {at}.", code="closed")
    if task.version != expected_version:
        raise StaleVersion(current=task, mine=task)
    words = clean(words)[:300]
    if not words:
        raise Refused(ask, field="outcome", code="no-outcome")
    _say(task, state, words)
    return save_versioned(task, expected=expected_version)


def _settle(kind_key: str, object_id: UUID, state: str, words: str) -> None:
    # unscoped: the record's service has checked the facility
    with transaction.atomic(savepoint=False):
        task = (
            Task.unscoped.select_for_update()
            .filter(kind=kind_of(kind_key).key, object_id=object_id, state=TaskState.OPEN)
            .first()
        )
        if task is not None:
            _say(task, state, clean(words)[:300])
            task.version += 1
            task.save()


def _say(task: Task, state: str, words: str) -> None:
    scope = current()
    task.state, task.outcome = state, words
    task.closed_at, task.closed_by, task.closed_by_name = timezone.now(), scope.user_id, scope.shown_name
    action = "task.done" if state == TaskState.DONE else "task.cancelled"
    _audit(action, task, kind_of(task.kind))


def _audit(action: str, task: Task, kind: TaskKind) -> None:
    data: dict[str, Any] = {"kind": kind.title}
    audit.record(action, person_id=task.person_id, object_id=task.pk, facility_id=task.facility_id, data=data)
