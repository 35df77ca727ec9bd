"""How far a prescription has been given out: pure arithmetic over plain values.

A prescription counts in its own unit (10 viên), the stock in whole base units of an item. `quantity` is
always the former, `taken` the latter; they differ for another strength, and where a bottle is counted in ml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Literal

from apps.core.text import fold

CENT = Decimal("0.01")
Progress = Literal["none", "part", "done"]


@dataclass(frozen=True)
class Prescribed:
    """A line as it now stands on the prescription. `drug` is the key of its medicine."""

    key: str
    drug: str
    quantity: Decimal


@dataclass(frozen=True)
class Given:
    """What one act met of a line: given from the stock, or bought elsewhere. `back` of it came back."""

    key: str
    drug: str
    quantity: Decimal
    outside: bool = False
    back: Decimal = Decimal(0)


@dataclass(frozen=True)
class Standing:
    """A line with all that was given on it."""

    prescribed: Decimal
    given: Decimal = Decimal(0)
    outside: Decimal = Decimal(0)
    back: Decimal = Decimal(0)

    @property
    def remaining(self) -> Decimal:
        """What waits to be given. What came back was given: nobody waits for it again."""
        return max(Decimal(0), self.prescribed - self.given - self.outside)

    @property
    def allowed(self) -> Decimal:
        """The most that may still be given: what came back may be given anew (a wrong box, a broken one)."""
        return max(Decimal(0), self.prescribed - self.kept - self.outside)

    @property
    def kept(self) -> Decimal:
        """What she has now."""
        return self.given - self.back

    @property
    def over(self) -> Decimal:
        """What she has beyond what is prescribed now, after an amendment."""
        return max(Decimal(0), self.kept - self.prescribed)


def standings(lines: Sequence[Prescribed], given: Iterable[Given]) -> tuple[dict[str, Standing], list[Given]]:
    """Each line by its key with what was given on it, and what was given on no line that still stands.

    A line that was written anew (amended, moved to the right person) has another key: what was given on the
    former is counted on a line of the same medicine, in their order, and what is too much on the last.
    """
    found = {line.key: Standing(line.quantity) for line in lines}
    loose: list[Given] = []
    for each in given:
        if each.key in found:
            found[each.key] = _with(found[each.key], each)
        else:
            loose.append(each)
    orphans: list[Given] = []
    for each in loose:
        same = [line.key for line in lines if line.drug == each.drug]
        if not same:
            orphans.append(each)
            continue
        key = next((key for key in same if found[key].remaining >= each.quantity), same[-1])
        found[key] = _with(found[key], each)
    return found, orphans


def _with(line: Standing, each: Given) -> Standing:
    return Standing(
        line.prescribed,
        line.given + (0 if each.outside else each.quantity),
        line.outside + (each.quantity if each.outside else 0),
        line.back + each.back,
    )


def progress(lines: Iterable[Standing]) -> Progress:
    """How far a whole prescription has come."""
    rows = list(lines)
    if all(row.remaining == 0 for row in rows):
        return "done"
    return "part" if any(row.given or row.outside for row in rows) else "none"


def came_back(quantity: Decimal, taken: int, returned: int) -> Decimal:
    """What of the prescription's quantity came back with so many of the units taken."""
    if taken <= 0:
        return Decimal(0)
    return (quantity * returned / taken).quantize(CENT, ROUND_HALF_UP)


def units_for(quantity: Decimal) -> int:
    """Base units that must be taken for a quantity in the same unit: half a tablet takes a tablet."""
    return int(quantity.to_integral_value(rounding=ROUND_CEILING))


GRAMS = dict.fromkeys(("gam", "gram", "gr"), "g")


def same_unit(one: str, other: str) -> bool:
    """Whether both count alike: 'viên' is 'Viên', and a viên of what is counted in viên nang; 'gam' is g."""
    first, second = (GRAMS.get(fold(word), fold(word)) for word in (one, other))
    return bool(first) and (
        first == second or f"{first} ".startswith(f"{second} ") or f"{second} ".startswith(f"{first} ")
    )


def shared(taken: Sequence[tuple[str, int]], wanted: Sequence[tuple[str, int]]) -> list[tuple[str, str, int]]:
    """Which line gets how much of which lot, where several lines took the same item together.

    `taken` is (lot, base units) in the order of taking, `wanted` (line, base units) in theirs; both sum up
    to the same, else ValueError.
    """
    if sum(many for _, many in taken) != sum(many for _, many in wanted):
        raise ValueError("what was taken is not what was wanted")
    found: list[tuple[str, str, int]] = []
    left = [many for _, many in taken]
    place = 0
    for line, need in wanted:
        while need:
            part = min(need, left[place])
            if part:
                found.append((line, taken[place][0], part))
            need -= part
            left[place] -= part
            if not left[place]:
                place += 1
    return found
