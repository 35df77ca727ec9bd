"""What this room tells the others. Ids and dates only."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.core.events import Event


@dataclass(frozen=True)
class PersonCreated(Event):
    """A person was entered for the first time."""

    person_id: UUID
    station_id: UUID


@dataclass(frozen=True)
class PersonChanged(Event):
    """Something about a person that others may show or send was changed."""

    person_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True)
class IdentifierChanged(Event):
    """A number or card of a person was added, ended or corrected."""

    person_id: UUID
    kind: str


@dataclass(frozen=True)
class PersonMoved(Event):
    """A person lives in another hamlet now, perhaps under another station."""

    person_id: UUID
    from_hamlet_id: UUID | None
    to_hamlet_id: UUID | None
    on: dt.date


@dataclass(frozen=True)
class FollowUpClosed(Event):
    """A death or a departure (`event_id`) ends what a person is expected for."""

    person_id: UUID
    event_id: UUID
    on: dt.date


@dataclass(frozen=True)
class FollowUpReopened(Event):
    """That life event was wrong or is over: what it ended holds again, unless `instead_id` keeps it ended."""

    person_id: UUID
    event_id: UUID
    instead_id: UUID | None


@dataclass(frozen=True)
class FollowUpHandedOn(Event):
    """Whom a departure (`event_id`) had ended is the station's `facility_id` now: it expects her instead."""

    person_id: UUID
    event_id: UUID
    facility_id: UUID


@dataclass(frozen=True)
class FollowUpHandedBack(Event):
    """That was a mistake: what the other station expected of her on that ground is dropped."""

    person_id: UUID
    event_id: UUID


@dataclass(frozen=True)
class PersonDied(Event):
    """A death was recorded; what she was due for is closed already (FollowUpClosed)."""

    death_id: UUID
    person_id: UUID
    on: dt.date


@dataclass(frozen=True)
class DeathCorrected(Event):
    """A death says another day now, or (`on` empty) never was: she lives, what it closed holds again."""

    death_id: UUID
    person_id: UUID
    on: dt.date | None


@dataclass(frozen=True)
class PersonBorn(Event):
    """A newborn was entered with her own record, told after PersonCreated."""

    person_id: UUID
    mother_id: UUID | None
    on: dt.date


@dataclass(frozen=True)
class PersonMerged(Event):
    """Two records turned out to be one person: `old_id` is a pointer to `kept_id`, its rows have moved."""

    old_id: UUID
    kept_id: UUID


@dataclass(frozen=True)
class PersonUnmerged(Event):
    """They were two after all: `old_id` stands for itself again, with the rows that had moved with it."""

    old_id: UUID
    kept_id: UUID


@dataclass(frozen=True)
class PersonDeparted(Event):
    """A person lives outside the commune from that day. `event_id` is of this departure of this person."""

    person_id: UUID
    event_id: UUID
    on: dt.date


@dataclass(frozen=True)
class PersonReturned(Event):
    """A person is back, or her departure was a mistake: what `event_id` ended holds again."""

    person_id: UUID
    event_id: UUID
    on: dt.date


@dataclass(frozen=True)
class HealthRecordChanged(Event):
    """A section of a person's health record (QĐ 831) was written; `part` is its word in addresses."""

    person_id: UUID
    part: str


@dataclass(frozen=True)
class HealthRecordReviewed(Event):
    """A person's whole health record was gone through on that day."""

    person_id: UUID
    on: dt.date
