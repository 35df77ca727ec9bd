"""A visit and what it holds: diagnoses, prescriptions, earlier versions."""

from apps.encounters.models.card_check import CardCheck, CheckWay
from apps.encounters.models.diagnosis import YHCT, Certainty, Diagnosis, DiagnosisRole
from apps.encounters.models.prescription import Prescription, PrescriptionLine
from apps.encounters.models.reception import BoardScreen, QueueSetting, Room
from apps.encounters.models.template import ExamTemplate
from apps.encounters.models.visit import EXAM, CallState, Payer, Visit, VisitPart, VisitRevision

__all__ = [
    "EXAM",
    "YHCT",
    "BoardScreen",
    "CallState",
    "CardCheck",
    "Certainty",
    "CheckWay",
    "Diagnosis",
    "DiagnosisRole",
    "ExamTemplate",
    "Payer",
    "Prescription",
    "PrescriptionLine",
    "QueueSetting",
    "Room",
    "Visit",
    "VisitPart",
    "VisitRevision",
]
