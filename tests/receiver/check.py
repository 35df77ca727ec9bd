"""What the receiver asks of a Bundle: FHIR R4 as fhir.resources sees it, and what it does not look at."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

Problem = tuple[str, str]  # FHIRPath expression, sentence

REQUIRED_CODES: dict[str, dict[str, set[str]]] = {
    "Patient": {"gender": {"male", "female", "other", "unknown"}},
    "Encounter": {
        "status": {
            "planned",
            "arrived",
            "triaged",
            "in-progress",
            "onleave",
            "finished",
            "cancelled",
            "entered-in-error",
            "unknown",
        }
    },
    "Observation": {
        "status": {
            "registered",
            "preliminary",
            "final",
            "amended",
            "corrected",
            "cancelled",
            "entered-in-error",
            "unknown",
        }
    },
    "MedicationRequest": {
        "status": {
            "active",
            "on-hold",
            "cancelled",
            "completed",
            "entered-in-error",
            "stopped",
            "draft",
            "unknown",
        },
        "intent": {
            "proposal",
            "plan",
            "order",
            "original-order",
            "reflex-order",
            "filler-order",
            "instance-order",
            "option",
        },
    },
    "MedicationDispense": {
        "status": {
            "preparation",
            "in-progress",
            "cancelled",
            "on-hold",
            "completed",
            "entered-in-error",
            "stopped",
            "declined",
            "unknown",
        }
    },
    "ServiceRequest": {
        "status": {
            "draft",
            "active",
            "on-hold",
            "revoked",
            "completed",
            "entered-in-error",
            "unknown",
        },
        "intent": {"proposal", "plan", "directive", "order", "original-order", "reflex-order", "option"},
    },
    "DiagnosticReport": {
        "status": {
            "registered",
            "partial",
            "preliminary",
            "final",
            "amended",
            "corrected",
            "appended",
            "cancelled",
            "entered-in-error",
            "unknown",
        }
    },
    "Procedure": {
        "status": {
            "preparation",
            "in-progress",
            "not-done",
            "on-hold",
            "stopped",
            "completed",
            "entered-in-error",
            "unknown",
        }
    },
    "Immunization": {"status": {"completed", "entered-in-error", "not-done"}},
    "Composition": {"status": {"preliminary", "final", "amended", "entered-in-error"}},
    "DocumentReference": {"status": {"current", "superseded", "entered-in-error"}},
    "QuestionnaireResponse": {
        "status": {"in-progress", "completed", "amended", "entered-in-error", "stopped"}
    },
}
TARGETS: dict[str, dict[str, set[str]]] = {
    "Encounter": {"subject": {"Patient"}, "serviceProvider": {"Organization"}},
    "Condition": {"subject": {"Patient"}, "encounter": {"Encounter"}},
    "Observation": {"subject": {"Patient"}, "encounter": {"Encounter"}},
    "MedicationRequest": {
        "subject": {"Patient"},
        "encounter": {"Encounter"},
        "requester": {"Practitioner", "Organization"},
    },
    "AllergyIntolerance": {"patient": {"Patient"}},
    "Immunization": {"patient": {"Patient"}},
    "ServiceRequest": {"subject": {"Patient"}, "encounter": {"Encounter"}, "requester": {"Practitioner"}},
    "MedicationDispense": {"subject": {"Patient"}, "context": {"Encounter"}},
    "DiagnosticReport": {"subject": {"Patient"}, "encounter": {"Encounter"}},
    "Procedure": {"subject": {"Patient"}, "encounter": {"Encounter"}},
    "Composition": {"subject": {"Patient"}, "encounter": {"Encounter"}},
    "DocumentReference": {"subject": {"Patient"}},
    "QuestionnaireResponse": {"subject": {"Patient"}, "encounter": {"Encounter"}},
}
NEEDED = {
    "Patient": ("identifier", "name"),
    "Encounter": ("identifier", "subject", "period"),
    "Condition": ("identifier",),
    "Observation": ("identifier", "subject", "effectiveDateTime"),
    "MedicationRequest": ("identifier",),
    "AllergyIntolerance": ("identifier",),
    "Immunization": ("identifier", "vaccineCode", "occurrenceDateTime"),
    "ServiceRequest": ("identifier", "subject", "code"),
    "MedicationDispense": ("identifier", "subject"),
    "DiagnosticReport": ("identifier", "subject", "code"),
    "Procedure": ("identifier", "subject"),
    "Composition": ("identifier", "subject", "author"),
    "DocumentReference": ("identifier", "subject", "content"),
    "QuestionnaireResponse": ("identifier", "subject", "questionnaire"),
    "Organization": ("identifier", "name"),
    "Practitioner": ("identifier", "name"),
}


def problems(bundle: dict[str, Any]) -> list[Problem]:
    """Every reason why the Bundle cannot be taken, empty when it can."""
    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        return [(_path(e["loc"]), str(e["msg"])) for e in error.errors()]
    found: list[Problem] = []
    types = {
        e.get("fullUrl"): e["resource"]["resourceType"] for e in bundle.get("entry", []) if e.get("resource")
    }
    for i, entry in enumerate(bundle.get("entry", [])):
        resource = entry.get("resource")
        if resource:
            found += _resource(resource, f"Bundle.entry[{i}].resource", types)
    return found


def _resource(resource: dict[str, Any], path: str, types: dict[str, str]) -> list[Problem]:
    kind = resource["resourceType"]
    found = [
        (f"{path}.{name}", "Thiếu trường bắt buộc") for name in NEEDED.get(kind, ()) if not resource.get(name)
    ]
    for name, allowed in REQUIRED_CODES.get(kind, {}).items():
        if name in resource and resource[name] not in allowed:
            found.append((f"{path}.{name}", f"Mã không có trong danh mục: {resource[name]}"))
    for name, allowed in TARGETS.get(kind, {}).items():
        reference = (resource.get(name) or {}).get("reference", "")
        target = types.get(reference) or reference.partition("?")[0].partition("/")[0]
        inside = not reference.startswith("urn:") or reference in types  # else the store says what is missing
        if reference and inside and target not in allowed:
            found.append((f"{path}.{name}", "Tham chiếu tới sai loại bản ghi"))
    if (
        kind == "Condition"
        and _code(resource.get("verificationStatus")) == "entered-in-error"
        and resource.get("clinicalStatus")
    ):
        found.append((f"{path}.clinicalStatus", "con-5: bản ghi nhầm không có trạng thái lâm sàng"))
    if kind == "DiagnosticReport" and resource.get("status") in ("registered", "partial", "preliminary"):
        found.append((f"{path}.status", "Kết quả chưa duyệt không được gửi"))
    if kind == "Immunization" and resource.get("status") == "not-done" and not resource.get("statusReason"):
        found.append((f"{path}.statusReason", "Mũi không tiêm phải có lý do"))
    if kind == "Encounter":
        period = resource.get("period") or {}
        if period.get("start", "") > period.get("end", "9"):
            found.append((f"{path}.period", "per-1: kết thúc trước khi bắt đầu"))
    return found


def _code(concept: dict[str, Any] | None) -> str:
    for coding in (concept or {}).get("coding", []):
        return str(coding.get("code", ""))
    return ""


def _path(loc: tuple[int | str, ...]) -> str:
    path = "Bundle"
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path
