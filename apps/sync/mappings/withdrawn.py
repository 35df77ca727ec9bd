"""What a receiver holds of a visit and the visit no longer has: entered in error, and nothing else."""

from __future__ import annotations

from uuid import UUID

from . import fhir, records
from .fhir import ABSENT, LOINC, TERMS, Entry, Resource
from .notes import SUMMARY
from .parts import WRONG, part
from .systems import Options

# What an amended visit may have had and has no more: it must not stay at the receiver as if it were true.
WITHDRAWABLE = (
    "Condition",
    "Observation",
    "MedicationRequest",
    "MedicationDispense",
    "ServiceRequest",
    "DiagnosticReport",
    "Procedure",
    "Composition",
    "DocumentReference",
    "QuestionnaireResponse",
)
SAID = "Đã rút khỏi lượt khám"


def withdrawn(key: str, visit: records.Visit, options: Options) -> Entry:
    """`key` ('Condition/<uuid>') with only what FHIR requires."""
    kind, _, id_ = key.partition("/")
    return part(kind, UUID(id_), visit, options, _required(kind, visit))


def _required(kind: str, visit: records.Visit) -> Resource:
    absent = fhir.concept(ABSENT, "not-applicable", text=SAID)
    wrong: Resource = {"status": WRONG}
    match kind:
        case "Condition":
            status = fhir.concept(TERMS + "condition-ver-status", WRONG)
            return {"verificationStatus": status, "code": absent}
        case "Observation":
            return wrong | {"code": absent, "effectiveDateTime": fhir.when(visit.start)}
        case "MedicationRequest":
            return wrong | {"intent": "order", "medicationCodeableConcept": absent}
        case "MedicationDispense":
            return wrong | {"medicationCodeableConcept": absent}
        case "ServiceRequest":
            return wrong | {"intent": "order", "code": absent}
        case "Composition":
            return wrong | {
                "type": fhir.concept(LOINC, *SUMMARY),
                "date": fhir.when(visit.changed_at),
                "author": [fhir.ref(visit.facility.id)],
                "title": SAID,
            }
        case "DocumentReference":
            return wrong | {"content": [{"attachment": {"title": SAID}}]}
        case "QuestionnaireResponse":
            return wrong
        case _:  # DiagnosticReport, Procedure
            return wrong | {"code": absent}
