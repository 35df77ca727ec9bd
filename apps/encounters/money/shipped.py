"""Rates of the object types and base salaries out of the shipped files: the rule bench runs without a
database.
"""

import csv
import datetime as dt
import json
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.conf import settings

from apps.encounters.money.benefit import ObjectType

SALARY, SMALL = "insurance.base_salary", "insurance.small_visit_percent"
OBJECT_TYPES = "kcb_object_types"


def object_type(code: str, on: dt.date) -> ObjectType | None:
    """The row of that code in force on a day, outpatient where there are two; None for an unknown code."""
    found = None
    for row in _rows(f"catalogues/{OBJECT_TYPES}.csv"):
        if row["code"] == code and row["scope"] != "inpatient" and _in_force(row, on):
            rate = Decimal(row["rate"]) if row["rate"] else None
            found = ObjectType(code, rate, row["ignores_card_level"] == "1")
    return found


def known(code: str) -> bool:
    """Whether any row, of whatever days, has that code."""
    return any(row["code"] == code for row in _rows(f"catalogues/{OBJECT_TYPES}.csv"))


def threshold(on: dt.date) -> Decimal | None:
    """Below this sum a visit is paid whole (đồng); None before the first base salary that is known."""
    values = {
        row["key"]: Decimal(str(json.loads(row["value"])))
        for row in _rows("parameters/money.csv")
        if row["key"] in (SALARY, SMALL) and _in_force(row, on)
    }
    return values[SALARY] * values[SMALL] / 100 if len(values) == 2 else None


def _in_force(row: dict[str, str], on: dt.date) -> bool:
    day = on.isoformat()
    return (not row["valid_from"] or row["valid_from"] <= day) and (
        not row["valid_to"] or day <= row["valid_to"]
    )


@cache
def _rows(name: str) -> list[dict[str, str]]:
    with (Path(settings.BASE_DIR) / "fixtures" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
