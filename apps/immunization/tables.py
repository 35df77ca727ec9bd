"""The schedule as it is shipped (fixtures/immunization): what the rule bench judges by."""

import csv
from functools import cache

from django.conf import settings

from apps.immunization.forecast import Schedule, read

FOLDER = settings.BASE_DIR / "fixtures" / "immunization"


@cache
def shipped() -> Schedule:
    """VN-EPI-REF-1 over the table of TT 52/2025, the last that was published."""
    tables = []
    for name in ("series", "slots", "vaccines"):
        with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            tables.append(list(csv.DictReader(lines)))
    return read(*tables)
