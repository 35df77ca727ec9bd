"""What this room tells the others: ids and dates only."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.core.events import Event


@dataclass(frozen=True)
class NcdEvent(Event):
    """What every event of a follow-up form tells."""

    follow_up_id: UUID
    visit_id: UUID
    person_id: UUID
    facility_id: UUID
    programme: str
    on: dt.date
    version: int = 1


@dataclass(frozen=True)
class NcdFollowedUp(NcdEvent):
    """A visit with a follow-up form is complete and signed."""


@dataclass(frozen=True)
class NcdFollowUpAmended(NcdEvent):
    """A form of a finished visit says something else now; its earlier version is kept."""


@dataclass(frozen=True)
class NcdFollowUpInError(NcdEvent):
    """A form should never have been written: its visit or its enrolment was entered in error."""
