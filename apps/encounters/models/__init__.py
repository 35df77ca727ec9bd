"""A visit and what it holds: diagnoses, prescriptions, earlier versions."""

from apps.encounters.models.card_check import CardCheck, CheckWay
from apps.encounters.models.diagnosis import YHCT, Certainty, Diagnosis, DiagnosisRole
from apps.encounters.models.money import (
    INWARD,
    BankAccount,
    CashBox,
    CashDay,
    CashMove,
    DayState,
    FeeLine,
    FeeState,
    Method,
    MoveKind,
    Receipt,
    ReceiptLine,
    ReceiptState,
    Refund,
    VisitFees,
    Way,
)
from apps.encounters.models.prescription import Prescription, PrescriptionLine
from apps.encounters.models.reception import BoardScreen, QueueSetting, Room
from apps.encounters.models.template import ExamTemplate
from apps.encounters.models.visit import EXAM, CallState, Payer, Visit, VisitPart, VisitRevision

__all__ = [
    "EXAM",
    "INWARD",
    "YHCT",
    "BankAccount",
    "BoardScreen",
    "CallState",
    "CardCheck",
    "CashBox",
    "CashDay",
    "CashMove",
    "Certainty",
    "CheckWay",
    "DayState",
    "Diagnosis",
    "DiagnosisRole",
    "ExamTemplate",
    "FeeLine",
    "FeeState",
    "Method",
    "MoveKind",
    "Payer",
    "Prescription",
    "PrescriptionLine",
    "QueueSetting",
    "Receipt",
    "ReceiptLine",
    "ReceiptState",
    "Refund",
    "Room",
    "Visit",
    "VisitFees",
    "VisitPart",
    "VisitRevision",
    "Way",
]
