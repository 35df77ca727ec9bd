"""Who a person's mother is, to whoever asks: of a child born to a minor only few read it (restricted.py).

Every channel that names a mother asks here: the page, the form, the health record, the API, papers, lists,
the comparison of two records, the station's own data.
"""

import datetime as dt
from uuid import UUID

from apps.core.scope import Scope
from apps.patients import restricted
from apps.patients.models import Person

BIRTHS = ("mother__birth_date", "mother__birth_precision", "birth_date", "birth_precision")


def keeps_mother(scope: Scope, person: Person) -> bool:
    """Whether this record's mother is kept from the scope. Reads `person.mother`, of two columns."""
    mother = person.mother if person.mother_id else None
    if mother is None or scope.can(restricted.RIGHT):
        return False
    return restricted.minor_mother(
        (mother.birth_date, mother.birth_precision), (person.birth_date, person.birth_precision)
    )


def born_of_minor(mother: Person, born_on: dt.date) -> bool:
    """Whether a birth on that day is one of a minor, for who writes it down."""
    return restricted.minor_mother((mother.birth_date, mother.birth_precision), (born_on, "day"))


def mother_of(scope: Scope, person: Person) -> Person | None:
    """Her mother, as far as the scope is told of one."""
    return None if keeps_mother(scope, person) else person.mother


def kept_children(scope: Scope) -> set[UUID]:
    """Everybody within the scope whose mother is kept from it, for whoever writes whole tables. One query."""
    if scope.can(restricted.RIGHT):
        return set()
    rows = Person.visible(scope).exclude(mother=None).values_list("pk", *BIRTHS)
    return {
        pk
        for pk, bore, hers, born, its in rows.iterator(chunk_size=2000)
        if restricted.minor_mother((bore, hers), (born, its))
    }
