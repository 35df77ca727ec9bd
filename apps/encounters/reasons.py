"""Why people come: what a station writes most often, offered while she types.

A reason may hold somebody's name, so only what was written many times, of several people, is offered.
"""

import datetime as dt
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from apps.catalogues import codes
from apps.core import parameters
from apps.core.text import fold
from apps.encounters.models import Visit

LIST, TIMES = "visit_reason", "reception.reason_times"
SEVERAL, LONGEST, MOST = 3, 60, 15

_kept: dict[tuple[UUID, dt.date], list[str]] = {}


def suggestions(facility_id: UUID | None) -> list[tuple[str, str]]:
    """(reason, the same without accents): the station's own usual ones, then those of the catalogue.

    One query a process, station and day.
    """
    on = timezone.localdate()
    own = _own(facility_id, on) if facility_id else []
    listed = [row.name for row in codes.rows(LIST) if row.in_force(on)]
    return [(words, fold(words)) for words in dict.fromkeys([*own, *listed])]


def _own(facility_id: UUID, on: dt.date) -> list[str]:
    key = (facility_id, on)
    if key not in _kept:
        if any(day != on for _, day in _kept):
            _kept.clear()
        _kept[key] = _usual(facility_id, on)
    return _kept[key]


def _usual(facility_id: UUID, on: dt.date) -> list[str]:
    # unscoped: words that several people's visits share tell of none of them
    rows = Visit.unscoped.filter(
        facility_id=facility_id, on__gte=on - dt.timedelta(days=365), on__lte=on, restricted=False
    ).exclude(reason="")
    counted = (
        rows.order_by()
        .values("reason")
        .annotate(times=Count("pk"), people=Count("person", distinct=True))
        .filter(times__gte=int(parameters.value(TIMES, on=on)), people__gte=SEVERAL)
        .order_by("-times", "reason")
    )
    return [row["reason"] for row in counted[: MOST * 2] if len(row["reason"]) <= LONGEST][:MOST]


def forget() -> None:
    """Drop what this process has kept: for tests."""
    _kept.clear()
