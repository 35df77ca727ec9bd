"""What is read about measurements and appointments."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.care.models import Appointment, AppointmentState, FactState, Measurement
from apps.care.vitals import BY_CODE, Band, shipped_bounds
from apps.core import parameters
from apps.core.scope import Scope

PREFIX = "vitals."


def bound_keys() -> list[str]:
    """The parameters that hold the limits of the signs."""
    return [f"{PREFIX}{key}" for key in shipped_bounds()]


def bounds_from(found: Mapping[str, Any]) -> dict[str, list[Band]]:
    """The limits of every sign out of parameters that were read; what they lack is as shipped."""
    return shipped_bounds() | {
        key.removeprefix(PREFIX): bands for key, bands in found.items() if key.startswith(PREFIX)
    }


def bounds(on: dt.date) -> dict[str, list[Band]]:
    """The limits of every sign in force on `on`: one query."""
    return bounds_from(parameters.values(bound_keys(), on=on))


def measured(source_kind: str, source_id: UUID) -> dict[str, Decimal]:
    """The figures taken in one record, by the sign's key. The caller has seen the record in its scope."""
    rows = Measurement.unscoped.filter(source_kind=source_kind, source_id=source_id, state=FactState.FINAL)
    return {BY_CODE[row.code].key: row.value for row in rows}


def measured_in(source_kind: str, source_ids: Sequence[UUID]) -> dict[UUID, dict[str, Decimal]]:
    """The figures of several records, {record: {sign's key: figure}}: one query. The caller has seen them."""
    rows = Measurement.unscoped.filter(
        source_kind=source_kind, source_id__in=source_ids, state=FactState.FINAL
    )
    found: dict[UUID, dict[str, Decimal]] = {}
    for row in rows:
        found.setdefault(row.source_id, {})[BY_CODE[row.code].key] = row.value
    return found


def expected(scope: Scope, on: dt.date) -> QuerySet[Appointment]:
    """Who is expected at the scope's stations on a day, with their people."""
    return (
        Appointment.visible(scope)
        .filter(facility_id__in=scope.facility_ids, on=on, state=AppointmentState.PLANNED)
        .select_related("person")
        .order_by("person__sort_key")
    )
