"""Z-scores by the WHO Child Growth Standards 2006 (to 60 months) and the WHO Reference 2007 (to 19 years).

Method of the WHO packages anthro and anthroplus: exact day of age, 0.7 cm between lying and standing, linear
tails of the weight-based indicators beyond three standard deviations.
"""

from dataclasses import dataclass
from typing import Literal

from apps.care.growth.tables import LMS, Sex, table

Position = Literal["L", "H"]

DAYS_A_MONTH = 30.4375
STANDING_FROM = 731  # days: from here a child is measured standing; before, lying
NEVER_STANDING_MONTHS = 9  # younger and 'standing' is a mistake of recording
FIVE_YEARS = 60  # months: here the reference of 2007 begins
WEIGHT_UNTIL, GROWN_UP = 120, 228  # months, the last that have a value: weight for age, the others
CM_BETWEEN = 0.7  # a child is so much longer lying than standing

INDICATORS = ("waz", "haz", "whz", "baz", "hcaz")
# Beyond these a value is shown, asks to measure again, and is counted nowhere (WHO).
PLAUSIBLE = {"haz": (-6, 6), "waz": (-6, 5), "whz": (-5, 5), "baz": (-5, 5), "hcaz": (-5, 5)}


@dataclass(frozen=True, slots=True)
class Body:
    """What was measured of a child: `sex` None when unknown, `position` None when nobody wrote it down."""

    sex: Sex | None
    age_days: int
    weight_kg: float | None = None
    lenhei_cm: float | None = None
    position: Position | None = None
    oedema: bool = False
    headc_cm: float | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """Z-scores of two decimals, None where there is none. `length_cm` is the corrected length or height."""

    standard: str
    length_cm: float | None
    bmi: float | None
    waz: float | None
    haz: float | None
    whz: float | None
    baz: float | None
    hcaz: float | None
    mistaken_position: bool

    def of(self, indicator: str) -> float | None:
        """The z-score of "waz", "haz", "whz", "baz" or "hcaz"."""
        value: float | None = getattr(self, indicator)
        return value

    def flagged(self, indicator: str) -> bool | None:
        """Whether a value is hardly possible; None without a value."""
        value = self.of(indicator)
        if value is None:
            return None
        low, high = PLAUSIBLE[indicator]
        return value < low or value > high


def months_of(age_days: int) -> float:
    """Age in months of 30.4375 days."""
    return age_days / DAYS_A_MONTH


def evaluate(body: Body) -> Scores:
    """Every z-score that a measuring gives. ValueError for an age below zero."""
    if body.age_days < 0:
        raise ValueError("age below zero")
    young = months_of(body.age_days) < FIVE_YEARS
    weight, head = _positive(body.weight_kg), _positive(body.headc_cm)
    length, mistaken = _corrected(body, young)
    bmi = weight / (length / 100) ** 2 if weight and length else None
    mass = None if body.oedema else weight  # with swollen feet the weight says nothing
    index = None if body.oedema else bmi
    whz = None
    if young and mass and length:
        whz = _score(lms_for_length(body.sex, body.age_days, length), mass, True)
    return Scores(
        standard="WHO2006" if young else "WHO2007",
        length_cm=None if length is None else round(length, 6),
        bmi=bmi,
        waz=_score(lms_for_age("waz", body.sex, body.age_days), mass, True),
        haz=_score(lms_for_age("haz", body.sex, body.age_days), length, False),
        whz=whz,
        baz=_score(lms_for_age("baz", body.sex, body.age_days), index, True),
        hcaz=_score(lms_for_age("hcaz", body.sex, body.age_days), head, False),
        mistaken_position=mistaken,
    )


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _corrected(body: Body, young: bool) -> tuple[float | None, bool]:
    """The length as the standard of the age wants it, and whether the position was a mistake."""
    length = _positive(body.lenhei_cm)
    if length is None or not young:
        return length, False
    if body.position == "H" and months_of(body.age_days) < NEVER_STANDING_MONTHS:
        return length, True
    if body.position == "H" and body.age_days < STANDING_FROM:
        length = round(length + CM_BETWEEN, 6)
    elif body.position == "L" and body.age_days >= STANDING_FROM:
        length = round(length - CM_BETWEEN, 6)
    return _positive(length), False


def lms_for_age(indicator: str, sex: Sex | None, age_days: float) -> LMS | None:
    """L, M, S of "waz", "haz", "baz", "hcaz" at an age (whole days to 60 months); None outside the tables."""
    months = age_days / DAYS_A_MONTH
    if sex is None or age_days < 0:
        return None
    if months < FIVE_YEARS:
        return table(f"{indicator}_0_5", sex).at(age_days)
    if indicator == "hcaz" or months > (WEIGHT_UNTIL if indicator == "waz" else GROWN_UP):
        return None
    return table("waz_5_10" if indicator == "waz" else f"{indicator}_5_19", sex).at(months)


def lms_for_length(sex: Sex | None, age_days: int, length_cm: float) -> LMS | None:
    """L, M, S of the weight at a corrected length. The age, not the position, picks the table."""
    if sex is None:
        return None
    return table("wlz_0_5" if age_days < STANDING_FROM else "whz_0_5", sex).at(length_cm)


def _score(lms: LMS | None, value: float | None, tails: bool) -> float | None:
    if lms is None or value is None:
        return None
    return round(z_of(lms, value, tails=tails), 2) + 0.0  # no minus zero


def z_of(lms: LMS, value: float, *, tails: bool) -> float:
    """The z-score, not rounded. `tails`: beyond three, by the distance between the second and the third."""
    L, M, S = lms
    try:
        z = ((value / M) ** L - 1) / (L * S)
    except OverflowError:  # far beyond anything that lives
        z = float("inf")
    if not tails or -3 <= z <= 3:
        return z
    third, second = (value_at(lms, 3), value_at(lms, 2)) if z > 3 else (value_at(lms, -3), value_at(lms, -2))
    return (3 if z > 3 else -3) + (value - third) / abs(third - second)


def value_at(lms: LMS, z: float) -> float:
    """The measure whose z-score is `z` (within three): the lines of the charts."""
    L, M, S = lms
    return float(M * (1 + L * S * z) ** (1 / L))
