"""How a commune's families live and what they and their people are entitled to, as rows of households.

A source of chance of its own: whoever changes this leaves people and visits as they were.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from apps.households.models import HouseholdStatus, LivingSurvey, PersonStatus
from apps.households.models.conditions import StatusKind
from apps.population.bulk import Sheet
from apps.population.chance import Weighted, day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.families import age_on

STAMPS = ("created_at", "updated_at", "recorded_at")
BY = "Cán bộ dân số"
SURVEYED, TWICE = 0.72, 0.25  # shares of the families; of these, whoever was looked at a second time
WATER = Weighted([("1", 18), ("2", 26), ("3", 24), ("5", 22), ("4", 4), ("6", 4)])
LATRINE = Weighted([("1", 40), ("2", 18), ("3", 16), ("4", 10), ("5", 4), ("0", 8)])
HYGIENIC = {"1": 0.95, "2": 0.85, "3": 0.6, "4": 0.55, "5": 0.1}
WASTE = Weighted([("1", 44), ("2", 14), ("3", 30), ("4", 6), ("5", 4)])
STOVE = Weighted([("1", 55), ("2", 3), ("3", 20), ("4", 20)])
LIVESTOCK = Weighted([("1", 60), ("2", 20), ("0", 10)])
MERIT, DISABLED = 0.03, 0.018  # of those who have lived long enough; of everybody
MERIT_GROUPS = Weighted([("4", 4), ("5", 2), ("6", 3), ("8", 2), ("9", 6)])
DISABILITIES = Weighted([("1", 9), ("2", 3), ("3", 4), ("5", 2), ("6", 2)])
DEGREES = Weighted([("1", 1), ("2", 4), ("3", 5)])
MERIT_FROM, PENSION_FROM = 58, 80  # years of age
OLD_AGE, DISABILITY_PAY = "5", "6"  # categories of social protection


def write(commune: Commune) -> Iterator[Sheet]:
    """The sheets; the caller cuts each before the next."""
    yield _surveys(commune)
    yield _of_households(commune)
    yield _of_people(commune)


def _surveys(commune: Commune) -> Sheet:
    sheet = Sheet(
        LivingSurvey,
        ["id", "household_id", "on", "water", "latrine", "latrine_hygienic", "waste", "stove", "livestock",
         "recorded_by_name", *STAMPS],
    )  # fmt: skip
    rng = source(commune.plan.seed, commune.plan.slot, "living conditions")

    for home in commune.households:
        if rng.random() > SURVEYED:
            continue
        on = commune.plan.on - timedelta(days=rng.randrange(5, 360))
        days = [on - timedelta(days=364), on] if rng.random() < TWICE else [on]
        for day in days:
            latrine = LATRINE.draw(rng)
            clean = None if latrine == "0" else rng.random() < HYGIENIC[latrine]
            at = moment(day, 540)
            sheet.add(
                made_id(rng, day_ms(day, 540)), home.id, day, WATER.draw(rng), latrine, clean,
                WASTE.draw(rng), STOVE.draw(rng), LIVESTOCK.draw(rng), BY, at, at, at,
            )  # fmt: skip
    return sheet


def _of_households(commune: Commune) -> Sheet:
    """What the families that are poor or near poor are entitled to, by this year's decision."""
    sheet = Sheet(
        HouseholdStatus,
        ["id", "household_id", "poverty", "valid_from", "document", "recorded_by_name", *STAMPS],
    )
    rng = source(commune.plan.seed, commune.plan.slot, "diện hộ")
    since = date(commune.plan.on.year, 1, 1)
    at = moment(since, 540)
    for home in commune.households:
        if home.poverty:
            row_id = made_id(rng, day_ms(since, 540))
            sheet.add(row_id, home.id, home.poverty, since, f"{12 + home.no % 40}/QĐ-UBND", BY, at, at, at)
    return sheet


def _of_people(commune: Commune) -> Sheet:
    sheet = Sheet(
        PersonStatus,
        ["id", "person_id", "kind", "category", "degree", "valid_from", "document", "recorded_by_name",
         *STAMPS],
    )  # fmt: skip
    rng = source(commune.plan.seed, commune.plan.slot, "diện người")

    def add(person_id: str, kind: StatusKind, category: str, degree: str, since: date) -> None:
        at = moment(since, 540)
        row_id = made_id(rng, day_ms(since, 540))
        document = f"{rng.randrange(10, 900)}/QĐ-UBND"
        sheet.add(row_id, person_id, str(kind), category, degree, since, document, BY, at, at, at)

    for person in commune.people:
        age = age_on(person.birth, commune.plan.on)
        since = max(person.recorded, commune.plan.on - timedelta(days=rng.randrange(200, 900)))
        if age >= MERIT_FROM and rng.random() < MERIT:
            add(person.id, StatusKind.MERIT, MERIT_GROUPS.draw(rng), "", since)
        if rng.random() < DISABLED:
            degree = DEGREES.draw(rng)
            add(person.id, StatusKind.DISABILITY, DISABILITIES.draw(rng), degree, since)
            if degree != "3":
                add(person.id, StatusKind.SOCIAL, DISABILITY_PAY, "", since)
        elif age >= PENSION_FROM and rng.random() < 0.9:
            add(person.id, StatusKind.SOCIAL, OLD_AGE, "", since)
    return sheet
