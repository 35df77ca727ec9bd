"""Alive, dead, missing, moved: what a life event makes of a person, told to whoever shows or sends her."""

import datetime as dt

from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.versions import save_versioned
from apps.patients import closing
from apps.patients.events import PersonChanged
from apps.patients.models import ClosingKind, Death, LifeStatus, Person
from apps.patients.models.deaths import STANDING

GONE = frozenset({LifeStatus.DEAD, LifeStatus.MOVED})


def status_put(*, person: Person, status: str, died_on: dt.date | None = None) -> Person:
    """Her status as a life event's record says it. The record's own service has checked and audits."""
    if (person.life_status, person.died_on) == (status, died_on):
        return person
    person.life_status, person.died_on = status, died_on
    save_versioned(person, expected=person.version)
    publish(PersonChanged(person.pk, ("life_status", "died_on")))
    return person


def refuse_recorded(person: Person) -> None:
    """A death that has its record is corrected there, with what it closed. Unscoped: her own record."""
    if Death.unscoped.filter(STANDING, person=person).exists():
        raise Refused(
            "Người này có ghi nhận tử vong trong sổ A6. Hãy sửa đổi, hoặc đánh dấu ghi nhầm ở đó.",
            field="life_status",
        )


def status_edited(person: Person, before: str, on: dt.date) -> None:
    """Her status was typed into the form, the list or the API, without a record of what happened."""
    gone = person.life_status in GONE
    if gone and before not in GONE:
        closing.close(person_id=person.pk, event_id=person.pk, kind=ClosingKind.STATUS, on=on)
    elif not gone and before in GONE:
        closing.reopen(person_id=person.pk, event_id=person.pk)
