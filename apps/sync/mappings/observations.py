"""Vital signs and the cause of an injury -> Observation."""

from __future__ import annotations

from decimal import Decimal

from . import fhir, records
from .fhir import LOINC, TERMS, Entry, Resource, made_id
from .parts import WRONG, is_wrong, part
from .systems import Options

SYSTOLIC, DIASTOLIC, PRESSURE = "8480-6", "8462-4", "85354-9"
OEDEMA = "Phù hai bàn chân"


def observations(visit: records.Visit, options: Options) -> list[Entry]:
    """One Observation a sign; systolic and diastolic together as blood pressure, each reading too."""
    signs = {m.code: m for m in visit.measurements}
    entries = []
    if SYSTOLIC in signs and DIASTOLIC in signs:
        entries += _pressures(visit, signs.pop(SYSTOLIC), signs.pop(DIASTOLIC), options)
    for code, sign in signs.items():
        value: Resource = {"valueQuantity": fhir.quantity(sign.value, sign.unit, ucum=True)}
        if sign.oedema:
            value["note"] = [{"text": OEDEMA}]
        entries.append(_observation(visit, (code,), sign, _sign(sign), value, options))
    if visit.injury_cause:
        entries.append(_injury(visit, options))
    return entries


def _pressures(
    visit: records.Visit, upper: records.Measurement, lower: records.Measurement, options: Options
) -> list[Entry]:
    """The pressure that counts, and every reading where it was taken more than once."""
    readings = list(zip(upper.readings, lower.readings, strict=False))
    single = [
        _pressure(visit, (PRESSURE, number), upper, lower, pair, {}, options)
        for number, pair in enumerate(readings, start=1)
        if len(readings) > 1
    ]
    more: Resource = {}
    if single:
        more["derivedFrom"] = [fhir.ref(entry.id) for entry in single]
        more["note"] = [{"text": f"Đo {len(single)} lần"}]
    counts = _pressure(visit, (PRESSURE,), upper, lower, (upper.value, lower.value), more, options)
    return [*single, counts]


def _pressure(
    visit: records.Visit,
    name: tuple[object, ...],
    upper: records.Measurement,
    lower: records.Measurement,
    values: tuple[Decimal, Decimal],
    more: Resource,
    options: Options,
) -> Entry:
    parts = [
        {"code": _sign(m), "valueQuantity": fhir.quantity(value, m.unit, ucum=True)}
        for m, value in zip((upper, lower), values, strict=True)
    ]
    what = fhir.concept(LOINC, PRESSURE, "Blood pressure panel with all children optional", "Huyết áp")
    return _observation(visit, name, upper, what, {"component": parts, **more}, options)


def _sign(sign: records.Measurement) -> Resource:
    return fhir.concept(LOINC, sign.code, text=sign.name)


def _status(visit: records.Visit) -> str:
    return WRONG if is_wrong(visit) else "amended" if visit.amended else "final"


def _observation(
    visit: records.Visit,
    name: tuple[object, ...],
    sign: records.Measurement,
    what: Resource,
    value: Resource,
    options: Options,
) -> Entry:
    fields = {
        "status": _status(visit),
        "category": [fhir.concept(TERMS + "observation-category", "vital-signs")],
        "code": what,
        "effectiveDateTime": fhir.when(sign.at),
        **value,
    }
    return part("Observation", made_id(visit.id, "observation", *name), visit, options, fields)


def _injury(visit: records.Visit, options: Options) -> Entry:
    """What brought an injury about, by the list of the injury register; no code of LOINC was found for it."""
    fields = {
        "status": _status(visit),
        "code": {"text": "Nguyên nhân tai nạn thương tích"},
        "effectiveDateTime": fhir.when(visit.start),
        "valueCodeableConcept": fhir.concept(
            options.systems.injury, visit.injury_cause, visit.injury_cause_name, visit.injury_cause_name
        ),
    }
    return part("Observation", made_id(visit.id, "injury-cause"), visit, options, fields)
