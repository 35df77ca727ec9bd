"""Form fields that read dates, numbers and money the way a Vietnamese station writes them on paper."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.core import widgets
from apps.core.dates import PartialDate, parse_date, parse_partial_date, parse_time
from apps.core.text import clean


class CleanCharField(forms.CharField):
    """A text as it is stored: control, bidirectional and zero-width marks are dropped before anything is
    judged.

    With `lines` the line ends are kept.
    """

    def __init__(self, *, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines = lines

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value) or "", lines=self.lines)


class _ReadField(forms.Field):
    """A field whose text may be written in several ways: it has changed when it reads as another value."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


class DateField(_ReadField):
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


class PartialDateField(_ReadField):
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


class TimeField(_ReadField):
    """A time of day as it is written by hand: '14:30', '14h30' and '1430' are one."""

    widget = widgets.TimeInput

    def to_python(self, value: Any) -> dt.time | None:
        if value in self.empty_values:
            return None
        if isinstance(value, dt.time):
            return value
        try:
            return parse_time(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error


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

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # as Django's own does
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
