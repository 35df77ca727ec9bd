"""Who is of an age on a day, by a birth date known to the day, the month or the year. Pure.

Ages are completed months: born on the 31st, a month is complete on the last day of a shorter month (as
core.words.completed_months). Somebody of whom only the year is known may be in a group or not: then the
answer is 'maybe', and lists say so instead of guessing.
"""

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Literal

Answer = Literal["yes", "maybe", "no", "unknown"]


@dataclass(frozen=True)
class Ages:
    """From `from_months` completed months on, below `below_months` (None: however old)."""

    from_months: int = 0
    below_months: int | None = None

    @classmethod
    def years(cls, first: int, last: int | None = None) -> "Ages":
        """From `first` to `last` completed years, both inclusive: 15 to 49 is below the 50th birthday."""
        return cls(first * 12, None if last is None else (last + 1) * 12)


@dataclass(frozen=True)
class Born:
    """The births that make an age group on a day: after `after` (None: however long ago), up to `upto`."""

    after: dt.date | None
    upto: dt.date

    def holds(self, birth: dt.date) -> bool:
        """Whether somebody born that day belongs."""
        return birth <= self.upto and (self.after is None or birth > self.after)


def born(ages: Ages, on: dt.date) -> Born:
    """The births of an age group on `on`."""
    return Born(
        None if ages.below_months is None else latest_birth(on, ages.below_months),
        latest_birth(on, ages.from_months),
    )


def latest_birth(on: dt.date, months: int) -> dt.date:
    """The last day of birth by which `months` are complete on `on`."""
    index = on.year * 12 + on.month - 1 - months
    year, month = divmod(index, 12)
    if year < 1:
        return dt.date.min
    last = calendar.monthrange(year, month + 1)[1]
    if on.day == calendar.monthrange(on.year, on.month)[1]:
        return dt.date(year, month + 1, last)  # a short month completes what began on any later day
    return dt.date(year, month + 1, min(on.day, last))


def span(birth: dt.date, precision: str, on: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day on which she may have been born; nobody was born after `on`."""
    if precision == "year":
        last = dt.date(birth.year, 12, 31)
    elif precision == "month":
        last = dt.date(birth.year, birth.month, calendar.monthrange(birth.year, birth.month)[1])
    else:
        last = birth
    return birth, max(birth, min(last, on))


def belongs(birth: dt.date | None, precision: str, ages: Ages, on: dt.date) -> Answer:
    """Whether somebody is of these ages on `on`: sure, perhaps, not, or nothing is known of her birth."""
    if birth is None:
        return "unknown"
    if birth > on:
        return "no"
    first, last = span(birth, precision, on)
    group = born(ages, on)
    if group.holds(first) and group.holds(last):
        return "yes"
    if first <= group.upto and (group.after is None or last > group.after):
        return "maybe"
    return "no"


def first_of(unit: Literal["month", "year"], day: dt.date) -> dt.date:
    """The first day of a day's month or year."""
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)
