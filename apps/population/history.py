"""Years of visits of a commune: who came when, for what, with which signs, diagnoses and drugs. Pure."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from .chance import Weighted, day_ms, made_id
from .families import YEAR
from .illness import CHRONIC, SECOND_DRUG, Drug, Illness, acute, vitals
from .people import Person

# Everyday visits a year by age in completed years: (below, visits).
RATES = ((2, 2.2), (6, 1.7), (15, 0.8), (45, 0.45), (60, 0.7), (75, 1.2), (200, 1.1))
CHRONIC_EVERY = {"hypertension": 75, "diabetes": 75, "copd": 100, "asthma": 120, "knees": 150}
HOURS = ((7, 5), (8, 6), (9, 5), (10, 3), (13, 2), (14, 4), (15, 3))
MINUTES = Weighted([(hour * 60, weight) for hour, weight in HOURS])
EXAM_AFTER, END_AFTER = 8, 20  # minutes after reception
TILL_AFTER = END_AFTER + 5
# List treatment_result: better, cured, unchanged, unknown.
RESULTS = Weighted([("2", 70), ("1", 18), ("3", 9), ("7", 3)])


@dataclass(slots=True)
class Visit:
    """One invented visit. `minute` counts from local midnight; `state` is a state of encounters."""

    id: str
    person: Person
    on: date
    minute: int
    illness: Illness
    icd: tuple[str, ...]
    signs: dict[str, float]
    drugs: tuple[Drug, ...]
    outcome: str
    result: str
    follow_up: date | None
    state: str = "finalised"
    number: int = 0  # counts within the year, set when the visits of the commune are in order
    doctor: int = 0  # which of the station's practitioners, by place


# Drugs of the commune list that are not given to who reacts to a substance (list ids, and kin of penicillin).
BARRED = {"Amoxicilin": "TD028", "Phenoxymethylpenicilin": "TD028", "Diclofenac": "TD004"}


def _barred(person: Person, drug: Drug) -> bool:
    return any(drug.code.startswith(BARRED.get(allergy[1], "-")) for allergy in person.allergies)


def rate(age: int) -> float:
    return next(visits for below, visits in RATES if age < below)


def _working_day(day: date) -> date:
    return day + timedelta(days=1) if day.weekday() == 6 else day


def visits_of(
    rng: random.Random, person: Person, *, start: date, until: date, intensity: float
) -> list[Visit]:
    """The visits of one person from `start` to `until` (both inclusive), oldest first."""
    first = max(start, person.birth + timedelta(days=3))
    span = (until - first).days
    if span <= 0 or intensity <= 0:
        return []
    age = (until - person.birth).days / YEAR
    expected = rate(int(age)) * span / YEAR * intensity
    count = int(expected) + (rng.random() < expected % 1)
    days: list[tuple[date, str]] = [(first + timedelta(days=rng.randrange(span)), "") for _ in range(count)]
    for key in person.chronic:
        every = CHRONIC_EVERY[key] / max(intensity, 0.05)
        at = rng.uniform(0, every)
        while at < span:
            days.append((first + timedelta(days=int(at)), key))
            at += every * rng.uniform(0.8, 1.2)
    made = []
    for day, key in sorted(days, key=lambda pair: pair[0]):
        on = min(_working_day(day), until)
        if on.weekday() != 6:
            made.append(visit(rng, person, on, key))
    return made


def visit(
    rng: random.Random, person: Person, on: date, chronic: str = "", minute: int | None = None
) -> Visit:
    """One finalised visit on a day."""
    days = (on - person.birth).days
    age = days / YEAR
    years = int(age)
    ill = CHRONIC[chronic] if chronic and CHRONIC[chronic].ages[0] <= years else acute(rng, years, person.sex)
    raised = "hypertension" in person.chronic and rng.random() < 0.45
    drugs = ill.child_drugs if years < 12 and ill.child_drugs else ill.drugs if years >= 12 else ()
    if ill.key == "hypertension" and raised:
        drugs += SECOND_DRUG
    drugs = tuple(drug for drug in drugs if not _barred(person, drug))
    icd = (ill.icd, *ill.also) if ill.also and rng.random() < 0.35 else (ill.icd,)
    at = MINUTES.draw(rng) + rng.randrange(60) if minute is None else minute
    moved = ill.key == "pneumonia" and rng.random() < 0.4
    return Visit(
        id=made_id(rng, day_ms(on, at)),
        person=person,
        on=on,
        minute=at,
        illness=ill,
        icd=icd,
        signs=vitals(rng, ill, age, person.sex, person.build, raised),
        drugs=() if moved else drugs,
        outcome="2" if moved else "1",
        result=RESULTS.draw(rng),
        follow_up=_working_day(on + timedelta(days=ill.follow_up)) if ill.follow_up and not moved else None,
        doctor=rng.randrange(3),
    )
