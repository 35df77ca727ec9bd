"""A seeded source of chance: the same seed and name give the same draws on every machine. Pure."""

import random
from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import Generic, TypeVar

EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000

T = TypeVar("T")


def source(seed: int, *names: object) -> random.Random:
    """A generator of its own for each part of a population, so that a change in one part leaves the others
    alone."""
    return random.Random(":".join(str(part) for part in (seed, *names)))


class Weighted(Generic[T]):
    """Draws from a fixed list by weight; the cumulated weights are computed once."""

    def __init__(self, pairs: Sequence[tuple[T, float]]) -> None:
        self.items = [item for item, _ in pairs]
        self.steps = list(accumulate(weight for _, weight in pairs))

    def draw(self, rng: random.Random) -> T:
        return rng.choices(self.items, cum_weights=self.steps)[0]


def made_id(rng: random.Random, at_ms: int) -> str:
    """A UUIDv7 whose time is `at_ms` (milliseconds since 1970, UTC) and whose random bits come from the
    generator."""
    bits = rng.getrandbits(74)
    number = (at_ms << 80) | (7 << 76) | ((bits >> 62) << 64) | (2 << 62) | (bits & 0x3FFF_FFFF_FFFF_FFFF)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def day_ms(day: date, minute: int = 0) -> int:
    """Milliseconds since 1970 of a minute of a Vietnamese day (UTC+7, no summer time since 1975)."""
    return (day - EPOCH).days * DAY_MS + (minute - 7 * 60) * 60_000


def moment(day: date, minute: int) -> str:
    """The same minute as PostgreSQL reads it; `minute` counts from local midnight."""
    return f"{day} {minute // 60:02d}:{minute % 60:02d}:00+07"
