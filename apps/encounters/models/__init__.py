"""A visit and what it holds: diagnoses, prescriptions, earlier versions."""

from apps.encounters.models.diagnosis import Diagnosis, DiagnosisRole
from apps.encounters.models.prescription import Prescription, PrescriptionLine
from apps.encounters.models.visit import Payer, Visit, VisitKind, VisitPart, VisitRevision

__all__ = [
    "Diagnosis",
    "DiagnosisRole",
    "Payer",
    "Prescription",
    "PrescriptionLine",
    "Visit",
    "VisitKind",
    "VisitPart",
    "VisitRevision",
]
