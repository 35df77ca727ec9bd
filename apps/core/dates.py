"""Dates as people write them: read from text, whole or known only to the month or year. Pure."""

import datetime as dt
import re
from typing import Literal, NamedTuple

from apps.core import words

Precision = Literal["day", "month", "year"]

# Nobody alive was born before the one, no plan reaches past the other: a year outside is a slip of the hand.
FIRST_YEAR, LAST_YEAR = 1880, 2199

_PARTS = re.compile(r"[0-9]+(?:[\s./,-]+[0-9]+)*")


class PartialDate(NamedTuple):
    """A date known to the day, the month (day is 1) or the year (1 January)."""

    date: dt.date
    precision: Precision

    def __str__(self) -> str:
        return words.partial_date_words(self.date, self.precision)


def _bounded(year: int, month: int, day: int) -> dt.date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"Năm {year} nằm ngoài khoảng {FIRST_YEAR}–{LAST_YEAR}.")
    if not 1 <= month <= 12:
        raise ValueError(f"Không có tháng {month}.")
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError(f"Tháng {month}/{year} không có ngày {day}.") from None


def parse_partial_date(text: str) -> PartialDate:
    """Read '3/2/1990', '03021990', '3-2-1990', '1990-02-03', '3/1990', '031990' or '1990'.

    Raises ValueError with a Vietnamese sentence.
    """
    text = text.strip()
    unreadable = ValueError(
        f"“{text[:30]}” không đọc được thành ngày. Hãy ghi ngày/tháng/năm, ví dụ 3/2/1990."
    )
    if not _PARTS.fullmatch(text):
        raise unreadable
    parts = re.findall(r"[0-9]+", text)
    if len(parts) == 1:
        digits = parts[0]
        if len(digits) == 8:
            parts = [digits[:2], digits[2:4], digits[4:]]
        elif len(digits) == 6:
            parts = [digits[:2], digits[2:]]
    elif len(parts) == 3 and len(parts[0]) == 4:
        parts = parts[::-1]
    if len(parts) > 3 or any(len(part) > 2 for part in parts[:-1]):
        raise unreadable
    if len(parts[-1]) != 4:
        if len(parts) > 1 and len(parts[-1]) == 2:
            raise ValueError("Năm cần đủ bốn chữ số, ví dụ 3/2/1990.")
        raise unreadable
    numbers = [int(part) for part in parts]
    match numbers:
        case [year]:
            return PartialDate(_bounded(year, 1, 1), "year")
        case [month, year]:
            return PartialDate(_bounded(year, month, 1), "month")
        case [day, month, year]:
            return PartialDate(_bounded(year, month, day), "day")
    raise unreadable


def parse_date(text: str) -> dt.date:
    """Read a whole date as written on paper; ValueError with a Vietnamese sentence otherwise."""
    parsed = parse_partial_date(text)
    if parsed.precision != "day":
        raise ValueError(f"“{text.strip()[:30]}” chưa đủ ngày, tháng và năm. Ví dụ: 3/2/1990.")
    return parsed.date


def parse_time(text: str) -> dt.time:
    """Read '8:05', '8h05', '8h', '0805' or '8.05'; ValueError with a Vietnamese sentence otherwise."""
    found = re.fullmatch(
        r"([0-9]{1,2})\s*[:hHgG.]\s*([0-9]{2})?|([0-9]{2})([0-9]{2})|([0-9]{1,2})", text.strip()
    )
    if not found:
        raise ValueError(f"“{text.strip()[:10]}” không đọc được thành giờ. Hãy ghi giờ:phút, ví dụ 14:30.")
    hour, minute = (
        int(part) if part else 0 for part in (found[1] or found[3] or found[5], found[2] or found[4])
    )
    if hour > 23 or minute > 59:
        raise ValueError(f"Không có {hour} giờ {minute:02} phút.")
    return dt.time(hour, minute)
