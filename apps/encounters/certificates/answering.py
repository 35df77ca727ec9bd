"""What came back of a referral, and taking back what was noted by mistake."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.encounters.certificates import queries
from apps.encounters.events import ReferralAnswered
from apps.encounters.models import AnswerKind, Certificate, CertificateKind, ReferralAnswer

DRAFT = "referral-answer"


@dataclass(frozen=True)
class AnswerInput:
    """What the form of an answer takes in."""

    kind: str
    on: dt.date
    number: str = ""
    diagnosis: str = ""
    treatment: str = ""
    advice: str = ""


@transaction.atomic
def answer_record(*, certificate_id: UUID, expected_version: int, data: AnswerInput) -> ReferralAnswer:
    """Note what became of a referral. Raises StaleVersion, Refused."""
    referral, scope = _referral(certificate_id, expected_version), current()
    if referral.answered:
        raise Refused("Giấy chuyển này đã có phản hồi.", code="answered")
    if not referral.on <= data.on <= timezone.localdate():
        sentence = f"Ngày phản hồi từ ngày chuyển {referral.on:%d/%m/%Y} đến hôm nay."
        raise Refused(sentence, field="on", code="answer-day")
    told = (data.diagnosis, data.treatment, data.advice)
    if data.kind != AnswerKind.NOT_ARRIVED and not any(map(clean, told)):
        raise Refused("Ghi ít nhất chẩn đoán của nơi nhận.", field="diagnosis", code="answer-empty")
    answer = ReferralAnswer.unscoped.create(  # unscoped: of a paper that was taken through the scope
        certificate=referral,
        kind=data.kind,
        on=data.on,
        number=clean(data.number),
        diagnosis=clean(data.diagnosis),
        treatment=clean(data.treatment, lines=True),
        advice=clean(data.advice, lines=True),
        by=scope.user_id,
        by_name=scope.shown_name,
    )
    _told(referral, answered=True)
    _audit("referral.answered", referral, answer=answer.get_kind_display(), number=referral.number)
    publish(ReferralAnswered(referral.pk, referral.person_id, referral.facility_id, data.on))
    return answer


@transaction.atomic
def answer_in_error(*, certificate_id: UUID, expected_version: int, reason: str) -> Certificate:
    """The answer was another referral's, or was not so: the referral waits again."""
    referral = _referral(certificate_id, expected_version)
    answer = queries.answer_of(referral)
    if answer is None:
        raise Refused("Giấy chuyển này chưa có phản hồi.", code="unanswered")
    if not clean(reason):
        raise Refused("Ghi lý do.", field="reason", code="no-reason")
    answer.in_error, answer.error_reason = True, clean(reason)[:300]
    save_versioned(answer, expected=answer.version)
    _told(referral, answered=False)
    _audit("referral.answer_in_error", referral, number=referral.number)
    return referral


def _referral(certificate_id: UUID, expected_version: int) -> Certificate:
    scope = current()
    scope.require("certificates.enter")
    found = Certificate.objects.select_for_update(of=("self",)).get(pk=certificate_id)
    if not scope.reaches(found.facility_id):
        raise PermissionDenied("certificates.enter")
    if found.kind != CertificateKind.REFERRAL:
        raise Refused("Chỉ giấy chuyển mới có phản hồi.", code="kind")
    if found.version != expected_version:
        raise StaleVersion(current=found, mine=found)
    if not found.is_final:
        raise Refused("Giấy chuyển này đã hủy.", code="cancelled")
    return found


def _told(referral: Certificate, *, answered: bool) -> None:
    referral.answered = answered
    save_versioned(referral, expected=referral.version)


def _audit(action: str, referral: Certificate, **data: str) -> None:
    audit.record(
        action,
        person_id=referral.person_id,
        object_id=referral.pk,
        facility_id=referral.facility_id,
        data=data,
    )
