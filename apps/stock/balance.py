"""What came, what went and what is there over a period; where a stock is short. Pure.

opening + received + returned + adjusted + moved - issued - discarded = closing, always.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# Kind of movement -> column of the in-out-balance. What was reversed lies in the same column with its sign.
COLUMNS: dict[str, str] = {
    "opening": "opening",
    "receive": "received",
    "issue": "issued",
    "dispense": "issued",
    "return": "returned",
    "transfer": "moved",
    "adjust": "adjusted",
    "discard": "discarded",
}


@dataclass(frozen=True)
class Moved:
    """One line of the ledger: what is added is positive, what is taken away negative."""

    on: dt.date
    kind: str
    quantity: int


@dataclass(frozen=True)
class InOut:
    """The row of the in-out-balance; what went out is told as a positive number."""

    opening: int = 0
    received: int = 0
    returned: int = 0
    issued: int = 0
    discarded: int = 0
    adjusted: int = 0
    moved: int = 0

    @property
    def closing(self) -> int:
        came = self.opening + self.received + self.returned + self.adjusted + self.moved
        return came - self.issued - self.discarded

    @property
    def is_empty(self) -> bool:
        """Nothing was there and nothing happened."""
        return self == InOut()


def in_out(rows: Iterable[Moved], since: dt.date, until: dt.date) -> InOut:
    """The row of a period, both days within it. A stock that was counted in when the system began is opening
    balance even in the period of that day.
    """
    sums = dict.fromkeys(("opening", "received", "returned", "issued", "discarded", "adjusted", "moved"), 0)
    for row in rows:
        if row.on > until:
            continue
        column = COLUMNS[row.kind] if row.on >= since else "opening"
        sums[column] += row.quantity
    sums["issued"], sums["discarded"] = -sums["issued"], -sums["discarded"]
    return InOut(**sums)


Shortage = Literal["out", "low", "enough"]


def shortage(usable: int, minimum: int) -> Shortage:
    """Whether what may be used has fallen below the minimum level. Without one nothing is short."""
    if minimum <= 0:
        return "enough"
    if usable <= 0:
        return "out"
    return "low" if usable < minimum else "enough"


def period_of(on: dt.date, months: int) -> tuple[dt.date, dt.date]:
    """The half year or year that holds the day: 6 gives 1 January to 30 June or 1 July to 31 December."""
    if 12 % months:
        raise ValueError("a year is parted into equal periods")
    first = (on.month - 1) // months * months + 1
    begin = dt.date(on.year, first, 1)
    after = first + months
    end = dt.date(on.year + (after > 12), (after - 1) % 12 + 1, 1) - dt.timedelta(days=1)
    return begin, end
