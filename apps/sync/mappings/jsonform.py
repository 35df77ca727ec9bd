"""A record as JSON in the fields of a receiver's table: written, checked, covered. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from . import settings, table
from .check import Problem
from .fhir import ZONE
from .table import Field

HIDDEN = "•••"
WHOLE = {"month": "01/%m/%Y", "year": "01/01/%Y"}


@dataclass(frozen=True)
class JsonForms:
    """How one receiver wants its JSON. `births`: how a birth is written of which the month or the year alone
    is known; `empty`: whether members without a value are written.
    """

    fields: Field
    date_format: str = "%d/%m/%Y"
    datetime_format: str = "%d/%m/%Y %H:%M:%S"
    births: Mapping[str, str] = field(default_factory=lambda: dict(WHOLE))
    empty: bool = True


def forms_from(said: Mapping[str, Any], form: str, datetime_format: str) -> JsonForms:
    """How a receiver wants the JSON of a form, from its settings. Raises ValueError with a sentence."""
    return JsonForms(
        settings.fields(said, form),
        settings.time_format(said, "date_format", JsonForms.date_format),
        settings.time_format(said, "datetime_format", datetime_format),
        {**WHOLE, **settings.texts(said, "births", tuple(WHOLE))},
        bool(said.get("empty", JsonForms.empty)),
    )


def written(tree: Field, value: Mapping[str, Any], forms: JsonForms) -> dict[str, Any]:
    """The members of a group under the receiver's names. `value` goes by our keys."""
    told: dict[str, Any] = {}
    for child in tree.children:
        inner = value.get(child.key)
        if child.kind == "list":
            member: Any = [written(child, each, forms) for each in inner or ()]
        elif child.kind == "group":
            member = written(child, inner, forms) if inner else {}
        else:
            member = _plain(child, inner, forms)
        if child.element and (forms.empty or child.required or member not in ("", [], {})):
            told[child.element] = member
    return told


def _plain(child: Field, value: Any, forms: JsonForms) -> Any:
    if value is None:
        return ""
    if child.kind == "given" or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.astimezone(ZONE).strftime(forms.datetime_format)
    if isinstance(value, date):
        return value.strftime(forms.date_format)
    if isinstance(value, tuple):  # a birth as far as it is known
        day, precision = value
        return day.strftime(forms.births.get(precision, forms.date_format))
    return str(value).strip()


def problems(tree: Field, told: Mapping[str, Any], forms: JsonForms) -> Iterator[Problem]:
    """What speaks against sending it."""
    for child in tree.children:
        if not child.element:
            continue
        member = told.get(child.element, "")
        if child.holds:
            inside = member if isinstance(member, list) else [member] if member else []
            if child.required and not inside:
                yield Problem(child.path, table.MISSING)
            for each in inside:
                yield from problems(child, each, forms)
        elif sentence := table.wrong(child, str(member), forms):
            yield Problem(child.path, sentence)


def covered(tree: Field, told: Mapping[str, Any]) -> dict[str, Any]:
    """The same members with what names or describes a person covered: for whoever looks at their shape."""
    known = {child.element: child for child in tree.children if child.element}
    return {name: _cover(known.get(name), member) for name, member in told.items()}


def _cover(child: Field | None, member: Any) -> Any:
    if child is None:
        return member
    if isinstance(member, list):
        return [covered(child, each) for each in member]
    if isinstance(member, dict):
        return covered(child, member)
    return HIDDEN if child.covered and member != "" else member
