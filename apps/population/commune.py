"""A whole invented commune from a seed: hamlets, households, people, years of visits, and a day under way.
Pure."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from . import happenings, history, names, people
from .chance import Weighted, day_ms, made_id, source
from .happenings import Happening
from .history import Visit
from .numbers import Numbers
from .people import Household, Person

MORNING = 9 * 60 + 16  # the minute of the last day at which a commune is looked at, where nobody says


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make: `slot` tells the communes of one population apart (numbers never meet); `years` of
    history before `on`, whose own visits are those of a day under way when `live`, of which `minute` minutes
    have gone; `intensity` scales the number of visits."""

    seed: int
    slot: int
    people: int
    on: date
    province_code: str = "51"
    commune_code: str = ""
    urban: bool = False
    profile: str = ""  # a named profile of the province, else drawn
    years: int = 3
    intensity: float = 1.0
    live: bool = False
    minute: int = MORNING


@dataclass(slots=True)
class Hamlet:
    """An invented hamlet; `code` is unique within the commune."""

    id: str
    code: str
    kind: str
    name: str


@dataclass(slots=True)
class Commune:
    """The invented commune; visits are in order of time and numbered within each year."""

    plan: Plan
    profile: names.Profile
    start: date
    hamlets: list[Hamlet]
    households: list[Household]
    people: list[Person]
    visits: list[Visit]
    happenings: list[Happening]


def profile_of(plan: Plan) -> names.Profile:
    """The profile named, else the urban one for a ward, else the one that claims the commune's code, else one
    drawn by weight among those that claim none."""
    found = names.profiles(plan.province_code)
    if plan.profile:
        return next(p for p in found if p.name == plan.profile)
    if plan.urban:
        return next(p for p in found if p.name == "urban")
    for profile in found:
        if any(first <= plan.commune_code <= last for first, last in profile.codes):
            return profile
    rng = source(plan.seed, plan.slot, "profile")
    return Weighted([(p, p.weight) for p in found if p.name != "urban" and not p.codes]).draw(rng)


def make(plan: Plan) -> Commune:
    """The commune of a plan: the same plan gives the same commune, byte for byte."""
    profile = profile_of(plan)
    start = plan.on - timedelta(days=int(plan.years * 365.25))
    rng = source(plan.seed, plan.slot, "people")
    hamlets = _hamlets(rng, plan, profile, start)
    homes, residents = _residents(rng, plan, profile, start, len(hamlets))
    rng = source(plan.seed, plan.slot, "visits")
    until = plan.on - timedelta(days=1)
    visits = [
        visit
        for person in residents
        for visit in history.visits_of(rng, person, start=start, until=until, intensity=plan.intensity)
    ]
    if plan.live:
        visits += _today(source(plan.seed, plan.slot, "today"), plan, residents)
    visits.sort(key=lambda visit: (visit.on, visit.minute, visit.id))
    _number(visits)
    lately = source(plan.seed, plan.slot, "happenings")
    happened = happenings.happenings(lately, plan.on, residents, visits)
    return Commune(plan, profile, start, hamlets, homes, residents, visits, happened)


def _hamlets(rng: random.Random, plan: Plan, profile: names.Profile, start: date) -> list[Hamlet]:
    count = max(1, min(24, round(plan.people / 650)))
    return [
        Hamlet(made_id(rng, day_ms(start, 420 + n)), f"{n + 1:02d}", kind, name)
        for n, (kind, name) in enumerate(names.hamlet_names(rng, profile.name, plan.province_code, count))
    ]


def _residents(
    rng: random.Random, plan: Plan, profile: names.Profile, start: date, hamlets: int
) -> tuple[list[Household], list[Person]]:
    """Households hamlet by hamlet until the commune has exactly the people asked for; each hamlet leans to
    one people."""
    numbers = Numbers(plan.seed, plan.slot, plan.province_code)
    leaning = [_peoples(rng, profile) for _ in range(hamlets)]
    homes: list[Household] = []
    residents: list[Person] = []
    while len(residents) < plan.people:
        hamlet = len(residents) * hamlets // plan.people
        home, members = people.household(
            rng, numbers, on=plan.on, start=start, profile=profile, peoples=leaning[hamlet], hamlet=hamlet,
            index=len(homes), first_no=len(residents) + 1,
        )  # fmt: skip
        homes.append(home)
        residents += members
    return homes, _cut(residents, plan.people)


def _cut(residents: list[Person], count: int) -> list[Person]:
    """The first `count` people; who is cut from the last household is nobody's parent any more."""
    kept = residents[:count]
    cut = {person.id for person in residents[count:]}
    for person in kept[-20:] if cut else ():
        person.mother = None if person.mother in cut else person.mother
        person.father = None if person.father in cut else person.father
    return kept


def _peoples(rng: random.Random, profile: names.Profile) -> Weighted[str]:
    """Peoples live in hamlets of their own more than mixed: one people of the commune is favoured in each
    hamlet."""
    codes = [code for code, _ in profile.shares]
    favoured = rng.choices(codes, [share for _, share in profile.shares])[0]
    return Weighted(
        [(code, share * 0.15 + (0.85 if code == favoured else 0)) for code, share in profile.shares]
    )


# The states of the visits of a morning under way, in the order of arrival.
TODAY = ["finalised"] * 6 + ["awaiting_signature"] * 2 + ["in_progress"] * 2 + ["waiting"] * 5


# How many minutes ago somebody has come of whom that is told.
SINCE = {
    "finalised": history.TILL_AFTER,
    "awaiting_signature": history.END_AFTER,
    "in_progress": history.EXAM_AFTER,
    "waiting": 0,
}
APART, JUST_NOW = 9, 5  # minutes between two arrivals, and since the last


def _today(rng: random.Random, plan: Plan, residents: list[Person]) -> list[Visit]:
    """A day under way: some seen and done, two waiting for the doctor's signature, a queue. Just after
    midnight they come closer together, and who could not be done by then has not come.
    """
    present = rng.sample(residents, min(len(TODAY), len(residents)))
    last = max(0, plan.minute - JUST_NOW)
    apart = min(APART, last / (len(TODAY) - 1))
    made = []
    for place, (state, person) in enumerate(zip(TODAY, present, strict=False)):
        minute = int(last - apart * (len(TODAY) - 1 - place))
        visit = history.visit(rng, person, plan.on, minute=minute)
        if minute + SINCE[state] > plan.minute:
            continue
        visit.state = state
        if state != "finalised":
            visit.follow_up = None
        if state in ("waiting", "in_progress"):
            visit.drugs, visit.outcome, visit.result = (), "", ""
        if state == "waiting":
            visit.signs, visit.icd = {}, ()
        made.append(visit)
    return made


def _number(visits: list[Visit]) -> None:
    counts: dict[int, int] = {}
    for visit in visits:
        counts[visit.on.year] = visit.number = counts.get(visit.on.year, 0) + 1
