"""Words of the administration's workbooks: headings, values, names of sheet and file."""

import datetime as dt
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from import_export import fields, widgets

from apps.core.text import fold

YES, NO = "có", "không"
SHEET_NAME = 31  # what a spreadsheet allows


class ChoiceWidget(widgets.CharWidget):
    """A choice in its word; comes back as that word, or as the code that older lists hold."""

    def __init__(self, choices: Any) -> None:
        super().__init__()
        self.words = {str(code): str(word) for code, word in choices}
        self.codes = {fold(word): code for code, word in self.words.items()}

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.words.get(str(value), str(value or ""))

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value or "").strip()
        return text if text in self.words else self.codes.get(fold(text), text)


class YesNoWidget(widgets.BooleanWidget):
    """'có', 'không'; comes back as those, or as the figures that older lists hold."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else YES if value else NO

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        word = fold(str(value)) if value is not None else ""
        return {fold(YES): True, fold(NO): False}.get(word, super().clean(value, row, **kwargs))


def column(field: models.Field) -> fields.Field:
    """An export's column of a model's field, headed by the field's own name."""
    if field.choices:
        widget: widgets.Widget = ChoiceWidget(field.choices)
    elif isinstance(field, models.BooleanField):
        widget = YesNoWidget()
    elif isinstance(field, models.DateField):
        widget = widgets.DateWidget("%d/%m/%Y")
    elif isinstance(field, models.JSONField):
        widget = JsonText()
    else:
        widget = widgets.Widget()
    name = str(field.verbose_name)
    # attname: the code that a key holds, without a query for each row
    return fields.Field(field.attname, name[:1].upper() + name[1:], widget)


class JsonText(widgets.Widget):
    """Lists as people write them."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if isinstance(value, list):
            return ", ".join(self.render(each) for each in value)
        if isinstance(value, dict):
            return "; ".join(f"{key}: {self.render(each)}" for key, each in value.items())
        return "" if value is None else str(value)


class NamedSheet:
    """For a resource: the sheet is called as its records are."""

    def after_export(self, queryset: Any, dataset: Any, **kwargs: Any) -> None:
        name = str(self._meta.model._meta.verbose_name_plural)  # type: ignore[attr-defined]
        dataset.title = (name[:1].upper() + name[1:])[:SHEET_NAME]


class NamedFile:
    """For an admin page: so is the file."""

    def get_export_filename(self, request: HttpRequest, queryset: Any, file_format: Any) -> str:
        name = fold(str(self.model._meta.verbose_name_plural)).replace(" ", "-")  # type: ignore[attr-defined]
        today: dt.date = timezone.localdate()
        return f"{name}-{today:%Y-%m-%d}.{file_format.get_extension()}"
