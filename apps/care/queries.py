"""What is read about measurements and appointments."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.care.models import Appointment, AppointmentState, FactState, Measurement
from apps.care.vitals import BY_CODE, BY_KEY, Band, shipped_bounds, shipped_watch
from apps.core import parameters
from apps.core.scope import Scope

PREFIX, WATCH = "vitals.", "watch."
EARLY, LATE = "appointments.came_days_early", "appointments.missed_after_days"


@dataclass(frozen=True)
class KeptDays:
    """Who comes so many days `early` or `late` has kept the appointment; later she has missed it."""

    early: int
    late: int


def kept_days(on: dt.date) -> KeptDays:
    """What holds for appointments about that day: one query."""
    found = parameters.values([EARLY, LATE], on=on)
    if missing := {EARLY, LATE} - found.keys():
        raise parameters.NoParameter(f"{', '.join(sorted(missing))} on {on}")
    return KeptDays(int(found[EARLY]), int(found[LATE]))


def bound_keys() -> list[str]:
    """The parameters that hold the limits of the signs."""
    return [f"{PREFIX}{key}" for key in shipped_bounds()]


def bounds_from(found: Mapping[str, Any]) -> dict[str, list[Band]]:
    """The limits of every sign out of parameters that were read; what they lack is as shipped."""
    return shipped_bounds() | {
        key.removeprefix(PREFIX): bands for key, bands in found.items() if key.startswith(PREFIX)
    }


def watch_keys() -> list[str]:
    """The parameters that hold what is aimed at."""
    return [f"{WATCH}{key}" for key in shipped_watch()]


def watch_from(found: Mapping[str, Any]) -> dict[str, list[Band]]:
    """What is aimed at, by sign, out of parameters that were read; what they lack is as shipped."""
    return shipped_watch() | {
        key.removeprefix(WATCH): bands for key, bands in found.items() if key.startswith(WATCH)
    }


def bounds(on: dt.date) -> dict[str, list[Band]]:
    """The limits of every sign in force on `on`: one query."""
    return bounds_from(parameters.values(bound_keys(), on=on))


@dataclass(frozen=True)
class Taken:
    """What was measured in one record: figures by sign, every reading of its pressure, swollen feet."""

    figures: dict[str, Decimal]
    readings: list[tuple[Decimal, Decimal]]
    oedema: bool


def taken(source_kind: str, source_id: UUID) -> Taken:
    """What was measured in one record. One query; unscoped: the caller has seen the record."""
    rows = {
        BY_CODE[row.code].key: row
        for row in Measurement.unscoped.filter(
            source_kind=source_kind, source_id=source_id, state=FactState.FINAL
        )
    }
    high, low = (rows[key].readings if key in rows else [] for key in ("systolic", "diastolic"))
    return Taken(
        {key: row.value for key, row in rows.items()},
        list(zip(high, low, strict=False)),
        any(row.oedema for row in rows.values()),
    )


def measured(source_kind: str, source_id: UUID) -> dict[str, Decimal]:
    """The figures taken in one record, by the sign's key. Unscoped: the caller has seen the record."""
    return taken(source_kind, source_id).figures


def measured_in(source_kind: str, source_ids: Sequence[UUID]) -> dict[UUID, dict[str, Decimal]]:
    """The figures of several records, {record: {key: figure}}: one query. Unscoped: the caller saw them."""
    rows = Measurement.unscoped.filter(
        source_kind=source_kind, source_id__in=source_ids, state=FactState.FINAL
    )
    found: dict[UUID, dict[str, Decimal]] = {}
    for row in rows:
        found.setdefault(row.source_id, {})[BY_CODE[row.code].key] = row.value
    return found


def expected(scope: Scope, on: dt.date) -> QuerySet[Appointment]:
    """Who is expected at the scope's stations on a day, with their people."""
    return expected_between(scope, on, on)


def expected_between(scope: Scope, since: dt.date, until: dt.date) -> QuerySet[Appointment]:
    """Who is expected at the scope's stations between two days, by day and name, with their people."""
    return (
        Appointment.visible(scope)
        .filter(
            facility_id__in=scope.facility_ids,
            on__gte=since,
            on__lte=until,
            state=AppointmentState.PLANNED,
        )
        .select_related("person")
        .order_by("on", "person__sort_key")
    )


def ever_taken(key: str) -> Exists:
    """Whether the person of a row (`person_id`) was ever measured so, anywhere: an annotation."""
    # unscoped: that a figure is there, not what it says, of a person who is seen through the scope
    rows = Measurement.unscoped.filter(person_id=OuterRef("person_id"), code=BY_KEY[key].code)
    return Exists(rows.filter(state=FactState.FINAL))


def last_figures(
    scope: Scope, person_ids: Iterable[UUID], keys: Sequence[str]
) -> dict[UUID, dict[str, tuple[Decimal, dt.date]]]:
    """Each person's last figure of each sign, with its day. One query."""
    by_code = {BY_KEY[key].code: key for key in keys}
    rows = (
        Measurement.visible(scope)
        .filter(person_id__in=list(person_ids), code__in=by_code, state=FactState.FINAL)
        .order_by("person_id", "code", "-occurred_at")
        .distinct("person_id", "code")
    )
    found: dict[UUID, dict[str, tuple[Decimal, dt.date]]] = {}
    for row in rows:
        on = timezone.localdate(row.occurred_at)
        found.setdefault(row.person_id, {})[by_code[row.code]] = (row.value, on)
    return found
