"""What happened to an appointment: ids and dates only."""

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
