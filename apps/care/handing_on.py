"""Whom another station takes in is expected there on the days that her former one had made with her.

The former station's appointments stay what they are: cancelled by her departure. Unscoped: the arrival's own
service has checked what may be written.
"""

from uuid import UUID

from django.utils import timezone

from apps.care import services
from apps.care.models import Appointment, AppointmentState
from apps.care.occasion import occasion
from apps.core.scope import current
from apps.patients import projections
from apps.patients.events import FollowUpHandedBack, FollowUpHandedOn
from apps.patients.models import DueState, Person

SOURCE = "transfer"  # source_id: the appointment of the former station


def handed_on(event: FollowUpHandedOn) -> None:
    """Each day to come is planned here too; what was kept open of the former station's is closed."""
    today = timezone.localdate()
    person = Person.unscoped.select_related("hamlet").get(pk=event.person_id)
    rows = Appointment.unscoped.filter(
        person_id=event.person_id, closed_by=event.event_id, state=AppointmentState.CANCELLED
    )
    for row in rows.order_by("on", "pk"):
        projections.close_due(kind=services.DUE_KIND, object_id=row.pk, state=DueState.DROPPED)
        if row.on >= today and current().workplace_id is not None:
            _expect(person, row, event.facility_id)


def _expect(person: Person, row: Appointment, facility_id: UUID) -> None:
    # taken in a second time after a mistake: the row that was made then is planned again
    made = Appointment.unscoped.filter(source_kind=SOURCE, source_id=row.pk, kind=row.kind).first()
    made = made or Appointment(
        **occasion(person, timezone.now()), kind=row.kind, source_kind=SOURCE, source_id=row.pk, on=row.on
    )
    made.facility_id, made.on, made.reason, made.restricted = facility_id, row.on, row.reason, row.restricted
    made.state, made.closed_by = AppointmentState.PLANNED, None
    made.save()
    services.tell(made)


def handed_back(event: FollowUpHandedBack) -> None:
    """What was planned here because of it is dropped; the former station's rows are as before."""
    theirs = Appointment.unscoped.filter(person_id=event.person_id, closed_by=event.event_id)
    for pk, kind in theirs.values_list("pk", "kind"):
        services.appointment_drop(source_kind=SOURCE, source_id=pk, kind=kind)
