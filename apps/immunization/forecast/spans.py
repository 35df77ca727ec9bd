"""Spans of age and time as schedules write them: 28d, 6w, 2m, 7y. Pure."""

import datetime as dt
import re
from dataclasses import dataclass

SPAN = re.compile(r"(\d{1,3})([dwmy])")
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole calendar months and whole days."""

    months: int = 0
    days: int = 0


def span(text: str) -> Span | None:
    """A span of a table's cell; None where it is empty. Raises ValueError."""
    if not text:
        return None
    found = SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no span: 28d, 6w, 2m or 7y")
    number, unit = int(found[1]), found[2]
    return {
        "d": Span(days=number),
        "w": Span(days=7 * number),
        "m": Span(months=number),
        "y": Span(months=12 * number),
    }[unit]


def after(day: dt.date, span: Span) -> dt.date:
    """The day on which `span` after `day` is over: months first, then days. A month that has no such day
    ends on its last (Civil Code 2015 art. 148(3); 31 January and a month is 28 or 29 February).
    """
    try:
        if span.months:
            years, month = divmod(day.month - 1 + span.months, 12)
            year = day.year + years
            last = 29 if month == 1 and year % 4 == 0 and (year % 100 or year % 400 == 0) else DAYS[month]
            day = dt.date(year, month + 1, day.day if day.day <= last else last)
        return day + dt.timedelta(span.days) if span.days else day
    except (ValueError, OverflowError):  # beyond the year 9999
        return dt.date.max
