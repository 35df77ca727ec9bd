"""Names of invented people and hamlets, from the frequency lists in fixtures/names. Pure.

A family name runs in the father's line, or the people's own pattern does ("A Thiu", "Rơ Châm H'Biên",
"Giàng A Páo"); a lineage is drawn once for a founder and passed to the children.
"""

import csv
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .chance import Weighted

FOLDER = Path(__file__).resolve().parents[2] / "fixtures"
KINH = "01"
# Peoples without a list of given names of their own borrow from a neighbour's (see names_given_ethnic).
BORROWED = {"13": "14", "27": "14", "54": "14", "52": "14", "20": "22"}
OLDER_BEFORE = 1980  # birth years before this lean to the "older" names, Văn and Thị
YOUNGER_FROM = 2000


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a family hands down: its people, family name and pattern of names."""

    ethnicity: str
    family: str
    male: str
    female: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of commune of a province: its weight among the communes, the codes of those that are of it for
    certain, and its peoples."""

    name: str
    weight: float
    codes: tuple[tuple[str, str], ...]
    shares: tuple[tuple[str, float], ...]


def rows(name: str) -> list[dict[str, str]]:
    with (
        (FOLDER / (name if "/" in name else f"names/{name}"))
        .with_suffix(".csv")
        .open(encoding="utf-8", newline="") as file
    ):
        return list(csv.DictReader(file))


@cache
def _families(ethnicity: str) -> Weighted[str]:
    found = [(r["name"], float(r["weight"])) for r in rows("family") if r["ethnic_code"] == ethnicity]
    # One-letter forms (A, Y) and Thị are parts of a pattern, not family names.
    found = [(name, weight) for name, weight in found if len(name) > 1 and name != "Thị"]
    return Weighted(found) if found else _families(KINH)


@cache
def _patterns(ethnicity: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for row in rows("patterns_by_ethnicity"):
        if row["ethnic_code"] == ethnicity:
            males = [part.strip() for part in row["male_pattern"].split("|")]
            females = [part.strip() for part in row["female_pattern"].split("|")]
            count = max(len(males), len(females))
            found += [(males[i % len(males)], females[i % len(females)]) for i in range(count)]
    return tuple(found) or (("{family} {middle} {given}", "{family} {middle} {given}"),)


def cohort_of(birth_year: int) -> str:
    if birth_year < OLDER_BEFORE:
        return "older"
    return "younger" if birth_year >= YOUNGER_FROM else "any"


# How strongly a name of a cohort is drawn for a person of a cohort: (name's, person's) -> factor.
COHORT_PULL = {
    ("older", "older"): 1.0, ("older", "any"): 0.35, ("older", "younger"): 0.05,
    ("younger", "older"): 0.02, ("younger", "any"): 0.4, ("younger", "younger"): 1.0,
    ("any", "older"): 1.0, ("any", "any"): 1.0, ("any", "younger"): 1.0,
}  # fmt: skip


@cache
def _middles(sex: str, cohort: str) -> Weighted[str]:
    letter = "M" if sex == "male" else "F"
    return Weighted(
        [
            (r["name"], float(r["weight"]) * COHORT_PULL[r["cohort"], cohort])
            for r in rows("middle")
            if r["sex"] == letter
        ]
    )


@cache
def _givens(ethnicity: str, sex: str, cohort: str) -> Weighted[str]:
    letter = "M" if sex == "male" else "F"
    own = [
        r["name"]
        for r in rows("given_ethnic")
        if r["ethnic_code"] == BORROWED.get(ethnicity, ethnicity) and r["sex"] == letter
    ]
    if own:
        return Weighted([(name, 1.0) for name in own])
    return Weighted(
        [
            (r["name"], float(r["weight"]) * COHORT_PULL[r["cohort"], cohort])
            for r in rows("given")
            if r["sex"] == letter
        ]
    )


def lineage(rng: random.Random, ethnicity: str) -> Lineage:
    """A founder's line: family name and pattern fit for the people."""
    male, female = rng.choice(_patterns(ethnicity))
    return Lineage(ethnicity, _families(ethnicity).draw(rng), male, female)


def full_name(rng: random.Random, line: Lineage, sex: str, birth_year: int) -> str:
    """A full name in the people's order, middle and given names by the cohort of the birth year."""
    cohort = cohort_of(birth_year)
    given = _givens(line.ethnicity, sex, cohort).draw(rng)
    middle = _middles(sex, cohort).draw(rng)
    if middle == given:
        middle = "Văn" if sex == "male" else "Thị"
    pattern = line.male if sex == "male" else line.female
    return pattern.format(family=line.family, clan=line.family, middle=middle, given=given)


@cache
def profiles(province_code: str) -> tuple[Profile, ...]:
    """The kinds of commune of a province, urban first; one without a list of its own takes the general
    one."""
    own = [r for r in rows("population/ethnic_mix") if r["province_code"] == province_code]
    found = own or [r for r in rows("population/ethnic_mix") if r["province_code"] == "*"]
    return tuple(
        Profile(
            r["profile"],
            float(r["weight"]),
            tuple((code[:5], code[-5:]) for code in r["communes"].split()),
            tuple(map(_share, r["ethnic_shares"].split())),
        )
        for r in found
    )


def _share(text: str) -> tuple[str, float]:
    code, share = text.split(":")
    return code, float(share)


@cache
def streets() -> tuple[str, ...]:
    return tuple(r["name"] for r in rows("street_names"))


def hamlet_names(rng: random.Random, profile: str, province_code: str, count: int) -> list[tuple[str, str]]:
    """`count` different hamlets of a commune as (kind, name): ("thôn", "Thôn An Phú")."""
    low = [r["element"] for r in rows("hamlet_name_elements") if r["position"] == "any"]
    high = [r["element"] for r in rows("hamlet_name_elements") if r["position"] == "highland_suffix"]
    if profile == "urban":
        return [("tổ dân phố", f"Tổ dân phố {n}") for n in range(1, count + 1)]
    made: dict[str, str] = {}
    while len(made) < count:
        if profile == "highland_west" or (profile == "highland" and province_code == "52"):
            lead = rng.choice(("Kon", "Plei", "Đăk"))
            made[f"Làng {lead} {rng.choice(high)}"] = "làng"
            continue
        name = f"{rng.choice(low)} {rng.choice(low)}"
        if name.split()[0] == name.split()[1]:
            continue
        if len(made) % 4 == 3:
            name = f"{name} {rng.randint(1, 3)}"
        made[f"Thôn {name}"] = "thôn"
    return [(kind, name) for name, kind in made.items()]
