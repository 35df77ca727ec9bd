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
