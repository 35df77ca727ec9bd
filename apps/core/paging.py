"""Keyset paging: the next page starts after the last row seen, so page 400 costs what page 1 costs."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Expression, Q

ModelT = TypeVar("ModelT", bound=models.Model)

SALT = "core.paging"


@dataclass(frozen=True)
class Page(Generic[ModelT]):
    """One page of rows. The cursors are opaque signed words, empty at the ends."""

    items: list[ModelT]
    next_cursor: str
    previous_cursor: str

    def __iter__(self) -> Any:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def keyset(
    queryset: models.QuerySet[ModelT],
    *,
    order: Sequence[str],
    cursor: str = "",
    size: int = 50,
    computed: Mapping[str, Expression] | None = None,
) -> Page[ModelT]:
    """A page of `queryset` in `order` (field names, '-' for descending; the last one unique, e.g. 'pk').
    `computed` are those of `order` that are no fields, each with what it is of a row.

    One query. A cursor holds the last row's primary key, never its name: the position is looked up
    inside the same statement. A cursor that was tampered with starts at the beginning.
    """
    backwards, anchor = _read(cursor)
    rows = queryset.annotate(**(computed or {}))
    if anchor is not None:
        rows_at = queryset.model._base_manager.annotate(**(computed or {})).filter(pk=anchor)
        row = rows_at.values(*[_bare(name) for name in order]).first()
        if row is not None:
            rows = rows.filter(_after(order, row, backwards))
    rows = rows.order_by(*[_flip(name) if backwards else name for name in order])
    items = list(rows[: size + 1])
    more = len(items) > size
    items = items[:size]
    if backwards:
        items.reverse()
    has_next = (backwards and anchor is not None and bool(items)) or (not backwards and more)
    has_previous = (not backwards and anchor is not None and bool(items)) or (backwards and more)
    return Page(
        items=items,
        next_cursor=_write(False, items[-1].pk) if has_next else "",
        previous_cursor=_write(True, items[0].pk) if has_previous else "",
    )


def count_before(queryset: models.QuerySet[ModelT], *, order: Sequence[str], row: ModelT) -> int:
    """How many rows of `queryset` stand before `row` in `order`: where the numbering of its page begins."""
    values = {_bare(name): getattr(row, _bare(name)) for name in order}
    return queryset.filter(_after(order, values, backwards=True)).count()


def _after(order: Sequence[str], row: dict[str, Any], backwards: bool) -> Q:
    """Rows behind `row`: a < x, or a = x and b < y, and so on."""
    condition = Q()
    same: dict[str, Any] = {}
    for name in order:
        field = _bare(name)
        descending = name.startswith("-") != backwards
        value = row[field]
        step = Q(**same) & Q(**{f"{field}__{'lt' if descending else 'gt'}": value})
        condition |= step
        same[field] = value
    first = order[0]
    # The plain bound on the first column lets the planner start in the index.
    bound = "lte" if first.startswith("-") != backwards else "gte"
    return Q(**{f"{_bare(first)}__{bound}": row[_bare(first)]}) & condition


def _bare(name: str) -> str:
    return name.removeprefix("-")


def _flip(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _write(backwards: bool, pk: Any) -> str:
    raw = json.dumps([backwards, pk], cls=DjangoJSONEncoder).encode()
    return signing.Signer(salt=SALT).sign(base64.urlsafe_b64encode(raw).decode())


def _read(cursor: str) -> tuple[bool, Any]:
    if not cursor:
        return False, None
    try:
        backwards, pk = json.loads(base64.urlsafe_b64decode(signing.Signer(salt=SALT).unsign(cursor)))
    except (signing.BadSignature, ValueError):
        return False, None
    return bool(backwards), pk
