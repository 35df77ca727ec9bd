"""The growth charts: positions are worked out here, components/growth_chart.html draws them. Pure.

The lines of a chart are the same for every child of a sex, so they are worked out once a process.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from apps.care.growth.classes import TITLES, Verdict
from apps.care.growth.tables import LMS, Sex, table
from apps.care.growth.track import Point
from apps.care.growth.zscores import DAYS_A_MONTH, FIVE_YEARS, STANDING_FROM, lms_for_age, months_of, value_at
from apps.core.words import date_words, quantity_words

# The drawing's own units. Nearly square: read on a telephone of 390 pixels and as half a page of A4.
WIDTH, HEIGHT = 420, 400
LEFT, RIGHT, TOP, BOTTOM = 40, 34, 12, 44
LINES = (-3, -2, -1, 0, 1, 2, 3)
UNITS = {"waz": "kg", "haz": "cm", "whz": "kg", "baz": "kg/m²", "hcaz": "cm"}
MOST_STEPS = 12  # lines of the grid across a chart


@dataclass(frozen=True)
class Window:
    """What a chart spans in months or centimetres: drawn through `keys`, as few as look round, and labelled
    every `label`.
    """

    key: str
    axis: str
    keys: tuple[float, ...]
    label: float
    per_label: float = 1  # how much of the axis one unit of the words is: 12 where years are written

    @property
    def first(self) -> float:
        """Where the axis begins."""
        return self.keys[0]

    @property
    def last(self) -> float:
        """Where it ends."""
        return self.keys[-1]


def _steps(first: float, last: float, step: float) -> tuple[float, ...]:
    return tuple(first + place * step for place in range(round((last - first) / step) + 1))


FIRST_MONTHS = (0, 0.5, 1, 1.5, 2, 3, 4, 5, 6)
WINDOWS = {
    "0-24": Window("0-24", "tuổi (tháng)", (*FIRST_MONTHS, *_steps(7, 24, 1)), 3),
    "0-60": Window("0-60", "tuổi (tháng)", (*FIRST_MONTHS, 8, 10, *_steps(12, 60, 3)), 6),
    "60-120": Window("60-120", "tuổi (năm)", _steps(60, 120, 5), 12, 12),
    "60-228": Window("60-228", "tuổi (năm)", _steps(60, 228, 6), 24, 12),
    "lying": Window("lying", "chiều dài (cm)", _steps(45, 110, 2.5), 10),
    "standing": Window("standing", "chiều cao (cm)", _steps(65, 120, 2.5), 10),
}
TITLED = {"lying": "Cân nặng theo chiều dài", "standing": "Cân nặng theo chiều cao"}


def charts(points: Sequence[Point], sex: Sex, *, table: bool = True) -> list[dict[str, Any]]:
    """A picture for each indicator that the last measurings tell about, in the order of the card."""
    found = []
    for indicator in ("waz", "haz", "whz", "baz", "hcaz"):
        told = [point for point in points if point.verdict(indicator) is not None]
        if told:
            found.append(one(indicator, told, sex, table=table))
    return found


def one(indicator: str, told: Sequence[Point], sex: Sex, *, table: bool = True) -> dict[str, Any]:
    """One picture of points that have the indicator; the window is that of the last of them."""
    window = WINDOWS[_window(indicator, told)]
    drawn = [point for point in told if _window_of(indicator, point, window.key)]
    places = [(_x_of(indicator, point), _y_of(indicator, point)) for point in drawn]
    low, high, step = _range(indicator, sex, window.key, tuple(y for _, y in places))
    scale = _Scale(window, low, high)
    dots = [
        _dot(point, point.verdict(indicator), UNITS[indicator], x, y, scale)
        for point, (x, y) in zip(drawn, places, strict=True)
    ]
    title = TITLED.get(window.key, TITLES[indicator])
    verdict = drawn[-1].verdict(indicator)
    return {
        "indicator": indicator,
        "title": title,
        "unit": UNITS[indicator],
        "axis": window.axis,
        "sex": "bé trai" if sex == "M" else "bé gái",
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "base": HEIGHT - BOTTOM,
        "grid": [
            {"y": str(scale.y(low + step * place)), "text": quantity_words(round(low + step * place, 2))}
            for place in range(round((high - low) / step) + 1)
        ],
        "marks": _marks(window, scale),
        **_lines(indicator, sex, window.key, low, high),
        "dots": dots,
        "track": " ".join(f"{dot['x']},{dot['y']}" for dot in dots),
        "last": verdict,
        "said": _said(title, indicator, drawn),
        "table": table,
        "rows": list(reversed(dots)),
        "left_out": len(told) - len(drawn),
    }


def _said(title: str, indicator: str, drawn: Sequence[Point]) -> str:
    """The picture for who does not see it."""
    last = drawn[-1]
    verdict = last.verdict(indicator)
    z = f": điểm z {verdict.text}" if verdict else ""
    word = f", {verdict.found.word}" if verdict and verdict.found else ""
    return f"{title} ({UNITS[indicator]}), {len(drawn)} lần đo; lần cuối {date_words(last.on)}{z}{word}"


def _window(indicator: str, told: Sequence[Point]) -> str:
    last = told[-1].age_days
    if indicator == "whz":
        return "lying" if last < STANDING_FROM else "standing"
    if months_of(last) >= FIVE_YEARS:
        return "60-120" if indicator == "waz" else "60-228"
    return "0-24" if months_of(last) <= 24 else "0-60"


def _window_of(indicator: str, point: Point, window: str) -> bool:
    """Whether a point lies in a window: the table of a length, the standard of an age."""
    if indicator == "whz":
        return (point.age_days < STANDING_FROM) == (window == "lying")
    return (months_of(point.age_days) >= FIVE_YEARS) == window.startswith("60")


def _x_of(indicator: str, point: Point) -> float:
    return (point.scores.length_cm or 0) if indicator == "whz" else months_of(point.age_days)


def _y_of(indicator: str, point: Point) -> float:
    scores = point.scores
    value = {
        "waz": point.of("weight"),
        "whz": point.of("weight"),
        "haz": scores.length_cm,
        "baz": scores.bmi,
        "hcaz": point.of("head"),
    }[indicator]
    return value or 0.0


def _dot(
    point: Point, verdict: Verdict | None, unit: str, x: float, y: float, scale: "_Scale"
) -> dict[str, Any]:
    return {
        "x": str(scale.x(x)),
        "y": str(scale.y(y)),
        "day": date_words(point.on),
        "age": point.age_text,
        "value": quantity_words(round(y, 2)),
        "unit": unit,
        "verdict": verdict,
        "hollow": verdict is not None and verdict.flagged,
    }


class _Scale:
    """Where a value stands in the drawing; what lies outside stays at the edge."""

    def __init__(self, window: Window, low: float, high: float) -> None:
        self.first, self.last, self.low, self.high = window.first, window.last, low, high

    def x(self, value: float) -> float:
        part = (min(max(value, self.first), self.last) - self.first) / (self.last - self.first)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * part, 1)

    def y(self, value: float) -> float:
        part = (self.high - min(max(value, self.low), self.high)) / (self.high - self.low)
        return round(TOP + (HEIGHT - TOP - BOTTOM) * part, 1)


def _marks(window: Window, scale: _Scale) -> list[dict[str, str]]:
    count = int((window.last - window.first) // window.label)
    first = math.ceil(window.first / window.label) * window.label
    keys = [first + place * window.label for place in range(count + 1)]
    return [
        {"x": str(scale.x(key)), "text": quantity_words(key / window.per_label)}
        for key in keys
        if key <= window.last
    ]


@lru_cache(maxsize=64)
def _samples(indicator: str, sex: Sex, window: str) -> tuple[tuple[tuple[float, LMS], ...], ...]:
    """The rows along a chart, cut where children are no longer measured lying."""
    keys = WINDOWS[window].keys
    if indicator == "whz":
        rows = table("wlz_0_5" if window == "lying" else "whz_0_5", sex)
        return (tuple((key, lms) for key in keys if (lms := rows.at(key))),)
    if window.startswith("60"):
        found = [(key, lms_for_age(indicator, sex, key * DAYS_A_MONTH)) for key in keys]
        return (tuple((key, lms) for key, lms in found if lms),)
    days = {min(round(key * DAYS_A_MONTH), 1826) for key in keys}
    cut = indicator in ("haz", "baz") and window == "0-60"
    if cut:
        days |= {STANDING_FROM - 1, STANDING_FROM}
    told = [(day, lms) for day in sorted(days) if (lms := lms_for_age(indicator, sex, day))]
    lying = [row for row in told if row[0] < STANDING_FROM]
    parts = (lying, told[len(lying) :])
    return tuple(
        tuple((months_of(day), lms) for day, lms in part) for part in (parts if cut else (told,)) if part
    )


@lru_cache(maxsize=256)
def _range(indicator: str, sex: Sex, window: str, own: tuple[float, ...]) -> tuple[float, float, float]:
    """Lowest and highest value of the axis and the step between its lines."""
    rows = [lms for part in _samples(indicator, sex, window) for _, lms in part]
    low = min([value_at(lms, -3) for lms in rows] + list(own))
    high = max([value_at(lms, 3) for lms in rows] + list(own))
    power = 10.0 ** math.floor(math.log10((high - low) / MOST_STEPS))
    step = next(power * factor for factor in (1, 2, 5, 10) if (high - low) / (power * factor) <= MOST_STEPS)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step


@lru_cache(maxsize=256)
def _lines(indicator: str, sex: Sex, window: str, low: float, high: float) -> dict[str, Any]:
    """The lines −3 to +3 as points, and the ground between −2 and +2."""
    scale = _Scale(WINDOWS[window], low, high)
    parts = _samples(indicator, sex, window)

    def along(part: Sequence[tuple[float, LMS]], z: int) -> list[str]:
        return [f"{scale.x(key)},{scale.y(value_at(lms, z))}" for key, lms in part]

    return {
        "lines": [
            {
                "z": z,
                "word": f"{'+' if z > 0 else '−' if z < 0 else ''}{abs(z)}",
                "parts": [" ".join(along(part, z)) for part in parts],
                "end": str(scale.y(value_at(parts[-1][-1][1], z))),
            }
            for z in LINES
        ],
        "grounds": [" ".join([*along(part, -2), *reversed(along(part, 2))]) for part in parts],
    }
