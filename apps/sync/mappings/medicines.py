"""Prescriptions and herbal formulas -> MedicationRequest."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from uuid import UUID

from apps.encounters import travel

from . import fhir, records
from .fhir import Entry, Resource, made_id
from .parts import WRONG, People, is_wrong, notes, part
from .systems import Options


def medicines(visit: records.Visit, people: People, options: Options) -> list[Entry]:
    """One MedicationRequest a line; an equal line twice keeps two identities."""
    return [
        *(_medicine(visit, *found, people, options) for found in _lines(visit)),
        *(_formula(visit, formula, people, options) for formula in visit.formulas),
    ]


def requests(visit: records.Visit) -> dict[str, UUID]:
    """{drug code: the MedicationRequest that asks for it}; the first where it stands twice."""
    found: dict[str, UUID] = {}
    for _, line, id_ in _lines(visit):
        found.setdefault(line.drug_code, id_)
    return found


def _lines(visit: records.Visit) -> Iterator[tuple[records.Prescription, records.Line, UUID]]:
    """Every line with its identity."""
    seen: dict[tuple[str, str], int] = {}
    for prescription in visit.prescriptions:
        for line in prescription.lines:
            name = (prescription.code, line.drug_code or line.drug_name)
            seen[name] = seen.get(name, 0) + 1
            yield prescription, line, made_id(visit.id, "medication", *name, seen[name])


def _medicine(
    visit: records.Visit,
    prescription: records.Prescription,
    line: records.Line,
    id_: UUID,
    people: People,
    options: Options,
) -> Entry:
    name = f"{line.drug_name} {line.strength}".strip()
    drug = fhir.concept(options.systems.drug, options.code("drug", line.drug_code), line.drug_name, name)
    if line.bhyt_code and options.systems.drug_bhyt:
        drug.setdefault("coding", []).append({"system": options.systems.drug_bhyt, "code": line.bhyt_code})
    fields: Resource = {
        "status": _status(visit),
        "intent": "order",
        "medicationCodeableConcept": drug,
        "authoredOn": fhir.when(visit.end),
    }
    if prescription.code:
        system = options.systems.prescription.format(facility=visit.facility.kcb_code or "unknown")
        fields["groupIdentifier"] = fhir.slim({"system": system, "value": prescription.code})
    if visit.doctor:
        fields["requester"] = people.ref(visit.doctor)
    if dosage := _dosage(line, options):
        fields["dosageInstruction"] = [dosage]
    supply = {}
    if line.quantity is not None:
        supply["quantity"] = fhir.quantity(line.quantity, line.unit)
    if line.days:
        supply["expectedSupplyDuration"] = _days(line.days)
    return part("MedicationRequest", id_, visit, options, fields | {"dispenseRequest": supply})


def _formula(visit: records.Visit, formula: travel.TravelFormula, people: People, options: Options) -> Entry:
    """A formula with what is in one packet (thang) inside it, and how many packets."""
    packet = {"value": 1, "unit": "thang"}
    herbs = [
        {
            "itemCodeableConcept": fhir.concept(options.systems.herb, herb.code, herb.name, herb.name)
            if herb.name
            else fhir.hidden(),
            "strength": {"numerator": fhir.quantity(herb.grams, "g", ucum=True), "denominator": packet},
        }
        for herb in formula.herbs
    ]
    inside = {
        "resourceType": "Medication",
        "id": "thang",
        "code": {"text": f"Thuốc thang {formula.name}".strip()},
        "ingredient": herbs,
    }
    fields: Resource = {
        "contained": [fhir.slim(inside)],
        "status": _status(visit),
        "intent": "order",
        "medicationReference": {"reference": "#thang"},
        "authoredOn": fhir.when(formula.at),
        "requester": people.ref(formula.prescriber),
        "dosageInstruction": notes(formula.usage),
        "note": notes(formula.note),
        "dispenseRequest": {"quantity": {"value": formula.packets, "unit": "thang"}},
    }
    return fhir.marked(part("MedicationRequest", formula.id, visit, options, fields), formula.hidden)


def _status(visit: records.Visit) -> str:
    return WRONG if is_wrong(visit) else "active"


def _dosage(line: records.Line, options: Options) -> Resource:
    dosage: Resource = {}
    if line.usage:
        dosage["text"] = line.usage
    repeat: Resource = {}
    if line.times_per_day and line.times_per_day == int(line.times_per_day):
        repeat = {"frequency": int(line.times_per_day), "period": 1, "periodUnit": "d"}
    if line.days:
        repeat["boundsDuration"] = _days(line.days)
    if repeat:
        dosage["timing"] = {"repeat": repeat}
    if line.route_code:
        dosage["route"] = fhir.concept(options.systems.route, options.code("route", line.route_code))
    if (dose := _amount(line.dose)) is not None:
        dosage["doseAndRate"] = [{"doseQuantity": fhir.quantity(dose, line.dose_unit or line.unit)}]
    return dosage


def _days(days: int) -> Resource:
    return {"value": days, "unit": "ngày", "system": "http://unitsofmeasure.org", "code": "d"}


def _amount(text: str) -> Decimal | None:
    """A dose that is a number ('1', '0,5'); words stay in the instruction's text."""
    try:
        amount = Decimal(str(text).replace(",", "."))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
