"""What figures say while they are being typed: beside each box what cannot be, is odd or dangerous; below
them what they come to together. Nothing is saved and nothing of the record is told.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.care import vitals
from apps.care.forms.figures import PRESSURE, FiguresForm
from apps.care.growth import queries as growths
from apps.care.growth import track
from apps.care.growth.track import Point
from apps.care.ncd import pressure
from apps.care.ncd.pressure import PressureClass
from apps.care.queries import bounds
from apps.core import parameters
from apps.patients.models import Person


@dataclass(frozen=True)
class Said:
    """`boxes`: what stands beside each box, (level, sentence); the rest stands below them."""

    boxes: dict[str, list[tuple[str, str]]]
    bmi: Any = None
    named: PressureClass | None = None
    value: str = ""
    again: str = ""
    growth: Point | None = None
    doubt: str = ""


def said(person: Person, at: dt.datetime, data: Any) -> Said:
    """What the figures of a post say of this person at that moment. At most three queries."""
    on = timezone.localdate(at)
    age = person.age_days(on)
    form = FiguresForm(data)
    form.is_valid()
    figures = form.figures()
    readings = form.cleaned_data.get("pressure") or []
    boxes: dict[str, list[tuple[str, str]]] = {name: [] for name in form.fields if name in data}
    for name, errors in form.errors.items():
        boxes.setdefault(name, []).extend(("impossible", str(error)) for error in errors)
    found = vitals.assess(figures, age, bounds(on), readings) + vitals.posture(figures, age)
    for finding in found:
        box = "pressure" if finding.key in PRESSURE else finding.key
        line = (finding.level, finding.sentence)
        if line not in boxes.setdefault(box, []):
            boxes[box].append(line)
    named, value, again = None, "", ""
    if readings and (age is None or age >= pressure.ADULT_DAYS):
        limits = parameters.dated("pressure.").on(on)
        high, low = pressure.value_of(readings)
        named, again = pressure.classify(high, low, limits), pressure.again(readings, limits)
        value = pressure.text_of([(high, low)]) if len(readings) > 1 else ""
    point, doubt = None, ""
    if growths.is_young(person, on) and any(figures.get(key) for key in track.SIGNS):
        doubt = track.doubt(growths.child_of(person))
        point = growths.typed(
            person, at, figures, oedema=form.cleaned_data.get("oedema", False), known=growths.limits()
        )
    return Said(
        boxes,
        vitals.bmi(figures["weight"], figures["height"] or figures["length"]),
        named,
        value,
        again,
        point,
        doubt,
    )
