"""Dated values that a circular or a decision may change."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Expression, F, Q
from django.db.models.functions import JSONObject

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


@dataclass(frozen=True)
class Dated:
    """Every row under a prefix, for who looks at records of several days at once."""

    rows: Sequence[Mapping[str, Any]]

    def on(self, day: dt.date) -> dict[str, Any]:
        """The values in force on a day, by what follows the prefix."""
        found: dict[str, Any] = {}
        for row in self.rows:  # the latest beginning last
            if (row["valid_from"] or day) <= day <= (row["valid_to"] or day):
                found[row["name"]] = row["value"]
        return found


def dated(prefix: str) -> Dated:
    """All rows whose key begins with `prefix`: one query."""
    rows = Parameter.objects.filter(key__startswith=prefix).order_by(F("valid_from").asc(nulls_first=True))
    return Dated(
        [
            {
                "name": row.key.removeprefix(prefix),
                "value": row.value,
                "valid_from": row.valid_from,
                "valid_to": row.valid_to,
            }
            for row in rows
        ]
    )


def told(prefix: str) -> Expression:
    """The same rows as a column of another query, for a page that must not cost a statement more."""
    whole = JSONObject(key="key", value="value", valid_from="valid_from", valid_to="valid_to")
    rows = Parameter.objects.filter(key__startswith=prefix).order_by(F("valid_from").asc(nulls_first=True))
    return ArraySubquery(rows.values(whole=whole))  # type: ignore[return-value]  # the stubs forget it is one


def heard(prefix: str, column: Sequence[Mapping[str, Any]]) -> Dated:
    """What `told` has read."""

    def day(text: str | None) -> dt.date | None:
        return dt.date.fromisoformat(text) if text else None

    return Dated(
        [
            {
                "name": row["key"].removeprefix(prefix),
                "value": row["value"],
                "valid_from": day(row["valid_from"]),
                "valid_to": day(row["valid_to"]),
            }
            for row in column
        ]
    )
