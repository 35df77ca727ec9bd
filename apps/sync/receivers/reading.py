"""A stranger's answer as plain dictionaries: JSON, or XML without document types, entities or great depth."""

from __future__ import annotations

import json
from typing import Any
from xml.parsers import expat

DEEPEST = 40
MOST = 20_000  # elements


class _Hostile(Exception):
    """What no honest answer holds."""


def read(body: bytes) -> dict[str, Any]:
    """The answer's members; empty for what is neither. XML without its root; repeated elements as a list."""
    if body.lstrip()[:1] == b"<":
        return _xml(body)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def at(data: Any, path: str) -> Any:
    """The member under `a.b.c`; None where there is none."""
    for name in path.split(".") if path else ():
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _xml(body: bytes) -> dict[str, Any]:
    tree = _Tree()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = tree.start, tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, _Hostile, ValueError, LookupError):  # the last two: an encoding unknown or lied
        return {}
    return tree.root if isinstance(tree.root, dict) else {}


def _refuse(*_: object) -> None:
    raise _Hostile


class _Tree:
    """Builds the dictionaries while expat reads."""

    def __init__(self) -> None:
        self.root: Any = {}
        self._open: list[tuple[dict[str, Any], list[str]]] = []
        self._count = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > MOST:
            raise _Hostile
        self._open.append(({}, []))

    def text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def end(self, name: str) -> None:
        children, texts = self._open.pop()
        value: Any = children or "".join(texts).strip()
        if not self._open:
            self.root = value
            return
        above = self._open[-1][0]
        if name not in above:
            above[name] = value
        elif isinstance(above[name], list):
            above[name].append(value)
        else:
            above[name] = [above[name], value]
