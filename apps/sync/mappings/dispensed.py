"""Medicines that were given out -> MedicationDispense. What was bought elsewhere is no act of ours."""

from __future__ import annotations

from uuid import UUID

from apps.encounters import travel

from . import fhir, records
from .fhir import Entry, Resource, made_id
from .parts import WRONG, People, is_wrong, notes, part
from .systems import Options


def dispensed(
    visit: records.Visit, prescribed: dict[str, UUID], people: People, options: Options
) -> list[Entry]:
    """One MedicationDispense a line of an act. `prescribed`: {drug code: its MedicationRequest}."""
    return [
        fhir.marked(_one(visit, line, prescribed, people, options), line.hidden) for line in visit.dispensed
    ]


def _one(
    visit: records.Visit,
    line: travel.TravelDispensed,
    prescribed: dict[str, UUID],
    people: People,
    options: Options,
) -> Entry:
    who = people.ref(line.performer, line.performer_text)
    request = prescribed.get(line.prescribed_code)
    what = fhir.concept(
        options.systems.drug, options.code("drug", line.drug_code), line.drug_name, line.drug_name
    )
    if line.formula_id:
        request = next((each.id for each in visit.formulas if each.id == line.formula_id), None)
        what = fhir.concept(options.systems.herb, line.herb_code, line.drug_name, line.drug_name)
    fields: Resource = {
        "status": WRONG if is_wrong(visit) else "stopped" if line.returned >= line.quantity else "completed",
        "medicationCodeableConcept": what if line.drug_name else fhir.hidden(),
        "performer": [{"actor": who}] if who else [],
        "authorizingPrescription": [fhir.ref(request)] if request else [],
        "quantity": fhir.quantity(line.quantity, line.unit),
        "whenHandedOver": fhir.when(line.at),
        "note": notes(
            *(_lot(lot, line.unit) for lot in line.lots),
            f"Đã trả lại {line.returned} {line.unit}".rstrip() if line.returned else "",
        ),
    }
    if line.substituted:
        reason = [{"text": line.reason}] if line.reason else []
        fields["substitution"] = fhir.slim({"wasSubstituted": True, "reason": reason})
    # Of this visit: an act that follows a visit to the right person is told there anew, and withdrawn here.
    return part("MedicationDispense", made_id(visit.id, "dispensed", line.id), visit, options, fields)


def _lot(lot: travel.TravelLot, unit: str) -> str:
    """'Lô B12 (hạn 31/03/2027): 20 viên'; R4 has no member for a lot here."""
    expiry = f" (hạn {lot.expiry:%m/%Y})" if lot.expiry and lot.month_only else ""
    if lot.expiry and not lot.month_only:
        expiry = f" (hạn {lot.expiry:%d/%m/%Y})"
    return f"Lô {lot.number or 'không ghi số'}{expiry}: {lot.quantity} {unit}".rstrip()
