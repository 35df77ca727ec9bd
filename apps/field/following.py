"""What the station records on its ordinary pages answers the news that waits for it.

So a nurse accepts by doing: she opens the ordinary form, saves, and the worker reads that it was taken. The
news is recognised by the person (death, departure, marriage), by mother or family and day (birth), by name,
birth and hamlet (arrival). Whoever saves without the right to answer leaves it waiting.
"""

from collections.abc import Iterable
from uuid import UUID

from apps.core.scope import current
from apps.core.text import search_key
from apps.core.words import partial_date_words
from apps.field.models import Proposal, ProposalState
from apps.field.proposals import may_decide, proposal_accept, proposals_settle
from apps.field.said import Birth, Marriage, MoveIn
from apps.households.events import ResidenceRecorded
from apps.households.models import EventKind, ResidenceEvent, ResidenceEventPerson
from apps.patients.events import PersonBorn, PersonDied
from apps.patients.models import Person

ARRIVALS = frozenset({EventKind.ARRIVED, EventKind.RETURNED, EventKind.JOINED, EventKind.CREATED})
MARRIAGES = {EventKind.MARRIED: "married", EventKind.DIVORCED: "divorced"}


def died(event: PersonDied) -> None:
    proposals_settle(kind="death", result_kind="death", result_id=event.death_id, person_id=event.person_id)


def born(event: PersonBorn) -> None:
    if may_decide(current()) and (child := _person(event.person_id)):
        _born(child, None)


def recorded(event: ResidenceRecorded) -> None:
    """A move, an arrival, a marriage that was just recorded."""
    kind = EventKind(event.kind)
    if kind not in {*ARRIVALS, *MARRIAGES, EventKind.DEPARTED} or not may_decide(current()):
        return
    if kind in ARRIVALS and not _any_newcomer_waits():
        return  # one query a family: a list of a commune brings ten thousand
    # unscoped: the event was just written by whoever asks
    rows = ResidenceEventPerson.unscoped.filter(event_id=event.event_id).select_related("person")
    people = [row.person for row in rows]
    if kind == EventKind.DEPARTED:
        _settle_each("move_out", event.event_id, people)
    elif kind in MARRIAGES:
        _married(event.event_id, people, MARRIAGES[kind])
    else:
        # unscoped: as above
        home = (
            ResidenceEvent.unscoped.filter(pk=event.event_id).values_list("household_id", "hamlet_id").get()
        )
        for person in people:
            _born(person, home[0])
            _arrived(person, home[1])


def _settle_each(kind: str, event_id: UUID, people: Iterable[Person]) -> None:
    for person in people:
        proposals_settle(kind=kind, result_kind="residence", result_id=event_id, person_id=person.pk)


def _waiting(kind: str) -> Iterable[Proposal]:
    return Proposal.visible(current()).filter(kind=kind, state=ProposalState.NEW).order_by("pk")


def _any_newcomer_waits() -> bool:
    waiting = Proposal.visible(current()).filter(kind__in=["birth", "move_in"], state=ProposalState.NEW)
    return bool(waiting.exists())


def _married(event_id: UUID, people: list[Person], what: str) -> None:
    for row in _waiting("marriage").filter(person__in=people):  # type: ignore[attr-defined]
        if isinstance(row.said, Marriage) and row.said.what == what:
            proposal_accept(proposal_id=row.pk, result_kind="residence", result_id=event_id)


def _born(child: Person, household_id: UUID | None) -> None:
    """A child of that day and sex, of the mother named or, where none was, of the family."""
    for row in _waiting("birth"):
        said = row.said
        if not isinstance(said, Birth) or (said.born_on, said.sex) != (child.birth_date, child.sex):
            continue
        hers = row.person_id is not None and row.person_id == child.mother_id
        theirs = (row.person_id is None or child.mother_id is None) and row.household_id == household_id
        if hers or (household_id is not None and theirs):
            proposal_accept(proposal_id=row.pk, result_kind="person", result_id=child.pk)
            return


def _arrived(person: Person, hamlet_id: UUID | None) -> None:
    born_words = partial_date_words(person.birth_date, person.birth_precision)
    for row in _waiting("move_in"):
        said = row.said
        if not isinstance(said, MoveIn) or row.hamlet_id != hamlet_id or said.sex != person.sex:
            continue
        same_name = search_key(said.full_name) == search_key(person.full_name)
        if same_name and (
            not said.birth or born_words.endswith(said.birth) or said.birth.endswith(born_words)
        ):
            proposal_accept(proposal_id=row.pk, result_kind="person", result_id=person.pk)
            return


def _person(person_id: UUID) -> Person | None:
    # unscoped: she was just entered by whoever asks
    return Person.unscoped.filter(pk=person_id).first()
