"""A newborn belongs to her mother's household from the day of birth."""

from apps.households.families import open_of
from apps.households.ledger import Ledger
from apps.households.models import EventKind, Membership
from apps.patients import kin
from apps.patients.events import PersonBorn
from apps.patients.models import Person

SPOUSES = frozenset({"01", "02"})  # wife, husband of the head
CHILD, SONS_CHILD, DAUGHTERS_CHILD, OTHER = "05", "09", "10", "99"
DAUGHTER_IN_LAW = "07"


def relation_of(mother: Membership) -> str:
    """What her newborn is to the head: a grandchild where she is his daughter or daughter-in-law."""
    if mother.is_head or mother.relation in SPOUSES:
        return CHILD
    return {DAUGHTER_IN_LAW: SONS_CHILD, CHILD: DAUGHTERS_CHILD}.get(mother.relation, OTHER)


def newborn_joins(event: PersonBorn) -> None:
    """The child comes into the household where her mother lives; into none where she lives in none.

    Unscoped: the birth's own service has checked who may enter it.
    """
    mother = Person.unscoped.filter(pk=event.mother_id).first() if event.mother_id else None
    row = open_of(mother) if mother else None
    if mother is None or row is None:
        return
    child = Person.unscoped.get(pk=event.person_id)
    # What a child is to the head would tell whose she is where only few may read it.
    relation = OTHER if kin.born_of_minor(mother, event.on) else relation_of(row)
    ledger = Ledger(EventKind.JOINED, on=event.on, household=row.household)
    ledger.about(child)
    ledger.begins(row.household, child, relation, since=event.on)
    ledger.done()
