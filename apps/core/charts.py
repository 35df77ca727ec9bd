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


ZONE_WORDS = {"danger": "vùng đỏ: nguy hiểm", "warning": "vùng vàng: cần theo dõi"}


@dataclass(frozen=True)
class Zone:
    """A range that asks for attention, between two days (None: the picture's edge): `low` and `high` None
    reach to the edge. `level` is "danger" (red) or "warning" (amber).
    """

    level: str
    low: float | None
    high: float | None
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True)
class Also:
    """A second line in the same picture (the lower pressure under the upper)."""

    word: str
    points: Sequence[tuple[dt.date, float]]


def trend(
    points: Sequence[tuple[dt.date, float]],
    *,
    title: str,
    unit: str,
    band: Band | None = None,
    zones: Sequence[Zone] = (),
    also: Also | None = None,
    table: bool = True,
) -> dict[str, Any]:
    """Everything the template needs for one line over time; the table behind it is `rows`.

    `points` are (day, value) in any order. No points gives an empty picture (`empty` is True). Without
    `table` the page shows the rows itself.
    """
    ordered = sorted(points)
    second = sorted(also.points) if also else []
    if not ordered:
        return {"title": title, "unit": unit, "empty": True, "rows": []}
    values = [float(value) for _, value in [*ordered, *second]] + ([band.low, band.high] if band else [])
    ticks = _ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    every_day = [day for day, _ in [*ordered, *second]]
    first, last = min(every_day), max(every_day)
    days = max((last - first).days, 1)

    def x(day: dt.date) -> float:
        if first == last:
            return (LEFT + WIDTH - RIGHT) / 2
        return round(LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * (day - first).days / days, 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - float(value)) / (high - low), 1)

    def dots_of(line: Sequence[tuple[dt.date, float]]) -> list[dict[str, str]]:
        return [
            {
                "x": str(x(day)),
                "y": str(y(value)),
                "day": words.date_words(day),
                "value": words.quantity_words(value),
            }
            for day, value in line
        ]

    def drawn(zone: Zone) -> dict[str, str] | None:
        """The part of a zone that lies in the picture."""
        bottom = max(low, zone.low) if zone.low is not None else low
        top = min(high, zone.high) if zone.high is not None else high
        since, until = max(zone.since or first, first), min(zone.until or last, last)
        if bottom >= top or since > until:
            return None
        left = LEFT if since == first else x(since)
        right = WIDTH - RIGHT if until == last else x(until)
        return {
            "level": zone.level,
            "x": str(left),
            "y": str(y(top)),
            "width": str(round(right - left, 1)),
            "height": str(round(y(bottom) - y(top), 1)),
        }

    dots, second_dots = dots_of(ordered), dots_of(second)
    parts = [part for part in map(drawn, zones) if part]
    levels = {part["level"] for part in parts}
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
        "also": {
            "word": also.word,
            "dots": second_dots,
            "line": " ".join(f"{dot['x']},{dot['y']}" for dot in second_dots),
        }
        if also and second
        else None,
        "zones": parts,
        "zone_words": "; ".join(word for level, word in ZONE_WORDS.items() if level in levels),
        "table": table,
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
    """At most six dates under the axis, evenly chosen, the first and the last among them; the year stands
    where it is another than that before.
    """
    count = min(len(ordered), 6)
    chosen = sorted({round(index * (len(ordered) - 1) / max(count - 1, 1)) for index in range(count)})
    days = [ordered[i][0] for i in chosen]
    before = [0, *(day.year for day in days)]
    return [
        {"x": str(x(day)), "text": f"{day:%d/%m/%y}" if day.year != year else f"{day:%d/%m}"}
        for day, year in zip(days, before, strict=False)
    ]
