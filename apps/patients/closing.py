"""What a death or a departure ends, and what its correction opens again: exactly that, no more.

Called by the service of the life event, in its transaction. Higher rooms follow by the two events: whatever
they close themselves (appointments) they mark with the same id.

All unscoped: the life event's own service has checked what may be written.
"""

import datetime as dt
from uuid import UUID

from django.utils import timezone

from apps.core.events import publish
from apps.patients.events import (
    FollowUpClosed,
    FollowUpHandedBack,
    FollowUpHandedOn,
    FollowUpReopened,
)
from apps.patients.models import Closing, ClosingKind, DueItem, DueState, Person


def close(*, person_id: UUID, event_id: UUID, kind: str, on: dt.date) -> int:
    """Nothing more is due of her from now on; how many items were. The same event twice closes once.

    `event_id` is the id of the life event's record, `kind` one of ClosingKind. The person's row is locked:
    what another record writes at the same moment is either closed here or sees that this stands.
    """
    _hold(person_id)
    Closing.unscoped.update_or_create(
        pk=event_id,
        defaults={
            "person_id": person_id,
            "kind": kind,
            "on": on,
            "made_at": timezone.now(),
            "ended_at": None,
        },
    )
    closed = DueItem.unscoped.filter(person_id=person_id, state=DueState.OPEN).update(
        state=DueState.DROPPED, closed_by=event_id
    )
    publish(FollowUpClosed(person_id, event_id, on))
    return closed


def reopen(*, person_id: UUID, event_id: UUID) -> int:
    """The life event was wrong, or is over: what it closed is due again; how many items.

    Where another one stands (she had left before she died), that one keeps them closed from now on. An item
    that was done or dropped for its own reason meanwhile stays as it is. Nothing happens the second time.
    """
    _hold(person_id)
    ended = Closing.unscoped.filter(pk=event_id, person_id=person_id, ended_at__isnull=True)
    if not ended.update(ended_at=timezone.now()):
        return 0
    instead = standing(person_id)
    items = DueItem.unscoped.filter(person_id=person_id, closed_by=event_id)
    if instead:
        items.update(closed_by=instead)
        opened = 0
    else:
        opened = items.update(state=DueState.OPEN, closed_by=None)
    publish(FollowUpReopened(person_id, event_id, instead))
    return opened


def hand_on(*, person_id: UUID, event_id: UUID, facility_id: UUID) -> int:
    """She left for another station, which has taken her in: what was due is due there; how many items.

    Unlike `reopen` nothing of the station that she left goes on there: rooms hear FollowUpHandedOn.
    """
    _hold(person_id)
    ended = Closing.unscoped.filter(pk=event_id, person_id=person_id, ended_at__isnull=True)
    ended.update(ended_at=timezone.now())
    items = DueItem.unscoped.filter(person_id=person_id, closed_by=event_id)
    if instead := standing(person_id):
        items.update(closed_by=instead)
        opened = 0
    else:
        opened = items.update(state=DueState.OPEN, closed_by=None)
    publish(FollowUpHandedOn(person_id, event_id, facility_id))
    return opened


def hand_back(*, person_id: UUID, event_id: UUID, on: dt.date) -> int:
    """She was taken in by mistake: nothing is due of her again, as on the day she left."""
    publish(FollowUpHandedBack(person_id, event_id))
    return close(person_id=person_id, event_id=event_id, kind=ClosingKind.DEPARTURE, on=on)


def standing(person_id: UUID) -> UUID | None:
    """The latest life event that keeps her items closed. One query."""
    rows = Closing.unscoped.filter(person_id=person_id, ended_at__isnull=True).order_by("-made_at")
    return rows.values_list("pk", flat=True).first()


def _hold(person_id: UUID) -> None:
    Person.unscoped.select_for_update().filter(pk=person_id).values_list("pk", flat=True).get()
