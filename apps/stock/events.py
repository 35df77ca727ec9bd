"""What the stock tells the others."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.core.events import Event


@dataclass(frozen=True)
class StockMoved(Event):
    """A record has taken stock or put it back; a paper was posted or taken back."""

    station_id: UUID
    source_kind: str
    source_id: UUID
    on: dt.date


@dataclass(frozen=True)
class LotStateChanged(Event):
    """A lot was held, quarantined, blocked or freed."""

    lot_id: UUID
    item_id: UUID
    station_id: UUID
    state: str
    on: dt.date
