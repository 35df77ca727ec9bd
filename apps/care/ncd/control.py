"""Whether a person in the hypertension register is in care and controlled at the end of a month (HEARTS).

Rebuilt from the raw visits each time: what is entered late changes months gone by. Months are counted by
their numbers in the calendar, so the window of an outcome is the month and the two before it.
"""

import calendar
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.care.vitals import shipped_under
from apps.core.words import completed_months

COMORBID = ("diabetes", "ckd", "cvd")


@dataclass(frozen=True)
class Seen:
    """A visit; `pressure` (systolic, diastolic) None where none was taken."""

    on: dt.date
    pressure: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True)
class Patient:
    """What the register knows of a person."""

    registered: dt.date
    visits: Sequence[Seen] = ()
    died: dt.date | None = None
    transferred_out: dt.date | None = None
    comorbid: frozenset[str] = field(default_factory=frozenset)
    born: dt.date | None = None


@dataclass(frozen=True)
class Standing:
    """How she stands at a month's end. Out of the register all but the two flags is None."""

    in_register: bool
    care_state: str | None = None
    outcome: str | None = None
    target_met: bool | None = None
    in_denominator: bool = False


def shipped_limits() -> Mapping[str, Any]:
    """The limits as shipped (parameters `control.*`), for who has no database at hand."""
    return shipped_under("control.")


def months_between(earlier: dt.date, later: dt.date) -> int:
    """The difference of the months' numbers, whatever the days: from 31/01 to 01/03 it is 2."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def month_end(month: dt.date) -> dt.date:
    """The last day of the month of a day."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def standing(patient: Patient, month: dt.date, limits: Mapping[str, Any] | None = None) -> Standing:
    """Care state, outcome of three months and personal target at the end of the month of `month`."""
    known = limits or shipped_limits()
    end = month_end(month)
    if months_between(patient.registered, end) < 0:
        return Standing(False)
    visits = sorted((visit for visit in patient.visits if visit.on <= end), key=lambda visit: visit.on)
    state = _care_state(patient, visits, end, known)
    measured = [visit for visit in visits if visit.pressure is not None]
    outcome = _outcome(visits, measured, end, known)
    met = None
    if outcome in ("controlled", "uncontrolled"):
        met = _target_met(patient, measured[-1], known)
    long_enough = months_between(patient.registered, end) >= known["window_months"]
    return Standing(True, state, outcome, met, state == "under_care" and long_enough)


def _care_state(patient: Patient, visits: Sequence[Seen], end: dt.date, known: Mapping[str, Any]) -> str:
    if patient.died is not None and patient.died <= end:
        return "dead"
    if patient.transferred_out is not None and patient.transferred_out <= end:
        return "transferred_out"
    last = max([patient.registered, *(visit.on for visit in visits)])
    return "under_care" if months_between(last, end) < known["lost_months"] else "lost_to_follow_up"


def _outcome(visits: Sequence[Seen], measured: Sequence[Seen], end: dt.date, known: Mapping[str, Any]) -> str:
    window = known["window_months"]
    if not visits or months_between(visits[-1].on, end) >= window:
        return "missed_visit"
    if not measured or months_between(measured[-1].on, end) >= window:
        return "visited_no_bp"
    return "controlled" if _below(measured[-1], known["target"]) else "uncontrolled"


def _target_met(patient: Patient, last: Seen, known: Mapping[str, Any]) -> bool:
    return _below(last, personal_target(patient.comorbid, patient.born, last.on, known))


def personal_target(
    comorbid: Collection[str], born: dt.date | None, on: dt.date, limits: Mapping[str, Any] | None = None
) -> tuple[int, int]:
    """Below which systolic and diastolic a person's pressure should be on a day: lower with diabetes, kidney
    or heart disease, a little less so when old.
    """
    known = limits or shipped_limits()
    if not comorbid:
        high, low = known["target"]
    else:
        old = born is not None and completed_months(born, on) >= known["old_years"] * 12
        high, low = known["target_comorbid_old" if old else "target_comorbid"]
    return int(high), int(low)


def _below(visit: Seen, target: Sequence[int]) -> bool:
    assert visit.pressure is not None  # noqa: S101 - of those that were measured
    return visit.pressure[0] < target[0] and visit.pressure[1] < target[1]
