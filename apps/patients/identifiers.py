"""Numbers that stand for people, cards, facilities, papers and places: what each may look like.

Pure. Three answers: ``valid``, ``warn`` (kept after the user confirms) and ``invalid``. No number here has
a check digit that the law fixes; the only one looked at (GS1, 13-digit facility code) is a warning.
Sources: Decree 137/2015 and 70/2024 (citizen number), Decision 1351/QĐ-BHXH and Decree 188/2025
(insurance), Decision 384/QĐ-BYT 2019 and 1551/QĐ-BYT 2026 (facilities, messages), Decision 808/QĐ-BYT 2022
(prescriptions), Decision 19/2025/QĐ-TTg (units).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

Result = Literal["valid", "warn", "invalid"]

# The 63 provinces that ended on 30/06/2025 go on living in citizen and insurance numbers.
# fmt: off
OLD_PROVINCES = frozenset((
    "01", "02", "04", "06", "08", "10", "11", "12", "14", "15", "17", "19", "20", "22", "24", "25",
    "26", "27", "30", "31", "33", "34", "35", "36", "37", "38", "40", "42", "44", "45", "46", "48",
    "49", "51", "52", "54", "56", "58", "60", "62", "64", "66", "67", "68", "70", "72", "74", "75",
    "77", "79", "80", "82", "83", "84", "86", "87", "89", "91", "92", "93", "94", "95", "96",
))
# fmt: on
# 97 Ministry of National Defence, 98 police: only in insurance numbers.
INSURANCE_PROVINCES = OLD_PROVINCES | {"97", "98"}
# fmt: off
OBJECT_CODES = frozenset((
    "DN", "HX", "CH", "NN", "TK", "HC", "XK", "HT", "TB", "NO", "CT", "XB", "TN", "CS", "QN", "CA",
    "CY", "XN", "MS", "CC", "CK", "CB", "KC", "HD", "TE", "BT", "HN", "DT", "DK", "XD", "TS", "TC",
    "TQ", "TV", "TA", "TY", "HG", "LS", "PV", "CN", "HS", "SV", "GB", "GD",
))
# fmt: on

_RAISE = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class UnitCodes(Protocol):
    """The lists of administrative units by date; ``on`` None means the present list."""

    def province(self, code: str, on: date | None) -> str | None: ...

    def ward(self, code: str, on: date | None) -> str | None: ...


@dataclass(frozen=True)
class Context:
    """What the form or the record says beside the number. ``dob`` is a full date or a year."""

    dob: date | int | None = None
    sex: Literal["male", "female"] | None = None
    on: date | None = None

    @property
    def birth_year(self) -> int | None:
        return self.dob.year if isinstance(self.dob, date) else self.dob


@dataclass(frozen=True)
class Check:
    """The answer: ``value`` as it is stored, ``reason`` a code (empty when valid), ``parsed`` what the
    digits say.
    """

    result: Result
    value: str
    reason: str = ""
    parsed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return SENTENCES.get(self.reason, "")


SENTENCES = {
    "format_cccd": "Số CCCD phải có đúng 12 chữ số.",
    "format_cmnd": "Số CMND phải có đúng 9 chữ số.",
    "format_bhyt": "Số thẻ BHYT gồm 15 ký tự: 2 chữ cái, 1 chữ số mức hưởng (1 đến 5) rồi 12 chữ số.",
    "format_bhxh": "Mã số BHXH phải có đúng 10 chữ số.",
    "format_bhyt_lookup_key": "Mã tra cứu thẻ gồm 10, 12 hoặc 15 ký tự.",
    "format_cskcb": "Mã cơ sở khám chữa bệnh gồm 5 ký tự: 2 chữ số mã tỉnh rồi 3 chữ số hoặc chữ cái.",
    "format_facility13": "Mã cơ sở phải có đúng 13 chữ số.",
    "format_don_thuoc": "Mã đơn thuốc gồm 12 ký tự, dấu gạch ngang rồi loại đơn (c, n, h hoặc y).",
    "format_ho_gia_dinh": "Mã hộ gia đình phải có đúng 10 chữ số.",
    "format_province_gso": "Mã tỉnh phải có đúng 2 chữ số.",
    "format_ward_gso": "Mã xã phải có đúng 5 chữ số.",
    "format_msg_id_1551": "Mã bản tin gồm 13 chữ số nơi gửi, 6 chữ số ngày và 32 ký tự mã ngẫu nhiên.",
    "all_zero": "Số này toàn chữ số 0.",
    "unknown_province": "Ba chữ số đầu không phải mã tỉnh, hãy xem lại thẻ.",
    "unknown_insurance_province": "Mã tỉnh trong số thẻ không có trong danh mục, hãy xem lại thẻ.",
    "unknown_object": "Mã đối tượng ở đầu số thẻ không có trong danh mục, hãy xem lại thẻ.",
    "sex_mismatch": "Chữ số thứ tư của số CCCD không khớp với giới tính đã nhập.",
    "century_mismatch": "Chữ số thứ tư của số CCCD không khớp với thế kỷ sinh đã nhập.",
    "birth_year_mismatch": "Chữ số thứ năm và thứ sáu của số CCCD không khớp với năm sinh đã nhập.",
    "future_birth": "Năm sinh trong số CCCD còn ở tương lai.",
    "check_digit": "Chữ số kiểm tra cuối mã cơ sở không khớp.",
    "not_in_list": "Mã này không có trong danh mục đang có hiệu lực.",
    "impossible_date": "Phần ngày trong mã không phải ngày có thật.",
}


def normalise(kind: str, value: str) -> str:
    """The number as it is stored: without blanks, letters raised (prescription and message codes lowered)."""
    joined = "".join(value.split())
    if kind in ("don_thuoc", "msg_id_1551"):
        return joined.translate({upper: lower for lower, upper in _RAISE.items()})
    return joined.translate(_RAISE)


def check(kind: str, value: str, context: Context | None = None, units: UnitCodes | None = None) -> Check:
    """Judges one number. Raises KeyError for an unknown kind; ``units`` is needed for province_gso and
    ward_gso.
    """
    number = normalise(kind, value)
    return KINDS[kind](number, context or Context(), units)


def _digits(length: int, kind: str) -> Callable[[str, Context, UnitCodes | None], Check]:
    def judge(number: str, _context: Context, _units: UnitCodes | None) -> Check:
        return _shape(number, f"[0-9]{{{length}}}", kind) or Check("valid", number)

    return judge


def _shape(number: str, pattern: str, kind: str) -> Check | None:
    if not re.fullmatch(pattern, number):
        return Check("invalid", number, f"format_{kind}")
    if set(number) == {"0"}:
        return Check("invalid", number, "all_zero")
    return None


def citizen_parts(number: str) -> dict[str, Any]:
    """What the first six digits of a citizen number say: province (3 digits), sex, birth_year."""
    century, sex = divmod(int(number[3]), 2)
    return {
        "province": number[:3],
        "sex": "female" if sex else "male",
        "birth_year": 1900 + 100 * century + int(number[4:6]),
    }


def citizen_doubts(number: str, context: Context) -> list[str]:
    """Codes of what disagrees with a well-formed citizen number, gravest last in the law's order of
    digits.
    """
    parts = citizen_parts(number)
    doubts = []
    if number[0] != "0" or number[1:3] not in OLD_PROVINCES:
        doubts.append("unknown_province")
    if context.sex and context.sex != parts["sex"]:
        doubts.append("sex_mismatch")
    if (year := context.birth_year) is not None:
        if year // 100 != parts["birth_year"] // 100:
            doubts.append("century_mismatch")
        if year % 100 != parts["birth_year"] % 100:
            doubts.append("birth_year_mismatch")
    if context.on and parts["birth_year"] > context.on.year:
        doubts.append("future_birth")
    return doubts


def _cccd(number: str, context: Context, _units: UnitCodes | None) -> Check:
    if wrong := _shape(number, "[0-9]{12}", "cccd"):
        return wrong
    doubts = citizen_doubts(number, context)
    return Check("warn" if doubts else "valid", number, doubts[0] if doubts else "", citizen_parts(number))


def _cmnd(number: str, context: Context, units: UnitCodes | None) -> Check:
    if len(number) == 12:  # the last old-style cards carried numbers of the new structure
        return _cccd(number, context, units)
    return _shape(number, "[0-9]{9}", "cmnd") or Check("valid", number)


def _bhyt(number: str, _context: Context, _units: UnitCodes | None) -> Check:
    match = re.fullmatch("([A-Z]{2})([1-5])([0-9]{2})([0-9]{10})", number)
    if not match:
        return Check("invalid", number, "format_bhyt")
    object_code, level, province, bhxh = match.groups()
    parsed = {"object": object_code, "level": int(level), "province": province, "bhxh": bhxh}
    if set(bhxh) == {"0"}:
        return Check("invalid", number, "all_zero", parsed)
    if object_code not in OBJECT_CODES:
        return Check("warn", number, "unknown_object", parsed)
    if province not in INSURANCE_PROVINCES:
        return Check("warn", number, "unknown_insurance_province", parsed)
    return Check("valid", number, "", parsed)


def _bhyt_lookup_key(number: str, context: Context, units: UnitCodes | None) -> Check:
    kind = {10: "bhxh", 12: "cccd", 15: "bhyt"}.get(len(number))
    return KINDS[kind](number, context, units) if kind else Check("invalid", number, "format_bhyt_lookup_key")


def _cskcb(number: str, _context: Context, _units: UnitCodes | None) -> Check:
    return _shape(number, "[0-9]{2}[0-9A-Z]{3}", "cskcb") or Check("valid", number)


def _facility13(number: str, _context: Context, _units: UnitCodes | None) -> Check:
    if wrong := _shape(number, "[0-9]{13}", "facility13"):
        return wrong
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number[:12]))
    if (10 - total % 10) % 10 != int(number[12]):
        return Check("warn", number, "check_digit")
    return Check("valid", number)


def _don_thuoc(number: str, _context: Context, _units: UnitCodes | None) -> Check:
    match = re.fullmatch("([0-9]{2}[0-9a-z]{3})([0-9a-z]{7})-([cnhy])", number)
    if not match:
        return Check("invalid", number, "format_don_thuoc")
    facility, random, kind = match.groups()
    return Check("valid", number, "", {"facility": facility, "random": random, "type": kind})


def _province(number: str, context: Context, units: UnitCodes | None) -> Check:
    if wrong := _shape(number, "[0-9]{2}", "province_gso"):
        return wrong
    name = units.province(number, context.on) if units else None
    return Check("valid", number, "", {"name": name}) if name else Check("invalid", number, "not_in_list")


def _ward(number: str, context: Context, units: UnitCodes | None) -> Check:
    if wrong := _shape(number, "[0-9]{5}", "ward_gso"):
        return wrong
    name = units.ward(number, context.on) if units else None
    return Check("valid", number, "", {"name": name}) if name else Check("invalid", number, "not_in_list")


def _message(number: str, _context: Context, _units: UnitCodes | None) -> Check:
    match = re.fullmatch("([0-9]{13})([0-9]{6})([0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15})", number)
    if not match:
        return Check("invalid", number, "format_msg_id_1551")
    sender, day, random = match.groups()
    if set(sender) == {"0"}:
        return Check("invalid", number, "all_zero")
    try:
        on = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError:
        return Check("invalid", number, "impossible_date")
    return Check("valid", number, "", {"sender": sender, "on": on.isoformat(), "random": random})


KINDS: dict[str, Callable[[str, Context, UnitCodes | None], Check]] = {
    "cccd": _cccd,
    "cmnd": _cmnd,
    "bhyt": _bhyt,
    "bhxh": _digits(10, "bhxh"),
    "bhyt_lookup_key": _bhyt_lookup_key,
    "cskcb": _cskcb,
    "facility13": _facility13,
    "don_thuoc": _don_thuoc,
    "ho_gia_dinh": _digits(10, "ho_gia_dinh"),
    "province_gso": _province,
    "ward_gso": _ward,
    "msg_id_1551": _message,
}
