"""Everything that writes measurements and appointments.

Unscoped: they belong to a record whose own service has checked what may be written.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.care.events import AppointmentChanged
from apps.care.models import Appointment, AppointmentState, FactState, Measurement, fact_values
from apps.care.vitals import BY_KEY
from apps.core.events import publish
from apps.patients import projections
from apps.patients.facts import ClinicalFact
from apps.patients.models import DueState

DUE_KIND = "appointment"
CAME_DAYS_EARLY = 7  # who comes within a week before the day has come for that appointment
MISSED_AFTER_DAYS = 30  # later than this after the day she did not come
_DUE_STATES: dict[str, str] = {
    AppointmentState.PLANNED: DueState.OPEN,
    AppointmentState.CAME: DueState.DONE,
    AppointmentState.MISSED: DueState.DROPPED,
    AppointmentState.CANCELLED: DueState.DROPPED,
}


def measurements_put(
    *,
    fact: ClinicalFact,
    source_kind: str,
    source_id: UUID,
    values: Mapping[str, Decimal | None],
    at: dt.datetime | None = None,
) -> None:
    """Write the figures of one record, {sign's key: figure}; None takes a figure back. Two statements.

    `fact` is the record they were taken in: place, performer, residence and payer are the record's.
    """
    shared = fact_values(fact) | {"occurred_at": at or fact.occurred_at}
    rows = [
        Measurement(
            **shared,
            code=BY_KEY[key].code,
            unit=BY_KEY[key].unit,
            value=value,
            source_kind=source_kind,
            source_id=source_id,
        )
        for key, value in values.items()
        if value is not None
    ]
    withdrawn = [BY_KEY[key].code for key, value in values.items() if value is None]
    with transaction.atomic(savepoint=False):
        if rows:
            Measurement.unscoped.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["source_kind", "source_id", "code"],
                update_fields=["value", "unit", "state", "updated_at", *shared],
            )
        if withdrawn:
            Measurement.unscoped.filter(
                source_kind=source_kind, source_id=source_id, code__in=withdrawn, state=FactState.FINAL
            ).update(state=FactState.ENTERED_IN_ERROR, updated_at=timezone.now())


def measurements_in_error(*, source_kind: str, source_id: UUID) -> None:
    """Take back every figure of a record that should never have been written."""
    Measurement.unscoped.filter(source_kind=source_kind, source_id=source_id).update(
        state=FactState.ENTERED_IN_ERROR, updated_at=timezone.now()
    )


def appointment_put(
    *,
    fact: ClinicalFact,
    on: dt.date,
    reason: str,
    source_kind: str,
    source_id: UUID,
    kind: str = "follow_up",
) -> Appointment:
    """Expect a person on a day; the same record and kind move the appointment they have made before."""
    with transaction.atomic():
        found = Appointment.unscoped.filter(source_kind=source_kind, source_id=source_id, kind=kind).first()
        appointment = found or Appointment(
            **fact_values(fact), source_kind=source_kind, source_id=source_id, kind=kind, on=on
        )
        if found is None or (found.on, found.reason, found.state) != (on, reason, AppointmentState.PLANNED):
            appointment.on, appointment.reason, appointment.state = on, reason, AppointmentState.PLANNED
            appointment.save()
            _tell(appointment)
        return appointment


def appointment_drop(*, source_kind: str, source_id: UUID, kind: str = "follow_up") -> None:
    """The record no longer expects the person; an appointment she has kept stays kept."""
    with transaction.atomic():
        for appointment in Appointment.unscoped.filter(
            source_kind=source_kind, source_id=source_id, kind=kind, state=AppointmentState.PLANNED
        ):
            _set_state(appointment, AppointmentState.CANCELLED)


def appointments_met(*, person_id: UUID, facility_id: UUID, on: dt.date) -> None:
    """The person has come: what she was expected for about now is kept."""
    with transaction.atomic(savepoint=False):
        for appointment in Appointment.unscoped.filter(
            person_id=person_id,
            facility_id=facility_id,
            state=AppointmentState.PLANNED,
            on__lte=on + dt.timedelta(days=CAME_DAYS_EARLY),
            on__gte=on - dt.timedelta(days=MISSED_AFTER_DAYS),
        ):
            _set_state(appointment, AppointmentState.CAME)


def _set_state(appointment: Appointment, state: str) -> None:
    appointment.state = state
    appointment.save(update_fields=["state", "updated_at"])
    _tell(appointment)


def _tell(appointment: Appointment) -> None:
    due: dict[str, Any] = {
        "person_id": appointment.person_id,
        "kind": DUE_KIND,
        "object_id": appointment.id,
        "title": f"Tái khám: {appointment.reason}" if appointment.reason else "Tái khám",
        "due_on": appointment.on,
        "overdue_on": appointment.on + dt.timedelta(days=1),
        "closes_on": appointment.on + dt.timedelta(days=MISSED_AFTER_DAYS),
        "state": _DUE_STATES[appointment.state],
    }
    projections.put_due(**due)
    publish(
        AppointmentChanged(
            appointment.id,
            appointment.person_id,
            appointment.facility_id,
            appointment.on,
            appointment.state,
        )
    )
