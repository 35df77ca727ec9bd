"""What happened to a visit: ids and dates only."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.core.events import Event


@dataclass(frozen=True)
class VisitEvent(Event):
    """What every event of a visit tells."""

    visit_id: UUID
    person_id: UUID
    facility_id: UUID
    on: dt.date
    version: int = 1


@dataclass(frozen=True)
class VisitOpened(VisitEvent):
    """A person was received."""


@dataclass(frozen=True)
class VisitFinalised(VisitEvent):
    """A visit is complete and signed."""


@dataclass(frozen=True)
class VisitAmended(VisitEvent):
    """A finalised visit says something else now; its earlier version is kept."""


@dataclass(frozen=True)
class VisitEnteredInError(VisitEvent):
    """A visit should never have been written. `was_final` tells whether others had heard of it."""

    was_final: bool = False
