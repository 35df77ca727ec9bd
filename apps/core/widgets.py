"""Form widgets: text boxes that people type into quickly, and the picker of coded lists."""

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from apps.core import words
from apps.core.dates import parse_date


class _TextBox(forms.TextInput):
    """A text box with fixed attributes that a caller may still override."""

    fixed: dict[str, str] = {}

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({**self.fixed, **(attrs or {})})


class DateInput(_TextBox):
    """A date as text: takes 3/2/1990, 03021990 and 3-2-1990, shows 03/02/1990; no browser calendar."""

    fixed = {
        "inputmode": "numeric",
        "autocomplete": "off",
        "placeholder": "ngày/tháng/năm",
        "maxlength": "20",
        "class": "input-date",
        "data-date": "day",
    }

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, dt.date):
            return words.date_words(value)
        return super().format_value(value)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The date as dd/mm/yyyy where it can be read, so that plain Django date fields take it too."""
        text = super().value_from_datadict(data, files, name)
        if not isinstance(text, str):
            return text
        try:
            return words.date_words(parse_date(text))
        except ValueError:
            return text


class PartialDateInput(_TextBox):
    """A date that may be only a year or a month and a year: '1990', '3/1990', '3/2/1990'."""

    fixed = {**DateInput.fixed, "data-date": "partial"}

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, tuple):
            return words.partial_date_words(*value)
        if isinstance(value, dt.date):
            return words.date_words(value)
        return super().format_value(value)


class TimeInput(_TextBox):
    """A time of day as text: takes 14:30, 14h30 and 1430, shows 14:30."""

    fixed = {
        "inputmode": "numeric",
        "autocomplete": "off",
        "placeholder": "giờ:phút",
        "data-time": "",
        "maxlength": "10",
        "class": "input-number",
    }

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, dt.time):
            return f"{value.hour:02}:{value.minute:02}"
        return super().format_value(value)


class DecimalInput(_TextBox):
    """A number shown with a decimal comma; the phone shows its number keys."""

    fixed = {"inputmode": "decimal", "autocomplete": "off", "class": "input-number", "data-number": "decimal"}

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
            number = Decimal(str(value))
            text = f"{number:f}"
            return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
        return super().format_value(value)


class MoneyInput(_TextBox):
    """Whole đồng with dots between the thousands."""

    fixed = {"inputmode": "numeric", "autocomplete": "off", "class": "input-number", "data-number": "money"}

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            return words.quantity_words(value, places=0)
        return super().format_value(value)


class CodePicker(forms.Widget):
    """A coded value chosen from a long list by typing words or the code.

    ``url_name`` answers POST with ``q`` (the typed text; empty asks for recent and common ones first) and
    ``chosen`` (codes already taken) by rendering components/picker_results.html with ``results``: objects or
    dicts with ``code``, ``name`` and optionally ``note``. ``names(codes)`` gives {code: name} for values to
    show again. With ``multiple`` the field receives a list of codes in the order chosen.
    """

    template_name = "components/picker.html"

    def __init__(
        self,
        url_name: str,
        *,
        names: Callable[[list[str]], dict[str, str]] | None = None,
        multiple: bool = False,
        placeholder: str = "Gõ tên không dấu hoặc mã",
        url_kwargs: dict[str, Any] | None = None,
        attrs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(attrs)
        self.url_name = url_name
        self.url_kwargs = url_kwargs or {}
        self.names = names
        self.multiple = multiple
        self.placeholder = placeholder

    def _codes(self, value: Any) -> list[str]:
        if value in (None, ""):
            return []
        if isinstance(value, str) or not isinstance(value, Iterable):
            value = [value]
        return [str(getattr(item, "pk", item)) for item in value if item not in (None, "")]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        codes = self._codes(value)
        known = self.names(codes) if self.names and codes else {}
        try:
            url = reverse(self.url_name, kwargs=self.url_kwargs)
        except NoReverseMatch:
            url = ""
        context["widget"].update(
            chosen=[{"code": code, "name": known.get(code, "")} for code in codes],
            multiple=self.multiple,
            placeholder=self.placeholder,
            url=url,
        )
        return context

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        return render_to_string(template_name, context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        codes = data.getlist(name) if hasattr(data, "getlist") else self._codes(data.get(name))
        codes = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
        if self.multiple:
            return codes
        return codes[-1] if codes else ""

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False
