"""What brings people to a commune station, and what the station does: a table, and vital signs by age. Pure.

Codes stand in both ICD-10 editions in use (QĐ 4469 to 30/06/2026, TT 06/2026 since) and are fit to be a main
diagnosis; drugs are rows of fixtures' commune list by id and strength. Doses are invented but sober: these
records teach nobody how to treat.
"""

import csv
import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from .chance import Weighted

FILE = Path(__file__).resolve().parents[2] / "fixtures" / "population" / "illnesses.csv"


@dataclass(frozen=True, slots=True)
class Drug:
    """A line of a prescription: the catalogue's code, dose at once, times a day, days, what is added to
    the usage. `dose_unit` and `quantity` only where the dose has another unit than the pack (drops out of
    a bottle)."""

    code: str
    dose: str
    times: int
    days: int
    note: str
    dose_unit: str = ""
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class Illness:
    """One reason to come: `weight` among the people of its ages (completed years) and sex; `fever` and
    `breath` bend the vital signs; `follow_up` in days, 0 for none."""

    key: str
    icd: str
    also: tuple[str, ...]
    weight: float
    ages: tuple[int, int]
    sex: str
    fever: bool
    breath: bool
    follow_up: int
    reason: str
    examination: str
    advice: str
    drugs: tuple[Drug, ...]
    child_drugs: tuple[Drug, ...]


def _drugs(text: str) -> tuple[Drug, ...]:
    """The prescription of a cell: "TD001.1:1x3x3:note | TD049.1/giọt=1:1x4x5:note" is code, unit of the
    dose and packs where they differ : dose x times x days : note."""
    made = []
    for part in filter(None, (part.strip() for part in text.split("|"))):
        pack, amounts, note = part.split(":", 2)
        code, _, other = pack.partition("/")
        unit, _, packs = other.partition("=")
        dose, times, days = amounts.split("x")
        made.append(Drug(code, dose, int(times), int(days), note, unit, int(packs or 0)))
    return tuple(made)


def _illnesses(kind: str) -> list[Illness]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            Illness(
                key=row["key"],
                icd=row["icd"],
                also=tuple(row["also"].split()),
                weight=float(row["weight"]),
                ages=(int(row["age_from"]), int(row["age_to"])),
                sex=row["sex"],
                fever=row["fever"] == "1",
                breath=row["breath"] == "1",
                follow_up=int(row["follow_up"]),
                reason=row["reason"],
                examination=row["examination"],
                advice=row["advice"],
                drugs=_drugs(row["drugs"]),
                child_drugs=_drugs(row["child_drugs"]),
            )
            for row in csv.DictReader(file)
            if row["kind"] == kind
        ]


ACUTE = tuple(_illnesses("acute"))
CHRONIC = {illness.key: illness for illness in _illnesses("chronic")}
SECOND_DRUG = _drugs("TD079.2:1x1x30:uống buổi sáng")  # added where one drug does not hold the blood pressure

BANDS = (0, 2, 6, 15, 25, 35, 45, 60, 200)


def _band(age: int) -> int:
    return next(i for i, top in enumerate(BANDS[1:]) if age < top)


def _table() -> dict[tuple[int, str], Weighted[Illness]]:
    made: dict[tuple[int, str], Weighted[Illness]] = {}
    for band, first in enumerate(BANDS[:-1]):
        last = BANDS[band + 1] - 1
        for sex in ("male", "female"):
            fit = [
                (illness, illness.weight)
                for illness in ACUTE
                if illness.ages[0] <= first and min(last, 105) <= illness.ages[1] and illness.sex in ("", sex)
            ]
            made[band, sex] = Weighted(fit)
    return made


_DRAWS = _table()


def acute(rng: random.Random, age: int, sex: str) -> Illness:
    """An everyday illness plausible for the age (completed years) and sex."""
    return _DRAWS[_band(age), sex].draw(rng)


# Median weight (kg) and height (cm) by age in years, between boys and girls; rounded.
GROWTH = (
    (0, 3.3, 50), (0.5, 7.5, 66.5), (1, 9.3, 75), (2, 11.8, 87), (3, 13.9, 95), (5, 17.8, 109),
    (7, 21.8, 120), (9, 26.5, 131), (11, 33, 142), (13, 41, 153), (15, 47, 159), (18, 52, 161),
)  # fmt: skip


def body(age: float, sex: str, build: float) -> tuple[float, float]:
    """Weight (kg, one decimal) and height (cm) for an age in years, a sex and a build of about -2 to 2."""
    if age >= 18:
        tall = (164.5 if sex == "male" else 153.5) + build * 4 - max(0.0, age - 60) * 0.08
        heavy = (62.0 if sex == "male" else 53.0) + build * 7 + min(4.0, max(0.0, (age - 18) * 0.12))
        return round(heavy, 1), round(tall)
    for (age0, weight0, height0), (age1, weight1, height1) in pairwise(GROWTH):
        if age <= age1:
            part = (age - age0) / (age1 - age0)
            weight = (weight0 + part * (weight1 - weight0)) * (1 + build * 0.07)
            return round(weight, 1), round((height0 + part * (height1 - height0)) * (1 + build * 0.025))
    raise AssertionError("an age under 18 is in the table")


def vitals(
    rng: random.Random, illness: Illness, age: float, sex: str, build: float, raised: bool
) -> dict[str, float]:
    """Vital signs by name (temperature, pulse, breathing, spo2, weight, height, systolic, diastolic),
    plausible for the age in years; `raised` marks blood pressure that is not held by treatment."""
    fever = illness.fever and rng.random() < 0.6
    temperature = round(rng.uniform(37.6, 39.2) if fever else rng.uniform(36.3, 37.2), 1)
    pulse = 135 if age < 1 else 115 if age < 3 else 98 if age < 7 else 86 if age < 13 else 78
    breathing = 36 if age < 1 else 28 if age < 3 else 23 if age < 7 else 20 if age < 13 else 18
    weight, height = body(age, sex, build)
    made = {
        "temperature": temperature,
        "pulse": pulse + rng.randint(-8, 8) + (12 if fever else 0),
        "breathing": breathing + rng.randint(-2, 2) + (3 if illness.breath else 0),
        "weight": weight,
    }
    if age >= 2 and rng.random() < 0.5:
        made["height"] = height
    if illness.breath or rng.random() < 0.3:
        made["spo2"] = rng.randint(95, 98) if illness.breath else rng.randint(97, 99)
    if age >= 15:
        top = 112 + min(20.0, max(0.0, (age - 30) * 0.35))
        top += rng.uniform(14, 34) if raised else rng.uniform(-10, 10)
        low = 70 + (top - 112) * 0.45 + rng.uniform(-4, 4)
        made["systolic"], made["diastolic"] = round(top), round(low)
    return made
