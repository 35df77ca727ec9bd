"""Section D: one visit, its signs, findings, tests and conclusions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apps.care import vitals
from apps.encounters import travel

from .. import records
from ..fhir import ZONE
from ..observations import DIASTOLIC, SYSTOLIC
from ..parts import is_wrong
from .options import Options

GROUPS = {"lab": "1", "imaging": "2"}  # kinds of orders that the form has a place for
SIGNS = ("pulse", "temperature", "breathing", "weight", "height", "waist")
DONE = "Đã có kết quả"
SIGHT = {
    "right": "sight_right",
    "left": "sight_left",
    "right_glasses": "sight_right_glasses",
    "left_glasses": "sight_left_glasses",
}


def examination(visit: records.Visit, options: Options) -> dict[str, Any]:
    """One KHAMBENH. Of a visit that is taken back only which one it was."""
    start = visit.start.astimezone(ZONE)
    told: dict[str, Any] = {
        "code": code_of(visit, options),
        "day": start.date(),
        "start": start,
        "end": visit.end.astimezone(ZONE),
        "doctor": visit.doctor.licence_no if visit.doctor else "",
        "doctor_name": visit.doctor.full_name if visit.doctor else visit.doctor_text or visit.facility.name,
    }
    if is_wrong(visit):
        return told
    told |= {
        "reason": visit.reason,
        "signs": _signs(visit),
        "test": [_test(order, options) for order in tests(visit)],
        "diagnosis": [
            {
                "code": options.code("icd10", each.icd_code),
                "name": each.icd_name or each.text,
                "conclusion": each.text if each.icd_name else "",
            }
            for each in visit.diagnoses
        ],
    }
    if options.notes:
        told |= _notes(visit)
    return told


def code_of(visit: records.Visit, options: Options) -> str:
    """The number by which the receiver knows the visit."""
    if options.match_visit == "record":
        return str(visit.id)
    return ".".join(part for part in (visit.facility.kcb_code, visit.number) if part)


def tests(visit: records.Visit) -> Iterator[travel.TravelOrder]:
    """The orders with a verified result that the form has a place for."""
    return (order for order in visit.orders if order.kind in GROUPS and order.result is not None)


def _notes(visit: records.Visit) -> dict[str, Any]:
    found = {key: words for key, _, words in visit.findings}
    sight = {name: found.pop(key) for name, key in SIGHT.items() if key in found}
    if sight:
        sight["glasses"] = str(int(any(name.endswith("glasses") for name in sight)))
    other = [text for text in (visit.examination, found.pop("other", "")) if text]
    if other:
        found["other"] = "\n".join(other)
    advice = [visit.treatment_text, visit.advice]
    if visit.follow_up_on:
        advice.append(f"Hẹn khám lại ngày {visit.follow_up_on:%d/%m/%Y}")
    return {
        "history": "\n".join(text for text in (visit.history, visit.course) if text),
        "sight": sight,
        "organs": found,
        "advice": "\n".join(text for text in advice if text),
    }


def _signs(visit: records.Visit) -> dict[str, Any]:
    by_code = {each.code: each.value for each in visit.measurements}
    signs: dict[str, Any] = {
        vital.key: by_code[vital.code]
        for vital in vitals.VITALS
        if vital.key in SIGNS and vital.code in by_code
    }
    if SYSTOLIC in by_code and DIASTOLIC in by_code:
        signs["pressure"] = f"{_figure(by_code[SYSTOLIC])}/{_figure(by_code[DIASTOLIC])}"
    signs["bmi"] = vitals.bmi(signs.get("weight"), signs.get("height"))
    return {key: value for key, value in signs.items() if value is not None}


def _test(order: travel.TravelOrder, options: Options) -> dict[str, str]:
    return {
        "code": options.code("service", order.code),
        "group": GROUPS[order.kind],
        "name": order.name,
        "result": result_text(order.result),
    }


def result_text(result: travel.TravelResult | None) -> str:
    """A result in one line."""
    if result is None:
        return DONE
    lines = [_value(value) for value in result.values]
    lines += [text for text in (result.description, result.conclusion, result.note) if text]
    return "; ".join(lines) or DONE


def _value(value: travel.TravelValue) -> str:
    figure = "" if value.value is None else f"{value.comparator}{_figure(value.value)}"
    told = " ".join(part for part in (figure or value.word, value.unit if figure else "") if part)
    return f"{value.name}: {told}"


def _figure(value: Decimal) -> str:
    return vitals.number_text(value)
