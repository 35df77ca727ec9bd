"""A child's growth out of stored measurements."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.care.growth import chart, classes, track
from apps.care.growth.classes import Verdict
from apps.care.growth.track import Child, Figure, Point
from apps.care.growth.zscores import evaluate
from apps.care.models import FactState, Measurement
from apps.care.vitals import BY_CODE, BY_KEY
from apps.core import parameters
from apps.core.parameters import Dated
from apps.core.scope import Scope
from apps.patients.models import Person

PREFIX = "growth."
CODES = [BY_KEY[key].code for key in track.SIGNS]
MOST = 1000  # figures of one child: nineteen years, each sign once a month
BY_AGE = {"weight": "waz", "length": "haz", "height": "haz", "head": "hcaz"}


@dataclass(frozen=True)
class Growth:
    """A child's own track and what is to be said about it."""

    child: Child
    points: list[Point]
    limits: Dated

    @property
    def doubt(self) -> str:
        """What is not known of the child, in a sentence."""
        return track.doubt(self.child)

    @property
    def last(self) -> Point | None:
        """The last day of measuring that says something."""
        return next((point for point in reversed(self.points) if point.verdicts or point.acute), None)

    @cached_property
    def alerts(self) -> list[str]:
        """What the last measuring says against those before it."""
        if not self.points:
            return []
        # A year of birth gives no ages to compare.
        course = [point.weighed for point in self.points if point.by_age]
        return classes.alerts(course, self.limits.on(self.points[-1].on))

    def charts(self, *, table: bool = True, only: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """The pictures, of `only` some indicators where it names any."""
        sex = self.child.table_sex
        if sex is None:
            return []
        found = chart.charts(self.points, sex, table=table)
        return [one for one in found if not only or one["indicator"] in only]


def child_of(person: Person) -> Child:
    """A person as the growth rules see her. The age is that of the birth date known now: one that was put
    right changes every z-score, whatever a figure was stored with.
    """
    return Child(person.sex, person.birth_date, person.birth_precision)


def is_young(person: Person, on: dt.date) -> bool:
    """Whether WHO tells anything of this person's age on a day."""
    return track.is_young(child_of(person), on)


def rows(scope: Scope, person_id: UUID) -> list[Measurement]:
    """What was measured of a child's growth, newest first. One query."""
    found = Measurement.visible(scope).filter(person_id=person_id, code__in=CODES, state=FactState.FINAL)
    return list(found.order_by("-occurred_at", "-id")[:MOST])


def limits() -> Dated:
    """What z-scores are called, for records of any day. One query."""
    return parameters.dated(PREFIX)


def growth_of(person: Person, measured: Iterable[Measurement], known: Dated) -> Growth:
    """The track out of rows that were read; what is not confirmed, or in error, is left out. No query."""
    child = child_of(person)
    figures = [figure_of(row) for row in measured if row.state == FactState.FINAL and row.code in CODES]
    return Growth(child, track.track(child, figures, known.on), known)


def figure_of(row: Measurement) -> Figure:
    """A stored figure as the growth rules take it."""
    on = timezone.localdate(row.occurred_at)
    return Figure(BY_CODE[row.code].key, row.value, on, row.occurred_at, row.oedema)


def verdicts(child: Child, measured: Iterable[Measurement], known: Dated) -> dict[UUID, Verdict]:
    """What each single figure says by age, {row: verdict}. No query."""
    found = {}
    for row in measured:
        figure = figure_of(row) if row.code in CODES else None
        indicator = BY_AGE.get(figure.key) if figure else None
        age = track.age_on(child, figure.on) if figure else None
        if figure is None or indicator is None or age is None or child.table_sex is None:
            continue
        scores = evaluate(track.body_of(child.table_sex, age, {figure.key: figure}))
        said = classes.verdicts(scores, age, known.on(figure.on))
        mine = next((verdict for verdict in said if verdict.indicator == indicator), None)
        if mine is not None:
            found[row.pk] = mine
    return found


def typed(
    person: Person,
    at: dt.datetime,
    values: Mapping[str, Decimal | None],
    *,
    oedema: bool,
    known: Mapping[str, Any],
) -> Point | None:
    """What figures of one moment, {sign's key: figure}, say by the limits of its day; None where nothing is
    known. No query.
    """
    on = timezone.localdate(at)
    figures = [
        Figure(key, value, on, at, oedema and key == "weight")
        for key, value in values.items()
        if value is not None and key in track.SIGNS
    ]
    found = track.track(child_of(person), figures, lambda _: known)
    return found[0] if found else None
