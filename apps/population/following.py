"""Who is followed in which programme, and how small children are weighed in their hamlet. Pure."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from .chance import day_ms, made_id, source
from .commune import Commune
from .families import YEAR
from .illness import body
from .people import Person

PROGRAMME = {
    "hypertension": "hypertension",
    "diabetes": "diabetes",
    "copd": "copd_asthma",
    "asthma": "copd_asthma",
}
ENDED = 0.07  # of those followed: some move their treatment elsewhere, some are lost
WEIGHED_AGO = (20, 110, 200, 290)  # days before the plan's own: the weighing of each quarter
THIN_CM = 12.5  # an arm below it is watched as acute malnutrition, from 6 to 59 months
MORNING = 8 * 60


@dataclass(slots=True)
class Followed:
    """One person in one programme; `until` and `outcome` where it has ended."""

    id: str
    person: Person
    programme: str
    since: date
    until: date | None = None
    outcome: str = ""
    number: str = ""


@dataclass(slots=True)
class Weighing:
    """One child on one morning in the hamlet: sign's key -> figure."""

    id: str  # of the occasion
    person: Person
    on: date
    signs: dict[str, float]


def weighings(commune: Commune) -> list[Weighing]:
    """The children under five of each quarter's weighing; only the last one of a very large population."""
    plan = commune.plan
    rng = source(plan.seed, plan.slot, "weighing")
    ago = WEIGHED_AGO if plan.intensity >= 1 else WEIGHED_AGO[:1]
    return [
        weighing
        for days in ago
        for person in commune.people
        if (weighing := _weighed(rng, person, plan.on - timedelta(days=days))) is not None
    ]


def _weighed(rng: random.Random, person: Person, on: date) -> Weighing | None:
    days = (on - person.birth).days
    if days < 28 or days >= 5 * YEAR or person.precision != "day" or on < person.recorded:
        return None
    if rng.random() < 0.15:  # who was not at home
        return None
    weight, height = body(days / YEAR, person.sex, person.build)
    signs = {"weight": weight, "length" if days < 2 * YEAR else "height": float(height)}
    if days >= 183:
        signs["muac"] = round(15.0 + person.build * 1.1 + rng.uniform(-0.5, 0.5), 1)
    return Weighing(made_id(rng, day_ms(on, MORNING)), person, on, signs)


def followed(commune: Commune, weighed: list[Weighing]) -> list[Followed]:
    """The programmes of a commune, numbered within each book and year in the order of their days."""
    plan = commune.plan
    rng = source(plan.seed, plan.slot, "programmes")
    first: dict[tuple[str, str], tuple[Person, date]] = {}
    for visit in commune.visits:  # in order of time
        programme = PROGRAMME.get(visit.illness.key)
        if programme is not None and visit.on < plan.on:
            first.setdefault((visit.person.id, programme), (visit.person, visit.on))
    for weighing in sorted(weighed, key=lambda each: each.on):
        if weighing.signs.get("muac", THIN_CM) < THIN_CM:
            first.setdefault((weighing.person.id, "malnutrition"), (weighing.person, weighing.on))
    rows = [_followed(rng, *begun, key[1], plan.on) for key, begun in first.items()]
    rows.sort(key=lambda row: (row.since, row.id))
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for row in rows:
        counts[row.programme, row.since.year] += 1
        row.number = f"{row.since.year}-{counts[row.programme, row.since.year]:04d}"
    return rows


def _followed(rng: random.Random, person: Person, since: date, programme: str, on: date) -> Followed:
    row = Followed(made_id(rng, day_ms(since, MORNING + 30)), person, programme, since)
    days = (on - since).days
    if days > 90 and rng.random() < ENDED:
        row.until = since + timedelta(days=rng.randrange(60, days))
        row.outcome = rng.choice(("transferred", "lost", "refused"))
    return row
