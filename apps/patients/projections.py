"""The two projections of a person's life, written by other rooms' subscribers in their own transaction.

All unscoped: the record's own service has checked what may be written.
"""

import datetime as dt
from uuid import UUID

from apps.patients import closing
from apps.patients.models import DueItem, DueState, TimelineEntry


def put_timeline(
    *,
    person_id: UUID,
    at: dt.datetime,
    kind: str,
    title: str,
    object_id: UUID,
    facility_id: UUID,
    restricted: bool = False,
    state: str = "done",
) -> None:
    """Writes or replaces the line of one record, in one statement. `kind` is a registered TimelineKind."""
    said = {
        "person_id": person_id,
        "at": at,
        "title": title[:300],
        "facility_id": facility_id,
        "restricted": restricted,
        "state": state,
    }
    TimelineEntry.unscoped.bulk_create(
        [TimelineEntry(kind=kind, object_id=object_id, **said)],
        update_conflicts=True,
        unique_fields=["kind", "object_id"],
        update_fields=[name.removesuffix("_id") for name in said],
    )


def drop_timeline(*, kind: str, object_id: UUID) -> None:
    """Takes the line of a record away: it was moved or never was."""
    TimelineEntry.unscoped.filter(kind=kind, object_id=object_id).delete()


def put_due(
    *,
    person_id: UUID,
    kind: str,
    title: str,
    due_on: dt.date,
    object_id: UUID,
    part: str = "",
    overdue_on: dt.date | None = None,
    closes_on: dt.date | None = None,
    restricted: bool = False,
    state: str = DueState.OPEN,
) -> None:
    """Writes or replaces what one record (and part of it) makes a person due for. `kind` is a DueKind.

    Of somebody who has died or left, nothing is due: the item waits, closed by that event.
    """
    item, _ = DueItem.unscoped.update_or_create(
        kind=kind,
        object_id=object_id,
        part=part,
        defaults={
            "person_id": person_id,
            "title": title[:200],
            "due_on": due_on,
            "overdue_on": overdue_on,
            "closes_on": closes_on,
            "restricted": restricted,
            "state": state,
            "closed_by": None,
        },
    )
    # Asked after the write, which has waited for a death that is being recorded at this moment.
    if state == DueState.OPEN and (event_id := closing.standing(person_id)):
        DueItem.unscoped.filter(pk=item.pk).update(state=DueState.DROPPED, closed_by=event_id)


def close_due(*, kind: str, object_id: UUID, part: str = "", state: str = DueState.DONE) -> None:
    """Says that what was due is done (or dropped). Nothing happens when it was never due."""
    DueItem.unscoped.filter(kind=kind, object_id=object_id, part=part).update(state=state, closed_by=None)
