"""Form fields that read dates, numbers and money the way they are written on paper at a Vietnamese station."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django import forms
from django.core.exceptions import ValidationError

from apps.core import widgets, words

Precision = Literal["day", "month", "year"]

# Nobody alive was born before this year, and no plan reaches past the other: a year outside is a slip of the hand.
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
    unreadable = ValueError(f"“{text[:30]}” không đọc được thành ngày. Hãy ghi ngày/tháng/năm, ví dụ 3/2/1990.")
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


class DateField(forms.Field):
    """A whole date; the text is kept as typed when it cannot be read."""

    widget = widgets.DateInput

    def to_python(self, value: Any) -> dt.date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        try:
            return parse_date(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


class PartialDateField(forms.Field):
    """A date known to the day, the month or the year; cleans to a PartialDate (date, precision) or None."""

    widget = widgets.PartialDateInput

    def to_python(self, value: Any) -> PartialDate | None:
        if value in self.empty_values:
            return None
        if isinstance(value, dt.date):
            return PartialDate(value, "day")
        if isinstance(value, tuple):
            return PartialDate(*value)
        try:
            return parse_partial_date(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


def parse_decimal_text(text: str) -> str:
    """'37,5' and '37.5' -> '37.5'; '1.234,5' -> '1234.5'; repeated separators of one kind group thousands."""
    text = re.sub(r"\s", "", text)
    comma, dot = text.rfind(","), text.rfind(".")
    if comma >= 0 and dot >= 0:
        decimal, grouping = (",", ".") if comma > dot else (".", ",")
        return text.replace(grouping, "").replace(decimal, ".")
    for mark in ",.":
        if text.count(mark) > 1:
            return text.replace(mark, "")
    return text.replace(",", ".")


class DecimalField(forms.DecimalField):
    """A measured number that may be typed with a comma or a point: 37,5 or 37.5."""

    widget = widgets.DecimalInput
    default_error_messages = {"invalid": "Hãy nhập một số, ví dụ 37,5."}

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, str):
            value = parse_decimal_text(value)
        return super().to_python(value)


class MoneyField(forms.IntegerField):
    """Whole đồng: '1.234.000', '1 234 000 đ' and 1234000 are one amount."""

    widget = widgets.MoneyInput
    default_error_messages = {"invalid": "Hãy nhập số tiền bằng đồng, ví dụ 120.000."}

    def __init__(self, *, min_value: int | None = 0, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, **kwargs)

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            text = re.sub(r"(?i)[\sđ₫]|vnđ|vnd", "", value)
            value = re.sub(r"[.,](?=[0-9]{3}(?:[.,]|$))", "", text)
        return super().to_python(value)
