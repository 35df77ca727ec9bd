"""The rules of this room as the rule bench speaks them: plain JSON in, plain JSON out."""

import datetime as dt
from dataclasses import asdict
from typing import Any, cast

from apps.core.rules import BadInput, date_of, text_of
from apps.core.text import search_key
from apps.patients import identifiers, scan
from apps.patients.unit_codes import ShippedUnits

UNITS = ShippedUnits()


def run_parse_cccd_qr(values: dict[str, Any]) -> dict[str, Any]:
    card = scan.parse_citizen(cast(str, text_of(values, "text")))
    if isinstance(card, scan.Unreadable):
        raise BadInput("text", card.sentence, card.reason)
    said = asdict(card)
    said |= {"dob": card.dob.isoformat(), "issued": card.issued.isoformat(), "warnings": list(card.warnings)}
    return said


def run_check_identifier(values: dict[str, Any]) -> dict[str, Any]:
    kind = cast(str, text_of(values, "kind"))
    value = cast(str, text_of(values, "value"))
    if kind not in identifiers.KINDS:
        raise BadInput("kind", f"Không biết loại mã «{kind}».", "unknown_kind")
    found = identifiers.check(kind, value, _context(values.get("context")), UNITS)
    return {"result": found.result, "reason": found.reason or None, "parsed": dict(found.parsed)}


def run_search_key(values: dict[str, Any]) -> dict[str, Any]:
    return {"key": search_key(cast(str, text_of(values, "text")))}


def _context(given: Any) -> identifiers.Context:
    """dob (full date or year), sex, on; other keys are let pass."""
    if given is None:
        return identifiers.Context()
    if not isinstance(given, dict):
        raise BadInput("context", "«context» phải là một đối tượng.", "not_an_object")
    sex = given.get("sex")
    if sex not in (None, "male", "female", "unknown"):
        raise BadInput("context.sex", "«context.sex» phải là male hoặc female.", "not_a_sex")
    return identifiers.Context(
        dob=_birth(given.get("dob")), sex=None if sex == "unknown" else sex, on=_date(given, "on")
    )


def _birth(value: Any) -> dt.date | int | None:
    if isinstance(value, bool):
        raise BadInput("context.dob", "«context.dob» phải là ngày hoặc năm.", "not_a_date")
    if isinstance(value, int) or (isinstance(value, str) and len(value) == 4 and value.isascii()):
        if not str(value).isdigit() or not 1000 <= int(value) <= 9999:
            raise BadInput("context.dob", "«context.dob» phải là ngày hoặc năm.", "not_a_date")
        return int(value)
    return _date({"dob": value}, "dob")


def _date(given: dict[str, Any], key: str) -> dt.date | None:
    try:
        return date_of(given, key, required=False)
    except BadInput as bad:
        raise BadInput(f"context.{key}", bad.message, bad.code) from None
