"""Deadlines as the law words them: pure arithmetic over a moment, a rule and a calendar, in Vietnam's time.

| rule | due |
|---|---|
| {"hours": 24} | so many hours after the event |
| {"days": 5} | the end of the fifth calendar day after the day of the event |
| {"working_days": 5} | the end of the fifth working day after the day of the event |
| {"weekday": 2, "weeks": 1} | the end of Tuesday (Monday is 1) of the week after that of the event |
| {"day_of_month": 2, "months": 1} | the end of day 2 of the month after that of the event |

`weeks` may be left out (0, the week of the event itself), `months` too (1, the month after). 'Trước thứ Tư'
is therefore the weekday 2, 'trước ngày 03' the day 2. A week begins on Monday. A day of the month that the
month lacks is its last day.
"""

import calendar as months_of
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
END_OF_DAY = dt.time(23, 59, 59)
SUNDAY, SATURDAY = 6, 5
# Longer is no deadline but a slip of the keyboard in a parameter.
MOST = {"hours": 24 * 366, "days": 366, "working_days": 260, "weeks": 53, "months": 12}


class BadRule(ValueError):
    """A deadline rule that cannot be read: a mistake in the data that holds it."""


@dataclass(frozen=True)
class Calendar:
    """Which days are worked: not weekends and `free` days, but `worked` ones (a compensating Saturday)."""

    free: frozenset[dt.date] = frozenset()
    worked: frozenset[dt.date] = frozenset()

    def is_working(self, day: dt.date) -> bool:
        if day in self.worked:
            return True
        return day.weekday() not in (SATURDAY, SUNDAY) and day not in self.free


WEEKENDS_ONLY = Calendar()


def due_at(rule: Mapping[str, Any], event: dt.datetime, calendar: Calendar = WEEKENDS_ONLY) -> dt.datetime:
    """When what `event` began is due, as a moment of Vietnam's time, never before the event.

    Raises BadRule for a rule that is none of the five kinds, ValueError for an event without its time zone.
    """
    if event.tzinfo is None:
        raise ValueError("the event needs its time zone")
    local = event.astimezone(VIETNAM)
    kind = _kind(rule)
    if kind == "hours":
        return local + dt.timedelta(hours=_number(rule, "hours"))
    return dt.datetime.combine(_due_on(kind, rule, local.date(), calendar), END_OF_DAY, VIETNAM)


def due_on(rule: Mapping[str, Any], event_on: dt.date, calendar: Calendar = WEEKENDS_ONLY) -> dt.date:
    """The day until whose end something is due that a day began, as the end of a report's period does."""
    kind = _kind(rule)
    if kind == "hours":
        raise BadRule("hours need a moment, not a day")
    return _due_on(kind, rule, event_on, calendar)


def counts_working_days(rule: Mapping[str, Any]) -> bool:
    """Whether the calendar matters to this rule."""
    return "working_days" in rule


KINDS = {
    "hours": frozenset(),
    "days": frozenset(),
    "working_days": frozenset(),
    "weekday": frozenset({"weeks"}),
    "day_of_month": frozenset({"months"}),
}


def _kind(rule: Mapping[str, Any]) -> str:
    found = [kind for kind in KINDS if kind in rule]
    if len(found) != 1 or set(rule) - {found[0]} - KINDS[found[0]]:
        raise BadRule(f"not a deadline rule: {dict(rule)!r}")
    return found[0]


def _number(rule: Mapping[str, Any], name: str, least: int = 0, most: int | None = None) -> int:
    value = rule[name]
    most = MOST[name] if most is None else most
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadRule(f"{name} is a whole number from {least} to {most}, not {value!r}")
    return value


def _due_on(kind: str, rule: Mapping[str, Any], day: dt.date, calendar: Calendar) -> dt.date:
    if kind == "days":
        return day + dt.timedelta(days=_number(rule, "days"))
    if kind == "working_days":
        return _working_day(day, _number(rule, "working_days", least=1), calendar)
    if kind == "weekday":
        return _weekday(day, _number(rule, "weekday", 1, 7), _number({"weeks": 0} | dict(rule), "weeks"))
    return _day_of_month(
        day, _number(rule, "day_of_month", 1, 31), _number({"months": 1} | dict(rule), "months", least=1)
    )


def _working_day(day: dt.date, count: int, calendar: Calendar) -> dt.date:
    while count:
        day += dt.timedelta(days=1)
        count -= calendar.is_working(day)
    return day


def _weekday(day: dt.date, weekday: int, weeks: int) -> dt.date:
    """In the week of `day` a weekday that is past already is taken in the next one."""
    found = day + dt.timedelta(days=weekday - day.isoweekday(), weeks=weeks)
    return found if found >= day else found + dt.timedelta(weeks=1)


def _day_of_month(day: dt.date, day_of_month: int, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day_of_month, months_of.monthrange(year, month)[1]))
