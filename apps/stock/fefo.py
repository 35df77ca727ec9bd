"""First expired, first out: which lots a quantity is taken from, and why. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from apps.stock.expiry import shown, usable

USABLE = "usable"
WHY_NOT: dict[str, str] = {
    "held": "đang giữ lại",
    "quarantined": "đang biệt trữ",
    "blocked": "bị khóa",
}


@dataclass(frozen=True)
class LotFacts:
    """A lot at one place as the rule sees it. `use_first` comes before the rest, whatever its expiry (a
    vaccine vial monitor that has begun to turn); `since` is the day it came, `key` parts what is alike.
    """

    key: str
    number: str
    expiry: dt.date | None
    quantity: int
    state: str = USABLE  # or one of WHY_NOT
    use_first: bool = False
    month_only: bool = False
    since: dt.date = dt.date.min


@dataclass(frozen=True)
class Part:
    """So much of one lot, with the reason why this one."""

    key: str
    number: str
    quantity: int
    why: str


@dataclass(frozen=True)
class Passed:
    """A lot that was passed over, with the reason."""

    key: str
    number: str
    quantity: int
    why: str


@dataclass(frozen=True)
class Allocation:
    """What is taken, what is missing, and what lay there and may not be taken."""

    parts: tuple[Part, ...]
    short: int
    passed: tuple[Passed, ...]

    @property
    def whole(self) -> bool:
        return self.short == 0


def why_not(lot: LotFacts, on: dt.date) -> str:
    """Why a lot may not be used on that day; empty when it may."""
    if lot.state != USABLE:
        return WHY_NOT[lot.state]
    if not usable(lot.expiry, on):
        return f"hết hạn {shown(lot.expiry, lot.month_only)}"
    return ""


def order(lot: LotFacts) -> tuple[bool, dt.date, dt.date, str]:
    """Use-first lots, then by last day of use (without one: last), then by the day they came."""
    return (not lot.use_first, lot.expiry or dt.date.max, lot.since, lot.key)


def allocate(wanted: int, lots: Iterable[LotFacts], on: dt.date) -> Allocation:
    """Take `wanted` base units from the lots that may be used on that day, first expired first.

    Takes what there is and says how much is short; whoever must have all of it looks at `whole`.
    Raises ValueError for a quantity below 1.
    """
    if wanted < 1:
        raise ValueError("Số lượng lấy phải từ 1.")
    parts: list[Part] = []
    passed: list[Passed] = []
    left = wanted
    for lot in sorted(lots, key=order):
        if lot.quantity <= 0:
            continue
        if said := why_not(lot, on):
            passed.append(Passed(lot.key, lot.number, lot.quantity, said))
        elif left:
            taken = min(left, lot.quantity)
            left -= taken
            parts.append(Part(lot.key, lot.number, taken, _why(lot)))
    return Allocation(tuple(parts), left, tuple(passed))


def _why(lot: LotFacts) -> str:
    if lot.use_first:
        return "lô được đánh dấu dùng trước"
    if lot.expiry is None:
        return "lô không ghi hạn, dùng sau cùng"
    return f"hạn dùng {shown(lot.expiry, lot.month_only)}, sớm nhất trong số còn lại"
