"""How one receiver wants its QĐ 831 XML: its settings, every value checked before anything is built."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..codes import CodeOptions
from . import table

ACTIONS = ("new", "changed", "withdrawn")
CODE_KINDS = ("facility", "icd10", "service")  # what of our codes stands in this XML
FORMAT = re.compile(r"(?:%[dmYHMS]|[-/:. T])+")


@dataclass(frozen=True)
class Options(CodeOptions):
    """`actions`: what the receiver calls a new, a changed and a withdrawn record (ACTION_TYPE).

    `sender`: code and name where one account sends for all stations; '' is the station of the visit.
    `match_patient`, `match_visit`: the number by which it knows a person (record, number, cccd, bhyt) and a
    visit (record, number). `empty`: whether elements without a value are written. `notes`: whether what was
    written about the examination goes along.
    """

    actions: Mapping[str, str] = field(default_factory=dict)
    fields: table.Field = field(default_factory=table.shipped)
    version: str = "1.0"
    transaction: tuple[str, str] = ("", "")  # TRANSACTION_TYPE, TRANSACTION_NAME
    sender: tuple[str, str] = ("", "")
    match_patient: str = "record"
    match_visit: str = "record"
    date_format: str = "%d/%m/%Y"
    datetime_format: str = "%d/%m/%Y %H:%M:%S"
    empty: bool = True
    notes: bool = True


def options_from(settings: Mapping[str, Any]) -> Options:
    """Options from a receiver's settings. Raises ValueError with a Vietnamese sentence for what cannot be."""
    actions = _texts(settings, "actions", ACTIONS)
    if missing := [name for name in ACTIONS if not actions.get(name)]:
        raise ValueError(
            f"Thiết lập actions còn thiếu {', '.join(missing)}: nơi nhận gọi bản mới (new), "
            "bản sửa (changed), bản rút lại (withdrawn) là gì."
        )
    mapped = settings.get("mapped", ())
    if not isinstance(mapped, list | tuple) or not set(mapped) <= set(CODE_KINDS):
        raise ValueError(f"Loại mã đổi được với nơi nhận này: {', '.join(CODE_KINDS)}.")
    elements = settings.get("elements", {})
    if not isinstance(elements, dict):
        raise ValueError("Thiết lập elements phải gồm đường dẫn và tên phần tử.")
    transaction = _texts(settings, "transaction", ("type", "name"))
    sender = _texts(settings, "sender", ("code", "name"))
    return Options(
        mapped=frozenset(mapped),
        actions=actions,
        fields=table.named(elements),
        version=_text(settings, "version", "1.0"),
        transaction=(transaction.get("type", ""), transaction.get("name", "")),
        sender=(sender.get("code", ""), sender.get("name", "")),
        match_patient=_one_of(settings, "match_patient", ("record", "number", "cccd", "bhyt")),
        match_visit=_one_of(settings, "match_visit", ("record", "number")),
        date_format=_format(settings, "date_format", Options.date_format),
        datetime_format=_format(settings, "datetime_format", Options.datetime_format),
        empty=bool(settings.get("empty", True)),
        notes=bool(settings.get("notes", True)),
    )


def _texts(settings: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> dict[str, str]:
    said = settings.get(name, {})
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise ValueError(f"Thiết lập {name} phải gồm các chữ {', '.join(keys)}.")
    if unknown := sorted(set(said) - set(keys)):
        raise ValueError(f"Thiết lập {name} không có mục {', '.join(unknown)}.")
    return said


def _text(settings: Mapping[str, Any], name: str, usual: str) -> str:
    said = settings.get(name, usual)
    if not isinstance(said, str):
        raise ValueError(f"Thiết lập {name} phải là chữ.")
    return said


def _one_of(settings: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    said = settings.get(name, known[0])
    if said not in known:
        raise ValueError(f"Thiết lập {name} là một trong: {', '.join(known)}.")
    return str(said)


def _format(settings: Mapping[str, Any], name: str, usual: str) -> str:
    said = _text(settings, name, usual)
    if not FORMAT.fullmatch(said) or "%d" not in said:
        raise ValueError(f"Thiết lập {name} gồm %d, %m, %Y, %H, %M, %S và dấu ngăn, ví dụ {usual}.")
    return said
