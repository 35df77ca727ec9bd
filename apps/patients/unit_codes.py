"""The codes of provinces and communes before and after 01/07/2025, from the shipped lists, without a
database.
"""

import csv
import datetime as dt
from functools import cache
from pathlib import Path

from django.conf import settings

# Decision 19/2025/QĐ-TTg: from this day 34 provinces and 3,321 communes.
CHANGE = dt.date(2025, 7, 1)


class ShippedUnits:
    """identifiers.UnitCodes over fixtures/admin_units/."""

    def province(self, code: str, on: dt.date | None) -> str | None:
        return _names("provinces", on).get(code)

    def ward(self, code: str, on: dt.date | None) -> str | None:
        return _names("communes", on).get(code)


def _names(level: str, on: dt.date | None) -> dict[str, str]:
    return _read(f"{level}_before.csv" if on is not None and on < CHANGE else f"{level}_2025.csv")


@cache
def _read(name: str) -> dict[str, str]:
    path = Path(settings.BASE_DIR) / "fixtures" / "admin_units" / name
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}
