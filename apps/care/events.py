"""What this room tells the others: ids and dates only."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.core.events import Event


@dataclass(frozen=True)
class AppointmentChanged(Event):
    """A person is expected on a day, came, or is no longer expected (`state`)."""

    appointment_id: UUID
    person_id: UUID
    facility_id: UUID
    on: dt.date
    state: str


@dataclass(frozen=True)
class MeasurementsChanged(Event):
    """Something measured outside a visit was written, confirmed, corrected or taken back."""

    person_id: UUID
    facility_id: UUID
    on: dt.date


@dataclass(frozen=True)
class EnrolmentChanged(Event):
    """A person was taken into a programme, left it, was taken back or never was in it (`state`)."""

    enrolment_id: UUID
    person_id: UUID
    facility_id: UUID
    state: str
