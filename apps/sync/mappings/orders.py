"""Orders -> ServiceRequest; verified results -> DiagnosticReport and Observation; what was done -> Procedure.

A result keeps its identity when it is corrected: the same report says something else, and that it was
corrected. A preliminary result is in no record that comes here; an open sheet tells that it has begun.
"""

from __future__ import annotations

import re
from html import escape
from uuid import UUID

from apps.encounters import travel

from . import fhir, records
from .fhir import LOINC, TERMS, Entry, Resource, made_id
from .parts import People, notes, part
from .systems import Options

STATUS = {"ordered": "active", "done": "active", "resulted": "completed", "cancelled": "revoked"}
KINDS = {
    "lab": "Xét nghiệm",
    "imaging": "Chẩn đoán hình ảnh, thăm dò",
    "procedure": "Thủ thuật, chăm sóc",
    "course": "Y học cổ truyền, phục hồi chức năng",
}
FLAGS = {
    "critical_low": "LL",
    "low": "L",
    "high": "H",
    "critical_high": "HH",
    "abnormal": "A",
    "unclear": "IND",
}
# How our laboratory's units are written in UCUM; a unit that is not here travels as its word alone.
UCUM = {
    "µmol/L": "umol/L",
    "G/L": "10*9/L",
    "T/L": "10*12/L",
    **{unit: unit for unit in ("mmol/L", "g/L", "L/L", "U/L", "fL", "pg", "%", "mg/L", "mg/dL")},
}
RANGE = re.compile(
    r"(?P<low>\d+(?:,\d+)?)–(?P<high>\d+(?:,\d+)?)|≤ (?P<most>\d+(?:,\d+)?)|≥ (?P<least>\d+(?:,\d+)?)"
)


def orders(
    visit: records.Visit, people: People, options: Options, sent: frozenset[str] = frozenset()
) -> list[Entry]:
    """All that was ordered on a visit and came of it. A cancelled order is told to who has heard of it."""
    entries = []
    for order in visit.orders:
        if order.state == "cancelled" and f"ServiceRequest/{order.id}" not in sent:
            continue
        own = [_request(visit, order, people, options)]
        if order.result:
            own += _report(visit, order, order.result, people, options)
        if order.sheet:
            own.append(_procedure(visit, order, order.sheet, people, options))
        own += [_sitting(visit, order, sitting, people, options) for sitting in order.sittings]
        entries += [fhir.marked(entry, order.hidden) for entry in own]
    return entries


def signatures(visit: records.Visit, people: People) -> list[Entry]:
    """Who stands for a result that came, or was corrected, apart from the visit's own signature."""
    return [
        _signature(visit, order, order.result, people)
        for order in visit.orders
        if order.result and stands_alone(order)
    ]


def stands_alone(order: travel.TravelOrder) -> bool:
    """Whether its result has a signature besides the visit's."""
    return order.result is not None and (order.result.late or order.result.corrected)


def result_ids(order: travel.TravelOrder) -> list[UUID]:
    """The identities of its report and of each value; none without a result."""
    values = order.result.values if order.result else ()
    return [made_id(order.id, "report"), *(made_id(order.id, "value", value.test) for value in values)]


def _code(order: travel.TravelOrder, options: Options) -> Resource:
    return fhir.concept(options.systems.service, options.code("service", order.code), order.name, order.name)


def _request(visit: records.Visit, order: travel.TravelOrder, people: People, options: Options) -> Entry:
    fields: Resource = {
        "status": STATUS[order.state],
        "intent": "order",
        "category": [{"text": KINDS[order.kind]}],
        "code": _code(order, options),
        "authoredOn": fhir.when(order.at),
        "requester": people.ref(order.performer, order.performer_text),
        "note": notes(order.note),
    }
    if order.sessions > 1:
        fields["quantityQuantity"] = {"value": order.sessions, "unit": "buổi"}
    return part("ServiceRequest", order.id, visit, options, fields)


# ---- results


def _report(
    visit: records.Visit,
    order: travel.TravelOrder,
    result: travel.TravelResult,
    people: People,
    options: Options,
) -> list[Entry]:
    status = "corrected" if result.corrected else "final"
    values = [_value(visit, order, result, value, status, people, options) for value in result.values]
    fields: Resource = {
        "basedOn": [fhir.ref(order.id)],
        "status": status,
        "category": [_category(order)],
        "code": _code(order, options),
        "effectiveDateTime": fhir.when(result.at),
        "issued": fhir.when(result.verified_at),
        "performer": [who for who in [people.ref(result.performer, result.performer_text)] if who],
        "resultsInterpreter": [who for who in [people.ref(result.verifier)] if who],
        "result": [fhir.ref(entry.id) for entry in values],
        "conclusion": result.conclusion,
    }
    if said := "\n".join(text for text in (result.description, result.note) if text):
        fields["text"] = {"status": "additional", "div": div(said)}
    return [*values, part("DiagnosticReport", made_id(order.id, "report"), visit, options, fields)]


def _category(order: travel.TravelOrder) -> Resource:
    """Imaging is told by its word: our list does not tell ultrasound from a cardiogram."""
    if order.kind == "lab":
        return fhir.concept(TERMS + "v2-0074", "LAB", "Laboratory", KINDS["lab"])
    return {"text": KINDS[order.kind]}


def _value(
    visit: records.Visit,
    order: travel.TravelOrder,
    result: travel.TravelResult,
    value: travel.TravelValue,
    status: str,
    people: People,
    options: Options,
) -> Entry:
    codings = [{"system": options.systems.lab, "code": options.code("lab", value.test)}]
    if value.loinc:
        codings.insert(0, {"system": LOINC, "code": value.loinc})
    fields: Resource = {
        "basedOn": [fhir.ref(order.id)],
        "status": status,
        "category": [fhir.concept(TERMS + "observation-category", "laboratory")],
        "code": {"coding": codings, "text": value.name},
        "effectiveDateTime": fhir.when(result.at),
        "issued": fhir.when(result.verified_at),
        "performer": [who for who in [people.ref(result.performer, result.performer_text)] if who],
        "note": notes("Lúc đói" if result.fasting else ""),
    }
    if value.value is not None:
        fields["valueQuantity"] = _quantity(value.value, value.unit, value.comparator)
    elif value.word:
        fields["valueCodeableConcept"] = fhir.concept(
            options.systems.lab_word, value.word_code, value.word, value.word
        )
    if value.flag in FLAGS:
        fields["interpretation"] = [fhir.concept(TERMS + "v3-ObservationInterpretation", FLAGS[value.flag])]
    if value.range_text:
        fields["referenceRange"] = [reference_range(value.range_text, value.unit)]
    return part("Observation", made_id(order.id, "value", value.test), visit, options, fields)


def _quantity(value: object, unit: str, comparator: str = "") -> Resource:
    out = fhir.quantity(value, unit)
    if unit in UCUM:
        out |= {"system": "http://unitsofmeasure.org", "code": UCUM[unit]}
    return out | ({"comparator": comparator} if comparator else {})


def reference_range(text: str, unit: str) -> Resource:
    """'3,9–6,4', '≤ 5,2', '≥ 1,0' with its limits as figures; what is read otherwise stays text alone."""
    out: Resource = {"text": text}
    if found := RANGE.match(text):
        low, high = found["low"] or found["least"], found["high"] or found["most"]
        if low:
            out["low"] = _quantity(low.replace(",", "."), unit)
        if high:
            out["high"] = _quantity(high.replace(",", "."), unit)
    return out


def _signature(
    visit: records.Visit, order: travel.TravelOrder, result: travel.TravelResult, people: People
) -> Entry:
    """One a verified result, so that the receiver keeps the chain of corrections."""
    who = people.ref(result.verifier, result.performer_text) or fhir.ref(visit.facility.id)
    resource = {
        "resourceType": "Provenance",
        "target": [fhir.ref(id_) for id_ in result_ids(order)],
        "recorded": fhir.when(result.verified_at),
        "activity": fhir.concept(TERMS + "v3-DataOperation", "UPDATE" if result.corrected else "CREATE"),
        "agent": [
            {
                "type": fhir.concept(TERMS + "provenance-participant-type", "verifier"),
                "who": who,
                "onBehalfOf": fhir.ref(visit.facility.id),
            }
        ],
    }
    if "reference" in who and who["reference"] == visit.facility.id.urn:
        resource["agent"] = [{"who": who}]
    return Entry(made_id(order.id, "provenance", result.id), resource, by_id=True)


# ---- what was done


def _procedure(
    visit: records.Visit,
    order: travel.TravelOrder,
    sheet: travel.TravelSheet,
    people: People,
    options: Options,
) -> Entry:
    period = {"start": fhir.when(sheet.started_at)}
    if sheet.ended_at:
        period["end"] = fhir.when(max(sheet.started_at, sheet.ended_at))
    fields: Resource = {
        "basedOn": [fhir.ref(order.id)],
        "status": "in-progress" if sheet.open else "completed",
        "code": _code(order, options),
        "performedPeriod": period,
        "performer": _by(people, sheet),
        "outcome": {"text": sheet.outcome} if sheet.outcome else {},
        "note": notes(*(f"{label}: {text}" for label, text in sheet.boxes)),
        "usedCode": notes(sheet.supplies),
    }
    return part("Procedure", sheet.id, visit, options, fields)


def _sitting(
    visit: records.Visit,
    order: travel.TravelOrder,
    sitting: travel.TravelSitting,
    people: People,
    options: Options,
) -> Entry:
    """One sitting of a course. How many were ordered, and whether the course is over, says its order."""
    methods = [
        {"system": options.systems.method, "code": code, "display": name} for code, name in sitting.methods
    ]
    fields: Resource = {
        "basedOn": [fhir.ref(order.id)],
        "status": "completed",
        "code": {"coding": methods, "text": ", ".join(name for _, name in sitting.methods)},
        "performedDateTime": fhir.when(sitting.at),
        "performer": _by(people, sitting),
        "note": notes(
            f"{sitting.minutes} phút" if sitting.minutes else "",
            f"Huyệt, vùng: {sitting.points}" if sitting.points else "",
            sitting.note,
        ),
    }
    return part("Procedure", sitting.id, visit, options, fields)


def _by(people: People, done: travel.TravelSheet | travel.TravelSitting) -> list[Resource]:
    who = people.ref(done.performer, done.performer_text)
    return [{"actor": who}] if who else []


def div(text: str) -> str:
    """Plain words as the XHTML that FHIR asks for."""
    lines = "<br/>".join(escape(line) for line in text.split("\n"))
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>'
