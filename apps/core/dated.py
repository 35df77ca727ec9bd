"""Rows that are true for a time: no two of them at once.

The embedded server has no btree_gist, so no exclusion constraint: the parent row is locked, the
rows are compared here, and a partial unique index on open rows stands behind it.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from django.db import models

from apps.core.errors import Refused
from apps.core.models import DatedModel


class Span(Protocol):
    valid_from: dt.date | None
    valid_to: dt.date | None


SpanT = TypeVar("SpanT", bound=Span)


def spans_meet(
    a_from: dt.date | None, a_to: dt.date | None, b_from: dt.date | None, b_to: dt.date | None
) -> bool:
    """Whether two inclusive spans share a day. None is an open end."""
    starts_in_time = a_from is None or b_to is None or a_from <= b_to
    ends_in_time = b_from is None or a_to is None or b_from <= a_to
    return starts_in_time and ends_in_time


def overlaps(rows: Iterable[SpanT], valid_from: dt.date | None, valid_to: dt.date | None) -> list[SpanT]:
    """The rows that share a day with the span given."""
    return [row for row in rows if spans_meet(row.valid_from, row.valid_to, valid_from, valid_to)]


def lock(parent: models.Model) -> None:
    """Hold the parent row until the transaction ends, so that its dated rows change one writer at a time."""
    manager: models.Manager[Any] = type(parent)._base_manager
    manager.select_for_update().filter(pk=parent.pk).values_list("pk", flat=True).get()


def add_row(parent: models.Model, rows: models.QuerySet[Any], new: DatedModel) -> DatedModel:
    """Save `new` beside `rows` (the same parent's, of the same kind) unless a day would be told twice."""
    lock(parent)
    if new.valid_from and new.valid_to and new.valid_to < new.valid_from:
        raise Refused("Ngày kết thúc phải từ ngày bắt đầu trở đi.", field="valid_to")
    if overlaps(rows.exclude(pk=new.pk), new.valid_from, new.valid_to):
        raise Refused("Khoảng ngày này trùng với một dòng đã có.", field="valid_from")
    new.save()
    return new


def replace_open(parent: models.Model, rows: models.QuerySet[Any], new: DatedModel) -> DatedModel:
    """Close the open row among `rows` the day before `new` begins, then save `new`."""
    if new.valid_from is None:
        raise Refused("Cần có ngày bắt đầu.", field="valid_from")
    lock(parent)
    for row in rows.filter(valid_to__isnull=True).exclude(pk=new.pk):
        if row.valid_from is not None and row.valid_from >= new.valid_from:
            raise Refused("Ngày bắt đầu phải sau ngày bắt đầu của dòng đang có hiệu lực.", field="valid_from")
        row.valid_to = new.valid_from - dt.timedelta(days=1)
        row.version += 1
        row.save(update_fields=["valid_to", "version", "updated_at"])
    return add_row(parent, rows, new)
