"""Invented measurements for tests, saved directly: no audit, no events."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.care.models import Appointment, Enrolment, Measurement, Source
from apps.care.vitals import BY_KEY
from apps.core.ids import uuid7
from apps.core.scope import system
from apps.patients import facts
from apps.patients.models import Person


def a_fact(person: Person, at: dt.datetime | None = None, **fields: Any) -> dict[str, Any]:
    """The fields of a clinical fact at the person's own station."""
    at = at or timezone.now()
    with system("test"), transaction.atomic():  # the snapshot locks the person
        as_of = facts.snapshot(person, at)
    return {
        "person": person,
        "facility_id": person.station_id,
        "occurred_at": at,
        "performer_text": "Lê Thị Thu",
        **as_of,
        **fields,
    }


def a_measurement(
    person: Person, key: str = "weight", value: str = "52", *, at: dt.datetime | None = None, **fields: Any
) -> Measurement:
    """One figure measured at the station outside a visit."""
    fields.setdefault("source_kind", Source.STATION)
    fields.setdefault("source_id", uuid7())
    vital = BY_KEY[key]
    return Measurement.unscoped.create(
        **a_fact(person, at), code=vital.code, unit=vital.unit, value=Decimal(value), **fields
    )


def an_appointment(person: Person, on: dt.date, reason: str = "Tăng huyết áp", **fields: Any) -> Appointment:
    """A day on which the person is expected, made by hand, without its due item."""
    fields.setdefault("source_kind", "hand")
    fields.setdefault("source_id", uuid7())
    return Appointment.unscoped.create(**a_fact(person), on=on, reason=reason, **fields)


def an_enrolment(person: Person, programme: str = "hypertension", **fields: Any) -> Enrolment:
    """A person followed in a programme since the first of the year."""
    today = timezone.localdate()
    fields.setdefault("since", today.replace(month=1, day=1))
    fields.setdefault("number", f"{today.year}-{Enrolment.unscoped.count() + 1:04d}")
    return Enrolment.unscoped.create(**a_fact(person), programme=programme, **fields)
