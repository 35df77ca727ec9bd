"""A death ends a person's place in her family; the correction of it gives the place back.

All unscoped: the service of the death has taken the person through the scope.
"""

from uuid import UUID

from apps.core.events import publish
from apps.core.versions import save_versioned
from apps.households.correcting import event_follow
from apps.households.events import MembershipChanged
from apps.households.families import open_of, open_rows
from apps.households.ledger import Ledger
from apps.households.models import HEAD, Closed, EventKind, EventState, Membership, ResidenceEvent
from apps.patients.events import DeathCorrected, PersonDied
from apps.patients.models import Person

WITHDRAWN = "Lần ghi tử vong đã được rút lại hoặc sửa ngày."
OTHER = "99"  # code of 'Khác' in the list relationship_to_head


def died(event: PersonDied) -> None:
    """She was of the family until that day. Who heads it now, somebody has to say."""
    _end(event.person_id, event)


def corrected(event: DeathCorrected) -> None:
    """She died on another day, or lives."""
    found = ResidenceEvent.unscoped.filter(
        kind=EventKind.DIED, state=EventState.FINAL, people__person=event.person_id
    )
    ended = found.select_related("household").order_by("-pk").first()
    if ended is None or ended.on == event.on:
        return
    row_id = next(step["id"] for step in ended.changes if step["what"] == "membership.changed")
    if not event_follow(event=ended, reason=WITHDRAWN):
        _give_back(UUID(row_id))
    if event.on is not None:
        _end(event.person_id, event)


def _end(person_id: UUID, event: PersonDied | DeathCorrected) -> None:
    row = open_of(Person.unscoped.get(pk=person_id))
    if row is None or event.on is None:
        return
    household = row.household
    ledger = Ledger(EventKind.DIED, on=event.on, household=household)
    ledger.about(row.person)
    ledger.ends(row, max(event.on, row.valid_from) if row.valid_from else event.on)
    if not open_rows(household):
        ledger.changes(household, closed=Closed.EMPTY, closed_on=event.on)
    ledger.done()
    publish(MembershipChanged(person_id, None, event.on))


def _give_back(row_id: UUID) -> None:
    """The family has gone on without her: she comes back to it, not as its head."""
    row = Membership.unscoped.select_related("household").get(pk=row_id)
    if row.household.closed or Membership.unscoped.filter(person=row.person_id, valid_to=None).exists():
        return
    row.valid_to = None
    if row.is_head:
        row.is_head, row.relation = False, OTHER if row.relation == HEAD else row.relation
    save_versioned(row, expected=row.version)
    publish(MembershipChanged(row.person_id, row.household_id, row.valid_from or row.updated_at.date()))
