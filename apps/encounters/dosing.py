"""The arithmetic and the wording of a prescription line, and the prescription's code.

Pure. Sources: TT 26/2025/TT-BYT (how a prescription is written: a quantity below ten gets a leading zero,
narcotics are counted in words), QĐ 808/QĐ-BYT 2022 (prescription code).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

CODE_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
FACILITY_PATTERN = re.compile(r"[0-9]{2}[0-9a-z]{3}")
KINDS = {"c": "Đơn thuốc", "n": "Đơn thuốc “N”", "h": "Đơn thuốc “H”", "y": "Đơn thuốc y học cổ truyền"}

# Units a station hands out whole: half a tablet a day for seven days takes four tablets off the shelf.
WHOLE_UNITS = {"viên", "gói", "ống", "viên nang", "viên sủi", "viên đặt", "miếng", "túi"}
SHORT = {"v": "viên", "vien": "viên"}  # what is typed in a hurry is printed in full
DOSE_PATTERN = re.compile(
    r"(?P<whole>\d{1,4}(?:[.,]\d{1,3})?)(?:\s*/\s*(?P<part>\d{1,2}))?\s*(?P<unit>[^\d/]{0,20})"
)


def read_dose(text: str, unit: str) -> tuple[Decimal, str]:
    """What is taken at once: `1`, `1/2`, `0,5`, `5 ml` -> (amount, unit); ValueError with a sentence."""
    found = DOSE_PATTERN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"Liều “{text.strip()[:20]}” không đọc được. Ghi như 1, 1/2, 0,5 hoặc 5 ml.")
    amount = Fraction(found["whole"].replace(",", "."))
    if found["part"] is not None:
        if int(found["part"]) == 0:
            raise ValueError("Liều không thể chia cho 0.")
        amount /= int(found["part"])
    if amount <= 0:
        raise ValueError("Liều mỗi lần phải lớn hơn 0.")
    if amount >= 1_000_000:
        raise ValueError("Liều mỗi lần lớn quá mức có thể.")
    dose = (Decimal(amount.numerator) / Decimal(amount.denominator)).quantize(Decimal("0.001")).normalize()
    said = found["unit"].strip().lower() or unit.strip().lower()
    return dose, SHORT.get(said, said)


@dataclass(frozen=True)
class Use:
    """How a medicine was written on paper: what is taken at once, how often, how long, how much in all."""

    dose: Decimal
    dose_unit: str
    times_per_day: int
    days: int
    quantity: Decimal | None  # None: to be computed


USE_SENTENCE = "Ghi như 1 x 2 x 5: mỗi lần 1, ngày 2 lần, 5 ngày; số lượng khác thì thêm = 8."


def read_use(text: str, unit: str) -> Use:
    """`1 x 2 x 5`, `1/2 viên x 3 lần x 5 ngày`, `5 ml x 3 x 5 = 1`: ValueError with a sentence else.

    `unit` is the drug's own, of a dose that names none.
    """
    left, equals, total = text.partition("=")
    parts = [part.strip() for part in re.split(r"[x×*]", left.strip().lower())]
    if len(parts) != 3:
        raise ValueError(USE_SENTENCE)
    dose, dose_unit = read_dose(parts[0], unit)
    found = [
        re.fullmatch(rf"([0-9]{{1,3}})\s*(?:{word})?", part)
        for part, word in zip(parts[1:], ("lần", "ngày"), strict=True)
    ]
    amount = re.fullmatch(r"([0-9]{1,4}(?:[.,][0-9]{1,2})?)\s*[^0-9]{0,20}", total.strip())
    if None in found or (equals and amount is None):
        raise ValueError(USE_SENTENCE)
    times, days = (int(each[1]) for each in found if each)
    said = Decimal(amount[1].replace(",", ".")) if amount else None
    return Use(dose, dose_unit, times, days, said)


def quantity(
    dose: Decimal, times_per_day: int, days: int, unit: str, dose_unit: str | None = None
) -> Decimal | None:
    """How much is handed out, in `unit`; None when the dose has another unit (5 ml out of a bottle).

    A viên of what is counted in viên nang is no other unit.
    """
    if dose_unit is not None and not f"{unit.lower()} ".startswith(f"{dose_unit.lower()} "):
        return None
    total = dose * times_per_day * days
    if unit.lower() in WHOLE_UNITS:
        # A third of a tablet three times a day is one tablet, not two: the dose's rounding is undone first.
        return total.quantize(Decimal("0.01")).to_integral_value(rounding=ROUND_CEILING)
    return total.quantize(Decimal("0.01"))


def amount_text(amount: Decimal) -> str:
    """A dose as it is said: 1/2, 1/4, 1,5, 2."""
    for part in (2, 3, 4):
        if abs(amount - Decimal(1) / part) < Decimal("0.001"):
            return f"1/{part}"
    return format(amount.normalize(), "f").replace(".", ",")


def usage(dose: Decimal, dose_unit: str, times_per_day: int, route: str = "", note: str = "") -> str:
    """`Ngày uống 2 lần, mỗi lần 1 viên`, with `note` (`sau ăn`) behind it. `route` is the route's label."""
    verb = route.strip().lower() or "dùng"
    words = f"Ngày {verb} {times_per_day} lần, mỗi lần {amount_text(dose)} {dose_unit}".rstrip()
    return f"{words}, {note.strip()}" if note.strip() else words


def quantity_text(amount: Decimal, *, narcotic: bool = False) -> str:
    """The quantity as the form asks: 06, 14, 2,5; for narcotics in words with a capital."""
    whole = amount == amount.to_integral_value()
    if narcotic and whole:
        words = in_words(int(amount))
        return words[0].upper() + words[1:]
    if whole:
        return f"{int(amount):02d}"
    return format(amount.normalize(), "f").replace(".", ",")


DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def in_words(number: int) -> str:
    """A whole number from 0 to 9.999 in Vietnamese words."""
    if not 0 <= number <= 9999:
        raise ValueError(f"{number} is outside 0 to 9999")
    if number < 10:
        return DIGITS[number]
    thousands, rest = divmod(number, 1000)
    words = [DIGITS[thousands], "nghìn"] if thousands else []
    hundreds, rest = divmod(rest, 100)
    if hundreds or (thousands and rest):
        words += [DIGITS[hundreds], "trăm"]
    tens, ones = divmod(rest, 10)
    if tens == 1:
        words.append("mười")
    elif tens > 1:
        words += [DIGITS[tens], "mươi"]
    elif ones and words:
        words.append("linh")
    if ones == 1 and tens > 1:
        words.append("mốt")
    elif ones == 5 and tens:
        words.append("lăm")
    elif ones:
        words.append(DIGITS[ones])
    return " ".join(words)


def is_facility_code(text: str) -> bool:
    """Whether `text` is a facility's code of five characters (QĐ 384/QĐ-BYT 2019)."""
    return FACILITY_PATTERN.fullmatch(text.strip().lower()) is not None


def prescription_code(facility_code: str, kind: str, pick: Callable[[str], str]) -> str:
    """5 characters of the facility, 7 drawn by `pick` (secrets.choice), `-`, the kind; or ValueError."""
    facility = facility_code.strip().lower()
    if not FACILITY_PATTERN.fullmatch(facility):
        raise ValueError(f"{facility_code!r} is not a facility code of five characters")
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of prescription")
    return f"{facility}{''.join(pick(CODE_ALPHABET) for _ in range(7))}-{kind}"


def kind_of(controlled: str, bhyt_code: str) -> str:
    """The form a drug belongs on: n narcotic, h psychotropic or precursor, y traditional, c all others.

    Traditional and herbal medicines are those whose insurance code begins with 05 (05C, 05V).
    """
    if controlled == "narcotic":
        return "n"
    if controlled in {"psychotropic", "precursor"}:
        return "h"
    return "y" if bhyt_code.startswith("05") else "c"


def kinds_in_order(kinds: Iterable[str]) -> list[str]:
    """The distinct kinds in the order their papers are printed."""
    present = set(kinds)
    return [kind for kind in KINDS if kind in present]
