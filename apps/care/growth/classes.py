"""What a z-score is called: undernutrition, overweight, a small or large head, acute malnutrition.

The limits are the parameters `growth.*` (fixtures/parameters/care.csv), read with the day of the measuring.
They are compared with the rounded z-score, as reports count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.care.growth.zscores import FIVE_YEARS, INDICATORS, Scores, months_of
from apps.care.vitals import band_for, shipped_under
from apps.core.words import quantity_words

TITLES = {
    "waz": "Cân nặng theo tuổi",
    "haz": "Chiều dài, cao theo tuổi",
    "whz": "Cân nặng theo chiều dài, cao",
    "baz": "BMI theo tuổi",
    "hcaz": "Vòng đầu theo tuổi",
}
SHORT = {
    "waz": "cân nặng theo tuổi",
    "haz": "chiều cao theo tuổi",
    "whz": "cân nặng theo chiều cao",
    "baz": "BMI theo tuổi",
    "hcaz": "vòng đầu theo tuổi",
}
ABBREVIATED = {"waz": "CN/T", "haz": "CC/T", "whz": "CN/CC", "baz": "BMI/T", "hcaz": "VĐ/T"}
REMEASURE = "Khó tin, đo lại"

Limits = Mapping[str, Any]  # the values of `growth.*` without that prefix


@dataclass(frozen=True)
class Class:
    """A class: `word` as the registers write it, `short` for a chip, `state` its colour (done, info, ...)."""

    code: str
    word: str
    short: str
    state: str


@dataclass(frozen=True)
class Verdict:
    """One indicator of one measuring: the z-score and what it is called; without a class it has no name."""

    indicator: str
    z: float
    flagged: bool
    found: Class | None

    @property
    def title(self) -> str:
        """The indicator in words."""
        return TITLES[self.indicator]

    @property
    def short(self) -> str:
        """The indicator as growth cards abbreviate it."""
        return ABBREVIATED[self.indicator]

    @property
    def text(self) -> str:
        """The z-score as it is written: '−1,82'."""
        return z_text(self.z)

    @property
    def chip(self) -> tuple[str, str] | None:
        """State and word of a chip."""
        return (self.found.state, self.found.short) if self.found else None


HARDLY = Class("implausible", "Điểm z khó tin: đo lại, không tính vào chỉ tiêu", REMEASURE, "warning")


def z_text(z: float) -> str:
    """A z-score with its sign and two decimals: '−1,82', '0,00', '+2,10'."""
    sign = "−" if z < 0 else "+" if z > 0 else ""
    return sign + f"{abs(z):.2f}".replace(".", ",")


def shipped_limits() -> Limits:
    """The limits as shipped, for who has no database at hand."""
    return shipped_under("growth.")


def verdicts(scores: Scores, age_days: int, limits: Limits) -> list[Verdict]:
    """Each indicator that has a value, in the order of INDICATORS, with its class."""
    found = []
    for indicator in INDICATORS:
        z = scores.of(indicator)
        if z is None:
            continue
        if scores.flagged(indicator):
            found.append(Verdict(indicator, z, True, HARDLY))
            continue
        # Under five the body is judged by the length; its BMI speaks only where the length is off the table.
        silent = indicator == "baz" and months_of(age_days) < FIVE_YEARS and scores.whz is not None
        found.append(
            Verdict(indicator, z, False, None if silent else class_of(indicator, z, age_days, limits))
        )
    return found


def class_of(indicator: str, z: float, age_days: int, limits: Limits) -> Class | None:
    """The class of a rounded z-score at an age; None where the limits name none for that age."""
    bands = limits.get(indicator)
    steps = band_for(bands, age_days)["classes"] if bands else []
    for step in steps:
        if ("under" in step and z < step["under"]) or ("over" in step and z > step["over"]):
            return Class(step["code"], step["word"], step["short"], step["state"])
    return Class("normal", "Bình thường", "Bình thường", "done") if steps else None


def acute(
    scores: Scores, age_days: int, *, muac_cm: float | None, oedema: bool, limits: Limits
) -> Class | None:
    """Acute malnutrition by weight for length, arm or swollen feet, each enough; None without a sign."""
    rule = limits.get("acute")
    if not rule or age_days >= rule["to_days"]:
        return None
    arm = muac_cm if muac_cm is not None and age_days >= rule["muac_from_days"] else None
    whz = None if scores.flagged("whz") else scores.whz
    for degree in ("severe", "moderate"):
        step = rule[degree]
        thin = whz is not None and whz < step["whz"]
        slim = arm is not None and arm < step["muac"]
        if thin or slim or (oedema and degree == "severe"):
            return Class(f"acute_{degree}", step["word"], step["short"], step["state"])
    return None


@dataclass(frozen=True)
class Weighed:
    """One measuring of a course, as far as a course is judged: days of age, kg, corrected cm, z-scores."""

    age_days: int
    weight_kg: float | None
    length_cm: float | None
    scores: Scores


def alerts(course: Sequence[Weighed], limits: Limits) -> list[str]:
    """What the last measuring says against the one before it: no gain, a fall in z, a height that shrinks."""
    rule = limits.get("faltering")
    if not rule:
        return []
    said = [
        _no_gain([one for one in course if one.weight_kg is not None], rule),
        _fall("waz", course, rule),
        _fall("whz", course, rule),
        _shrunk([one for one in course if one.length_cm is not None], rule),
    ]
    return [sentence for sentence in said if sentence]


def _no_gain(course: Sequence[Weighed], rule: Mapping[str, Any]) -> str:
    if len(course) < 2 or course[-1].age_days >= rule["under_days"]:
        return ""
    last = course[-1]
    earlier = [one for one in course[:-1] if last.age_days - one.age_days >= rule["days"]]
    if not earlier or (last.weight_kg or 0) > (earlier[-1].weight_kg or 0):
        return ""
    was = earlier[-1]
    return (
        f"Không tăng cân trong {last.age_days - was.age_days} ngày "
        f"({quantity_words(was.weight_kg)} kg, rồi {quantity_words(last.weight_kg)} kg)."
    )


def _fall(name: str, course: Sequence[Weighed], rule: Mapping[str, Any]) -> str:
    told = [one for one in course if one.scores.of(name) is not None and not one.scores.flagged(name)]
    if len(told) < 2 or told[-1] is not course[-1]:
        return ""
    last, z = told[-1], told[-1].scores.of(name) or 0.0
    near = [one for one in told[:-1] if last.age_days - one.age_days <= rule["within_days"]]
    if not near:
        return ""
    highest = max(near, key=lambda one: one.scores.of(name) or 0.0)
    was = highest.scores.of(name) or 0.0
    if round(was - z, 2) < rule["fall"]:
        return ""
    return (
        f"Điểm z {SHORT[name]} giảm từ {z_text(was)} xuống {z_text(z)} "
        f"trong {last.age_days - highest.age_days} ngày."
    )


def _shrunk(course: Sequence[Weighed], rule: Mapping[str, Any]) -> str:
    if len(course) < 2:
        return ""
    last, tallest = course[-1], max(course[:-1], key=lambda one: one.length_cm or 0)
    if round((tallest.length_cm or 0) - (last.length_cm or 0), 2) < rule["shrink_cm"]:
        return ""
    return (
        f"Chiều cao {quantity_words(last.length_cm)} cm thấp hơn một lần trước "
        f"({quantity_words(tallest.length_cm)} cm): xem lại cả hai lần đo."
    )
