"""The WHO tables of L, M and S (fixtures/growth), read once a process into flat arrays of numbers.

About 18,000 rows: 0.5 MB in memory, read in some 30 ms when the first child is looked at.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "growth"

Sex = Literal["M", "F"]


class LMS(NamedTuple):
    """The three numbers of a row: power, median, coefficient of variation."""

    L: float
    M: float
    S: float


@dataclass(frozen=True)
class Table:
    """One indicator and sex: row `i` holds for the key `first + i * step` (days, months or centimetres)."""

    first: float
    step: float
    L: array[float]
    M: array[float]
    S: array[float]

    @property
    def last(self) -> float:
        """The key of the last row."""
        return self.first + (len(self.M) - 1) * self.step

    def at(self, key: float) -> LMS | None:
        """L, M and S at `key`, between two rows by straight lines; None outside the table."""
        place = round((key - self.first) / self.step, 9)
        if not 0 <= place <= len(self.M) - 1:
            return None
        row = int(place)
        part = place - row
        if not part:
            return LMS(self.L[row], self.M[row], self.S[row])
        rest = 1 - part
        return LMS(
            rest * self.L[row] + part * self.L[row + 1],
            rest * self.M[row] + part * self.M[row + 1],
            rest * self.S[row] + part * self.S[row + 1],
        )


# name of the file -> (its key, what one row is apart from the next)
FILES: dict[str, tuple[str, float]] = {
    "waz_0_5": ("age_days", 1),
    "haz_0_5": ("age_days", 1),
    "baz_0_5": ("age_days", 1),
    "hcaz_0_5": ("age_days", 1),
    "wlz_0_5": ("length_cm", 0.1),
    "whz_0_5": ("height_cm", 0.1),
    "waz_5_10": ("age_months", 1),
    "haz_5_19": ("age_months", 1),
    "baz_5_19": ("age_months", 1),
}


@cache
def table(name: str, sex: Sex) -> Table:
    """The table `name` ("waz_0_5" ...) of a sex."""
    return _both(name)[sex]


@cache
def _both(name: str) -> dict[Sex, Table]:
    key, step = FILES[name]
    heads, *lines = (FOLDER / f"{name}.csv").read_text(encoding="ascii").split()
    places = [heads.split(",").index(head) for head in ("sex", key, "L", "M", "S")]
    found: dict[Sex, Table] = {}
    for line in lines:
        cells = line.split(",")
        sex, at, *lms = (cells[place] for place in places)
        if sex not in found:
            found[sex] = Table(float(at), step, array("d"), array("d"), array("d"))  # type: ignore[index]
        rows = found[sex]  # type: ignore[index]
        if abs(rows.first + len(rows.M) * step - float(at)) > step / 1000:
            raise ValueError(f"{name}.csv: a row is missing before {sex} {at}")
        for column, text in zip((rows.L, rows.M, rows.S), lms, strict=True):
            column.append(float(text))
    return found
