"""Whom a former station expects or follows goes on at its successor; what was measured stays where it was.

Unscoped: a reform is the province's, approved by a second person; its stations were checked there.
"""

from django.db.models import QuerySet

from apps.care.models import Appointment, AppointmentState, Enrolment, EnrolmentState
from apps.core.journal import Journal
from apps.core.registry import Succession

BATCH = 500


def _planned(step: Succession) -> QuerySet[Appointment]:
    return Appointment.unscoped.filter(facility__in=step.stations, state=AppointmentState.PLANNED)


def planned(step: Succession) -> int:
    return _planned(step).count()


def move_planned(step: Succession, journal: Journal) -> int:
    """At the successor, at the point that the former station has become; the day stays."""
    rows = list(_planned(step).select_for_update().order_by("pk")[:BATCH])
    for row in rows:
        journal.change(row, facility_id=step.stations[row.facility_id], point_id=row.facility_id)
    return len(rows)


def _followed(step: Succession) -> QuerySet[Enrolment]:
    return Enrolment.unscoped.filter(facility__in=step.stations, state=EnrolmentState.ACTIVE)


def followed(step: Succession) -> int:
    return _followed(step).count()


def move_followed(step: Succession, journal: Journal) -> int:
    """At the successor, with the number that the former station's book has given."""
    rows = list(_followed(step).select_for_update().order_by("pk")[:BATCH])
    for row in rows:
        journal.change(row, facility_id=step.stations[row.facility_id], point_id=row.facility_id)
    return len(rows)
