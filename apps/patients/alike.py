"""How likely two records tell about one person. Pure: plain values in, a score with its reasons out.

The form of a new person and the list of possible duplicates ask the same question here. A score is a rank, no
probability: 100 only for the same number of a paper.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from apps.core.text import clean, search_key

SAME_NAME = 95  # 0..100: one letter of a usual name differs by about 4
LIKE_NAME = 88  # one or two slips of the hand
SHORTENED = 90  # 'Nguyễn Hoa' for 'Nguyễn Thị Hoa'
LONG_GIVEN, LONG_SLIPS = 6, 2  # letters of a given name in which two slips still leave it the same
CERTAIN = 100
ASKED_ABOUT = 60  # from here on a new person's form asks
LISTED = 75  # from here on a pair stands in the station's list
UNLIKE_NAME = 60  # below it two names have little in common
YEARS_APART = 5  # of births: beyond it two records are hardly one person

WORDS = {
    "number": "trùng số giấy tờ hoặc số thẻ",
    "name": "trùng họ tên",
    "marks": "trùng họ tên, khác dấu",
    "like_name": "họ tên gần giống",
    "given": "trùng tên gọi",
    "birth": "trùng ngày sinh",
    "birth_year": "trùng năm sinh",
    "other_day": "trùng năm sinh, khác ngày",
    "near_day": "ngày sinh gần giống",
    "no_birth": "chưa rõ ngày sinh",
    "phone": "trùng số điện thoại",
    "hamlet": "cùng thôn",
    "mother": "cùng mẹ",
}


@dataclass(frozen=True)
class Facts:
    """What is compared of one person. `numbers` as `number_keys` gives them."""

    full_name: str
    sex: str = "unknown"
    birth_date: dt.date | None = None
    birth_precision: str = "day"
    phone: str = ""
    hamlet_id: UUID | None = None
    mother_id: UUID | None = None
    numbers: frozenset[str] = frozenset()

    @cached_property
    def key(self) -> str:
        return search_key(self.full_name)

    @property
    def given(self) -> str:
        return self.key.rpartition(" ")[2]

    @property
    def birth_year(self) -> int | None:
        return self.birth_date.year if self.birth_date else None

    @property
    def exact_birth(self) -> bool:
        return self.birth_date is not None and self.birth_precision == "day"


@dataclass(frozen=True)
class Alike:
    """A score of 1..100 and the keys of WORDS that speak for it."""

    score: int
    reasons: tuple[str, ...]


def number_keys(values: Collection[str]) -> frozenset[str]:
    """Numbers of papers and cards as they are compared: lower case, a card by its last ten digits too."""
    plain = {value.lower() for value in values if value.isascii() and value.isalnum()}
    return frozenset(plain | {value[-10:] for value in plain if len(value) == 15})


def words(reasons: Sequence[str]) -> list[str]:
    """The reasons as they are read."""
    return [WORDS[reason] for reason in reasons if reason in WORDS]


def weigh(one: Facts, other: Facts) -> Alike | None:
    """How alike; None for strangers."""
    if one.numbers & other.numbers:
        return Alike(CERTAIN, ("number",))
    if {one.sex, other.sex} == {"male", "female"} or not (one.key and other.key):
        return None
    alike = name_alike(one.key, other.key)
    if alike < LIKE_NAME and not _same_phone(one, other):
        return None
    found = _by_birth(one, other, alike) or _by_phone(one, other, alike)
    if found is None or _siblings(one, other):
        return None
    more = [key for key, same in (("hamlet", _same(one, other, "hamlet_id")),) if same]
    score = found.score + 5 * len(more)
    if one.mother_id and other.mother_id:
        same_mother = one.mother_id == other.mother_id
        score += 5 if same_mother else -20
        more += ["mother"] if same_mother else []
    if "phone" not in found.reasons and _same_phone(one, other):
        score, more = score + 5, [*more, "phone"]
    score = min(score, CERTAIN - 1)
    return Alike(score, (*found.reasons, *more)) if score >= ASKED_ABOUT else None


def name_alike(one: str, other: str) -> int:
    """0..100 for two folded names: slips of the hand, and a middle word that was left out.

    The given name counts for itself: 'Nguyễn Thị Nhung' and 'Nguyễn Thị Hằng' share most of their letters.
    """
    alike = round(fuzz.ratio(one, other))
    given = (one.rpartition(" ")[2], other.rpartition(" ")[2])
    slips = LONG_SLIPS if min(map(len, given)) >= LONG_GIVEN else 1
    if Levenshtein.distance(*given) > slips:
        return min(alike, LIKE_NAME - 1)
    short, long = sorted((one.split(), other.split()), key=len)
    if 2 <= len(short) < len(long) and (short[0], short[-1]) == (long[0], long[-1]):
        rest = iter(long)
        if all(word in rest for word in short):
            return max(alike, SHORTENED)
    return alike


def _by_birth(one: Facts, other: Facts, alike: int) -> Alike | None:
    name = _name_word(one, other)
    if one.birth_date is None or other.birth_date is None:
        return Alike(60, (name, "no_birth")) if alike >= SAME_NAME else None
    both_exact = one.exact_birth and other.exact_birth
    same_day = one.birth_date == other.birth_date
    if both_exact and same_day and alike >= LIKE_NAME:
        return Alike(90 if name != "marks" else 88, (name, "birth"))
    if both_exact and alike >= SAME_NAME and _near(one.birth_date, other.birth_date):
        return Alike(80, (name, "near_day"))
    if one.birth_year != other.birth_year or alike < SAME_NAME:
        return None
    if same_day or (not both_exact and _may_be_same_day(one, other)):
        return Alike(85, (name, "birth_year"))
    return Alike(66, (name, "other_day"))


def _by_phone(one: Facts, other: Facts, alike: int) -> Alike | None:
    if not _same_phone(one, other):
        return None
    if alike >= LIKE_NAME:
        return Alike(75, (_name_word(one, other), "phone"))
    if one.birth_year and one.birth_year == other.birth_year and one.given and one.given == other.given:
        # A family shares a telephone, but not the year and the given name as well.
        return Alike(72, ("given", "birth_year", "phone"))
    return None


def _name_word(one: Facts, other: Facts) -> str:
    if one.key != other.key:
        return "like_name"
    same = clean(one.full_name).casefold() == clean(other.full_name).casefold()
    unmarked = any(clean(each.full_name).isascii() for each in (one, other))
    return "name" if same or unmarked else "marks"


def _near(one: dt.date, other: dt.date) -> bool:
    """Day and month exchanged, or one digit of the date mistyped."""
    if (one.day, one.month, one.year) == (other.month, other.day, other.year):
        return True
    texts = (f"{one:%d%m%Y}", f"{other:%d%m%Y}")
    return sum(a != b for a, b in zip(*texts, strict=True)) == 1


def _may_be_same_day(one: Facts, other: Facts) -> bool:
    """Of one year, one of them without its day: nothing known contradicts."""
    assert one.birth_date is not None and other.birth_date is not None  # noqa: S101 - asked before
    if "year" in (one.birth_precision, other.birth_precision):
        return True
    return one.birth_date.month == other.birth_date.month


def _siblings(one: Facts, other: Facts) -> bool:
    """Children of one mother with other given names: twins have all the rest in common."""
    return _same(one, other, "mother_id") and one.given != other.given


def _same(one: Facts, other: Facts, name: str) -> bool:
    value = getattr(one, name)
    return value is not None and value == getattr(other, name)


def _same_phone(one: Facts, other: Facts) -> bool:
    return bool(one.phone) and one.phone == other.phone
