"""What a station has stored, as small as lines can be held against it: a few tables of plain values, one
query each. Whole people are read later, a part at a time, for those lines that mean somebody stored.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from apps.core.text import search_key
from apps.households.models import Household, Membership
from apps.patients import alike
from apps.patients.models import Identifier, InsuranceCard, Person

AT_ONCE = 2_000
FACTS = ("pk", "full_name", "sort_key", "sex", "birth_date", "birth_precision", "phone", "hamlet_id")


class Kept(NamedTuple):
    """A person stored, as far as lines are held against her."""

    name: str
    sex: str
    born: dt.date | None
    precision: str
    phone: str
    hamlet: UUID | None
    mother: UUID | None
    father: UUID | None


class Stored:
    """People, numbers, cards and households of a station. Merged records are left out."""

    def __init__(self, station_id: UUID) -> None:
        self.people: dict[UUID, Kept] = {}
        self.by_code: dict[str, UUID] = {}
        self.by_name: dict[tuple[str, dt.date | None, str], list[UUID]] = defaultdict(list)
        self._blocks: dict[object, list[UUID]] = defaultdict(list)
        columns = (*FACTS, "mother_id", "father_id", "code")
        people = Person.objects.filter(station_id=station_id, merged_into=None)
        for row in people.values_list(*columns).iterator(AT_ONCE):
            pk, name, key, sex, born, precision, phone, hamlet, mother, father, code = row
            self.people[pk] = Kept(name, sex, born, precision, phone, hamlet, mother, father)
            self.by_code[code] = pk
            self.by_name[key, born, sex].append(pk)
            for block in blocks(name, born, precision, phone):
                self._blocks[block].append(pk)
        numbers = Identifier.objects.filter(person__station_id=station_id, valid_to__isnull=True)
        self.numbers: dict[tuple[str, str], UUID] = {}
        self.numbers_of: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
        for kind, value, pk in numbers.values_list("kind", "value", "person_id").iterator(AT_ONCE):
            self.numbers[kind, value] = pk
            self.numbers_of[pk].append((kind, value))
        self.cards: dict[str, UUID] = {}
        self.card_rows: set[tuple[UUID, str, dt.date | None, dt.date | None]] = set()
        cards = InsuranceCard.objects.filter(person__station_id=station_id)
        for row in cards.values_list("person_id", "number", "valid_from", "valid_to").iterator(AT_ONCE):
            self.cards[row[1]] = row[0]
            self.card_rows.add(row)
        homes = Membership.objects.filter(household__station_id=station_id, valid_to__isnull=True)
        self.home_of: dict[UUID, UUID] = dict(homes.values_list("person_id", "household_id"))
        self.household_codes: dict[str, UUID] = {}
        self.by_bhxh_code: dict[str, UUID] = {}
        households = Household.objects.filter(station_id=station_id)
        for code, bhxh_code, closed, pk in households.values_list("code", "bhxh_code", "closed", "pk"):
            self.household_codes[code] = pk
            if bhxh_code and not closed:
                self.by_bhxh_code[bhxh_code] = pk
        self.facts = lru_cache(maxsize=5_000)(self._facts)

    def like(self, asked: alike.Facts) -> Iterator[tuple[UUID, alike.Alike]]:
        """Who may be the same, in no order."""
        seen: set[UUID] = set()
        for block in blocks(
            asked.full_name, asked.birth_date, asked.birth_precision, asked.phone, asked=True
        ):
            for pk in self._blocks.get(block, ()):
                if pk not in seen:
                    seen.add(pk)
                    if found := alike.weigh(asked, self.facts(pk)):
                        yield pk, found

    def _facts(self, pk: UUID) -> alike.Facts:
        name, sex, born, precision, phone, hamlet, mother, _ = self.people[pk]
        numbers = alike.number_keys([value for _, value in self.numbers_of.get(pk, ())])
        return alike.Facts(name, sex, born, precision, phone, hamlet, mother, numbers)


def blocks(
    name: str, born: dt.date | None, precision: str, phone: str, *, asked: bool = False
) -> Iterator[object]:
    """Under what somebody stored is kept, and whoever is asked about looked for: everybody whom `alike` would
    take for the same shares one of these.

    An exact day with a name that slipped; a year with nearly the same name (then its first or its last word
    is the same); a telephone; a birth that nobody knows with nearly the same name.
    """
    words = search_key(name).split()
    ends = (words[0], words[-1]) if words else ("", "")
    if born is not None:
        if precision == "day":
            yield born
        for word in dict.fromkeys(ends):
            yield word, born.year
    if born is None or not asked:
        yield "name", *ends
    if asked == (born is not None):
        yield "unknown", *ends
    if phone:
        yield phone
