"""The page that the second of two editors sees: both versions side by side, nothing lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from apps.core import readlog, three_way
from apps.core.access import View
from apps.core.three_way import ThreeWay
from apps.core.versions import StaleVersion

ROUNDS = 3  # others may save once more while two versions are brought together


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


def conflict_page(
    fields: Sequence[str | Keyed | Typed], *, screen: str = "", how: ThreeWay | None = None
) -> Callable[[View], View]:
    """Turns StaleVersion into components/conflict.html with the named model fields, status 409.

    What the second editor typed goes along as hidden fields; where both differ each row is a choice
    between her value and the stored one, and she saves again against the version that is stored now.
    `screen` names the read log's row where the record tells about a person. With `how`, and a post that says
    what its form began with, only what both changed is a row, and the stored value is chosen before.
    """

    def mark(view: View) -> View:
        def tried(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | StaleVersion:
            try:
                with transaction.atomic():
                    return view(request, *args, **kwargs)
            except StaleVersion as stale:
                return stale

        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if how and request.method == "POST":
                request.POST = three_way.chosen(request.POST, how)  # type: ignore[assignment]
            answer, shown = tried(request, *args, **kwargs), None
            for _ in range(ROUNDS):
                if not isinstance(answer, StaleVersion) or how is None or three_way.SEEN not in request.POST:
                    break
                stored = how.stored(answer.current)
                merged = three_way.merge(request.POST, stored, how)
                request.POST = three_way.against(merged.post, answer.current, stored, how)  # type: ignore[assignment]
                if merged.asked or not how.alone(request, answer.current, merged.theirs):
                    shown = _both_changed(request, answer, merged, stored, how)
                    break
                answer = tried(request, *args, **kwargs)
            if not isinstance(answer, StaleVersion):
                return answer
            if screen:
                readlog.record(screen, [getattr(answer.current, "person_id", answer.current.pk)])
            shown = shown or context(request, answer, fields)
            return render(request, "components/conflict_page.html", shown, status=409)

        return wrapped

    return mark


def _both_changed(
    request: HttpRequest, stale: StaleVersion, merged: three_way.Merged, stored: QueryDict, how: ThreeWay
) -> dict[str, Any]:
    """The page of what both changed; everything else goes along, each as its last writer left it."""
    return _page(
        stale,
        three_way.rows(merged, stored, stale.current, how),
        [(name, values) for name, values in request.POST.lists() if how.group(name) not in merged.asked],
        keep_stored=True,
    )


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
    chosen = {row["name"] for row in rows}
    posted = [(name, values) for name, values in request.POST.lists() if name not in chosen]
    return _page(stale, rows, posted)


def _page(
    stale: StaleVersion,
    rows: list[dict[str, Any]],
    posted: list[tuple[str, list[Any]]],
    *,
    keep_stored: bool = False,
) -> dict[str, Any]:
    return {
        "rows": rows,
        "posted": [
            (name, value)
            for name, values in posted
            for value in values
            if name not in ("csrfmiddlewaretoken", "version")
        ],
        "version": stale.current.version,
        "changed_at": stale.current.updated_at,
        "keep_stored": keep_stored,
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
