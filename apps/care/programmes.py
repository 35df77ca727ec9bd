"""What is read about programmes: a person's, the list of one, a row with what may be done with it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from apps.care.enrolling import OUTCOMES, PROGRAMMES
from apps.care.models import Enrolment, EnrolmentState
from apps.care.queries import last_figures
from apps.care.vitals import BY_KEY, number_text
from apps.catalogues import codes
from apps.core.paging import Page, keyset
from apps.core.scope import Scope

PAGE = 50
# What is looked at first in each programme's list; the two pressures are one figure.
FIGURES: Mapping[str, tuple[str, ...]] = {
    "hypertension": ("systolic", "diastolic"),
    "diabetes": ("glucose_fasting",),
    "copd_asthma": ("spo2",),
    "malnutrition": ("muac",),
    "elderly": ("systolic", "diastolic"),
}
STATES = {"": "Đang quản lý", "het": "Đã kết thúc", "nham": "Nhập nhầm"}
_OF_STATE = {
    "": EnrolmentState.ACTIVE,
    "het": EnrolmentState.ENDED,
    "nham": EnrolmentState.ENTERED_IN_ERROR,
}


@dataclass(frozen=True)
class Line:
    """A row in words, with the last figure that its programme looks at."""

    row: Enrolment
    programme: str
    outcome: str
    figure: str = ""
    figure_on: dt.date | None = None

    @property
    def chip(self) -> tuple[str, str]:
        """The state's colour and word."""
        if self.row.state == EnrolmentState.ACTIVE:
            return "info", "Đang quản lý"
        if self.row.state == EnrolmentState.ENTERED_IN_ERROR:
            return "off", "Nhập nhầm"
        return "off", self.outcome or "Đã kết thúc"


def line(row: Enrolment) -> Line:
    """One row in words. No query."""
    outcome = codes.label(OUTCOMES, row.outcome) if row.outcome else ""
    return Line(row, codes.label(PROGRAMMES, row.programme), outcome)


def of_person(scope: Scope, person_id: UUID) -> list[Line]:
    """What a person is and was followed for, open ones first. One query."""
    rows = (
        Enrolment.visible(scope)
        .filter(person_id=person_id)
        .exclude(state=EnrolmentState.ENTERED_IN_ERROR)
        .order_by("state", "-since", "id")  # 'active' before 'ended'
    )
    return [line(row) for row in rows]


def of_programme(
    scope: Scope, programme: str, *, state: str = "", hamlet_id: UUID | None = None, cursor: str = ""
) -> Page[Enrolment]:
    """The people of a programme by name. One query."""
    rows = Enrolment.visible(scope).filter(
        facility_id__in=scope.facility_ids,
        programme=programme,
        state=_OF_STATE.get(state, EnrolmentState.ACTIVE),
    )
    if hamlet_id:
        rows = rows.filter(person__hamlet_id=hamlet_id)
    rows = rows.select_related("person__hamlet")
    return keyset(rows, order=("person__sort_key", "id"), cursor=cursor, size=PAGE)


def counts(scope: Scope) -> dict[str, int]:
    """How many are followed in each programme. One query."""
    rows = Enrolment.visible(scope).filter(facility_id__in=scope.facility_ids, state=EnrolmentState.ACTIVE)
    found = rows.order_by().values("programme").annotate(many=Count("pk"))
    return {row["programme"]: row["many"] for row in found}


def lines(scope: Scope, programme: str, rows: Sequence[Enrolment]) -> list[Line]:
    """Rows of one programme with each person's last figure of it. One query, none without figures."""
    keys = FIGURES.get(programme, ())
    found = last_figures(scope, [row.person_id for row in rows], keys) if keys and rows else {}
    lines = []
    for row in rows:
        figures = found.get(row.person_id, {})
        first = figures.get(keys[0]) if keys else None
        text = ""
        if first is not None:
            parts = [number_text(figures[key][0]) if key in figures else "?" for key in keys]
            text = f"{'/'.join(parts)} {BY_KEY[keys[0]].unit_text}"
        plain = line(row)
        lines.append(Line(row, plain.programme, plain.outcome, text, first[1] if first is not None else None))
    return lines
