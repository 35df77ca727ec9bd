"""`unscoped` reads past the scope: it stands only with its reason beside it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import BASE_DIR

WORD = "unscoped"
NEAR = 3  # lines above the use in which a comment still belongs to it
FILES = sorted(
    path
    for folder in ("apps", "config")
    for path in (BASE_DIR / folder).rglob("*.py")
    if "migrations" not in path.parts and path.name != "scope.py" and WORD in path.read_text()
)


def without_reason(source: str) -> Iterator[int]:
    """The lines that use `unscoped` with no comment at it and no docstring around it that speaks of it."""
    lines = source.splitlines()
    tree = ast.parse(source)
    if _tells(tree):
        return
    told = [
        (node.body[0].lineno, node.end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and _tells(node)
    ]
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr == WORD):
            continue
        line = node.end_lineno or 0
        near = lines[max(0, line - 1 - NEAR) : line]
        if not any("#" in text for text in near) and not any(first <= line <= last for first, last in told):
            yield line


def _tells(node: ast.FunctionDef | ast.ClassDef | ast.Module) -> bool:
    return WORD in (ast.get_docstring(node) or "").lower()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(BASE_DIR)))
def test_every_use_has_its_reason(path: Path) -> None:
    bare = list(without_reason(path.read_text(encoding="utf-8")))
    assert not bare, f"{path.relative_to(BASE_DIR)}: say beside `unscoped` why, lines {bare}"


def test_a_bare_use_is_found() -> None:
    source = 'def f():\n    """Docstring."""\n    return Person.unscoped.all()\n'
    assert list(without_reason(source)) == [3]
    assert not list(without_reason(source.replace("Docstring", "Unscoped: the system's own")))
    assert not list(without_reason(source.replace(".all()", ".all()  # the system's own")))
