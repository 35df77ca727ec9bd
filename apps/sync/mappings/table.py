"""The fields of a receiver's form: what each is called, how long it may be, what must be there: data.

The shipped names are those that were read in public text or in a working exporter, or of our own where none
was readable (confidence low in the file); a receiver's setting `elements` gives its own for any of them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

FOLDER = Path(__file__).resolve().parents[3] / "fixtures"
KINDS = frozenset(
    {"group", "list", "text", "code", "date", "datetime", "partial", "flag", "integer", "decimal", "given"}
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,59}")
PATTERNS = {
    "flag": re.compile("[01]"),
    "integer": re.compile(r"\d+"),
    "decimal": re.compile(r"\d+(?:\.\d+)?"),
    "code": re.compile(r"[0-9A-Za-z.]+"),
    "partial": re.compile(r"(?:(?:\d\d/)?\d\d/)?\d{4}"),
}
MISSING = "Thiếu, mà nơi nhận cần."


class Forms(Protocol):
    """How a receiver writes days and moments (strftime)."""

    @property
    def date_format(self) -> str: ...

    @property
    def datetime_format(self) -> str: ...


@dataclass(frozen=True)
class Field:
    """One element. `kind` list repeats, `given` stands as the receiver's own setting has it; `word` and
    `target` are ours for it, `covered` names a person.

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
def shipped(name: str) -> Field:
    """The tree of `fixtures/<name>/fields.csv` as it comes with the software; its root is the first row."""
    with (FOLDER / name / "fields.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return _grown(rows[0]["path"], rows)


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


def named(tree: Field, names: Mapping[str, str]) -> Field:
    """The tree with the names of one receiver. Raises ValueError with a sentence for what cannot be."""
    known = {field.path for field in tree.walk()}
    for path, name in names.items():
        if path not in known:
            raise ValueError(f"Thiết lập elements: không có trường '{path}'.")
        if not isinstance(name, str) or (name and not NAME.fullmatch(name)):
            raise ValueError(f"Thiết lập elements: '{path}' phải là một tên phần tử, hoặc để trống.")
    return _renamed(tree, names)


def _renamed(field: Field, names: Mapping[str, str]) -> Field:
    element = names.get(field.path, field.element)
    children = tuple(_renamed(child, names) for child in field.children) if element else ()
    if element == "" and field.required:
        return replace(field, element="", required=False, children=children)
    return replace(field, element=element, children=children)


def wrong(field: Field, text: str, forms: Forms) -> str:
    """What speaks against `text` as the value of a field, in a sentence; '' when nothing does."""
    if not text:
        return MISSING if field.required else ""
    if field.length and len(text) > field.length:
        return f"Dài hơn {field.length} ký tự."
    return "" if _fits(field, text, forms) else "Không đúng dạng mà nơi nhận cần."


def _fits(field: Field, text: str, forms: Forms) -> bool:
    if field.kind in ("date", "datetime"):
        wanted = forms.date_format if field.kind == "date" else forms.datetime_format
        return re.fullmatch(re.sub(r"%[dmHMS]", r"\\d\\d", wanted).replace("%Y", r"\d{4}"), text) is not None
    if field.kind == "partial" and forms.date_format != "%d/%m/%Y" and len(text) > 7:
        return True  # a whole day in the receiver's own form
    pattern = PATTERNS.get(field.kind)
    return pattern is None or pattern.fullmatch(text) is not None
