"""Visit -> transaction Bundle: Organization, Practitioner, Patient, Encounter, Condition, Observation,
MedicationRequest, MedicationDispense, ServiceRequest, DiagnosticReport, Procedure, Composition,
DocumentReference, QuestionnaireResponse, AllergyIntolerance, Provenance (docs/adding-a-receiver.md).
"""

from __future__ import annotations

from uuid import UUID

from . import fhir, records
from .answered import answered
from .dispensed import dispensed
from .fhir import TERMS, Entry, Resource, made_id
from .medicines import medicines, requests
from .notes import composition, documents
from .observations import observations
from .orders import orders, result_ids, signatures, stands_alone
from .papers import papers
from .parts import WRONG, People, is_wrong, part
from .person import allergies, organization, own_identifier, pair, patient
from .systems import Options
from .withdrawn import WITHDRAWABLE, withdrawn

DUE_TO = "http://hl7.org/fhir/StructureDefinition/condition-dueTo"
INJURIES = ("S", "T")  # chapter XIX of ICD-10: what an external cause (chapter XX) has brought about


def visit_entries(visit: records.Visit, options: Options, sent: frozenset[str] = frozenset()) -> list[Entry]:
    """All that one visit says, in an order in which references point backward.

    `sent`: keys (`Condition/<uuid>`) the receiver holds of this visit from before; those that the visit no
    longer has travel once more as entered in error.
    """
    places = [organization(visit.facility, options)]
    for place in (visit.point, visit.person.station):
        if place and place.id not in {e.id for e in places}:
            places.append(organization(place, options))
    people = People(options)
    encounter_by = _participant(visit, people)
    conditions = _conditions(visit, options)
    facts = [
        *conditions,
        *observations(visit, options),
        *medicines(visit, people, options),
        *dispensed(visit, requests(visit), people, options),
        *orders(visit, people, options, sent),
        *composition(visit, people, options),
        *documents(visit, options),
        *papers(visit, people, options),
        *answered(visit, options),
    ]
    signed = [_provenance(visit, facts, people), *signatures(visit, people)] if options.provenance else []
    entries = [*places, *people.entries, patient(visit.person, options)]
    entries += [_encounter(visit, conditions, encounter_by, options), *facts]
    entries += allergies(visit.person, options)
    here = {e.key for e in entries}
    gone = sorted(k for k in sent - here if k.partition("/")[0] in WITHDRAWABLE)
    entries += [withdrawn(key, visit, options) for key in gone]
    return [*entries, *signed]


def _encounter(
    visit: records.Visit, conditions: list[Entry], participant: list[Resource], options: Options
) -> Entry:
    own = own_identifier(visit.id, options)
    # a number is unique within its facility only: with the code before it, everywhere
    number = ".".join(part for part in (visit.facility.kcb_code, visit.number) if part)
    known = [{"system": options.systems.visit, "value": number}] if visit.number else []
    diagnoses = []
    for rank, (diagnosis, entry) in enumerate(zip(visit.diagnoses, conditions, strict=True), start=1):
        use = fhir.concept(TERMS + "diagnosis-role", "DD" if diagnosis.role == "main" else "CM")
        diagnoses.append({"condition": fhir.ref(entry.id), "use": use, "rank": rank})
    resource = fhir.slim(
        {
            "resourceType": "Encounter",
            "identifier": [own, *known],
            "status": WRONG if is_wrong(visit) else "finished",
            "class": {"system": TERMS + "v3-ActCode", "code": "AMB", "display": "ambulatory"},
            "subject": fhir.ref(visit.person.id),
            "participant": participant,
            "period": {"start": fhir.when(visit.start), "end": fhir.when(max(visit.start, visit.end))},
            "reasonCode": _reason(visit),
            "diagnosis": diagnoses,
            "serviceProvider": fhir.ref((visit.point or visit.facility).id),
        }
    )
    if visit.outcome_code or visit.outcome:
        code = options.code("discharge", visit.outcome_code)
        discharge = fhir.concept(options.systems.discharge, code, visit.outcome, visit.outcome)
        resource["hospitalization"] = {"dischargeDisposition": discharge}
    return fhir.marked(Entry(visit.id, resource, pair(own)), visit.hidden)


def _reason(visit: records.Visit) -> list[Resource]:
    if "reason" in visit.hidden:
        return [fhir.hidden()]
    return [{"text": visit.reason}] if visit.reason else []


def _participant(visit: records.Visit, people: People) -> list[Resource]:
    who = people.ref(visit.doctor, visit.doctor_text)
    return (
        [{"type": [fhir.concept(TERMS + "v3-ParticipationType", "ATND")], "individual": who}] if who else []
    )


def _conditions(visit: records.Visit, options: Options) -> list[Entry]:
    """One Condition a diagnosis; an injury says which external cause has brought it about."""
    ids: list[UUID] = []
    seen: dict[tuple[str, str], int] = {}
    for diagnosis in visit.diagnoses:
        name = (diagnosis.icd_code, diagnosis.text if not diagnosis.icd_code else "")
        seen[name] = seen.get(name, 0) + 1
        ids.append(made_id(visit.id, "condition", *name, seen[name]))
    causes = [id_ for id_, d in zip(ids, visit.diagnoses, strict=True) if d.role == "external"]
    return [_condition(visit, d, id_, causes, options) for id_, d in zip(ids, visit.diagnoses, strict=True)]


def _condition(
    visit: records.Visit, diagnosis: records.Diagnosis, id_: UUID, causes: list[UUID], options: Options
) -> Entry:
    code = fhir.concept(options.systems.icd10, options.code("icd10", diagnosis.icd_code), diagnosis.icd_name)
    if diagnosis.text or not diagnosis.icd_code:
        code["text"] = diagnosis.text or diagnosis.icd_name
    if not diagnosis.icd_code and not code["text"]:  # only typed, and not to be told
        code = fhir.hidden()
    sure = "provisional" if diagnosis.certainty == "suspected" else "confirmed"
    fields: Resource = {
        "verificationStatus": fhir.concept(
            TERMS + "condition-ver-status", WRONG if is_wrong(visit) else sure
        ),
        "category": [fhir.concept(TERMS + "condition-category", "encounter-diagnosis")],
        "code": code,
        "recordedDate": fhir.when(visit.end),
    }
    if not is_wrong(visit):  # con-5: no clinical status beside an error
        fields["clinicalStatus"] = fhir.concept(TERMS + "condition-clinical", "active")
    if diagnosis.role == "external":
        fields["category"].append({"text": "Nguyên nhân bên ngoài"})
    elif diagnosis.icd_code.startswith(INJURIES):
        fields["extension"] = [{"url": DUE_TO, "valueReference": fhir.ref(cause)} for cause in causes]
    return part("Condition", id_, visit, options, fields)


def _provenance(visit: records.Visit, facts: list[Entry], people: People) -> Entry:
    """Who stands for this version of the visit. One a version, so the receiver keeps the chain. What came
    after it, or was corrected, has a signature of its own.
    """
    apart = {id_ for order in visit.orders if stands_alone(order) for id_ in result_ids(order)}
    activity = "CREATE"
    if is_wrong(visit):
        activity = "NULLIFY"
    elif visit.amended:
        activity = "UPDATE"
    who = people.ref(visit.doctor, visit.doctor_text or visit.facility.name)
    resource = {
        "resourceType": "Provenance",
        "target": [fhir.ref(id_) for id_ in (visit.id, *(e.id for e in facts if e.id not in apart))],
        "recorded": fhir.when(visit.changed_at),
        "activity": fhir.concept(TERMS + "v3-DataOperation", activity),
        "agent": [
            {
                "type": fhir.concept(TERMS + "provenance-participant-type", "author"),
                "who": who,
                "onBehalfOf": fhir.ref(visit.facility.id),
            }
        ],
    }
    if who.get("display") == visit.facility.name:
        resource["agent"] = [{"who": fhir.ref(visit.facility.id)}]
    return Entry(made_id(visit.id, "provenance", visit.version), resource, by_id=True)
