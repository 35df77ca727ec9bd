"""Reading a receiver's settings: every value is looked at before anything is built with it.

All raise ValueError with a Vietnamese sentence for what cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import table

FORMAT = re.compile(r"(?:%[dmYHMS]|[-/:. T])+")
Code = str | int
LONGEST = 300  # characters of a path


def texts(settings: Mapping[str, Any], name: str, known: tuple[str, ...]) -> dict[str, str]:
    """The setting `name`: words under some of the known names."""
    said = settings.get(name, {})
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise ValueError(f"Thiết lập {name} phải gồm các chữ {', '.join(known)}.")
    if unknown := sorted(set(said) - set(known)):
        raise ValueError(f"Thiết lập {name} không có mục {', '.join(unknown)}.")
    return said


def paths(settings: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, str]:
    """The setting `paths`: what is added to the receiver's address."""
    said = texts(settings, "paths", known)
    for name, path in said.items():
        plain = path.isascii() and path.isprintable() and not set(path) & set(" #\\")
        if path and not (path.startswith("/") and plain and len(path) <= LONGEST):
            raise ValueError(f"Thiết lập paths: {name} bắt đầu bằng dấu / và không có dấu cách.")
    return said


def text(settings: Mapping[str, Any], name: str, usual: str) -> str:
    said = settings.get(name, usual)
    if not isinstance(said, str):
        raise ValueError(f"Thiết lập {name} phải là chữ.")
    return said


def whole(settings: Mapping[str, Any], name: str, usual: int) -> int:
    """A number from 0."""
    said = settings.get(name, usual)
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise ValueError(f"Thiết lập {name} là một số nguyên từ 0.")
    return said


def one_of(settings: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    """One of the known words; the first where nothing is said."""
    said = settings.get(name, known[0])
    if said not in known:
        raise ValueError(f"Thiết lập {name} là một trong: {', '.join(known)}.")
    return str(said)


def time_format(settings: Mapping[str, Any], name: str, usual: str) -> str:
    said = text(settings, name, usual)
    if not FORMAT.fullmatch(said) or "%d" not in said:
        raise ValueError(f"Thiết lập {name} gồm %d, %m, %Y, %H, %M, %S và dấu ngăn, ví dụ {usual}.")
    return said


def codes(settings: Mapping[str, Any], name: str, usual: Mapping[str, Code]) -> dict[str, Code]:
    """Codes of the receiver as they stand in its JSON, over the usual ones."""
    said = settings.get(name, {})
    if not isinstance(said, dict) or not said.keys() <= usual.keys() or not all(map(is_code, said.values())):
        raise ValueError(f"Thiết lập {name} gồm mã (chữ hoặc số) của {', '.join(usual)}.")
    return {**usual, **said}


def is_code(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def mapped(settings: Mapping[str, Any], known: tuple[str, ...]) -> frozenset[str]:
    """The setting `mapped`: kinds of codes that the receiver wants under its own."""
    said = settings.get("mapped", ())
    if not isinstance(said, list | tuple) or not set(said) <= set(known):
        raise ValueError(f"Loại mã đổi được với nơi nhận này: {', '.join(known)}.")
    return frozenset(said)


def fields(settings: Mapping[str, Any], form: str) -> table.Field:
    """The fields of a form under the receiver's own names: the setting `elements`."""
    said = settings.get("elements", {})
    if not isinstance(said, dict):
        raise ValueError("Thiết lập elements phải gồm đường dẫn và tên phần tử.")
    return table.named(table.shipped(form), said)
