"""Whether somebody should be taken into a programme: by diagnosis, or by figures that were found twice.

Pure (ncd.md H3, D1). A prompt for staff: nobody is taken in by itself.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.care.ncd.pressure import ADULT_DAYS
from apps.care.vitals import number_text
from apps.ncd.target import DIABETES, HYPERTENSION, begins

CONFIRMED, AGAIN = "confirmed", "again"
SIGNS = {"glucose_fasting": "fasting", "glucose_random": "random", "hba1c": "hba1c"}
SIGN_WORDS = {"fasting": "đường huyết đói", "random": "đường huyết", "hba1c": "HbA1c"}


@dataclass(frozen=True)
class Day:
    """What was measured on one day: pressure in mmHg, glucose in mmol/L by kind, HbA1c in %.

    `screening` are the keys that were taken out of a finger (capillary blood), which proves nothing.
    """

    on: dt.date
    pressure: tuple[Decimal, Decimal] | None = None
    blood: Mapping[str, Decimal] | None = None  # {"fasting" | "random" | "hba1c": figure}
    screening: Collection[str] = ()


@dataclass(frozen=True)
class Suspicion:
    """`state` confirmed: may be taken in; again: has to be measured on another day. `why` in words."""

    programme: str
    state: str
    why: str


def suspect(
    codes: Sequence[str],
    days: Sequence[Day],
    on: dt.date,
    *,
    age_days: int | None,
    damaged: bool = False,
    ncd: Mapping[str, Any],
) -> list[Suspicion]:
    """What the diagnoses of a visit and the figures up to its day suggest; `days` in any order.

    `damaged`: organ damage or diabetes is known, which makes a grade 2 enough at once.
    """
    found = []
    for programme, starts in ncd["codes"].items():
        if begins(codes, starts):
            code = next(code for code in codes if code.startswith(tuple(starts)))
            found.append(Suspicion(programme, CONFIRMED, f"chẩn đoán {code}"))
    known = {each.programme for each in found}
    if age_days is not None and age_days < ADULT_DAYS:
        return found  # the limits hold from 18 years
    if HYPERTENSION not in known and (by := of_pressure(days, on, damaged, ncd["suspect_pressure"])):
        found.append(by)
    if DIABETES not in known and (by := of_blood(days, on, ncd["suspect_glucose"])):
        found.append(by)
    return found


def of_pressure(
    days: Sequence[Day], on: dt.date, damaged: bool, limits: Mapping[str, Any]
) -> Suspicion | None:
    """Raised on that day, and on another one before it; at once where it is very high."""
    raised = {
        day.on: day.pressure
        for day in days
        if day.pressure and _at_least(day.pressure, limits["raised"]) and _near(day.on, on, limits)
    }
    today = raised.get(on)
    if today is None:
        return None
    said = f"huyết áp {number_text(today[0])}/{number_text(today[1])}"
    enough = limits["with_damage"] if damaged else limits["at_once"]
    if _at_least(today, enough):
        return Suspicion(HYPERTENSION, CONFIRMED, said)
    if len(raised) >= limits["visits"]:
        before = max(day for day in raised if day < on)
        return Suspicion(HYPERTENSION, CONFIRMED, f"{said}, lần thứ {len(raised)} (trước: {before:%d/%m/%Y})")
    return Suspicion(HYPERTENSION, AGAIN, f"{said}: đo lại vào ngày khác để xác định")


def of_blood(days: Sequence[Day], on: dt.date, limits: Mapping[str, Any]) -> Suspicion | None:
    """High out of a vein on two days; what came out of a finger, or once, asks for a test."""
    high: dict[dt.date, str] = {}
    proven: set[dt.date] = set()
    for day in days:
        if not _near(day.on, on, limits):
            continue
        for key, value in (day.blood or {}).items():
            if value >= Decimal(str(limits[key])):
                high.setdefault(day.on, f"{SIGN_WORDS[key]} {number_text(value)}")
                if key not in day.screening:
                    proven.add(day.on)
    if on not in high:
        return None
    if on in proven and len(proven) >= limits["days"]:
        return Suspicion(DIABETES, CONFIRMED, f"{high[on]}, cao ở {len(proven)} ngày khác nhau")
    return Suspicion(DIABETES, AGAIN, f"{high[on]}: xét nghiệm máu tĩnh mạch vào ngày khác để xác định")


def _at_least(pressure: tuple[Decimal, Decimal], limit: Sequence[int]) -> bool:
    return pressure[0] >= limit[0] or pressure[1] >= limit[1]


def _near(day: dt.date, on: dt.date, limits: Mapping[str, Any]) -> bool:
    return 0 <= (on - day).days <= int(limits["within_days"])
