"""Dated values that a circular or a decision may change."""

import datetime as dt
from typing import Any

from django.db.models import F

from apps.core.models import Parameter


class NoParameter(LookupError):
    """No value of that key is in force on that day."""


def value(key: str, *, on: dt.date) -> Any:
    """The value in force on `on`. Raises NoParameter when there is none: a threshold is never guessed."""
    row = Parameter.objects.filter(key=key).on(on).order_by(F("valid_from").desc(nulls_last=True)).first()
    if row is None:
        raise NoParameter(f"{key} on {on}")
    return row.value


def values(keys: list[str], *, on: dt.date) -> dict[str, Any]:
    """Several values in one query; the keys without a value are left out."""
    rows = Parameter.objects.filter(key__in=keys).on(on).order_by(F("valid_from").asc(nulls_first=True))
    return {row.key: row.value for row in rows}
