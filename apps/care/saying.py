"""What figures in the boxes of a form say, while they are being typed and when the page is opened again:
beside each box what cannot be, is odd or dangerous; below them what they come to together. Nothing is saved
and nothing of the record is told.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from apps.care import vitals
from apps.care.forms.figures import FiguresForm
from apps.care.growth import queries as growths
from apps.care.growth import track
from apps.care.growth.track import Point
from apps.care.ncd import pressure
from apps.care.ncd.pressure import PressureClass
from apps.care.queries import PREFIX, bounds_from
from apps.care.vitals import PRESSURE, Band, Finding
from apps.core import parameters
from apps.patients.models import Person

PRESSURE_LIMITS = "pressure."
PREFIXES = (PREFIX, PRESSURE_LIMITS, growths.PREFIX)  # of the parameters that Known is read from


@dataclass(frozen=True)
class Known:
    """What figures are judged by on a day: the limits of each sign, of a pressure, of growth."""

    bounds: dict[str, list[Band]]
    pressure: Mapping[str, Any]
    growth: Mapping[str, Any]

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "Known":
        """Out of parameters that were read, by key."""
        return cls(bounds_from(found), _under(PRESSURE_LIMITS, found), _under(growths.PREFIX, found))

    @classmethod
    def on(cls, day: dt.date) -> "Known":
        """The limits in force on `day`: one query."""
        rows = parameters.rows_under(list(PREFIXES), on=day)
        return cls.read({key: row.value for key, row in rows.items()})

    def named(self, values: Mapping[str, Decimal | None], age_days: int | None) -> PressureClass | None:
        """What an adult's pressure is called; None where none was taken. Without an age she is grown up."""
        high, low = (values.get(key) for key in PRESSURE)
        if high is None or low is None or (age_days is not None and age_days < pressure.ADULT_DAYS):
            return None
        return pressure.classify(high, low, self.pressure)

    def findings(self, values: Mapping[str, Decimal | None], age_days: int | None) -> list[Finding]:
        """What cannot be, is odd or dangerous among figures that count, one sentence for each matter."""
        found = vitals.assess(dict(values), age_days, self.bounds)
        told = pressure.in_one(found, values, self.named(values, age_days))
        return [*told, *vitals.posture(dict(values), age_days)]


def _under(prefix: str, found: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in found.items() if key.startswith(prefix)}


@dataclass(frozen=True)
class Said:
    """`boxes`: what stands beside each box, (level, sentence); the rest stands below them. `dangers` are the
    sentences in red among them.
    """

    boxes: dict[str, list[tuple[str, str]]]
    bmi: Any = None
    named: PressureClass | None = None
    value: str = ""
    again: str = ""
    growth: Point | None = None
    doubt: str = ""
    dangers: tuple[Finding, ...] = ()


def said(person: Person, at: dt.datetime, data: Any, known: Known) -> Said:
    """What the figures of a post, or of a stored one in its shape, say of this person at that moment."""
    on = timezone.localdate(at)
    age = person.age_days(on)
    form = FiguresForm(data)
    form.is_valid()
    figures = form.figures()
    readings = form.cleaned_data.get("pressure") or []
    boxes: dict[str, list[tuple[str, str]]] = {name: [] for name in form.fields if name in data}
    for name, errors in form.errors.items():
        boxes.setdefault(name, []).extend(("impossible", str(error)) for error in errors)
    found = known.findings(figures, age)
    # Of several readings each has to be possible.
    each = vitals.assess({}, age, known.bounds, readings)
    found += [one for one in each if one not in found]
    for finding in found:
        box = "pressure" if finding.key in PRESSURE else finding.key
        line = (finding.level, finding.sentence)
        if line not in boxes.setdefault(box, []):
            boxes[box].append(line)
    named = None if vitals.pressure_cannot_be(found) else known.named(figures, age)
    value, again = "", ""
    if named:
        again = pressure.again(readings, known.pressure)
        value = pressure.text_of([pressure.value_of(readings)]) if len(readings) > 1 else ""
    point, doubt = None, ""
    if growths.is_young(person, on) and any(figures.get(key) for key in track.SIGNS):
        doubt = track.doubt(growths.child_of(person))
        point = growths.typed(
            person, at, figures, oedema=form.cleaned_data.get("oedema", False), known=known.growth
        )
    return Said(
        boxes,
        vitals.bmi(figures["weight"], figures["height"] or figures["length"]),
        None if named and named.urgent else named,  # said beside the box already
        value,
        again,
        point,
        doubt,
        tuple(finding for finding in found if finding.level == "danger"),
    )
