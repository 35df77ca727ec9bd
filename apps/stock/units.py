"""Packs and base units: a stock counts whole base units (viên, lọ, chai), never parts of one. Pure.

A bottle of 100 ml is one 'chai' where the catalogue counts bottles: what is measured out of it is no stock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from apps.core.words import quantity_words

MOST = 100_000_000  # base units in one line: above is a slip of the hand


@dataclass(frozen=True)
class Pack:
    """How a box is called and how many base units it holds ('Hộp', 100)."""

    name: str
    factor: int


def packs_of(unit: str, raw: Iterable[Sequence[object]]) -> tuple[Pack, ...]:
    """Packs as they are stored ([['Hộp', 100], ...]), the largest first, checked.

    Raises ValueError with a Vietnamese sentence: a pack called like the base unit, two of one name, a factor
    that is no whole number above 1.
    """
    found: list[Pack] = []
    seen = {unit.strip().lower()}
    for name, factor in raw:
        called = str(name).strip()
        if not called:
            raise ValueError("Quy cách đóng gói cần có tên, ví dụ Hộp.")
        if called.lower() in seen:
            raise ValueError(f"«{called}» đã có trong các đơn vị của mặt hàng này.")
        if isinstance(factor, bool) or not isinstance(factor, int) or not 2 <= factor <= MOST:
            raise ValueError(f"Một {called.lower()} phải gồm từ 2 {unit.lower()} trở lên, là số nguyên.")
        seen.add(called.lower())
        found.append(Pack(called, factor))
    return tuple(sorted(found, key=lambda pack: (-pack.factor, pack.name)))


def base_units(parts: Iterable[tuple[int, int]]) -> int:
    """Base units of so many packs of such a factor: [(2, 100), (3, 1)] is 203.

    Raises ValueError for what is no count: negative, a factor below 1, more than anybody holds.
    """
    total = 0
    for count, factor in parts:
        if count < 0:
            raise ValueError("Số lượng không thể âm.")
        if factor < 1:
            raise ValueError("Hệ số quy đổi phải từ 1.")
        total += count * factor
    if total > MOST:
        raise ValueError("Số lượng lớn quá mức có thể.")
    return total


def in_packs(quantity: int, packs: Sequence[Pack]) -> list[tuple[int, Pack | None]]:
    """A quantity as whole packs, the largest first, and loose base units (None) at the end."""
    found: list[tuple[int, Pack | None]] = []
    left = quantity
    for pack in sorted(packs, key=lambda each: -each.factor):
        count, left = divmod(left, pack.factor)
        if count:
            found.append((count, pack))
    if left or not found:
        found.append((left, None))
    return found


def words(quantity: int, unit: str, packs: Sequence[Pack] = ()) -> str:
    """'2 hộp 3 viên'; a negative quantity keeps its sign before the whole."""
    said = " ".join(
        f"{quantity_words(count)} {(pack.name if pack else unit).lower()}"
        for count, pack in in_packs(abs(quantity), packs)
    )
    return f"-{said}" if quantity < 0 else said


def whole(quantity: Decimal) -> int:
    """Base units that must be opened for a quantity with a fraction: half a tablet takes a tablet."""
    return int(quantity.to_integral_value(rounding=ROUND_CEILING))
