"""Visits stay where they were made: a reform counts them and touches none.

Unscoped: a reform is the province's; it is told numbers, nothing of any visit.
"""

import datetime as dt

from apps.core.registry import Succession
from apps.encounters import states
from apps.encounters.models import Visit


def visits(step: Succession) -> int:
    return Visit.unscoped.filter(facility__in=step.stations).count()


def unfinished(step: Succession) -> int:
    """Still open or waiting for a signature there: the successor's staff finish them as they stand."""
    return Visit.unscoped.filter(facility__in=step.stations, state__in=states.OPEN_STATES).count()


def since(step: Succession, at: dt.datetime) -> int:
    """Visits opened since then at a successor or at one of its new points."""
    places = [*step.successors, *step.stations]
    return Visit.unscoped.filter(facility__in=places, created_at__gt=at).count()
