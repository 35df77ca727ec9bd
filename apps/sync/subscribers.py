"""What the other rooms tell us, put into the outbox within the same transaction."""

from apps.encounters.events import VisitEnteredInError, VisitEvent
from apps.patients.events import IdentifierChanged, PersonChanged
from apps.sync import outbox


def visit_final(event: VisitEvent) -> None:
    """A visit was finalised or amended."""
    outbox.put(
        kind="visit",
        aggregate_id=event.visit_id,
        person_id=event.person_id,
        facility_id=event.facility_id,
    )


def visit_in_error(event: VisitEnteredInError) -> None:
    """A visit was entered in error: told only to those who may have heard of it."""
    if event.was_final:
        visit_final(event)


def person_changed(event: PersonChanged | IdentifierChanged) -> None:
    """A person's data or numbers changed: told where she is known."""
    outbox.person_changed(event.person_id)
