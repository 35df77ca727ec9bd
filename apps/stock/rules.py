"""The bench of the stock's rules: JSON in, JSON out, over the same functions that pages and papers call."""

import datetime as dt
from typing import Any

from apps.core.rules import BadInput, date_of, text_of
from apps.stock import expiry, fefo, units


def _whole(values: dict[str, Any], field: str, *, least: int = 0) -> int:
    value = values.get(field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput(field, f"«{field}» phải là số nguyên.", "not_a_number")
    if not least <= value <= units.MOST:
        raise BadInput(field, f"«{field}» phải từ {least} đến {units.MOST}.", "range")
    return value


def _rows(values: dict[str, Any], field: str) -> list[dict[str, Any]]:
    rows = values.get(field)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(field, f"«{field}» phải là danh sách các đối tượng.", "not_a_list")
    return rows


def run_fefo(values: dict[str, Any]) -> dict[str, Any]:
    on = date_of(values, "on") or dt.date.min  # required: never None
    lots = []
    for place, row in enumerate(_rows(values, "lots")):
        try:
            number = text_of(row, "lot")
            state = text_of(row, "state", required=False) or fefo.USABLE
            if state != fefo.USABLE and state not in fefo.WHY_NOT:
                raise BadInput("state", "Không biết tình trạng này.", "unknown")
            last, month_only = _expiry(row, "expiry")
            lots.append(
                fefo.LotFacts(
                    key=f"{place:06d}",
                    number=number or "",
                    expiry=last,
                    quantity=_whole(row, "quantity"),
                    state=state,
                    use_first=row.get("use_first") is True,
                    month_only=month_only,
                )
            )
        except BadInput as bad:
            raise BadInput(f"lots[{place}].{bad.field}", bad.message, bad.code) from None
    found = fefo.allocate(_whole(values, "quantity", least=1), lots, on)
    return {
        "taken": [{"lot": each.number, "quantity": each.quantity, "why": each.why} for each in found.parts],
        "short": found.short,
        "passed": [{"lot": each.number, "quantity": each.quantity, "why": each.why} for each in found.passed],
    }


def _expiry(values: dict[str, Any], field: str) -> tuple[dt.date | None, bool]:
    text = text_of(values, field, required=False)
    if text is None:
        return None, False
    try:
        found = expiry.parse(text) if len(text) != 10 or "-" not in text else _iso(text)
    except ValueError as wrong:
        raise BadInput(field, str(wrong), "not_an_expiry") from None
    return found.last_day, found.month_only


def _iso(text: str) -> expiry.Expiry:
    return expiry.Expiry(dt.date.fromisoformat(text), False)


def run_base_units(values: dict[str, Any]) -> dict[str, Any]:
    unit = text_of(values, "unit") or ""
    raw = [(text_of(row, "name"), row.get("factor")) for row in _rows(values, "packs")]
    try:
        packs = units.packs_of(unit, raw)
        factors = {unit.lower(): 1} | {pack.name.lower(): pack.factor for pack in packs}
        parts = []
        for place, row in enumerate(_rows(values, "counts")):
            name = (text_of(row, "pack", required=False) or unit).lower()
            if name not in factors:
                raise BadInput(f"counts[{place}].pack", "Mặt hàng không có quy cách này.", "unknown")
            parts.append((_whole(row, "count"), factors[name]))
        total = units.base_units(parts)
    except BadInput:
        raise
    except ValueError as wrong:
        raise BadInput("packs", str(wrong), "invalid") from None
    return {"quantity": total, "words": units.words(total, unit, packs)}


def run_expiry(values: dict[str, Any]) -> dict[str, Any]:
    on = date_of(values, "on") or dt.date.min  # required: never None
    last, month_only = _expiry(values, "expiry")
    raw = values.get("bounds", [90, 30, 7])
    if not (isinstance(raw, list) and len(raw) == 3 and all(type(each) is int for each in raw)):
        raise BadInput("bounds", "«bounds» phải là ba số ngày, lớn trước.", "not_a_list")
    found = expiry.classify(last, on, raw)
    return {
        "last_day": last.isoformat() if last else None,
        "month_only": month_only,
        "usable": expiry.usable(last, on),
        "class": found,
        "shown": expiry.SHOWN[found],
    }
