"""How one receiver wants its QĐ 831 XML: its settings, every value checked before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import settings, table
from ..codes import CodeOptions

FORM = "qd831"  # its fields: fixtures/qd831
ACTIONS = ("new", "changed", "withdrawn")
CODE_KINDS = ("facility", "icd10", "service")  # what of our codes stands in this XML


@dataclass(frozen=True)
class Options(CodeOptions):
    """`actions`: what the receiver calls a new, a changed and a withdrawn record (ACTION_TYPE).

    `sender`: code and name where one account sends for all stations; '' is the station of the visit.
    `match_patient`, `match_visit`: the number by which it knows a person (record, number, cccd, bhyt) and a
    visit (record, number). `empty`: whether elements without a value are written. `notes`: whether what was
    written about the examination goes along.
    """

    actions: Mapping[str, str] = field(default_factory=dict)
    fields: table.Field = field(default_factory=lambda: table.shipped(FORM))
    version: str = "1.0"
    transaction: tuple[str, str] = ("", "")  # TRANSACTION_TYPE, TRANSACTION_NAME
    sender: tuple[str, str] = ("", "")
    match_patient: str = "record"
    match_visit: str = "record"
    date_format: str = "%d/%m/%Y"
    datetime_format: str = "%d/%m/%Y %H:%M:%S"
    empty: bool = True
    notes: bool = True


def options_from(said: Mapping[str, Any]) -> Options:
    """Options from a receiver's settings. Raises ValueError with a Vietnamese sentence for what cannot be."""
    actions = settings.texts(said, "actions", ACTIONS)
    if missing := [name for name in ACTIONS if not actions.get(name)]:
        raise ValueError(
            f"Thiết lập actions còn thiếu {', '.join(missing)}: nơi nhận gọi bản mới (new), "
            "bản sửa (changed), bản rút lại (withdrawn) là gì."
        )
    transaction = settings.texts(said, "transaction", ("type", "name"))
    sender = settings.texts(said, "sender", ("code", "name"))
    return Options(
        mapped=settings.mapped(said, CODE_KINDS),
        actions=actions,
        fields=settings.fields(said, FORM),
        version=settings.text(said, "version", "1.0"),
        transaction=(transaction.get("type", ""), transaction.get("name", "")),
        sender=(sender.get("code", ""), sender.get("name", "")),
        match_patient=settings.one_of(said, "match_patient", ("record", "number", "cccd", "bhyt")),
        match_visit=settings.one_of(said, "match_visit", ("record", "number")),
        date_format=settings.time_format(said, "date_format", Options.date_format),
        datetime_format=settings.time_format(said, "datetime_format", Options.datetime_format),
        empty=bool(said.get("empty", True)),
        notes=bool(said.get("notes", True)),
    )
