"""What somebody of the demo comes for and what is found, as the services take it."""

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal

from apps.core.scope import current
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.inputs import DiagnosisInput, LineInput, VisitInput
from apps.patients.models import Person
from apps.population.illness import CHRONIC, Drug, Illness, acute, vitals

YEAR = 365.25


def illness_of(rng: random.Random, person: Person, reason: str, today: dt.date) -> Illness:
    """What she was asked to come for, else an everyday illness of her age."""
    known = next((ill for ill in CHRONIC.values() if reason.startswith(ill.icd)), None)
    return known or acute(rng, int(age_on(person, today)), person.sex)


def age_on(person: Person, today: dt.date) -> float:
    """In years."""
    assert person.birth_date is not None  # noqa: S101 - only those are asked for
    return (today - person.birth_date).days / YEAR


def found(person: Person, ill: Illness, today: dt.date) -> VisitInput:
    """What the one in scope finds and does on that day; medicines where she may prescribe."""
    age = age_on(person, today)
    rng = random.Random(f"{person.code} {today}")  # invented people  # nosec B311
    signs = vitals(rng, ill, age, person.sex, 0.0, raised=False)
    fields = {
        "examination": ill.examination,
        "advice": ill.advice,
        "outcome": "1",
        "follow_up_on": today + dt.timedelta(days=ill.follow_up) if ill.follow_up else None,
    }
    drugs = ill.child_drugs if age < 12 and ill.child_drugs else ill.drugs if age >= 12 else ()
    prescribes = not why_not("prescribe", own_practitioner(current()))
    return VisitInput(
        fields=fields,
        vitals={key: Decimal(str(value)) for key, value in signs.items()},
        diagnoses=[DiagnosisInput(ill.icd, "main")],
        lines=_lines(drugs) if prescribes else None,
    )


def _lines(drugs: Sequence[Drug]) -> list[LineInput]:
    return [
        LineInput(
            drug.code,
            Decimal(drug.dose),
            drug.times,
            drug.days,
            dose_unit=drug.dose_unit,
            quantity=Decimal(drug.quantity) if drug.quantity else None,
            note=drug.note,
        )
        for drug in drugs
    ]
