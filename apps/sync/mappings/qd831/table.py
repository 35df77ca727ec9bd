"""The fields of the XML: what each is called, how long it may be, what must be there. Data, no code.

The shipped names are those that were read in a working exporter, or of our own where none was readable
(confidence low in the file); a receiver's setting `elements` gives its own for any of them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parents[4] / "fixtures" / "qd831" / "fields.csv"
KINDS = frozenset(
    {"group", "list", "text", "code", "date", "datetime", "partial", "flag", "integer", "decimal"}
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,59}")


@dataclass(frozen=True)
class Field:
    """One element. `kind` list repeats; `word` and `target` are ours for it, `covered` names a person.

    `element` '' is one that a receiver does not want: it and all below it are left out.
    """

    path: str
    element: str
    kind: str
    length: int = 0
    required: bool = False
    word: str = ""
    target: str = ""
    covered: bool = False
    confidence: str = "low"
    children: tuple[Field, ...] = ()

    @property
    def key(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def holds(self) -> bool:
        """Whether it holds other elements."""
        return self.kind in ("group", "list")

    def walk(self) -> Iterator[Field]:
        yield self
        for child in self.children:
            yield from child.walk()


@cache
def shipped() -> Field:
    """The tree as it comes with the software."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return _grown("message", rows)


def _grown(path: str, rows: list[dict[str, str]]) -> Field:
    row = next(each for each in rows if each["path"] == path)
    if row["kind"] not in KINDS:
        raise ValueError(f"fields.csv: {path} is of no known kind")
    below = [each["path"] for each in rows if each["path"].rpartition(".")[0] == path]
    return Field(
        path,
        row["element"],
        row["kind"],
        int(row["length"] or 0),
        row["required"] == "x",
        row["word"],
        row["target"],
        row["covered"] == "x",
        row["confidence"],
        tuple(_grown(each, rows) for each in below),
    )


def named(names: Mapping[str, str]) -> Field:
    """The tree with the names of one receiver. Raises ValueError with a sentence for what cannot be."""
    known = {field.path for field in shipped().walk()}
    for path, name in names.items():
        if path not in known:
            raise ValueError(f"Thiết lập elements: không có trường '{path}'.")
        if not isinstance(name, str) or (name and not NAME.fullmatch(name)):
            raise ValueError(f"Thiết lập elements: '{path}' phải là một tên phần tử XML, hoặc để trống.")
    return _renamed(shipped(), names)


def _renamed(field: Field, names: Mapping[str, str]) -> Field:
    element = names.get(field.path, field.element)
    children = tuple(_renamed(child, names) for child in field.children) if element else ()
    if element == "" and field.required:
        return replace(field, element="", required=False, children=children)
    return replace(field, element=element, children=children)
