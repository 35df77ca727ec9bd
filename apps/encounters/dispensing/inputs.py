"""What the services of dispensing take in, as plain values."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from apps.facilities.models import Practitioner


@dataclass(frozen=True)
class Part:
    """How a line of the prescription is met, wholly or in part: `quantity` counts in the prescription's unit.

    `item_id` is what is taken off the shelf, `taken` how many of its base units (computed where both count
    alike); without an item she buys it elsewhere. Another medicine needs `reason` and `agreed_by`.
    """

    line_id: UUID
    quantity: Decimal
    item_id: UUID | None = None
    taken: int | None = None
    reason: str = ""
    agreed_by: str = ""


@dataclass(frozen=True)
class DispenseInput:
    """One act. `on` is today where it is not entered later; `recipient` is asked for controlled medicines.
    `at` and `by` are who did it when, as a slip of paper says; without them it is whoever acts, now.
    """

    parts: Sequence[Part]
    location_id: UUID | None = None
    on: dt.date | None = None
    recipient: str = ""
    recipient_paper: str = ""
    at: dt.datetime | None = None
    by: Practitioner | None = None


@dataclass(frozen=True)
class BackInput:
    """What comes back: base units by the id of the DispensingLot."""

    quantities: dict[UUID, int] = field(default_factory=dict)
    reason: str = ""
    left_station: bool = True
