"""What else has lately happened in the demo's families (happenings.py makes deaths and departures of every
commune), and records that are there twice: through the services that everybody uses, so that every page and
list of the register has something on it.
"""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.scope import enter, system
from apps.core.text import fold
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from apps.households import marriages, splitting
from apps.households.families import Joining
from apps.households.marriages import Move
from apps.households.models import Household, Membership
from apps.households.places import Elsewhere
from apps.patients import births, duplicates, merge
from apps.patients.births import Baby, BirthData
from apps.patients.data import FIELDS, PersonData
from apps.patients.models import Birth, Person
from apps.patients.services import person_create
from apps.population.happenings import TOWNS

HEAD = "truongtram"
SAMPLE = "Dữ liệu mẫu"
YEAR = 365.25
# A year in a commune, for each thousand of its people.
SPLITS, WEDDINGS, BIRTHS, DOUBLES = 1, 1, 2, 1


@dataclass
class Family:
    """A household with those who live in it now."""

    household: Household
    rows: list[Membership]

    @property
    def people(self) -> list[Person]:
        return [row.person for row in self.rows]

    @property
    def head(self) -> Person | None:
        return next((row.person for row in self.rows if row.is_head), None)


@transaction.atomic
def lives(station: Facility) -> None:
    """New families, weddings, births and double records of the last months, in the proportion of the
    commune's people. Nothing where somebody was born already.
    """
    with system("find the demo's head of the station"):
        user = User.objects.filter(username=HEAD).first()
        scope = scope_for(user, station.pk) if user else None
        if scope is None or Birth.objects.exists():
            return
    with enter(scope):
        families = _families()
        thousands = max(1, round(sum(len(family.rows) for family in families) / 1000))
        chance = random.Random(f"lives {len(families)}")  # invented people  # nosec B311
        chance.shuffle(families)
        for act, many in ((_split, SPLITS), (_wedding, WEDDINGS), (_birth, BIRTHS)):
            _some(families, act, many * thousands, chance)
        _doubles(families, max(3, DOUBLES * thousands))


def _families() -> list[Family]:
    rows = Membership.objects.filter(valid_to=None, person__life_status="alive", household__closed="")
    found: dict[object, Family] = {}
    for row in rows.select_related("person__hamlet", "household").order_by("household__code", "pk"):
        found.setdefault(row.household_id, Family(row.household, [])).rows.append(row)
    return list(found.values())


Act = Callable[[Family, dt.date, random.Random], bool]


def _some(families: list[Family], act: Act, many: int, chance: random.Random) -> None:
    """So many of the families to whom it can happen, each to one of its own and on a day of the last months.
    Those to whom it did leave the list.
    """
    for family in list(families):
        if many == 0:
            break
        on = timezone.localdate() - dt.timedelta(days=chance.randrange(3, 240))
        if act(family, on, chance):
            families.remove(family)
            many -= 1


def _aged(people: Sequence[Person], on: dt.date, least: float, most: float) -> list[Person]:
    return [
        person
        for person in people
        if person.birth_precision == "day" and least * YEAR < (person.age_days(on) or 0) < most * YEAR
    ]


def _town(chance: random.Random) -> Elsewhere:
    return Elsewhere("country", text=chance.choice(TOWNS))


def _split(family: Family, on: dt.date, chance: random.Random) -> bool:
    """A grown child lives as a family of her own."""
    grown = [row for row in family.rows if row.relation in ("05", "07") and not row.is_head]
    going = [row.person for row in grown if _aged([row.person], on, 22, 45)]
    if len(going) < 1 or len(family.rows) < 4:
        return False
    home = family.household
    splitting.household_split(
        household=home, joining=[Joining(going[0], "00")], head=going[0], hamlet_id=home.hamlet_id,
        address_text=home.address_text, on=on, note="Ra ở riêng",
    )  # fmt: skip
    return True


def _wedding(family: Family, on: dt.date, chance: random.Random) -> bool:
    single = [each for each in _aged(family.people, on, 21, 34) if each.marital_status == "1"]
    if not single:
        return False
    marriages.marriage_record(
        person=single[0], spouse=None, spouse_text=f"{chance.choice(('Hồ', 'Lê', 'Bùi'))} {SAMPLE}", on=on,
        move=Move(single[0], place=_town(chance)) if single[0].sex == "female" and len(family.rows) > 2
        and single[0] != family.head else None,
        reason=SAMPLE,
    )  # fmt: skip
    return True


def _birth(family: Family, on: dt.date, chance: random.Random) -> bool:
    """Of the last weeks: later a child has her name."""
    on = timezone.localdate() - dt.timedelta(days=chance.randrange(2, 40))
    mothers = [each for each in _aged(family.people, on, 20, 38) if each.marital_status == "2"]
    mothers = [each for each in mothers if each.sex == "female"]
    if not mothers:
        return False
    sexes = ["male", "female"] if chance.random() < 0.2 else [chance.choice(("male", "female"))]
    babies = tuple(Baby(sex, 2400 + chance.randrange(1200)) for sex in sexes)
    data = BirthData(born_on=on, place=chance.choice(("station", "facility")), babies=babies)
    births.newborns_record(mother=mothers[0], data=data, reason=SAMPLE)
    return True


def _doubles(families: list[Family], many: int) -> None:
    """People entered a second time without accents or with the year alone; the first pair has been merged."""
    made = []
    for family in families:
        person = next(iter(_aged(family.people, timezone.localdate(), 25, 60)), None)
        if person is None or person.birth_date is None:
            continue
        data = PersonData(**{name: getattr(person, name) for name in FIELDS})
        other = replace(
            data, full_name=fold(person.full_name).title(), phone="", mother_id=None, father_id=None
        )
        made.append((person, person_create(data=other, numbers=[], another=True, reason=SAMPLE)))
        if len(made) == many:
            break
    duplicates.find(timezone.localdate())
    if made:
        kept, old = (Person.objects.get(pk=each.pk) for each in made[0])
        merge.person_merge(
            kept_id=kept.pk, old_id=old.pk, versions=(kept.version, old.version), reason=SAMPLE
        )
