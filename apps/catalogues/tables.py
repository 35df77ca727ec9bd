"""One catalogue file and the table it fills: columns, keys, and how a line of the file becomes a row."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from apps.catalogues.models import CatalogueRow, Confidence
from apps.core.text import clean

Line = Mapping[str, str]
Row = dict[str, Any]


class BadLine(ValueError):
    """A line of a file that cannot be read. The message is a Vietnamese sentence without the line number."""


@dataclass(frozen=True)
class Table:
    """`key_fields` tell rows apart; `read` turns a line (column -> text) into field values.

    `fixed` are field values that all rows of this file share and `read` does not give. `universe` filters
    the rows that belong to this file where `fixed` does not.
    """

    key: str
    title: str
    file: str
    model: type[CatalogueRow]
    key_fields: tuple[str, ...]
    required: tuple[str, ...]
    read: Callable[[Line], Row]
    order: int
    fixed: Row = field(default_factory=dict)
    universe: Row = field(default_factory=dict)
    after: Callable[[], None] | None = None
    # Raised when `read` changes, so that files that were loaded are read again.
    revision: int = 1

    def field(self, name: str) -> Any:
        """The model's field behind a value's name ('service_id' is the foreign key)."""
        return self.model._meta.get_field(name.removesuffix("_id"))

    def key_of(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values[name] for name in self.key_fields)

    def queryset(self) -> Any:
        """All rows of this file, whatever their dates."""
        return self.model.objects.filter(**(self.universe or self.fixed))

    def stored(self) -> Iterator[Row]:
        """Field values of all rows of this table, whatever their dates."""
        names = [
            each.attname
            for each in self.model._meta.concrete_fields
            if not each.generated and each.attname not in ("id", "created_at", "updated_at", "version")
        ]
        yield from self.queryset().values(*names).iterator(chunk_size=5000)

    def ids(self) -> dict[tuple[Any, ...], Any]:
        """Primary keys by the table's key."""
        return {tuple(row[1:]): row[0] for row in self.queryset().values_list("id", *self.key_fields)}

    def confidences(self) -> dict[str, int]:
        """How many rows of each confidence."""
        counted = self.queryset().order_by().values_list("confidence").annotate(Count("id"))
        return dict(counted)

    def parse(self, lines: Sequence[Line]) -> list[Row]:
        """All rows of a file. Raises BadLine with the line number (the heading is line 1) and the reason."""
        if not lines:
            raise BadLine("Tệp không có dòng nào.")
        missing = [name for name in self.required if name not in lines[0]]
        if missing:
            raise BadLine(f"Tệp thiếu cột: {', '.join(missing)}.")
        rows: list[Row] = []
        places: dict[tuple[Any, ...], int] = {}
        for place, line in enumerate(lines, start=2):
            try:
                for name in self.required:
                    if not line[name].strip():
                        raise BadLine(f"cột {name} bị trống")
                row = self.read(line)
                for name, value in row.items():
                    self._fits(name, value)
            except BadLine as bad:
                raise BadLine(f"Dòng {place}: {bad}.") from bad
            key = self.key_of(row)
            if key in places:
                raise BadLine(f"Dòng {place}: trùng mã với dòng {places[key]}.")
            places[key] = place
            rows.append(row)
        return rows

    def _fits(self, name: str, value: Any) -> None:
        limit = self.field(name).max_length
        if limit and isinstance(value, str) and len(value) > limit:
            raise BadLine(f"cột {name} dài quá {limit} ký tự")


# --- how a cell is read


def text(line: Line, name: str) -> str:
    return clean(line.get(name) or "")


def date(line: Line, name: str) -> dt.date | None:
    """'2026-07-01' or '1/7/2026'; empty is None."""
    value = text(line, name)
    if not value:
        return None
    try:
        if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", value):
            return dt.date(int(match[3]), int(match[2]), int(match[1]))
        return dt.date.fromisoformat(value[:10])
    except ValueError as error:
        raise BadLine(f"cột {name} không phải ngày: {value[:30]}") from error


def whole(line: Line, name: str) -> int | None:
    """'36500' or '36.500'; empty is None."""
    value = text(line, name)
    if not value:
        return None
    if len(value) > 15 or not re.fullmatch(r"[0-9]+|[0-9]{1,3}(\.[0-9]{3})+", value):
        raise BadLine(f"cột {name} không phải số nguyên: {value[:30]}")
    return int(value.replace(".", ""))


def yes(line: Line, name: str) -> bool:
    value = text(line, name).lower()
    if value not in ("", "0", "1", "có", "không"):
        raise BadLine(f"cột {name} chỉ nhận 0 hoặc 1: {value[:30]}")
    return value in ("1", "có")


def one_of(line: Line, name: str, allowed: Sequence[str]) -> str:
    value = text(line, name)
    if value not in allowed:
        raise BadLine(f"cột {name} chỉ nhận {', '.join(v for v in allowed if v)}: {value[:30]}")
    return value


def dated(line: Line) -> Row:
    """The columns that every catalogue file may have: validity, source, confidence."""
    first, last = date(line, "valid_from"), date(line, "valid_to")
    if first and last and last < first:
        raise BadLine("ngày hết hiệu lực trước ngày bắt đầu")
    return {
        "valid_from": first,
        "valid_to": last,
        "source": text(line, "source")[:300],
        "confidence": one_of(line, "confidence", Confidence.values) if text(line, "confidence") else "medium",
    }
