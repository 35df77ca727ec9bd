"""What is measured on people, and the days they are expected again."""

from typing import Any

from apps.care.models.appointments import Appointment, AppointmentCall, AppointmentState, CallOutcome
from apps.care.models.enrolments import Enrolment, EnrolmentState
from apps.care.models.measurements import HAND_SOURCES, FactState, Measurement, Method, Source
from apps.patients.facts import ClinicalFact

__all__ = [
    "HAND_SOURCES",
    "Appointment",
    "AppointmentCall",
    "AppointmentState",
    "CallOutcome",
    "Enrolment",
    "EnrolmentState",
    "FactState",
    "Measurement",
    "Method",
    "Source",
    "fact_values",
]


def fact_values(fact: ClinicalFact) -> dict[str, Any]:
    """The fields that every fact of one occasion shares, ready for another fact of it."""
    return {field.attname: getattr(fact, field.attname) for field in ClinicalFact._meta.local_fields}
