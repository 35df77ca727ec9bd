"""What this room tells the others. Ids and dates only."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.core.events import Event


@dataclass(frozen=True)
class HouseholdCreated(Event):
    """A household was entered for the first time."""

    household_id: UUID
    station_id: UUID


@dataclass(frozen=True)
class MembershipChanged(Event):
    """A person came into a household (`household_id` set), or left one without another."""

    person_id: UUID
    household_id: UUID | None
    on: dt.date


@dataclass(frozen=True)
class ResidenceRecorded(Event):
    """Something happened to a family or to where its people live; `kind` is an EventKind."""

    event_id: UUID
    station_id: UUID
    kind: str
    on: dt.date


@dataclass(frozen=True)
class ResidenceCorrected(Event):
    """That event was entered in error and has been taken back."""

    event_id: UUID
    station_id: UUID
    kind: str
    on: dt.date
