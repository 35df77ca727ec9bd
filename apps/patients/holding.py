"""Who is locked first: families, then people, each in the order of ids, so that nobody waits in a circle.

A service of one person whose event changes her family too (a death, a birth, another name of a head) holds
both here before it reads; a change of a family locks it first of all (households/ledger.py).
"""

from collections.abc import Sequence
from uuid import UUID

from apps.core import ports
from apps.patients.models import Person


def hold(*person_ids: UUID) -> None:
    """These people and their families are ours until the transaction ends. Four queries."""
    if homes := ports.get(ports.HouseholdOf):
        homes.lock(person_ids)
    hold_people(person_ids)


def hold_people(person_ids: Sequence[UUID]) -> None:
    """The people alone, once their families are held."""
    # unscoped: whoever holds them has taken them through the scope
    people = Person.unscoped.filter(pk__in=person_ids).order_by("pk")
    list(people.select_for_update(of=("self",)).values_list("pk", flat=True))
