"""Where a person lived on a day, in the words of that day."""

import datetime as dt

from apps.facilities import asof
from apps.facilities.models import Hamlet
from apps.patients.models import Person


def home_on(person: Person, then: Hamlet | None, on: dt.date) -> str:
    """House and street, hamlet, commune, province: `then` is the hamlet that was kept with what happened.

    House and street are known of her present home only: of another hamlet's home they say nothing.
    """
    if then is None:
        return home(person)
    now = person.hamlet
    stayed = now is not None and then.pk in (now.pk, now.came_from_id)
    parts = [person.address_text] if stayed else []
    return ", ".join(part for part in [*parts, *asof.hamlet_words(then, on)] if part)


def home(person: Person) -> str:
    """House, hamlet, commune, province as far as they are known, by their names of today."""
    parts = [person.address_text]
    if person.hamlet:
        commune = person.hamlet.commune
        units = [commune, commune.parent] if commune.parent else [commune]
        parts += [person.hamlet.name, *(f"{unit.kind} {unit.name}" for unit in units)]
    return ", ".join(part for part in parts if part)


def permanent(person: Person, on: dt.date) -> str:
    """Where she is registered for good, in the names of that day; '' where it is not known apart."""
    unit = person.permanent_unit.full_name_on(on) if person.permanent_unit else ""
    return ", ".join(filter(None, [person.permanent_text, unit]))
