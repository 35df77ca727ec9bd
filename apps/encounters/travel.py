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
    """One figure: LOINC code, UCUM unit. `readings` of a pressure taken more than once, `value` counts."""

    id: UUID
    code: str
    value: Decimal
    unit: str
    at: dt.datetime
    readings: tuple[Decimal, ...] = ()
    oedema: bool = False


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
class TravelLot:
    """So many base units of a lot; `expiry` is the last day of use, of the month where only that stood."""

    number: str
    expiry: dt.date | None
    month_only: bool
    quantity: int


@dataclass(frozen=True)
class TravelDispensed:
    """One medicine as it was given out: in base units of the item, less what came back in `returned`.

    `prescribed_code` is the medicine of the prescription, another one where it was `substituted`. A herb is
    of a formula and has no code of a medicine.
    """

    id: UUID
    prescribed_code: str
    drug_code: str
    drug_name: str
    quantity: int
    unit: str
    returned: int
    at: dt.datetime
    performer: TravelPractitioner | None
    performer_text: str
    lots: tuple[TravelLot, ...] = ()
    substituted: bool = False
    reason: str = ""
    herb_code: str = ""
    formula_id: UUID | None = None
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class TravelHerb:
    """One herb of a formula: grams in one packet (thang)."""

    code: str
    name: str
    grams: Decimal


@dataclass(frozen=True)
class TravelFormula:
    """A herbal formula; `hidden` as in TravelVisit."""

    id: UUID
    name: str
    packets: int
    usage: str
    note: str
    at: dt.datetime
    prescriber: TravelPractitioner | None
    herbs: tuple[TravelHerb, ...]
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class TravelValue:
    """One test of a result; `range_text` and `flag` as they were read on its day."""

    test: str
    name: str
    loinc: str
    value: Decimal | None
    comparator: str
    unit: str
    word_code: str
    word: str
    range_text: str
    flag: str


@dataclass(frozen=True)
class TravelResult:
    """A verified result; `late` after the visit's end, `corrected` in the place of a wrong one."""

    id: UUID
    at: dt.datetime
    verified_at: dt.datetime
    late: bool
    corrected: bool
    fasting: bool
    description: str
    conclusion: str
    note: str
    performer: TravelPractitioner | None
    performer_text: str
    verifier: TravelPractitioner | None
    values: tuple[TravelValue, ...]


@dataclass(frozen=True)
class TravelSheet:
    """The record of a procedure; while it is `open` nothing of it is told but that it has begun."""

    id: UUID
    open: bool
    started_at: dt.datetime
    ended_at: dt.datetime | None
    boxes: tuple[tuple[str, str], ...]  # (label, what was written)
    supplies: str
    outcome: str
    performer: TravelPractitioner | None
    performer_text: str


@dataclass(frozen=True)
class TravelSitting:
    """One sitting of a course of treatment; `methods` (code, name) of the list yhct_method."""

    id: UUID
    at: dt.datetime
    methods: tuple[tuple[str, str], ...]
    minutes: int | None
    points: str
    note: str
    performer: TravelPractitioner | None
    performer_text: str


@dataclass(frozen=True)
class TravelOrder:
    """One order: kind lab, imaging, procedure or course; state ordered, done, resulted or cancelled.

    `hidden` as in TravelVisit, of all that hangs on it.
    """

    id: UUID
    kind: str
    code: str
    name: str
    state: str
    at: dt.datetime
    sessions: int
    note: str
    performer: TravelPractitioner | None
    performer_text: str
    result: TravelResult | None = None
    sheet: TravelSheet | None = None
    sittings: tuple[TravelSitting, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class TravelFile:
    """What is known of an attachment. Its content stays here."""

    id: UUID
    title: str
    type: str
    size: int
    at: dt.datetime
    order_id: UUID | None


@dataclass(frozen=True)
class TravelPaper:
    """That a paper was issued: its number and days, never its words."""

    id: UUID
    kind: str
    title: str
    number: str
    facility_code: str
    at: dt.datetime
    since: dt.date | None = None
    until: dt.date | None = None
    signer: TravelPractitioner | None = None
    signer_text: str = ""
    destination: str = ""
    cancelled: bool = False


@dataclass(frozen=True)
class TravelCheckUp:
    """A giấy khám sức khỏe with the words that stand on it, as far as they may leave; `hidden` names the
    others as in TravelVisit. `examined`: (section of the form, what was found). `stays`: nothing may leave.
    """

    id: UUID
    version: int
    number: str
    form: str
    form_code: str
    form_name: str
    visit_id: UUID
    person_id: UUID
    facility_id: UUID
    facility_code: str
    facility_code13: str
    facility_name: str
    at: dt.datetime
    changed_at: dt.datetime
    signer: TravelPractitioner | None
    signer_text: str
    cancelled: bool
    stays: bool
    purpose: str
    family: str
    own_history: str
    examined: tuple[tuple[str, str], ...]
    general: str
    health_class: str
    health_class_name: str
    conclusion: str
    valid_until: dt.date | None
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class TravelForm:
    """A form that was answered: (question, answer) and what it came to; `hidden` as in TravelVisit."""

    key: str
    answers: tuple[tuple[str, str], ...]
    conclusions: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class TravelVisit:
    """A visit with all that belongs to it. `changed_at` is when this version came to be; `amended` whether an
    earlier one was final. `hidden` names what was typed and is left out because few may read it
    (patients/hush.py); the field itself is then empty.
    """

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
    findings: tuple[tuple[str, str, str], ...] = ()  # (organ's key, its name, what was found)
    injury_cause: str = ""
    injury_cause_name: str = ""
    orders: tuple[TravelOrder, ...] = ()
    formulas: tuple[TravelFormula, ...] = ()
    dispensed: tuple[TravelDispensed, ...] = ()
    files: tuple[TravelFile, ...] = ()
    papers: tuple[TravelPaper, ...] = ()
    forms: tuple[TravelForm, ...] = ()
    hidden: tuple[str, ...] = ()
    stays: bool = False  # restricted, and no rule lets it leave the house
