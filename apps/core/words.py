"""How values are said to people: ages, dates, money, phone numbers, sexes. Pure: no database, no clock."""

import calendar
import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal

# Under this many completed months an age is said in months, as the child registers do (TT 37/2019, A2).
MONTHS_SPOKEN_UNTIL = 36

SEX_WORDS = {
    "1": "Nam",
    "2": "Nữ",
    "3": "Khác",
    "male": "Nam",
    "female": "Nữ",
    "other": "Khác",
    "unknown": "Chưa rõ",
    "m": "Nam",
    "f": "Nữ",
    "nam": "Nam",
    "nữ": "Nữ",
}


def completed_months(born: dt.date, on: dt.date) -> int:
    """Whole months from ``born`` to ``on``; born on the 31st, a short month is complete on its last day."""
    months = (on.year - born.year) * 12 + on.month - born.month
    last_day = calendar.monthrange(on.year, on.month)[1]
    return months if on.day >= min(born.day, last_day) else months - 1


def age_words(born: dt.date | None, on: dt.date, precision: str = "day") -> str:
    """The age at ``on`` as people say it: '5 ngày', '12 tháng', '5 tuổi'; '' before birth or when unknown.

    ``precision`` is that of the birth date ('day', 'month' or 'year'): a year alone gives 'khoảng 36 tuổi'.
    """
    if born is None or born > on:
        return ""
    if precision == "year":
        years = on.year - born.year
        return f"khoảng {years} tuổi" if years else "dưới 1 tuổi"
    months = completed_months(born, on)
    if months >= MONTHS_SPOKEN_UNTIL:
        return f"{months // 12} tuổi"
    if months >= 1:
        return f"{months} tháng"
    if precision == "month":
        return "dưới 1 tháng"
    return f"{(on - born).days} ngày"


def date_words(value: dt.date | None) -> str:
    """dd/mm/yyyy."""
    return f"{value.day:02}/{value.month:02}/{value.year:04}" if value else ""


def datetime_words(value: dt.datetime | None) -> str:
    """'08:05 03/02/1990'; the caller has already moved the value to local time."""
    return f"{value.hour:02}:{value.minute:02} {date_words(value)}" if value else ""


def partial_date_words(value: dt.date | None, precision: str = "day") -> str:
    """'03/02/1990', '02/1990' or '1990', by the precision 'day', 'month' or 'year'."""
    if value is None:
        return ""
    if precision == "year":
        return f"{value.year:04}"
    if precision == "month":
        return f"{value.month:02}/{value.year:04}"
    return date_words(value)


def quantity_words(value: Decimal | int | float | str | None, places: int | None = None) -> str:
    """A number with decimal comma and dotted thousands: 1234.5 -> "1.234,5". Text stays, None is empty."""
    if value is None or isinstance(value, str):
        return value or ""
    number = Decimal(str(value))
    if places is not None:
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    whole, _, fraction = f"{number:f}".partition(".")
    if places is None:
        fraction = fraction.rstrip("0")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(whole):,}".replace(",", ".")
    return sign + grouped + (f",{fraction}" if fraction else "")


def money_words(value: Decimal | int | None) -> str:
    """'1.234.000 đ', rounded to whole đồng; '' for None."""
    words = quantity_words(value, places=0)
    return f"{words} đ" if words else ""


def phone_words(value: str | None) -> str:
    """'0912 345 678' for a ten-digit number; anything else as it was written."""
    digits = re.sub(r"[^0-9+]", "", value or "")
    if digits.startswith("+84"):
        digits = "0" + digits[3:]
    if len(digits) == 10 and digits.isdigit():
        return f"{digits[:4]} {digits[4:7]} {digits[7:]}"
    return value or ""


def sex_word(value: object) -> str:
    """'Nam', 'Nữ', 'Khác' or 'Chưa rõ' for the codes in use; '' for nothing."""
    if value is None or value == "":
        return ""
    return SEX_WORDS.get(str(getattr(value, "value", value)).lower(), "Chưa rõ")
