"""When she is to come again, until when her medicines last, who is overdue. Pure (ncd.md H4, H5, H9)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from apps.care.ncd.control import months_between
from apps.ncd.target import HYPERTENSION

MISSED, LOST = "missed", "lost"


def next_on(
    on: dt.date, programme: str, category: str, medicine_days: int | None, ncd: Mapping[str, Any]
) -> dt.date | None:
    """The day that is proposed: by the disease (the class of the pressure, where one was taken), never after
    the medicines have run out; None where neither says a day.
    """
    known = ncd["follow_days"]
    days = known.get(category) if programme == HYPERTENSION else known["diabetes"]
    if medicine_days:
        days = min(days, medicine_days) if days and days < known["grade1"] else medicine_days
    return on + dt.timedelta(days=int(days)) if days else None


def lasts_until(on: dt.date, days: int | None) -> dt.date | None:
    """The last day on which she has medicines: those of 30 days given on the 1st last to the 30th."""
    return on + dt.timedelta(days=days - 1) if days else None


def gone(last: dt.date, on: dt.date, control: Mapping[str, Any]) -> str:
    """'' in care, 'missed' by the window of outcomes (three months), 'lost' after a year: months counted by
    their numbers. `last` is the last visit, or the day she was taken in.
    """
    months = months_between(last, on)
    if months >= control["lost_months"]:
        return LOST
    return MISSED if months >= control["window_months"] else ""


def edge(on: dt.date, months: int) -> dt.date:
    """Whoever was seen last before this day has been away for `months` calendar months on `on`: the first
    day of the month after the one so many months back.
    """
    counted = on.year * 12 + on.month - 1 - months + 1
    return dt.date(counted // 12, counted % 12 + 1, 1)
