"""What happened to a visit: ids and dates only."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from apps.core.events import Event


@dataclass(frozen=True)
class VisitEvent(Event):
    """What every event of a visit tells."""

    visit_id: UUID
    person_id: UUID
    facility_id: UUID
    on: dt.date
    version: int = 1


@dataclass(frozen=True)
class VisitOpened(VisitEvent):
    """A person was received."""


@dataclass(frozen=True)
class VisitFinalised(VisitEvent):
    """A visit is complete and signed."""


@dataclass(frozen=True)
class VisitAmended(VisitEvent):
    """A finalised visit says something else now; its earlier version is kept."""


@dataclass(frozen=True)
class VisitEnteredInError(VisitEvent):
    """A visit should never have been written. `was_final` tells whether others had heard of it."""

    was_final: bool = False
    moved: bool = False  # the same stands, or will in a moment, on the visit of the right person


@dataclass(frozen=True)
class VisitUndone(VisitEvent):
    """A visit that was ended a moment ago is open again. A room that has sent or given out something raises
    Refused, and it stays ended.
    """


@dataclass(frozen=True)
class VisitMoved(VisitEvent):
    """A visit was another person's: it is entered in error, `to_visit_id` of `to_person_id` says the same.

    A room whose rows hang on the visit moves those that are about the examination itself.
    """

    to_visit_id: UUID | None = None
    to_person_id: UUID | None = None


@dataclass(frozen=True)
class VisitPartChanged(Event):
    """What hangs on a visit was added, ended or taken back: an order, its sheet or sitting, a formula, a
    file. A result tells of itself (ResultVerified).
    """

    visit_id: UUID
    person_id: UUID
    facility_id: UUID
    on: dt.date


@dataclass(frozen=True)
class ResultVerified(Event):
    """A result stands under its order, for the first time or in the place of a wrong one."""

    order_id: UUID
    visit_id: UUID
    person_id: UUID
    facility_id: UUID
    on: dt.date


@dataclass(frozen=True)
class DispensingEvent(Event):
    """What every event of a dispensing tells. `on` is the day it happened."""

    dispensing_id: UUID
    visit_id: UUID
    person_id: UUID
    facility_id: UUID
    on: dt.date


@dataclass(frozen=True)
class MedicationDispensed(DispensingEvent):
    """Medicines of a prescription were given out, or bought elsewhere."""


@dataclass(frozen=True)
class MedicationReturned(DispensingEvent):
    """Some of what was given came back."""

    return_id: UUID


@dataclass(frozen=True)
class DispensingCancelled(DispensingEvent):
    """Nothing was given: what was taken off the shelf lies there again."""


@dataclass(frozen=True)
class CertificateEvent(Event):
    """What every event of an issued paper tells."""

    certificate_id: UUID
    person_id: UUID
    facility_id: UUID
    on: dt.date


@dataclass(frozen=True)
class AppointmentSlipIssued(CertificateEvent):
    """A giấy hẹn khám lại was issued."""


@dataclass(frozen=True)
class ReferralIssued(CertificateEvent):
    """A giấy chuyển cơ sở was issued."""


@dataclass(frozen=True)
class ReferralAnswered(CertificateEvent):
    """What became of a referral is known: an answer, sent back, or never arrived."""


@dataclass(frozen=True)
class SickLeaveIssued(CertificateEvent):
    """A giấy nghỉ việc hưởng BHXH was issued."""


@dataclass(frozen=True)
class CheckUpIssued(CertificateEvent):
    """A giấy khám sức khỏe was issued."""


@dataclass(frozen=True)
class SummaryIssued(CertificateEvent):
    """A bản tóm tắt hồ sơ bệnh án was issued."""


@dataclass(frozen=True)
class DeathNoticeIssued(CertificateEvent):
    """A giấy báo tử was issued."""


@dataclass(frozen=True)
class CertificateCancelled(CertificateEvent):
    """An issued paper holds no more."""

    kind: str = ""
