"""People are entered, changed, moved. One function a use case, one transaction, audited, told to others."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import NeedsReason, Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.patients import codes, holding, keys, life, match, parents, plausibility
from apps.patients import numbers as papers
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.events import PersonChanged, PersonCreated, PersonMoved
from apps.patients.models import Person
from apps.patients.steps import (
    check_fields,
    data_of,
    overridden,
    refuse_elsewhere,
    refuse_other_hamlets,
    station_for,
)


class PossibleDuplicates(Exception):
    """Somebody like this is stored already. The user opens one of them, or says that this is another."""

    def __init__(self, candidates: Sequence[match.Candidate]) -> None:
        super().__init__(f"{len(candidates)} possible duplicates")
        self.candidates = list(candidates)


def person_create(
    *,
    data: PersonData,
    numbers: Iterable[NumberData] = (),
    card: CardData | None = None,
    reason: str = "",
    another: bool = False,
    identity: str = "",
) -> Person:
    """Enters a person with her numbers and card; `identity` says why she has no name of her own yet.

    Raises Refused for what cannot be, NeedsReason for what is odd while `reason` is empty, and
    PossibleDuplicates while `another` is false; the same current number is refused in any case.
    """
    current().require("people.enter")
    numbers = list(numbers)
    try:
        return _create(data, numbers, card, reason, another, identity)
    except IntegrityError as clash:
        if "identifier_one" not in str(clash):
            raise
        for number in numbers:
            papers.refuse_taken(number)
        raise Refused(papers.TAKEN, field="cccd", code="taken") from clash


@transaction.atomic
def _create(
    data: PersonData,
    numbers: list[NumberData],
    card: CardData | None,
    reason: str,
    another: bool,
    identity: str,
) -> Person:
    today = timezone.localdate()
    data, numbers = data.cleaned(), [replace(number, value=clean(number.value)) for number in numbers]
    for refusal in [
        *plausibility.blocks(data, today),
        *map(plausibility.number_block, numbers),
        *parents.blocks(data),
    ]:
        if refusal:
            raise refusal
    odd = [*plausibility.doubts(data, numbers, today, named=not identity), *parents.doubts(data)]
    if odd and not clean(reason):
        raise NeedsReason(odd)
    shown = [*numbers, NumberData("bhyt", card.number)] if card else numbers
    alike = [] if another else match.candidates(data, shown)
    if alike:
        raise PossibleDuplicates(alike)
    refuse_other_hamlets(data.hamlet_id)
    person = Person(**{name: getattr(data, name) for name in FIELDS}, identity=identity)
    person.station_id = station_for(data.hamlet_id, today)
    person.code = codes.take(person.station_id, "person")[0]
    person.set_keys(papers.codes_of(numbers, card))
    check_fields(person)
    person.save(force_insert=True)
    for place, number in enumerate(numbers):
        first = number.kind not in {each.kind for each in numbers[:place]}
        papers.number_put(person, number, since=None, first=first)
    if card:
        papers.card_put(person, card, first=True)
    audit.record(
        "person.created",
        person_id=person.pk,
        object_id=person.pk,
        facility_id=person.station_id,
        data={"code": person.code, **overridden(odd, reason)},
    )
    publish(PersonCreated(person.pk, person.station_id))
    return person


@transaction.atomic
def person_update(*, person: Person, data: PersonData, expected_version: int, reason: str = "") -> Person:
    """Writes what differs. Raises StaleVersion, Refused, or NeedsReason while `reason` is empty."""
    current().require("people.edit")
    refuse_elsewhere(person)
    today = timezone.localdate()
    data = data.cleaned()
    kin = (person.mother_id, person.father_id) != (data.mother_id, data.father_id)
    born = (person.birth_date, person.birth_precision) != (data.birth_date, data.birth_precision)
    new_kin = parents.blocks(data, person) if kin or born else []
    for refusal in [*plausibility.blocks(data, today), *new_kin]:
        raise refusal
    stored, named = papers.numbers_of(person), not (person.identity and person.full_name == data.full_name)
    known = plausibility.doubts(data_of(person), stored, today)
    odd = [
        warning for warning in plausibility.doubts(data, stored, today, named=named) if warning not in known
    ]
    odd += parents.doubts(data) if kin or born else []
    if odd and not clean(reason):
        raise NeedsReason(odd)
    changed = tuple(name for name in FIELDS if getattr(person, name) != getattr(data, name))
    if {"life_status", "died_on"} & set(changed):
        life.refuse_recorded(person)
    if not changed and expected_version == person.version:
        return person
    if {"full_name", "hamlet_id"} & set(changed):
        holding.hold(person.pk)  # a head's family follows her name; a new code is taken last
    came_from, old_station, was = person.hamlet_id, person.station_id, person.life_status
    if "full_name" in changed:
        _keep_name(person)
    for name in changed:
        setattr(person, name, getattr(data, name))
    if "hamlet_id" in changed:
        refuse_other_hamlets(data.hamlet_id)
    if "hamlet_id" in changed and data.hamlet_id:
        person.station_id = station_for(data.hamlet_id, today)
        if person.station_id != old_station:
            person.code = codes.take(person.station_id, "person")[0]
    person.set_keys(keys.codes_of(person))
    check_fields(person)
    save_versioned(person, expected=expected_version)
    audit.record(
        "person.changed",
        person_id=person.pk,
        object_id=person.pk,
        facility_id=person.station_id,
        data={"fields": list(changed), **overridden(odd, reason)},
    )
    life.status_edited(person, was, person.died_on or today)
    if changed:
        publish(PersonChanged(person.pk, changed))
    if "hamlet_id" in changed:
        publish(PersonMoved(person.pk, came_from, person.hamlet_id, today))
    return person


@transaction.atomic
def person_relocate(*, person: Person, hamlet_id: UUID, address_text: str, on: dt.date) -> Person:
    """She lives in another hamlet now, under the station that cares for it."""
    current().require("people.edit")
    refuse_elsewhere(person)
    refuse_other_hamlets(hamlet_id)
    if person.hamlet_id == hamlet_id and person.address_text == address_text:
        return person
    came_from = person.hamlet_id
    station_id = station_for(hamlet_id, timezone.localdate())
    if station_id != person.station_id:
        person.station_id = station_id
        person.code = codes.take(station_id, "person")[0]
    person.hamlet_id, person.address_text = hamlet_id, address_text
    person.set_keys(keys.codes_of(person))
    save_versioned(person, expected=person.version)
    audit.record("person.moved", person_id=person.pk, object_id=person.pk, facility_id=station_id, data={})
    publish(PersonChanged(person.pk, ("hamlet_id", "address_text")))
    if came_from != hamlet_id:
        publish(PersonMoved(person.pk, came_from, hamlet_id, on))
    return person


FORMER_NAMES = 10  # kept: the latest


def _keep_name(person: Person) -> None:
    """The name that she is no longer called by: she is found by it still."""
    kept = [name for name in person.former_names if name != person.full_name]
    person.former_names = [*kept, person.full_name][-FORMER_NAMES:]
