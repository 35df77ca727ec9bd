"""The rules of money as the rule bench speaks them: plain JSON in, plain JSON out."""

import datetime as dt
from decimal import Decimal
from typing import Any, cast

from apps.core.rules import BadInput, date_of, text_of
from apps.encounters.money import benefit, shipped, vietqr

# How the level of a facility may be spelled: that of the station counts, every other is told apart by the
# object type.
STATION_LEVELS = ("commune", "station", "4", "IV")
OTHER_LEVELS = (
    "primary",
    "basic",
    "specialised",
    "district",
    "province",
    "central",
    "1",
    "2",
    "3",
    "I",
    "II",
    "III",
)


def run_vietqr_build(values: dict[str, Any]) -> dict[str, Any]:
    amount = values.get("amount")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int)):
        raise BadInput("amount", "«amount» phải là số nguyên đồng hoặc null.", "not_a_number")
    try:
        payload = vietqr.build(
            bank_bin=cast(str, text_of(values, "bank_bin")),
            account=cast(str, text_of(values, "account")),
            service=cast(str, text_of(values, "service")),
            amount=amount,
            purpose=text_of(values, "purpose", required=False) or "",
        )
    except vietqr.BadQr as bad:
        raise BadInput(bad.field, bad.message, bad.code) from bad
    return {"payload": payload}


def run_vietqr_parse(values: dict[str, Any]) -> dict[str, Any]:
    try:
        found = vietqr.parse(cast(str, text_of(values, "payload")))
    except vietqr.BadQr as bad:
        raise BadInput(bad.field, bad.message, bad.code) from bad
    return {
        "bank_bin": found.bank_bin,
        "account": found.account,
        "amount": found.amount,
        "purpose": found.purpose,
        "service": found.service,
        "crc_ok": found.crc_ok,
    }


def run_benefit(values: dict[str, Any]) -> dict[str, Any]:
    on = cast(dt.date, date_of(values, "visit_date"))
    total = _total(values)
    at_station = _at_station(values)
    kind = _kind(values, on, at_station)
    reason = text_of(values, "reason", required=False) or None
    if reason not in (None, *benefit.REASONS):
        raise BadInput("reason", f"«reason» là một trong: {', '.join(benefit.REASONS)}.", "unknown_reason")
    threshold = shipped.threshold(on)
    if threshold is None:
        raise BadInput("visit_date", "Chưa có mức lương cơ sở của ngày này.", "no_base_salary")
    card = text_of(values, "card", required=False)
    try:
        percent = benefit.level(
            kind=kind,
            card_level=benefit.level_of_card(card) if card else None,
            total=total,
            threshold=threshold,
            at_station=at_station,
            reason=reason,
        )
    except benefit.NoBenefit as no:
        raise BadInput(no.field, no.message, no.code) from no
    fund, patient = benefit.split(total, percent)
    return {"level_percent": _plain(percent), "t_bhtt": _plain(fund), "t_bncct": _plain(patient)}


def _total(values: dict[str, Any]) -> Decimal:
    given = values.get("total_bh")
    if given is None:
        raise BadInput("total_bh", "Thiếu «total_bh».", "missing")
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise BadInput("total_bh", "«total_bh» phải là số tiền (đồng).", "not_a_number")
    total = Decimal(str(given))
    if not total.is_finite() or total < 0 or total >= 10**13:
        raise BadInput("total_bh", "«total_bh» phải từ 0 đến dưới 10 nghìn tỷ đồng.", "range")
    if total != round(total, 2):
        raise BadInput("total_bh", "«total_bh» có nhiều nhất 2 chữ số thập phân.", "range")
    return total


def _at_station(values: dict[str, Any]) -> bool:
    given = values.get("facility_level")
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if given is None:
        return False
    if given not in STATION_LEVELS + OTHER_LEVELS:
        raise BadInput("facility_level", "Không biết cấp cơ sở này.", "unknown_level")
    return given in STATION_LEVELS


def _kind(values: dict[str, Any], on: dt.date, at_station: bool) -> benefit.ObjectType:
    """The object type; at a station without one it is that of stations."""
    code = text_of(values, "object_code", required=False) or (benefit.STATION if at_station else None)
    if code is None:
        raise BadInput("object_code", "Thiếu mã đối tượng khám chữa bệnh.", "missing")
    kind = shipped.object_type(code, on)
    if kind is None and code == benefit.STATION:
        return benefit.ObjectType(code, Decimal(100), ignores_card=True)  # as before the list of 2025
    if kind is None:
        word = "không có hiệu lực vào ngày này" if shipped.known(code) else "không có trong danh mục"
        raise BadInput("object_code", f"Mã đối tượng «{code}» {word}.", "unknown_object")
    return kind


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
