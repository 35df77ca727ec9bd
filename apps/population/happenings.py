"""What has lately happened in a commune's families: who died, left, is away, has married. Pure.

It happens to people whom nobody has seen for a while and whom no programme follows, so that no visit,
appointment or enrolment stands after it; each to a family of its own.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from apps.patients.death_rules import Cause

from .chance import day_ms, made_id
from .families import HEAD, YEAR
from .history import Visit
from .people import Person

DIED, DEPARTED, ABSENT, MARRIED = "died", "departed", "absent", "married"  # kinds of households.EventKind
# For each thousand of the commune's people, in the months looked back upon.
SHARES = ((DIED, 4), (DEPARTED, 2), (ABSENT, 3), (MARRIED, 1))
MONTHS = (3, 240)  # days before the plan's own
UNSEEN = timedelta(days=90)  # longer than any follow-up is expected
SINGLE, WED = "1", "2"  # codes of marital_status
CAUSES: tuple[tuple[Cause, ...], ...] = (
    (Cause("a", "I50.9", "Suy tim", 3, "day"), Cause("b", "I11.9", "Bệnh tim do tăng huyết áp", 8, "year")),
    (Cause("a", "J18.9", "Viêm phổi", 6, "day"), Cause("b", "J44.9", "Bệnh phổi tắc nghẽn", 5, "year")),
    (Cause("a", "I61.9", "Xuất huyết não", 2, "day"), Cause("b", "I10", "Tăng huyết áp", 10, "year")),
    (Cause("a", "C22.9", "Ung thư gan", 7, "month"),),
    (Cause("a", "", "Tuổi già", None, ""),),
)
TOWNS = ("Bình Dương", "Đà Nẵng", "Thành phố Hồ Chí Minh", "Đắk Lắk")
SPOUSES = ("Hồ Dữ Liệu Mẫu", "Lê Dữ Liệu Mẫu", "Bùi Dữ Liệu Mẫu")


@dataclass(slots=True)
class Happening:
    """One event of one person. `membership` is the id of her place in the family, `part` of hers in it."""

    kind: str
    person: Person
    on: date
    event: str
    part: str
    membership: str
    town: str = ""  # departed, absent: where to
    spouse: str = ""  # married: to somebody without a record
    death: str = ""  # died: the id of its record
    at_home: bool = True
    causes: tuple[Cause, ...] = ()


def happenings(
    rng: random.Random, on: date, residents: list[Person], visits: Iterable[Visit]
) -> list[Happening]:
    """In no order of days. Fewer than their shares where the commune has not so many people of that kind."""
    seen: dict[str, date] = {}
    for visit in visits:
        seen[visit.person.id] = max(visit.on, seen.get(visit.person.id, visit.on))
    sizes: dict[int, int] = {}
    for person in residents:
        sizes[person.household] = sizes.get(person.household, 0) + 1
    parents = {parent for person in residents for parent in (person.mother, person.father)}
    made: list[Happening] = []
    taken: set[int] = set()
    for kind, share in SHARES:
        fits = [person for person in residents if _may(kind, person, on) and sizes[person.household] > 1]
        if kind != DIED:  # whose children are small stays with them
            fits = [person for person in fits if person.id not in parents]
        rng.shuffle(fits)
        wanted = max(1, round(share * len(residents) / 1000))
        for person in fits:
            if wanted == 0:
                break
            day = on - timedelta(days=rng.randrange(*MONTHS))
            unseen = person.id not in seen or seen[person.id] + UNSEEN < day
            followed = bool(person.chronic) and person.id in seen
            if person.household in taken or not unseen or followed or person.recorded >= day:
                continue
            taken.add(person.household)
            made.append(_made(rng, kind, person, day))
            wanted -= 1
    return made


_AGES: dict[str, Callable[[float], bool]] = {
    DIED: lambda years: 62 < years < 101,
    DEPARTED: lambda years: 18 < years < 32,
    ABSENT: lambda years: 18 < years < 45,
    MARRIED: lambda years: 21 < years < 34,
}


def _may(kind: str, person: Person, on: date) -> bool:
    """Whether it may happen to her, as far as age and marriage tell."""
    if person.precision != "day" or person.relation == HEAD:
        return False
    if kind in (DEPARTED, MARRIED) and person.marital != SINGLE:
        return False
    return _AGES[kind]((on - timedelta(days=MONTHS[1]) - person.birth).days / YEAR)


def _made(rng: random.Random, kind: str, person: Person, on: date) -> Happening:
    event, part = made_id(rng, day_ms(on, 600)), made_id(rng, day_ms(on, 601))
    made = Happening(kind, person, on, event, part, made_id(rng, day_ms(person.recorded, 482)))
    if kind == DIED:
        made.death = made_id(rng, day_ms(on, 600))
        made.at_home, made.causes = rng.random() < 0.75, rng.choice(CAUSES)
    elif kind == MARRIED:
        made.spouse = rng.choice(SPOUSES)
    else:
        made.town = rng.choice(TOWNS)
    return made


def status_of(made: Happening | None) -> tuple[str, date | None]:
    """What a person's row says of her life, and the day of her death."""
    if made is None or made.kind not in (DIED, DEPARTED):
        return "alive", None
    return ("dead", made.on) if made.kind == DIED else ("moved", None)


def last_day(made: Happening | None) -> date | None:
    """Until when she is of her family; None while she is."""
    if made is None or made.kind not in (DIED, DEPARTED):
        return None
    return made.on if made.kind == DIED else made.on - timedelta(days=1)
