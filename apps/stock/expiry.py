"""Until when a lot may be used, and how near that is. Pure.

A pack that names only the month may be used through the last day of that month, and a lot until the end of
its last day.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from apps.core.dates import parse_date

ExpiryClass = Literal["none", "expired", "urgent", "soon", "near", "good"]
SHOWN: dict[ExpiryClass, str] = {
    "none": "không ghi hạn",
    "expired": "đã hết hạn",
    "urgent": "sắp hết hạn, gấp",
    "soon": "sắp hết hạn",
    "near": "gần hết hạn",
    "good": "còn hạn",
}
_MONTH = re.compile(r"\s*([0-9]{1,2})\s*[/.-]?\s*([0-9]{4}|[0-9]{2})\s*")
_ISO_MONTH = re.compile(r"\s*([0-9]{4})\s*[/.-]\s*([0-9]{1,2})\s*")
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True)
class Expiry:
    """The last day on which a lot may be used; `month_only` when the pack names no day."""

    last_day: dt.date
    month_only: bool

    def __str__(self) -> str:
        return shown(self.last_day, self.month_only)


def shown(last_day: dt.date | None, month_only: bool) -> str:
    """As it stands on the pack: '06/2027' or '15/06/2027'."""
    if last_day is None:
        return "không ghi hạn"
    return f"{last_day:%m/%Y}" if month_only else f"{last_day:%d/%m/%Y}"


def of_month(year: int, month: int) -> Expiry:
    """The last day of a month. ValueError with a sentence for a month or year that is none."""
    if not 1 <= month <= 12:
        raise ValueError(f"Không có tháng {month}.")
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"Hạn dùng năm {year} không thể có.")
    return Expiry(dt.date(year, month, monthrange(year, month)[1]), True)


def parse(text: str) -> Expiry:
    """Read what stands on a pack: '06/2027', '6/27', '062027', '2027-06' or a whole date.

    Raises ValueError with a Vietnamese sentence.
    """
    if found := _MONTH.fullmatch(text):
        month, year = int(found[1]), int(found[2])
        return of_month(year if year > 99 else 2000 + year, month)
    if found := _ISO_MONTH.fullmatch(text):
        return of_month(int(found[1]), int(found[2]))
    try:
        day = parse_date(text)
    except ValueError:
        raise ValueError(
            f"“{text.strip()[:20]}” không đọc được thành hạn dùng. "
            "Ghi tháng/năm (06/2027) hoặc ngày/tháng/năm."
        ) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"Hạn dùng năm {day.year} không thể có.")
    return Expiry(day, False)


def usable(last_day: dt.date | None, on: dt.date) -> bool:
    """Whether a lot may be used on that day: through its last day, and without one for ever."""
    return last_day is None or on <= last_day


def days_left(last_day: dt.date, on: dt.date) -> int:
    """Days on which it may still be used after `on`; negative once it has expired."""
    return (last_day - on).days


def classify(last_day: dt.date | None, on: dt.date, bounds: Sequence[int]) -> ExpiryClass:
    """How near the end is. `bounds`: days of the near, soon and urgent warnings, e.g. (90, 30, 7)."""
    if last_day is None:
        return "none"
    left = days_left(last_day, on)
    near, soon, urgent = bounds
    if left < 0:
        return "expired"
    if left <= urgent:
        return "urgent"
    if left <= soon:
        return "soon"
    return "near" if left <= near else "good"
