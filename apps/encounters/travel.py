"""A finished visit as it leaves the house: plain frozen values, no models."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class TravelPractitioner:
    """Who examined or signed."""

    id: UUID
    full_name: str
    licence_no: str
    prescriber_code: str
    grade: str


@dataclass(frozen=True)
class TravelDiagnosis:
    """One diagnosis; `role` is main, secondary or external, `certainty` suspected, confirmed or not said."""

    id: UUID
    role: str
    icd_edition: str
    icd_code: str
    icd_name: str
    text: str
    certainty: str = ""


@dataclass(frozen=True)
class TravelObservation:
    """One figure: LOINC code, UCUM unit."""

    id: UUID
    code: str
    value: Decimal
    unit: str
    at: dt.datetime


@dataclass(frozen=True)
class TravelLine:
    """One medicine of a prescription."""

    id: UUID
    drug_code: str
    bhyt_code: str
    drug_name: str
    strength: str
    unit: str
    route_code: str
    dose: Decimal
    dose_unit: str
    times_per_day: int
    days: int
    quantity: Decimal
    usage: str


@dataclass(frozen=True)
class TravelPrescription:
    """The medicines of one form; `kind` c, n, h or y; `code` of 14 characters, or empty."""

    id: UUID
    code: str
    kind: str
    lines: tuple[TravelLine, ...]


@dataclass(frozen=True)
class TravelAllergy:
    """A known allergy of the person; `state` active, inactive or entered_in_error."""

    id: UUID
    kind: str
    substance: str
    drug_code: str
    reaction: str
    certainty: str
    noted_on: dt.date | None
    state: str


@dataclass(frozen=True)
class TravelVisit:
    """A visit with all that belongs to it. `changed_at` is when this version came to be; `amended` whether an
    earlier one was final."""

    id: UUID
    version: int
    number: str
    kind: str
    state: str
    amended: bool
    changed_at: dt.datetime
    start: dt.datetime
    end: dt.datetime | None
    on: dt.date
    person_id: UUID
    facility_id: UUID
    facility_name: str
    facility_code: str
    facility_phone: str
    facility_address: str
    point_id: UUID | None
    payer: str
    reason: str
    history: str
    examination: str
    course: str
    summary: str
    treatment_text: str
    advice: str
    follow_up_on: dt.date | None
    outcome: str
    outcome_name: str
    result: str
    performer: TravelPractitioner | None
    performer_text: str
    doctor: TravelPractitioner | None
    diagnoses: tuple[TravelDiagnosis, ...]
    observations: tuple[TravelObservation, ...]
    prescriptions: tuple[TravelPrescription, ...]
    allergies: tuple[TravelAllergy, ...]
    stays: bool = False  # restricted, and no rule lets it leave the house
