"""What the ground floor's own rows do when a station comes under another one.

Unscoped throughout: a reform is the province's, approved by a second person; its stations were checked there.
"""

import datetime as dt

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core.journal import Journal
from apps.core.models import Draft, NumberBook, Task, TaskState
from apps.core.registry import Succession

BATCH = 500


def _books(step: Succession) -> QuerySet[NumberBook]:
    """The former stations' books that are still open: of the period of the day and later. One that goes on
    as its point's own book waits until it is marked.
    """
    return NumberBook.unscoped.filter(facility_id__in=step.stations, closed_from=None, mark="")


def books(step: Succession) -> int:
    return _books(step).count()


def close_books(step: Succession, journal: Journal) -> int:
    """No number of the day or later comes out of them; numbers of earlier days, entered late, still do. The
    books that a point keeps go on with their next number, marked as the point's own.
    """
    from_day = max(step.on, timezone.localdate())
    rows = list(_books(step).select_for_update()[:BATCH])
    for book in rows:
        name = step.names.get(book.facility_id, "")[:200]
        if mark := step.marks.get(book.facility_id):
            journal.change(book, mark=mark, marked_after=book.last, station_name=name)
        else:
            journal.change(book, closed_from=from_day, station_name=name)
    return len(rows)


def _tasks(step: Succession) -> QuerySet[Task]:
    return Task.unscoped.filter(facility_id__in=step.stations, state=TaskState.OPEN)


def tasks(step: Succession) -> int:
    return _tasks(step).count()


def move_tasks(step: Succession, journal: Journal) -> int:
    """Open tasks go on at the successor, each with its own deadline."""
    rows = list(_tasks(step).select_for_update()[:BATCH])
    for task in rows:
        journal.change(task, facility_id=step.stations[task.facility_id])
    return len(rows)


def _drafts(step: Succession) -> QuerySet[Draft]:
    here = Q(facility_id__in=step.stations) | Q(object_id__in=step.stations)
    return Draft.unscoped.filter(here)


def drafts(step: Succession) -> int:
    return _drafts(step).count()


def move_drafts(step: Succession, journal: Journal) -> int:
    """What is half typed is found again at the successor. Of two for one form there the one that is there
    stays in the form; the other keeps its own number, so that nothing typed is lost.
    """
    rows = list(_drafts(step).select_for_update()[:BATCH])
    for draft in rows:
        object_id = step.stations.get(draft.object_id, draft.object_id)
        twin = Draft.unscoped.filter(user_id=draft.user_id, kind=draft.kind, object_id=object_id)
        if object_id != draft.object_id and twin.exists():
            object_id = draft.pk  # listed under her drafts, out of the way of the form
        journal.change(
            draft,
            facility_id=step.stations.get(draft.facility_id, draft.facility_id),
            object_id=object_id,
        )
    return len(rows)


def numbers_since(step: Succession, since: dt.datetime) -> int:
    """Books that were begun at a former station after it was closed: none, unless something is wrong."""
    return NumberBook.unscoped.filter(facility_id__in=step.stations, created_at__gt=since).count()
