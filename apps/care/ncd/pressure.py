"""Blood pressure of a visit: the value out of several readings, and its class (QĐ 3192/QĐ-BYT 2010, HEARTS).

The limits are the parameters `pressure.*`; they hold from 18 years.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from apps.care.vitals import (
    BY_KEY,
    PRESSURE,
    Finding,
    number_text,
    pressure_cannot_be,
    pressure_text,
    shipped_under,
)

Reading = tuple[Decimal, Decimal]  # systolic, diastolic, mmHg

ADULT_DAYS = 6570  # 18 years, as the bands of `watch.systolic`
OPTIMAL = "optimal"


@dataclass(frozen=True)
class PressureClass:
    """What a pressure is called: the higher of the two classes."""

    category: str
    word: str
    isolated_systolic: bool
    hypertensive_range: bool
    urgent: bool

    @property
    def sentence(self) -> str:
        """The class as it is said beside the box."""
        return self.said()

    def said(self, figures: str = "") -> str:
        """The class, with the figures where they do not stand beside it, and what it asks for."""
        more = ", tâm thu đơn độc" if self.isolated_systolic else ""
        shown = f": {figures}" if figures else ""
        return f"{self.word}{more}{shown}{'. Cần xử trí ngay' if self.urgent else ''}"

    @property
    def state(self) -> str:
        """The colour of a chip."""
        return "danger" if self.urgent else "warning" if self.hypertensive_range else "done"


def shipped_limits() -> Mapping[str, Any]:
    """The limits as shipped, for who has no database at hand."""
    return shipped_under("pressure.")


def value_of(readings: Sequence[Reading]) -> Reading:
    """The value of a visit: one reading itself, of two the mean, of more the mean of the last two.

    Systolic and diastolic apart, halves round up. ValueError without a reading.
    """
    if not readings:
        raise ValueError("no reading")
    if len(readings) == 1:
        return readings[0]
    one, two = readings[-2:]
    return _mean(one[0], two[0]), _mean(one[1], two[1])


def _mean(one: Decimal, two: Decimal) -> Decimal:
    return ((one + two) / 2).quantize(Decimal(1), rounding=ROUND_HALF_UP)


def classify(systolic: Decimal, diastolic: Decimal, limits: Mapping[str, Any] | None = None) -> PressureClass:
    """The class of an adult's pressure."""
    known = limits or shipped_limits()
    category, word = OPTIMAL, known["optimal_word"]
    for step in known["classes"]:
        if systolic >= step["from"][0] or diastolic >= step["from"][1]:
            category, word = step["code"], step["word"]
    high, urgent = known["hypertensive"], known["urgent"]
    return PressureClass(
        category,
        word,
        isolated_systolic=systolic >= high[0] and diastolic < high[1],
        hypertensive_range=systolic >= high[0] or diastolic >= high[1],
        urgent=systolic >= urgent[0] or diastolic >= urgent[1],
    )


def in_one(
    findings: Sequence[Finding], values: Mapping[str, Decimal | None], named: PressureClass | None
) -> list[Finding]:
    """The findings with one sentence for one high pressure: an urgent class stands where the warning of very
    high figures would, a low one is left as it is.
    """
    high, low = (values.get(key) for key in PRESSURE)
    called = named is not None and named.urgent and not pressure_cannot_be(findings)
    if named is None or not called or high is None or low is None:
        return list(findings)
    sentence = named.said(pressure_text(high, low))
    urgent = Finding(PRESSURE[0], "danger", sentence, named.word)
    rest = [one for one in findings if not _is_high(one)]
    place = next((at for at, one in enumerate(findings) if _is_high(one)), None)
    if place is None:  # the limit of the warning was set higher than that of the class
        return [*rest, urgent]
    return [*rest[:place], urgent, *rest[place:]]


def _is_high(finding: Finding) -> bool:
    mine = finding.level == "danger" and finding.key in PRESSURE
    return mine and finding.word != BY_KEY[finding.key].low_word


def again(readings: Sequence[Reading], limits: Mapping[str, Any] | None = None) -> str:
    """A sentence when the last two readings lie so far apart that another should be taken; else empty."""
    if len(readings) < 2:
        return ""
    apart = (limits or shipped_limits())["apart"]
    one, two = readings[-2:]
    if max(abs(one[0] - two[0]), abs(one[1] - two[1])) <= apart:
        return ""
    return f"Hai lần đo cuối chênh nhau hơn {apart} mmHg: nghỉ 1 đến 2 phút rồi đo thêm."


def text_of(readings: Sequence[Reading]) -> str:
    """The readings as they are typed: '150/95; 146/92'."""
    return "; ".join(f"{number_text(high)}/{number_text(low)}" for high, low in readings)
