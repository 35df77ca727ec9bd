"""Many new people at once, as a list brings them: the same numbers, keys, audit and events as person_create,
in a few statements for hundreds of people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.core import audit, dated
from apps.core.audit import Act
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.patients import codes
from apps.patients.data import FIELDS, CardData, NumberData, PersonData
from apps.patients.events import PersonCreated
from apps.patients.identifiers import check
from apps.patients.models import Identifier, InsuranceCard, Person
from apps.patients.numbers import ONE_HOLDER, NumberTaken, card_row, codes_of
from apps.patients.steps import check_fields

AT_ONCE = 500  # rows of one statement
RELATIONS = ("mother", "father", "permanent_unit")  # found by the caller, or made in the same breath


@dataclass(frozen=True)
class NewPerson:
    """Somebody to be entered: `data` cleaned and judged (plausibility). The caller makes the id, so that
    others of the same list may name it as a parent's.
    """

    id: UUID
    data: PersonData
    numbers: tuple[NumberData, ...] = ()
    card: CardData | None = None
    odd: tuple[str, ...] = ()  # codes of the warnings that `reason` overrides


@transaction.atomic
def people_create(
    *, station_id: UUID, families: Sequence[Sequence[NewPerson]], reason: str
) -> tuple[dict[UUID, Person], dict[int, Refused]]:
    """Enters families whole: one of which somebody is refused is left out, also as somebody's parent. Gives
    who was entered, and what was refused by the place of its family. Who looks for duplicates is the caller;
    every hamlet is the station's.

    Two who enter one number in the same moment: the second meets the database's own rule (IntegrityError).
    """
    scope = current()
    scope.require("people.enter")
    if not scope.reaches(station_id) or scope.hamlet_ids is not None:
        raise Refused("Danh sách này không thuộc địa bàn của trạm.")
    people = {one.id: _person(one, station_id) for family in families for one in family}
    refused = _refused(families, people)
    new = [one for place, family in enumerate(families) if place not in refused for one in family]
    if not new:
        return {}, refused
    for one, code in zip(new, codes.take(station_id, "person", len(new)), strict=True):
        person = people[one.id]
        person.code = code
        person.set_keys(codes_of(one.numbers, one.card))
    made = {one.id: people[one.id] for one in new}
    for person in made.values():
        for parent in ("mother_id", "father_id"):
            if (parent_id := getattr(person, parent)) in people and parent_id not in made:
                setattr(person, parent, None)
    Person.objects.bulk_create(made.values(), batch_size=AT_ONCE)
    Identifier.objects.bulk_create([_number(one, n) for one in new for n in one.numbers], batch_size=AT_ONCE)
    InsuranceCard.objects.bulk_create(
        [card_row(made[one.id], one.card, _card_number(one.card)) for one in new if one.card],
        batch_size=AT_ONCE,
    )
    audit.record_many(
        "person.created",
        [
            Act(
                one.id,
                one.id,
                station_id,
                {"code": made[one.id].code, **({"warnings": one.odd, "reason": reason} if one.odd else {})},
            )
            for one in new
        ],
    )
    for one in new:
        publish(PersonCreated(one.id, station_id))
    return made, refused


def _person(one: NewPerson, station_id: UUID) -> Person:
    return Person(
        id=one.id, station_id=station_id, code="-", **{name: getattr(one.data, name) for name in FIELDS}
    )


def _number(one: NewPerson, number: NumberData) -> Identifier:
    return Identifier(
        person_id=one.id,
        kind=number.kind,
        value=_value(number),
        issuer=clean(number.issuer)[:150],
        issued_on=number.issued_on,
        source=number.source,
    )


def _value(number: NumberData) -> str:
    return check(number.kind, number.value).value


def _card_number(card: CardData) -> str:
    return check("bhyt_lookup_key", card.number).value


def _refused(families: Sequence[Sequence[NewPerson]], people: dict[UUID, Person]) -> dict[int, Refused]:
    """By the place of the family: a number that somebody carries, a field that its column does not take."""
    everybody = [one for family in families for one in family]
    numbers, cards = _numbers_taken(everybody), _cards_of_others(everybody)
    refused: dict[int, Refused] = {}
    for place, family in enumerate(families):
        for one in family:
            try:
                check_fields(people[one.id], known=RELATIONS)
                for number in one.numbers:
                    if holder := numbers.get((number.kind, _value(number))):
                        raise NumberTaken(number.kind, holder)
                if one.card:
                    held = cards.get(_card_number(one.card), [])
                    if found := dated.overlaps(held, one.card.valid_from, one.card.valid_to):
                        raise NumberTaken("number", found[0].person_id)
            except Refused as wrong:
                refused.setdefault(place, wrong)
    return refused


def _numbers_taken(everybody: Iterable[NewPerson]) -> dict[tuple[str, str], UUID]:
    wanted = [_value(n) for one in everybody for n in one.numbers if n.kind in ONE_HOLDER]
    # unscoped: a number has one holder in the whole database; the sentence tells nothing about whom.
    rows = Identifier.unscoped.filter(
        kind__in=ONE_HOLDER, value__in=wanted, valid_to__isnull=True
    ).values_list("kind", "value", "person_id")
    return {(kind, value): person_id for kind, value, person_id in rows} if wanted else {}


def _cards_of_others(everybody: Iterable[NewPerson]) -> dict[str, list[InsuranceCard]]:
    wanted = [_card_number(one.card) for one in everybody if one.card]
    found: dict[str, list[InsuranceCard]] = {}
    # unscoped: a card has one holder in the whole database.
    for card in InsuranceCard.unscoped.filter(number__in=wanted) if wanted else ():
        found.setdefault(card.number, []).append(card)
    return found
