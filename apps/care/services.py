"""Everything that writes measurements and appointments.

Unscoped: they belong to a record whose own service has checked what may be written.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.care.events import AppointmentChanged
from apps.care.models import Appointment, AppointmentState, FactState, Measurement, fact_values
from apps.care.queries import kept_days
from apps.care.vitals import BY_KEY
from apps.core import registry
from apps.core.events import publish
from apps.patients import closing, hush, projections
from apps.patients.events import FollowUpClosed, FollowUpReopened
from apps.patients.facts import ClinicalFact
from apps.patients.models import DueState

DUE_KIND = "appointment"
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
    method: str = "",
    readings: Mapping[str, Sequence[Decimal]] | None = None,
    oedema: bool | None = None,
) -> None:
    """Write the figures of one record, {sign's key: figure}; None takes a figure back. Two statements.

    `readings` are those of a pressure taken more than once; `oedema` (None leaves it) goes with the weight.

    `fact` is the record they were taken in: place, performer, residence and payer are the record's.
    `method` is care.models.Method, of figures of blood.
    """
    shared = fact_values(fact) | {"occurred_at": at or fact.occurred_at, "method": method}
    rows = [
        Measurement(
            **shared,
            code=BY_KEY[key].code,
            unit=BY_KEY[key].unit,
            value=value,
            readings=list((readings or {}).get(key, ())),
            oedema=bool(oedema) and key == "weight",
            source_kind=source_kind,
            source_id=source_id,
        )
        for key, value in values.items()
        if value is not None
    ]
    oedema_too = [] if oedema is None else ["oedema"]
    withdrawn = [BY_KEY[key].code for key, value in values.items() if value is None]
    with transaction.atomic(savepoint=False):
        if rows:
            Measurement.unscoped.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["source_kind", "source_id", "code"],
                update_fields=["value", "unit", "readings", "state", "updated_at", *oedema_too, *shared],
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
        # Of somebody who has died or left nothing is planned: it waits, should that have been a mistake.
        closed_by = closing.standing(fact.person_id)
        state = AppointmentState.CANCELLED if closed_by else AppointmentState.PLANNED
        asked_on = None
        if found is not None and not closed_by and _stands(found, on):
            # Moved or cancelled by hand, kept or missed: the record that asks again for the same day is told
            # nothing new.
            state, on, asked_on = AppointmentState(found.state), found.on, found.asked_on
        said = (on, reason, state, fact.restricted, closed_by)
        if found is None or said != (
            found.on,
            found.reason,
            found.state,
            found.restricted,
            found.closed_by,
        ):
            appointment.on, appointment.reason, appointment.state = on, reason, state
            appointment.restricted, appointment.closed_by = fact.restricted, closed_by
            appointment.asked_on = asked_on
            appointment.save()
            tell(appointment)
        return appointment


def _stands(found: Appointment, on: dt.date) -> bool:
    """Whether what became of an appointment holds although its record asks for `on` once more."""
    if found.asked_on is not None:
        return found.asked_on == on
    return found.on == on and found.state in (AppointmentState.CAME, AppointmentState.MISSED)


def appointment_drop(*, source_kind: str, source_id: UUID, kind: str = "follow_up") -> None:
    """The record no longer expects the person; an appointment she has kept stays kept."""
    with transaction.atomic():
        # What a death has cancelled is cancelled for good, too: no correction brings it back.
        waiting = Q(state=AppointmentState.PLANNED) | Q(closed_by__isnull=False)
        for appointment in Appointment.unscoped.filter(
            waiting, source_kind=source_kind, source_id=source_id, kind=kind
        ):
            # Should the record ask again, it asks anew.
            Appointment.unscoped.filter(pk=appointment.pk).update(asked_on=None, hand_reason="")
            _set_state(appointment, AppointmentState.CANCELLED)


def appointments_met(*, person_id: UUID, facility_id: UUID, on: dt.date, met_by: UUID | None = None) -> None:
    """The person has come, with the record `met_by`: what she was expected for about now is kept."""
    days = kept_days(on)
    with transaction.atomic(savepoint=False):
        for appointment in Appointment.unscoped.filter(
            person_id=person_id,
            facility_id=facility_id,
            state=AppointmentState.PLANNED,
            on__lte=on + dt.timedelta(days=days.early),
            on__gte=on - dt.timedelta(days=days.late),
        ):
            appointment.met_by = met_by
            _set_state(appointment, AppointmentState.CAME)


@transaction.atomic
def appointments_unmet(*, met_by: UUID, today: dt.date) -> None:
    """That record was none: she left unseen, or it was written by mistake. What it has kept is planned again;
    what may not be kept any more today, she has missed.
    """
    rows = Appointment.unscoped.select_for_update().filter(met_by=met_by, state=AppointmentState.CAME)
    for appointment in rows.order_by("pk"):
        appointment.met_by = None
        late = appointment.on + dt.timedelta(days=kept_days(today).late) < today
        _set_state(appointment, AppointmentState.MISSED if late else AppointmentState.PLANNED)


def appointments_missed(*, on: dt.date) -> int:
    """Whoever has not come by now does not keep the appointment any more. How many that were."""
    last = on - dt.timedelta(days=kept_days(on).late)
    late = Appointment.unscoped.filter(state=AppointmentState.PLANNED, on__lt=last).order_by("on", "pk")
    missed = 0
    for pk in list(late.values_list("pk", flat=True)):
        with transaction.atomic():
            # Locked and looked at again: she may come in this minute.
            appointment = (
                Appointment.unscoped.select_for_update().filter(pk=pk, state=AppointmentState.PLANNED).first()
            )
            if appointment is not None:
                _set_state(appointment, AppointmentState.MISSED)
                missed += 1
    return missed


def close_by_event(event: FollowUpClosed) -> None:
    """She has died or left: what she was expected for is cancelled, marked with the event's id."""
    planned = Appointment.unscoped.select_for_update().filter(
        person_id=event.person_id, state=AppointmentState.PLANNED
    )
    for appointment in planned:
        _set_state(appointment, AppointmentState.CANCELLED, closed_by=event.event_id)


def reopen_by_event(event: FollowUpReopened) -> None:
    """That was a mistake: exactly those appointments are planned again, unless another event keeps them."""
    rows = Appointment.unscoped.select_for_update().filter(
        person_id=event.person_id, closed_by=event.event_id
    )
    if event.instead_id:
        rows.update(closed_by=event.instead_id)
        return
    for appointment in rows:
        _set_state(appointment, AppointmentState.PLANNED)


def _set_state(appointment: Appointment, state: str, *, closed_by: UUID | None = None) -> None:
    appointment.state, appointment.closed_by = state, closed_by
    appointment.save(update_fields=["state", "closed_by", "met_by", "updated_at"])
    tell(appointment)


def due_title(appointment: Appointment) -> str:
    """'Tái khám: I10 - Tăng huyết áp', as the list of what is due says it; 'Tái khám' where a word of the
    reason is restricted, because that list travels (patients/hush.py).
    """
    kind = registry.appointment_kinds.get(appointment.kind)
    title = kind.title if kind else "Lịch hẹn"
    said = appointment.reason and not hush.speaks(appointment.reason, on=appointment.on)
    return f"{title}: {appointment.reason}" if said else title


def tell(appointment: Appointment) -> None:
    """Renews the due item of an appointment and tells the other rooms."""
    due: dict[str, Any] = {
        "person_id": appointment.person_id,
        "kind": DUE_KIND,
        "object_id": appointment.id,
        "title": due_title(appointment),
        "due_on": appointment.on,
        "overdue_on": appointment.on + dt.timedelta(days=1),
        "closes_on": appointment.on + dt.timedelta(days=kept_days(appointment.on).late),
        # What a death has cancelled waits among the due items too, closed by the same event.
        "state": DueState.OPEN if appointment.closed_by else _DUE_STATES[appointment.state],
        "restricted": appointment.restricted,
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
