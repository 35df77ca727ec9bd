"""Small pictures in SVG: the positions are worked out here, components/trend.html draws them. Pure."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.core import words

# The drawing's own units; the page scales it. Wide enough for six dates of 11 units.
WIDTH, HEIGHT = 520, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 14, 28


@dataclass(frozen=True)
class Band:
    """The range that is good, drawn behind the line."""

    low: float
    high: float
    word: str = ""


def trend(
    points: Sequence[tuple[dt.date, float]], *, title: str, unit: str, band: Band | None = None
) -> dict[str, Any]:
    """Everything the template needs for one line over time; the table behind it is `rows`.

    `points` are (day, value) in any order. No points gives an empty picture (`empty` is True).
    """
    ordered = sorted(points)
    if not ordered:
        return {"title": title, "unit": unit, "empty": True, "rows": []}
    values = [float(value) for _, value in ordered] + ([band.low, band.high] if band else [])
    ticks = _ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    first, last = ordered[0][0], ordered[-1][0]
    days = max((last - first).days, 1)

    def x(day: dt.date) -> float:
        if first == last:
            return (LEFT + WIDTH - RIGHT) / 2
        return round(LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * (day - first).days / days, 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - float(value)) / (high - low), 1)

    dots = [
        {
            "x": str(x(day)),
            "y": str(y(value)),
            "day": words.date_words(day),
            "value": words.quantity_words(value),
        }
        for day, value in ordered
    ]
    return {
        "title": title,
        "unit": unit,
        "empty": False,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "base": HEIGHT - BOTTOM,
        "line": " ".join(f"{dot['x']},{dot['y']}" for dot in dots),
        "dots": dots,
        "ticks": [{"y": str(y(tick)), "text": words.quantity_words(tick)} for tick in ticks],
        "days": _day_labels(ordered, x),
        "band": {
            "y": str(y(band.high)),
            "height": str(round(y(band.low) - y(band.high), 1)),
            "word": band.word,
        }
        if band
        else None,
        "rows": [(words.date_words(day), words.quantity_words(value)) for day, value in ordered],
    }


def _ticks(low: float, high: float) -> list[float]:
    """Three to seven round values, the first at or below `low` and the last at or above `high`."""
    span = max(high - low, abs(high) * 0.02, 0.1)
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= 5)
    start = math.floor(low / step)
    stop = max(math.ceil(high / step), start + 1)
    return [round(number * step, 6) for number in range(start, stop + 1)]


def _day_labels(ordered: Sequence[tuple[dt.date, float]], x: Any) -> list[dict[str, str]]:
    """At most six dates under the axis, evenly chosen, the first and the last among them."""
    count = min(len(ordered), 6)
    chosen = sorted({round(index * (len(ordered) - 1) / max(count - 1, 1)) for index in range(count)})
    return [
        {"x": str(x(ordered[i][0])), "text": f"{ordered[i][0]:%d/%m}" + ("" if i else f"/{ordered[i][0]:%y}")}
        for i in chosen
    ]
