"""The records that can travel, as plain values. `apps/sync/gather.py` fills them.

Orders, formulas, files, papers and forms are those of `encounters.travel`, plain values too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.encounters import travel


@dataclass(frozen=True)
class Organization:
    """A station or its point. `kcb_code`: 5 digits of the insurance list, empty when none was given."""

    id: UUID
    name: str
    kcb_code: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True)
class Practitioner:
    """`prescriber_code`: by which the national system of prescriptions knows her."""

    id: UUID
    full_name: str
    licence_no: str = ""
    prescriber_code: str = ""


@dataclass(frozen=True)
class Identifier:
    """`kind`: cccd, cmnd, bhyt, bhxh, passport, temporary, other."""

    kind: str
    value: str
    valid_from: date | None = None
    valid_to: date | None = None
    issued_on: date | None = None
    issuer: str = ""


@dataclass(frozen=True)
class Allergy:
    """`kind`: drug, chemical, food, other; none: asked, no allergy is known.

    `state`: active, inactive, resolved, refuted, entered_in_error. `hidden`: the substance itself may not be
    told; that there is an allergy may.
    """

    id: UUID
    kind: str
    substance: str
    drug_code: str = ""
    reaction: str = ""
    certainty: str = ""
    noted_on: date | None = None
    state: str = "active"
    hidden: bool = False


@dataclass(frozen=True)
class Relative:
    """Mother, father, guardian or carer; `kind` as it is called on the form."""

    kind: str
    name: str
    phone: str = ""
    guardian: bool = False


@dataclass(frozen=True)
class Health:
    """What the form of QĐ 831 asks beside Person. `said`: sections A and B under their words in addresses,
    as `patients.health_record.reading.as_data` tells them to whoever may not read restricted data.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    household: str = ""
    relation: str = ""
    blood_group: str = ""
    ethnicity: str = ""
    occupation: str = ""
    permanent: str = ""
    hamlet: str = ""
    commune_code: str = ""
    province_code: str = ""
    email: str = ""
    relatives: tuple[Relative, ...] = ()


@dataclass(frozen=True)
class Place:
    """Codes of a commune and its province."""

    commune: str
    province: str


@dataclass(frozen=True)
class Kin:
    """Father, mother or guardian as the vaccination system asks for them."""

    name: str
    number: str = ""
    birth_date: date | None = None
    birth_precision: str = "day"
    nationality: str = ""
    phone: str = ""
    relation: str = ""


@dataclass(frozen=True)
class Civil:
    """What QĐ 3891 asks beside Person. `places`: birth, registered, home, permanent, current as far as they
    are known; `kin`: father, mother, guardian.
    """

    ethnicity: str = ""
    blood_group: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)
    kin: Mapping[str, Kin] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """`sex`: male, female, unknown. `birth_precision`: day, month, year. Addresses as they are written.

    `health` and `civil` are there for receivers that ask for them alone; `changed_at`: when these data were
    last written. `managed_by`: defence, public_security, or nobody but the station. `guardian`: who answers
    for a minor, with a phone where one is known, read for prescriptions alone.
    """

    id: UUID
    code: str
    full_name: str
    sex: str
    birth_date: date | None
    birth_precision: str = "day"
    phone: str = ""
    address: str = ""
    commune: str = ""
    province: str = ""
    commune_code: str = ""
    province_code: str = ""
    nationality: str = "VN"
    life_status: str = "alive"
    died_on: date | None = None
    active: bool = True
    replaced_by: UUID | None = None
    station: Organization | None = None
    identifiers: tuple[Identifier, ...] = ()
    notices: tuple[travel.TravelPaper, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    health: Health | None = None
    civil: Civil | None = None
    changed_at: datetime | None = None
    managed_by: str = ""
    guardian: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """`role`: main, secondary, external. `certainty`: suspected, confirmed, or not said."""

    role: str
    icd_code: str
    icd_name: str = ""
    text: str = ""
    certainty: str = ""


@dataclass(frozen=True)
class Measurement:
    """`code`: LOINC. `unit`: UCUM. `readings`: of a pressure taken more than once; `value` is what counts."""

    code: str
    value: Decimal
    unit: str
    at: datetime
    name: str = ""
    readings: tuple[Decimal, ...] = ()
    oedema: bool = False


@dataclass(frozen=True)
class Line:
    """One drug of a prescription. `dose` in `dose_unit`, `quantity` in `unit`; `days` 0 when open."""

    drug_code: str
    drug_name: str
    strength: str = ""
    unit: str = ""
    route_code: str = ""
    dose: str = ""
    times_per_day: Decimal | None = None
    days: int = 0
    quantity: Decimal | None = None
    usage: str = ""
    bhyt_code: str = ""
    dose_unit: str = ""


@dataclass(frozen=True)
class Prescription:
    """`kind`: c, n, h or y, as the last letter of the code has it."""

    code: str
    lines: tuple[Line, ...] = ()
    kind: str = "c"


WITHDRAWN = 0  # the version of a visit or session of which nothing is told any more


@dataclass(frozen=True)
class Visit:
    """A finished visit. `state`: finalised or entered_in_error. `version` grows with each amendment.

    `changed_at`: when this version came to be; it is what Provenance says, so that the same version always
    gives the same Bundle. `findings`: (the organ's key, its name, words). `hidden` names what was typed
    and is left out, because few may read it.
    """

    id: UUID
    number: str
    version: int
    state: str
    start: datetime
    end: datetime
    changed_at: datetime
    person: Person
    facility: Organization
    point: Organization | None = None
    doctor: Practitioner | None = None
    doctor_text: str = ""
    reason: str = ""
    outcome_code: str = ""
    outcome: str = ""
    amended: bool = False
    diagnoses: tuple[Diagnosis, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    prescriptions: tuple[Prescription, ...] = field(default=())
    history: str = ""
    examination: str = ""
    findings: tuple[tuple[str, str, str], ...] = ()
    course: str = ""
    treatment_text: str = ""
    advice: str = ""
    follow_up_on: date | None = None
    injury_cause: str = ""
    injury_cause_name: str = ""
    orders: tuple[travel.TravelOrder, ...] = ()
    formulas: tuple[travel.TravelFormula, ...] = ()
    dispensed: tuple[travel.TravelDispensed, ...] = ()
    files: tuple[travel.TravelFile, ...] = ()
    papers: tuple[travel.TravelPaper, ...] = ()
    forms: tuple[travel.TravelForm, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Antigen:
    """What a vaccine protects against, as it stood in the catalogue when the dose was given."""

    code: str
    name: str = ""


@dataclass(frozen=True)
class SeriesDose:
    """Which dose of a series a vaccination is, and against what; `number` None where it does not count."""

    series: str
    title: str = ""
    number: int | None = None
    antigens: tuple[Antigen, ...] = ()


@dataclass(frozen=True)
class Reaction:
    """What followed a dose. `text` as it was typed."""

    id: UUID
    at: datetime
    code: str = ""
    name: str = ""
    text: str = ""
    severe: bool = False


@dataclass(frozen=True)
class Immunization:
    """One vaccine offered to one person. `state`: given, not_given, entered_in_error.

    `at`: the moment, or the day of a dose that was entered later from what somebody brought, known to
    `precision` (day, month, year). `historical`: given elsewhere or before, as `origin` tells (book,
    recall, provider). `site`: left_arm, right_arm, left_thigh, right_thigh, mouth; `route`: IM, SC, ID, ORAL;
    `programme`: tcmr, chong_dich, dich_vu. `reason`: why it was not given. `hidden` names what was typed and
    is left out, because few may read it.
    """

    id: UUID
    state: str
    at: datetime | date
    vaccine_code: str
    vaccine: str
    precision: str = "day"
    dose_number: int | None = None
    antigens: tuple[Antigen, ...] = ()
    series: tuple[SeriesDose, ...] = ()
    lot: str = ""
    expires_on: date | None = None
    manufacturer: str = ""
    site: str = ""
    route: str = ""
    quantity: Decimal | None = None
    unit: str = "mL"
    programme: str = ""
    performer: Practitioner | None = None
    performer_text: str = ""
    facility: Organization | None = None
    facility_text: str = ""
    historical: bool = False
    origin: str = ""
    reason_code: str = ""
    reason: str = ""
    reactions: tuple[Reaction, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class VaccinationSession:
    """What one person was given, or not, at one facility on one day. `version` grows with each change.

    `managed_by` as of that day (Person).
    """

    id: UUID
    version: int
    on: date
    changed_at: datetime
    person: Person
    facility: Organization
    point: Organization | None = None
    signer: Practitioner | None = None
    immunizations: tuple[Immunization, ...] = ()
    managed_by: str = ""


@dataclass(frozen=True)
class CheckUp:
    """A giấy khám sức khỏe. `version` grows with its cancellation, WITHDRAWN where nothing of it may leave;
    `measurements` and `orders` are those of its visit.
    """

    id: UUID
    version: int
    changed_at: datetime
    person: Person
    paper: travel.TravelCheckUp
    facility: Organization
    measurements: tuple[Measurement, ...] = ()
    orders: tuple[travel.TravelOrder, ...] = ()
    examined_at: datetime | None = None


Record = Visit | Person | VaccinationSession | CheckUp
