"""What holds on a day: the parameters `ncd.*`, and those of care that the rules need. Pure but for `on`."""

import csv
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from apps.care.ncd import control, pressure
from apps.core import parameters

FILE = Path(__file__).resolve().parents[2] / "fixtures" / "parameters" / "ncd.csv"
OWN, CONTROL, PRESSURE = "ncd.", "control.", "pressure."


@dataclass(frozen=True)
class Limits:
    """Each part as {what follows the prefix: value}."""

    ncd: Mapping[str, Any]
    control: Mapping[str, Any]
    pressure: Mapping[str, Any]


@lru_cache(maxsize=1)
def shipped() -> Limits:
    """As shipped, for who has no database at hand."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        own = {row["key"].removeprefix(OWN): json.loads(row["value"]) for row in csv.DictReader(lines)}
    return Limits(own, control.shipped_limits(), pressure.shipped_limits())


def on(day: dt.date) -> Limits:
    """In force on `day`; what the database lacks is as shipped. One query."""
    rows = parameters.rows_under([OWN, CONTROL, PRESSURE], on=day)
    known = shipped()

    def part(prefix: str, base: Mapping[str, Any]) -> dict[str, Any]:
        found = {key.removeprefix(prefix): row.value for key, row in rows.items() if key.startswith(prefix)}
        return {**base, **found}

    return Limits(part(OWN, known.ncd), part(CONTROL, known.control), part(PRESSURE, known.pressure))
