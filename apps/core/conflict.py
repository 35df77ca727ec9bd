"""The page that the second of two editors sees: both versions side by side, nothing lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core import readlog
from apps.core.access import View
from apps.core.versions import StaleVersion


@dataclass(frozen=True)
class Keyed:
    """A field of JSON, {key: words}, whose every key is a box of the form named `prefix` and the key.

    `titles(record)` gives the label of each key that may stand there, `words(record, key, value)` how a value
    that is a code is read.
    """

    name: str
    prefix: str
    titles: Callable[[Any], Mapping[str, str]]
    words: Callable[[Any, str, str], str] = lambda record, key, value: value


@dataclass(frozen=True)
class Typed:
    """A field whose box holds something else than its column: a picked code, a date that is known in part.

    `words(record)` is what stands on the page, `typed(record)` what the form reads.
    """

    name: str
    label: str
    words: Callable[[Any], str]
    typed: Callable[[Any], str]


def conflict_page(fields: Sequence[str | Keyed | Typed], *, screen: str = "") -> Callable[[View], View]:
    """Turns StaleVersion into components/conflict.html with the named model fields, status 409.

    What the second editor typed goes along as hidden fields; where both differ each row is a choice
    between her value and the stored one, and she saves again against the version that is stored now.
    `screen` names the read log's row where the record tells about a person.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                with transaction.atomic():
                    return view(request, *args, **kwargs)
            except StaleVersion as stale:
                if screen:
                    readlog.record(screen, [getattr(stale.current, "person_id", stale.current.pk)])
                return render(
                    request, "components/conflict_page.html", context(request, stale, fields), status=409
                )

        return wrapped

    return mark


def context(
    request: HttpRequest, stale: StaleVersion, fields: Sequence[str | Keyed | Typed]
) -> dict[str, Any]:
    """What the conflict page shows: a row a field that differs, and the posted values to send again."""
    rows = []
    for name in fields:
        if isinstance(name, Keyed):
            rows += _keyed(name, stale)
            continue
        if isinstance(name, Typed):
            rows += _typed(name, stale, request)
            continue
        field: Any = stale.mine._meta.get_field(name)
        mine, theirs = _word(stale.mine, field), _word(stale.current, field)
        if mine != theirs:
            raw = getattr(stale.current, field.attname)
            rows.append(
                {
                    "name": name,
                    "label": field.verbose_name,
                    "mine": mine,
                    "theirs": theirs,
                    "mine_value": request.POST.get(name, ""),
                    "theirs_value": "" if raw is None else raw,
                }
            )
    chosen = {row["name"] for row in rows} | {"csrfmiddlewaretoken", "version"}
    posted = [
        (name, value) for name, values in request.POST.lists() for value in values if name not in chosen
    ]
    return {
        "rows": rows,
        "posted": posted,
        "version": stale.current.version,
        "changed_at": stale.current.updated_at,
    }


def _keyed(field: Keyed, stale: StaleVersion) -> list[dict[str, Any]]:
    """A row a key whose words differ."""
    mine, theirs = getattr(stale.mine, field.name), getattr(stale.current, field.name)
    titles = field.titles(stale.current)
    pairs = [(key, mine.get(key, ""), theirs.get(key, "")) for key in {**titles, **mine, **theirs}]
    return [
        {
            "name": field.prefix + key,
            "label": titles.get(key, key),
            "mine": field.words(stale.current, key, own) if own else "",
            "theirs": field.words(stale.current, key, stored) if stored else "",
            "mine_value": own,
            "theirs_value": stored,
        }
        for key, own, stored in pairs
        if own != stored
    ]


def _typed(field: Typed, stale: StaleVersion, request: HttpRequest) -> list[dict[str, Any]]:
    """A row where the two differ."""
    if field.typed(stale.mine) == field.typed(stale.current):
        return []
    return [
        {
            "name": field.name,
            "label": field.label,
            "mine": field.words(stale.mine),
            "theirs": field.words(stale.current),
            "mine_value": request.POST.get(field.name, ""),
            "theirs_value": field.typed(stale.current),
        }
    ]


def _word(obj: models.Model, field: Any) -> str:
    if field.choices:
        return str(getattr(obj, f"get_{field.name}_display")())
    value = getattr(obj, field.name)
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return value.strftime("%d/%m/%Y")
    return str(value)
