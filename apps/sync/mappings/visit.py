"""Visit -> transaction Bundle: Organization, Practitioner, Patient, Encounter, Condition, Observation,
MedicationRequest, AllergyIntolerance, Provenance (interoperability notes: docs/adding-a-receiver.md).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from uuid import UUID

from . import fhir, records
from .fhir import Entry, Resource, made_id
from .person import allergies, organization, own_identifier, pair, patient, practitioner
from .systems import Options

CODES = "http://terminology.hl7.org/CodeSystem/"
LOINC = "http://loinc.org"
SYSTOLIC, DIASTOLIC, PRESSURE = "8480-6", "8462-4", "85354-9"
# What an amended visit may have had and has no more: it must not stay at the receiver as if it were true.
WITHDRAWABLE = ("Condition", "Observation", "MedicationRequest")


def visit_entries(visit: records.Visit, options: Options, sent: frozenset[str] = frozenset()) -> list[Entry]:
    """All that one visit says, in an order in which references point backward.

    `sent`: keys (`Condition/<uuid>`) the receiver holds of this visit from before; those that the visit no
    longer has travel once more as entered in error.
    """
    entries = [organization(visit.facility, options)]
    if visit.point and visit.point.id != visit.facility.id:
        entries.append(organization(visit.point, options))
    station = visit.person.station
    if station and station.id not in {e.id for e in entries}:
        entries.append(organization(station, options))
    if visit.doctor:
        entries.append(practitioner(visit.doctor, options))
    entries.append(patient(visit.person, options))
    conditions = _conditions(visit, options)
    facts = [*conditions, *_observations(visit, options), *_medications(visit, options)]
    entries += [_encounter(visit, conditions, options), *facts, *allergies(visit.person, options)]
    here = {e.key for e in entries}
    gone = sorted(k for k in sent - here if k.partition("/")[0] in WITHDRAWABLE)
    entries += [_withdrawn(key, visit, options) for key in gone]
    if options.provenance:
        entries.append(_provenance(visit, [e.id for e in facts]))
    return entries


def _encounter(visit: records.Visit, conditions: list[Entry], options: Options) -> Entry:
    own = own_identifier(visit.id, options)
    # a number is unique within its facility only: with the code before it, everywhere
    number = ".".join(part for part in (visit.facility.kcb_code, visit.number) if part)
    known = [{"system": options.systems.visit, "value": number}] if visit.number else []
    diagnoses = []
    for rank, (diagnosis, entry) in enumerate(zip(visit.diagnoses, conditions, strict=True), start=1):
        use = fhir.concept(CODES + "diagnosis-role", "DD" if diagnosis.role == "main" else "CM")
        diagnoses.append({"condition": fhir.ref(entry.id), "use": use, "rank": rank})
    resource = fhir.slim(
        {
            "resourceType": "Encounter",
            "identifier": [own, *known],
            "status": "entered-in-error" if visit.state == "entered_in_error" else "finished",
            "class": {"system": CODES + "v3-ActCode", "code": "AMB", "display": "ambulatory"},
            "subject": fhir.ref(visit.person.id, visit.person.full_name),
            "participant": _participant(visit),
            "period": {"start": fhir.when(visit.start), "end": fhir.when(max(visit.start, visit.end))},
            "reasonCode": [{"text": visit.reason}] if visit.reason else [],
            "diagnosis": diagnoses,
            "serviceProvider": fhir.ref((visit.point or visit.facility).id),
        }
    )
    if visit.outcome_code or visit.outcome:
        code = options.code("discharge", visit.outcome_code)
        discharge = fhir.concept(options.systems.discharge, code, visit.outcome, visit.outcome)
        resource["hospitalization"] = {"dischargeDisposition": discharge}
    return Entry(visit.id, resource, pair(own))


def _participant(visit: records.Visit) -> list[Resource]:
    kind = fhir.concept(CODES + "v3-ParticipationType", "ATND")
    if visit.doctor:
        return [{"type": [kind], "individual": fhir.ref(visit.doctor.id, visit.doctor.full_name)}]
    return [{"type": [kind], "individual": {"display": visit.doctor_text}}] if visit.doctor_text else []


def _conditions(visit: records.Visit, options: Options) -> list[Entry]:
    entries: list[Entry] = []
    seen: dict[tuple[str, str], int] = {}
    for diagnosis in visit.diagnoses:
        part = (diagnosis.icd_code, diagnosis.text if not diagnosis.icd_code else "")
        seen[part] = seen.get(part, 0) + 1
        id_ = made_id(visit.id, "condition", *part, seen[part])
        own = own_identifier(id_, options)
        code = fhir.concept(
            options.systems.icd10, options.code("icd10", diagnosis.icd_code), diagnosis.icd_name
        )
        if diagnosis.text or not diagnosis.icd_code:
            code["text"] = diagnosis.text or diagnosis.icd_name
        sure = "provisional" if diagnosis.certainty == "suspected" else "confirmed"
        resource: Resource = {
            "resourceType": "Condition",
            "identifier": [own],
            "verificationStatus": fhir.concept(CODES + "condition-ver-status", sure),
            "category": [fhir.concept(CODES + "condition-category", "encounter-diagnosis")],
            "code": code,
            "subject": fhir.ref(visit.person.id),
            "encounter": fhir.ref(visit.id),
            "recordedDate": fhir.when(visit.end),
        }
        if visit.state == "entered_in_error":  # con-5: no clinical status beside an error
            resource["verificationStatus"] = fhir.concept(CODES + "condition-ver-status", "entered-in-error")
        else:
            resource["clinicalStatus"] = fhir.concept(CODES + "condition-clinical", "active")
        entries.append(Entry(id_, resource, pair(own)))
    return entries


def _observations(visit: records.Visit, options: Options) -> list[Entry]:
    """One Observation a sign; systolic and diastolic together as blood pressure."""
    signs = {m.code: m for m in visit.measurements}
    entries = []
    if SYSTOLIC in signs and DIASTOLIC in signs:
        upper, lower = signs.pop(SYSTOLIC), signs.pop(DIASTOLIC)
        parts = [
            {"code": _sign(m), "valueQuantity": fhir.quantity(m.value, m.unit, ucum=True)}
            for m in (upper, lower)
        ]
        pressure = fhir.concept(
            LOINC, PRESSURE, "Blood pressure panel with all children optional", "Huyết áp"
        )
        entries.append(_observation(visit, PRESSURE, upper, pressure, {"component": parts}, options))
    for code, sign in signs.items():
        value = {"valueQuantity": fhir.quantity(sign.value, sign.unit, ucum=True)}
        entries.append(_observation(visit, code, sign, _sign(sign), value, options))
    return entries


def _sign(sign: records.Measurement) -> Resource:
    return fhir.concept(LOINC, sign.code, text=sign.name)


def _observation(
    visit: records.Visit,
    code: str,
    sign: records.Measurement,
    what: Resource,
    value: Resource,
    options: Options,
) -> Entry:
    id_ = made_id(visit.id, "observation", code)
    own = own_identifier(id_, options)
    status = (
        "entered-in-error" if visit.state == "entered_in_error" else "amended" if visit.amended else "final"
    )
    resource: Resource = {
        "resourceType": "Observation",
        "identifier": [own],
        "status": status,
        "category": [fhir.concept(CODES + "observation-category", "vital-signs")],
        "code": what,
        "subject": fhir.ref(visit.person.id),
        "encounter": fhir.ref(visit.id),
        "effectiveDateTime": fhir.when(sign.at),
        **value,
    }
    return Entry(id_, resource, pair(own))


def _medications(visit: records.Visit, options: Options) -> list[Entry]:
    entries: list[Entry] = []
    seen: dict[tuple[str, str], int] = {}
    for prescription in visit.prescriptions:
        for line in prescription.lines:
            part = (prescription.code, line.drug_code or line.drug_name)
            seen[part] = seen.get(part, 0) + 1
            id_ = made_id(visit.id, "medication", *part, seen[part])
            entries.append(_medication(visit, prescription, line, id_, options))
    return entries


def _medication(
    visit: records.Visit, prescription: records.Prescription, line: records.Line, id_: UUID, options: Options
) -> Entry:
    own = own_identifier(id_, options)
    name = f"{line.drug_name} {line.strength}".strip()
    drug = fhir.concept(options.systems.drug, options.code("drug", line.drug_code), line.drug_name, name)
    if line.bhyt_code and options.systems.drug_bhyt:
        drug.setdefault("coding", []).append({"system": options.systems.drug_bhyt, "code": line.bhyt_code})
    resource: Resource = {
        "resourceType": "MedicationRequest",
        "identifier": [own],
        "status": "entered-in-error" if visit.state == "entered_in_error" else "active",
        "intent": "order",
        "medicationCodeableConcept": drug,
        "subject": fhir.ref(visit.person.id),
        "encounter": fhir.ref(visit.id),
        "authoredOn": fhir.when(visit.end),
    }
    if prescription.code:
        system = options.systems.prescription.format(facility=visit.facility.kcb_code or "unknown")
        resource["groupIdentifier"] = fhir.slim({"system": system, "value": prescription.code})
    if visit.doctor:
        resource["requester"] = fhir.ref(visit.doctor.id)
    if dosage := _dosage(line, options):
        resource["dosageInstruction"] = [dosage]
    supply = {}
    if line.quantity is not None:
        supply["quantity"] = fhir.quantity(line.quantity, line.unit)
    if line.days:
        supply["expectedSupplyDuration"] = _days(line.days)
    if supply:
        resource["dispenseRequest"] = supply
    return Entry(id_, resource, pair(own))


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


def _withdrawn(key: str, visit: records.Visit, options: Options) -> Entry:
    """A part sent before and no more in the visit: entered in error, with only what FHIR requires."""
    kind, _, id_text = key.partition("/")
    id_ = UUID(id_text)
    own = own_identifier(id_, options)
    absent = fhir.concept(CODES + "data-absent-reason", "not-applicable", text="Đã rút khỏi lượt khám")
    resource: Resource = {"resourceType": kind, "identifier": [own], "subject": fhir.ref(visit.person.id)}
    resource["encounter"] = fhir.ref(visit.id)
    if kind == "Condition":
        resource["verificationStatus"] = fhir.concept(CODES + "condition-ver-status", "entered-in-error")
        resource["code"] = absent
    elif kind == "Observation":
        resource |= {
            "status": "entered-in-error",
            "code": absent,
            "effectiveDateTime": fhir.when(visit.start),
        }
    else:
        resource |= {"status": "entered-in-error", "intent": "order", "medicationCodeableConcept": absent}
    return Entry(id_, resource, pair(own))


def _provenance(visit: records.Visit, facts: list[UUID]) -> Entry:
    """Who stands for this version of the visit. One a version, so the receiver keeps the chain."""
    activity = "CREATE"
    if visit.state == "entered_in_error":
        activity = "NULLIFY"
    elif visit.amended:
        activity = "UPDATE"
    who = fhir.ref(visit.doctor.id) if visit.doctor else {"display": visit.doctor_text or visit.facility.name}
    resource = {
        "resourceType": "Provenance",
        "target": [fhir.ref(id_) for id_ in (visit.id, *facts)],
        "recorded": fhir.when(visit.changed_at),
        "activity": fhir.concept(CODES + "v3-DataOperation", activity),
        "agent": [
            {
                "type": fhir.concept(CODES + "provenance-participant-type", "author"),
                "who": who,
                "onBehalfOf": fhir.ref(visit.facility.id),
            }
        ],
    }
    if who.get("display") == visit.facility.name:
        resource["agent"] = [{"who": fhir.ref(visit.facility.id)}]
    return Entry(made_id(visit.id, "provenance", visit.version), resource, by_id=True)
