"""Small lists as pages and papers use them: labels and choices, kept in the process.

Each process keeps the lists it has read and looks at a stamp (when any catalogue last changed) at most every
STAMP_SECONDS; a change in the same process is seen at once.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Count, Max
from django.utils import timezone

from apps.catalogues.models import CatalogueState, CodeEntry

T = TypeVar("T")

# How long another process may still show a label that was changed.
STAMP_SECONDS = 10.0


@dataclass(frozen=True)
class Code:
    """One row of a small list, as it is kept."""

    code: str
    scope: str
    name: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    extra: dict[str, str]
    confidence: str = ""

    def in_force(self, on: dt.date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )


_kept: dict[str, list[Any]] = {}
_stamp: object = None
_looked_at = 0.0


def forget() -> None:
    """Drop what this process has kept."""
    global _stamp, _looked_at
    _kept.clear()
    _stamp, _looked_at = None, 0.0


def kept(key: str, read: Callable[[], list[T]]) -> list[T]:
    """What `read` finds of a catalogue, kept under `key` until a catalogue changes. Whatever its dates."""
    global _stamp, _looked_at
    now = time.monotonic()
    if now - _looked_at > STAMP_SECONDS:
        stamp = CatalogueState.objects.aggregate(Max("updated_at"), Count("id"))
        if stamp != _stamp:
            _kept.clear()
            _stamp = stamp
        _looked_at = now
    if key not in _kept:
        _kept[key] = read()
    return _kept[key]


def rows(list_name: str) -> list[Code]:
    """All rows of a list in its order, whatever their dates; newest validity last for one code."""
    return kept(list_name, lambda: _read(list_name))


def _read(list_name: str) -> list[Code]:
    found = CodeEntry.objects.filter(list=list_name).order_by("sort_order", "code", "valid_from")
    return [
        Code(row.code, row.scope, row.name, row.valid_from, row.valid_to, row.extra, row.confidence)
        for row in found.defer("tokens", "folded", "search")
    ]


def get(list_name: str, code: str, on: dt.date | None = None) -> Code | None:
    """The row of a code in force on `on` (today when absent), else its newest row, else None."""
    day = on or timezone.localdate()
    last = None
    for row in rows(list_name):
        if row.code == code:
            if row.in_force(day):
                return row
            last = row
    return last


def label(list_name: str, code: str, on: dt.date | None = None) -> str:
    """The name of a code; a code that the list does not know stands for itself, nothing stays empty."""
    found = get(list_name, code, on) if code else None
    return found.name if found else code


def choices(list_name: str, on: dt.date | None = None) -> list[tuple[str, str]]:
    """(code, name) pairs in force on `on` (today when absent), each code once, in the list's order."""
    day = on or timezone.localdate()
    return list({row.code: row.name for row in rows(list_name) if row.in_force(day)}.items())


def exists(list_name: str, code: str, on: dt.date | None = None) -> bool:
    """Whether the code may be chosen on `on` (today when absent)."""
    day = on or timezone.localdate()
    return any(row.code == code and row.in_force(day) for row in rows(list_name))
