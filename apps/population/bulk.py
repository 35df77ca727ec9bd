"""Rows on their way into the tables by COPY.

A `Sheet` fills the columns that are named; every other column of the model gets the model's own default, so
a room may add a field without touching this code. Text rows are built here: psycopg's own row writer costs
about twice as much.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

CHUNK = 4_000  # rows kept as text before they are sent: a few megabytes for the widest table
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = "\\N"


class Cells(str):
    """Values of several columns, already in COPY's form: made once, used in many rows."""

    width: int


def cells(*values: Any) -> Cells:
    made = Cells("\t".join(map(cell, values)))
    made.width = width(values)
    return made


def width(values: Sequence[Any]) -> int:
    return sum(value.width if type(value) is Cells else 1 for value in values)


def cell(value: Any) -> str:
    """One value in COPY's text format."""
    if value is None:
        return NULL
    kind = type(value)
    if kind is str:
        if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
            return value.translate(ESCAPES)
        return value  # four looks cost a tenth of a translation, and nearly every text passes them
    if kind is Cells:
        return value
    if kind is int or kind is float or kind is UUID or kind is Decimal:
        return str(value)
    if kind is bool:
        return "t" if value else "f"
    if kind is date or kind is datetime:
        return value.isoformat()
    if kind is dict:
        return json.dumps(value, ensure_ascii=False).translate(ESCAPES)
    if isinstance(value, (list, tuple)):
        quoted = (str(part).replace("\\", "\\\\").replace('"', '\\"') for part in value)
        return ("{" + ",".join(f'"{part}"' for part in quoted) + "}").translate(ESCAPES)
    return cell(str(value))


class Sheet:
    """Rows of one model: `add` takes the values of `columns` (names as in the model's attributes, such as
    `person_id`; a `Cells` stands for several), `flush` sends them."""

    def __init__(self, model: type[models.Model], columns: Sequence[str]) -> None:
        self.model = model
        fields = {f.attname: f for f in model._meta.concrete_fields if not f.generated}
        unknown = [name for name in columns if name not in fields]
        if unknown:
            raise ValueError(f"{model.__name__} has no column {', '.join(unknown)}")
        own = [f for f in fields.values() if not f.primary_key and not f.has_db_default()]
        rest = [f for f in own if f.attname not in columns]
        self.columns = [str(f.column) for f in (*(fields[name] for name in columns), *rest)]
        self.width = len(columns)
        self.usual = -1
        self.tail = "".join("\t" + cell(_constant(f)) for f in rest) + "\n"
        self.rows: list[str] = []
        self.count = 0

    def add(self, *values: Any) -> None:
        if len(values) != self.usual:  # looked at closely once for each way of giving the values
            if width(values) != self.width:
                raise ValueError(f"{self.model.__name__} takes {self.width} values, not {width(values)}")
            self.usual = len(values)
        self.rows.append("\t".join(map(cell, values)) + self.tail)

    def flush(self) -> None:
        """Send what is held. Inside the caller's transaction."""
        self.send(self.cut())

    def cut(self) -> list[str]:
        """The rows held, which are the caller's to send now."""
        rows, self.rows = self.rows, []
        return rows

    def send(self, rows: list[str]) -> None:
        """Send rows that were cut before; another thread may be adding new ones meanwhile."""
        if not rows:
            return
        names = ", ".join(connection.ops.quote_name(name) for name in self.columns)
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for start in range(0, len(rows), CHUNK):
                copy.write("".join(rows[start : start + CHUNK]))
        self.count += len(rows)


def _constant(field: "models.Field[Any, Any]") -> Any:
    """The one default of a column that no row sets. Raises where each row needs a value of its own."""
    own = f"{field.model.__name__}.{field.attname}"
    given = field.default is not NOT_PROVIDED
    if given and callable(field.default) and field.default not in (list, dict, str):
        raise ValueError(f"{own} is made for each row: name it")
    if isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add):
        raise ValueError(f"{own} is a moment of each row: name it")
    if not given and not field.null and not field.blank:
        raise ValueError(f"{own} has no default: name it")
    value = field.get_default()
    if isinstance(field, models.JSONField) and value is not None:
        return json.dumps(value)
    if isinstance(field, ArrayField) and value is not None:
        return list(value)
    return value
