"""Dated values that a circular or a decision may change."""

import datetime as dt
from typing import Any

from django.db.models import F, Q

from apps.core.models import Parameter


class NoParameter(LookupError):
    """No value of that key is in force on that day."""


def value(key: str, *, on: dt.date) -> Any:
    """The value in force on `on`. Raises NoParameter when there is none: a threshold is never guessed."""
    row = Parameter.objects.filter(key=key).on(on).order_by(F("valid_from").desc(nulls_last=True)).first()
    if row is None:
        raise NoParameter(f"{key} on {on}")
    return row.value


def history(key: str) -> list[Parameter]:
    """Every row of a key, oldest first."""
    return list(Parameter.objects.filter(key=key).order_by(F("valid_from").asc(nulls_first=True)))


def values(keys: list[str], *, on: dt.date) -> dict[str, Any]:
    """Several values in one query; the keys without a value are left out."""
    rows = Parameter.objects.filter(key__in=keys).on(on).order_by(F("valid_from").asc(nulls_first=True))
    return {row.key: row.value for row in rows}


def rows_under(prefixes: list[str], *, on: dt.date) -> dict[str, Parameter]:
    """The rows in force whose key begins with one of `prefixes`, by key, with their confidence: one query."""
    begins = Q()
    for prefix in prefixes:
        begins |= Q(key__startswith=prefix)
    rows = Parameter.objects.filter(begins).on(on).order_by(F("valid_from").asc(nulls_first=True), "key")
    return {row.key: row for row in rows}
