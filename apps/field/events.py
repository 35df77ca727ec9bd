"""What the room of hamlets tells the others."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.core.events import Event


@dataclass(frozen=True)
class ProposalDecided(Event):
    """The station has accepted or refused what a village worker told."""

    proposal_id: UUID
    person_id: UUID | None
    kind: str
    state: str
    on: dt.date
