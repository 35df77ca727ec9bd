"""A visit and what it holds: diagnoses, prescriptions, orders with their results, earlier versions."""

from apps.encounters.models.attachments import Attachment
from apps.encounters.models.card_check import CardCheck, CheckWay
from apps.encounters.models.cash import (
    INWARD,
    BankAccount,
    CashBox,
    CashDay,
    CashMove,
    DayState,
    MoveKind,
)
from apps.encounters.models.certificates import (
    AnswerKind,
    Certificate,
    CertificateKind,
    CertificateState,
    ReferralAnswer,
)
from apps.encounters.models.diagnosis import YHCT, Certainty, Diagnosis, DiagnosisRole
from apps.encounters.models.dispensing import (
    Dispensing,
    DispensingLine,
    DispensingLot,
    LineKind,
    MedicineReturn,
    MedicineReturnLine,
)
from apps.encounters.models.money import (
    FeeLine,
    FeeState,
    Method,
    Receipt,
    ReceiptLine,
    ReceiptState,
    Refund,
    VisitFees,
    Way,
)
from apps.encounters.models.orders import (
    Flag,
    Order,
    OrderKind,
    OrderSet,
    Result,
    ResultState,
    ResultValue,
)
from apps.encounters.models.prescription import Prescription, PrescriptionLine
from apps.encounters.models.procedures import (
    HerbalFormula,
    HerbalLine,
    ProcedureSheet,
    SheetRow,
    SheetState,
    TreatmentSession,
)
from apps.encounters.models.reception import BoardScreen, QueueSetting, Room
from apps.encounters.models.template import ExamTemplate
from apps.encounters.models.visit import EXAM, CallState, Payer, Visit, VisitPart, VisitRevision

__all__ = [
    "EXAM",
    "INWARD",
    "YHCT",
    "AnswerKind",
    "Attachment",
    "BankAccount",
    "BoardScreen",
    "CallState",
    "CardCheck",
    "CashBox",
    "CashDay",
    "CashMove",
    "Certainty",
    "Certificate",
    "CertificateKind",
    "CertificateState",
    "CheckWay",
    "DayState",
    "Diagnosis",
    "DiagnosisRole",
    "Dispensing",
    "DispensingLine",
    "DispensingLot",
    "ExamTemplate",
    "FeeLine",
    "FeeState",
    "Flag",
    "HerbalFormula",
    "HerbalLine",
    "LineKind",
    "MedicineReturn",
    "MedicineReturnLine",
    "Method",
    "MoveKind",
    "Order",
    "OrderKind",
    "OrderSet",
    "Payer",
    "Prescription",
    "PrescriptionLine",
    "ProcedureSheet",
    "QueueSetting",
    "Receipt",
    "ReceiptLine",
    "ReceiptState",
    "ReferralAnswer",
    "Refund",
    "Result",
    "ResultState",
    "ResultValue",
    "Room",
    "SheetRow",
    "SheetState",
    "TreatmentSession",
    "Visit",
    "VisitFees",
    "VisitPart",
    "VisitRevision",
    "Way",
]
