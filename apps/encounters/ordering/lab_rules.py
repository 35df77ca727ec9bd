"""What a result says: how it is read, which range holds, what is low, high or critical. Pure.

Ranges are those of the catalogue (LabTest.ranges), critical figures a parameter; both are brought along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MONTH_DAYS = Decimal("30.4375")
SEXES = {"male": "M", "female": "F"}
_NUMBER = re.compile(r"([<>]?)\s*([0-9]{1,7}(?:[.,][0-9]{1,4})?)")

Range = Mapping[str, Any]  # sex, from_months, to_months, low, high


@dataclass(frozen=True)
class Limits:
    """What the parameters of the day say."""

    critical: Mapping[str, Sequence[Range]]
    adult_months: int
    odd_times: Decimal


@dataclass(frozen=True)
class KnownTest:
    """A test of the catalogue as the rules see it. `normal` are the words that say nothing is wrong."""

    code: str
    name: str
    unit: str
    number: bool
    words: tuple[str, ...]
    ranges: tuple[Range, ...]
    normal: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """One figure or word, read: `odd` is a sentence that asks for a reason, `sentence` tells the flag."""

    test: str
    value: Decimal | None
    comparator: str
    word: str
    range_text: str
    flag: str
    sentence: str = ""
    odd: str = ""


class Unreadable(ValueError):
    """A Vietnamese sentence about what was typed."""


def read(test: KnownTest, text: str, *, sex: str, age_days: int | None, limits: Limits) -> Reading:
    """What was typed for a test. Raises Unreadable for what is neither a figure nor a word of the test."""
    typed = text.strip()
    return _number(test, typed, sex, age_days, limits) if test.number else _word(test, typed)


def _word(test: KnownTest, typed: str) -> Reading:
    found = next((word for word in test.words if word.casefold() == typed.casefold()), None)
    if found is None:
        raise Unreadable(f"{test.name}: chọn một trong {', '.join(test.words)}.")
    flag = ""
    if found == "Không xác định":
        flag = "unclear"
    elif any(word in test.normal for word in test.words) and found not in test.normal:
        flag = "abnormal"
    sentence = f"{test.name}: {found.lower()}." if flag else ""
    return Reading(test.code, None, "", found, "", flag, sentence)


def _number(test: KnownTest, typed: str, sex: str, age_days: int | None, limits: Limits) -> Reading:
    match = _NUMBER.fullmatch(typed)
    if match is None:
        raise Unreadable(f"{test.name}: “{typed[:20]}” không phải là số. Ghi như 5,6 hoặc < 0,1.")
    comparator, value = match[1], Decimal(match[2].replace(",", "."))
    held = fitting(test.ranges, sex, age_days)
    for_adults = held is not None and _is_general(held) and _months(age_days) < limits.adult_months
    words = range_words(held)
    if for_adults and words:
        words = f"{words} (người lớn)"
    flag = _critical(limits.critical.get(test.code, ()), value, sex, age_days)
    if not flag and held is not None and not for_adults:
        flag = _beside(held, value, comparator)
    return Reading(
        test.code,
        value,
        comparator,
        "",
        words,
        flag,
        _sentence(test, value, comparator, flag, words),
        _odd(test, value, held, limits.odd_times),
    )


def fitting(ranges: Sequence[Range], sex: str, age_days: int | None) -> Range | None:
    """The range for a sex and age; one that names the age goes before one that does not."""
    letter, months = SEXES.get(sex, ""), _months(age_days)
    fits = [
        row
        for row in ranges
        if row.get("sex") in (None, "", letter)
        and (row.get("from_months") is None or months >= row["from_months"])
        and (row.get("to_months") is None or months <= row["to_months"])
    ]
    return min(fits, key=_is_general, default=None)


def range_words(row: Range | None) -> str:
    """'3,9–6,4', '< 5,2', '≥ 1,0'; empty without a range."""
    if row is None:
        return ""
    low, high = row.get("low"), row.get("high")
    if low is not None and high is not None:
        return f"{_shown(low)}–{_shown(high)}"
    if high is not None:
        return f"≤ {_shown(high)}"
    return f"≥ {_shown(low)}" if low is not None else ""


def is_critical(flag: str) -> bool:
    return flag.startswith("critical")


def _is_general(row: Range) -> bool:
    return row.get("from_months") is None and row.get("to_months") is None


def _months(age_days: int | None) -> Decimal:
    return Decimal(10_000) if age_days is None else Decimal(age_days) / MONTH_DAYS


def _beside(row: Range, value: Decimal, comparator: str) -> str:
    low, high = row.get("low"), row.get("high")
    if low is not None and (value < Decimal(str(low)) or (comparator == "<" and value == Decimal(str(low)))):
        return "low"
    if high is not None and (
        value > Decimal(str(high)) or (comparator == ">" and value == Decimal(str(high)))
    ):
        return "high"
    return ""


def _critical(rows: Sequence[Range], value: Decimal, sex: str, age_days: int | None) -> str:
    row = fitting(rows, sex, age_days)
    if row is None:
        return ""
    if row.get("low") is not None and value < Decimal(str(row["low"])):
        return "critical_low"
    if row.get("high") is not None and value > Decimal(str(row["high"])):
        return "critical_high"
    return ""


_FLAG_WORDS = {
    "critical_low": "thấp nguy hiểm",
    "low": "thấp",
    "high": "cao",
    "critical_high": "cao nguy hiểm",
}


def _sentence(test: KnownTest, value: Decimal, comparator: str, flag: str, words: str) -> str:
    if not flag:
        return ""
    figure = f"{comparator} {_shown(value)}".strip()
    usual = f" (tham chiếu {words})" if words else ""
    told = f"{test.name} {figure} {test.unit}".rstrip() + f": {_FLAG_WORDS[flag]}{usual}."
    return f"{told} Báo ngay bác sĩ." if is_critical(flag) else told


def _odd(test: KnownTest, value: Decimal, row: Range | None, times: Decimal) -> str:
    if row is None:
        return ""
    low, high = row.get("low"), row.get("high")
    far = (high is not None and value > Decimal(str(high)) * times) or (
        low is not None and value * times < Decimal(str(low))
    )
    if not far:
        return ""
    return (
        f"{test.name} {_shown(value)} {test.unit} cách xa khoảng tham chiếu {range_words(row)}: "
        "xem lại dấu phẩy và đơn vị. Đúng thì ghi lý do."
    )


def _shown(value: Any) -> str:
    return format(Decimal(str(value)).normalize(), "f").replace(".", ",")
