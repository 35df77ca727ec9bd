"""A commune's hamlets, households and people as rows of facilities, patients and households."""

from datetime import date, timedelta

from apps.core.text import search_key, sort_key
from apps.facilities.models import Catchment, Hamlet
from apps.households.models import HEAD, Household, Membership
from apps.patients.codes import LETTERS
from apps.patients.models import Allergy, CodeCounter, Identifier, InsuranceCard, Person
from apps.population.bulk import Sheet
from apps.population.chance import day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.ground import Ground
from apps.population.happenings import MARRIED, WED, last_day, status_of
from apps.population.people import Person as MadePerson

STAMPS = ("created_at", "updated_at")


def write(commune: Commune, ground: Ground) -> list[Sheet]:
    """The sheets in an order that pleases foreign keys; not sent yet."""
    rng = source(commune.plan.seed, commune.plan.slot, "rows of people")
    hamlets = Sheet(Hamlet, ["id", "commune_id", "code", "name", "kind", "sort_order", "search_key", *STAMPS])
    catchments = Sheet(Catchment, ["id", "facility_id", "hamlet_id", *STAMPS])
    start = moment(commune.start, 420)
    for n, hamlet in enumerate(commune.hamlets):
        key = search_key(hamlet.name)[:300]
        row = (hamlet.id, ground.commune_id, hamlet.code, hamlet.name, hamlet.kind, n + 1, key, start, start)
        hamlets.add(*row)
        catchments.add(made_id(rng, day_ms(commune.start, 421)), ground.station_id, hamlet.id, start, start)
    heads = {person.household: person.full_name for person in commune.people if person.relation == HEAD}
    households = Sheet(
        Household,
        ["id", "code", "hamlet_id", "address_text", "station_id", "poverty", "sort_key", *STAMPS],
    )
    for home in commune.households:
        at = moment(home.recorded, 480)
        households.add(
            home.id, code("household", home.no), commune.hamlets[home.hamlet].id, home.address,
            ground.station_id, home.poverty, sort_key(heads[home.no - 1]), at, at,
        )  # fmt: skip
    counters = Sheet(CodeCounter, ["station_id", "kind", "last"])
    counters.add(ground.station_id, "person", len(commune.people))
    counters.add(ground.station_id, "household", len(commune.households))
    return [hamlets, catchments, households, *_people(commune, ground), counters]


def _people(commune: Commune, ground: Ground) -> list[Sheet]:
    rng = source(commune.plan.seed, commune.plan.slot, "rows of numbers")
    people = Sheet(
        Person,
        ["id", "code", "full_name", "sort_key", "tokens", "sex", "birth_date", "birth_precision", "ethnicity",
         "occupation", "education", "marital_status", "phone", "hamlet_id", "address_text", "permanent_text",
         "station_id", "mother_id", "father_id", "blood_group", "life_status", "died_on", *STAMPS],
    )  # fmt: skip
    memberships = Sheet(
        Membership,
        ["id", "household_id", "person_id", "relation", "is_head", "valid_from", "valid_to", *STAMPS],
    )
    identifiers = Sheet(
        Identifier, ["id", "person_id", "kind", "value", "issuer", "issued_on", "valid_from", *STAMPS]
    )
    cards = Sheet(
        InsuranceCard,
        ["id", "person_id", "number", "object_code", "level", "registered_facility_code", "valid_from",
         "valid_to", *STAMPS],
    )  # fmt: skip
    allergies = Sheet(
        Allergy, ["id", "person_id", "kind", "substance", "reaction", "certainty", "noted_on", *STAMPS]
    )
    keys = Person()  # one instance makes the keys of all: the same code as the service's
    happened = {made.person.id: made for made in commune.happenings}
    for person in commune.people:
        made = happened.get(person.id)
        marital = WED if made and made.kind == MARRIED else person.marital
        home = commune.households[person.household]
        hamlet = commune.hamlets[person.hamlet]
        at, ms = moment(person.recorded, 481), day_ms(person.recorded, 482)
        _keys(keys, person)
        people.add(
            person.id, keys.code, person.full_name, keys.sort_key, keys.tokens, person.sex, person.birth,
            person.precision, person.ethnicity, person.occupation, person.education, marital,
            person.phone, hamlet.id, home.address, "", ground.station_id, person.mother, person.father,
            person.blood, *status_of(made), at, at,
        )  # fmt: skip
        row_id = made_id(rng, ms)
        memberships.add(
            made.membership if made else row_id, home.id, person.id, person.relation,
            person.relation == HEAD, person.recorded, last_day(made), at, at,
        )  # fmt: skip
        if person.cccd:
            issuer = "Bộ Công an" if person.cccd_on else ""
            identifiers.add(
                made_id(rng, ms), person.id, "cccd", person.cccd, issuer, person.cccd_on, None, at, at
            )
        if person.bhyt:
            first, last = card_days(person, commune.start, commune.plan.on)
            cards.add(
                person.card, person.id, person.bhyt, person.bhyt_object, person.bhyt_level,
                ground.station_code, first, last, at, at,
            )  # fmt: skip
        for kind, substance, reaction, certainty in person.allergies:
            allergies.add(
                made_id(rng, ms), person.id, kind, substance, reaction, certainty, person.recorded, at, at
            )
    return [people, memberships, identifiers, cards, allergies]


def _keys(keys: Person, person: MadePerson) -> None:
    keys.code = code("person", person.no)
    keys.full_name, keys.birth_date, keys.phone = person.full_name, person.birth, person.phone
    codes = [person.cccd] if person.cccd else []
    if person.bhyt:
        codes += [person.bhyt, person.bhyt[-10:]]
    keys.set_keys(codes)


def code(kind: str, number: int) -> str:
    """The station's own number, as patients.codes gives it."""
    return f"{LETTERS[kind]}{number:07d}"


def card_days(person: MadePerson, start: date, on: date) -> tuple[date, date]:
    """From when to when the card is good: children to six from birth, the others from the history's first
    year to the end of this one."""
    if person.bhyt_object == "TE":
        return person.birth, date(person.birth.year + 6, person.birth.month, 1) + timedelta(days=27)
    return max(person.birth, date(start.year, 1, 1)), date(on.year, 12, 31)
