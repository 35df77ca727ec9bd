"""Visits stay where they were made: a reform counts them and touches none. A station's sets of orders go on.

Unscoped: a reform is the province's; it is told numbers, nothing of any visit.
"""

import datetime as dt

from django.db.models import QuerySet

from apps.core.journal import Journal
from apps.core.registry import Succession
from apps.encounters import states
from apps.encounters.models import OrderSet, Visit

BATCH = 200


def visits(step: Succession) -> int:
    return Visit.unscoped.filter(facility__in=step.stations).count()


def unfinished(step: Succession) -> int:
    """Still open or waiting for a signature there: the successor's staff finish them as they stand."""
    return Visit.unscoped.filter(facility__in=step.stations, state__in=states.OPEN_STATES).count()


def since(step: Succession, at: dt.datetime) -> int:
    """Visits opened since then at a successor or at one of its new points."""
    places = [*step.successors, *step.stations]
    return Visit.unscoped.filter(facility__in=places, created_at__gt=at).count()


def _sets(step: Succession) -> QuerySet[OrderSet]:
    return OrderSet.unscoped.filter(station__in=step.stations, is_active=True)


def order_sets(step: Succession) -> int:
    return _sets(step).count()


def move_order_sets(step: Succession, journal: Journal) -> int:
    """To the successor; a name that it uses already tells that the set was the former station's."""
    rows = list(_sets(step).select_for_update(of=("self",)).select_related("station").order_by("pk")[:BATCH])
    for row in rows:
        successor = step.stations[row.station_id]
        taken = OrderSet.unscoped.filter(station_id=successor, is_active=True, name=row.name).exists()
        name = f"{row.name[:50]} ({row.station.name[:40]})" if taken else row.name
        journal.change(row, station_id=successor, name=name)
    return len(rows)
