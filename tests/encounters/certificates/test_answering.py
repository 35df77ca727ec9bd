"""What came back of a referral, and which have had no answer."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core import registry
from apps.core.errors import Refused
from apps.core.scope import current, enter
from apps.core.versions import StaleVersion
from apps.encounters import events
from apps.encounters.certificates import answering, issuing, queries
from apps.encounters.certificates.answering import AnswerInput
from apps.encounters.models import Certificate, ReferralAnswer
from tests.factories import certificates as papers
from tests.factories import encounters as make
from tests.factories.patients import a_station


@pytest.fixture
def referral(referred, doctor):
    return papers.a_referral(referred, doctor)


def told(**fields):
    fields.setdefault("kind", "answered")
    fields.setdefault("on", timezone.localdate())
    fields.setdefault("diagnosis", "Viêm phổi thùy")
    return AnswerInput(**fields)


def record(referral, data):
    return answering.answer_record(certificate_id=referral.pk, expected_version=referral.version, data=data)


def test_it_works(referral, as_doctor, heard):
    published = heard(events.ReferralAnswered)
    assert [row.certificate for row in queries.unanswered(current())[1]] == [referral]
    assert registry.day_end.get("referrals").provide(current()).count == 1
    answer = record(referral, told(kind="returned", advice="Uống thuốc tiếp 5 ngày"))
    referral.refresh_from_db()
    assert (referral.answered, queries.answer_of(referral)) == (True, answer)
    assert queries.unanswered(current())[1] == []
    assert published[0].certificate_id == referral.pk


def test_who_never_arrived_needs_no_diagnosis(referral, as_doctor):
    with pytest.raises(Refused, match="ít nhất chẩn đoán"):
        record(referral, told(diagnosis=" "))
    assert record(referral, told(kind="not_arrived", diagnosis="")).kind == "not_arrived"


@pytest.mark.parametrize("days", [-1, 1])
def test_an_answer_comes_after_the_referral_and_not_tomorrow(referral, as_doctor, days):
    with pytest.raises(Refused, match="Ngày phản hồi"):
        record(referral, told(on=timezone.localdate() + dt.timedelta(days=days)))


def test_one_answer_stands(referral, as_doctor):
    record(referral, told())
    referral.refresh_from_db()
    with pytest.raises(Refused, match="đã có phản hồi"):
        record(referral, told())


def test_a_wrong_answer_is_taken_back(referral, as_doctor):
    record(referral, told())
    referral.refresh_from_db()
    answering.answer_in_error(
        certificate_id=referral.pk, expected_version=referral.version, reason="của người khác"
    )
    referral.refresh_from_db()
    assert not referral.answered
    assert ReferralAnswer.unscoped.get().in_error
    record(referral, told())
    assert ReferralAnswer.unscoped.filter(in_error=False).count() == 1


def test_two_who_answer_at_once(referral, as_doctor):
    record(referral, told())
    with pytest.raises(StaleVersion):
        record(referral, told())


def test_only_a_referral_that_holds_is_answered(referral, visit, doctor, as_doctor):
    with pytest.raises(Refused, match="Chỉ giấy chuyển"):
        record(papers.a_summary(visit, doctor), told())
    issuing.certificate_cancel(certificate_id=referral.pk, expected_version=referral.version, reason="nhầm")
    referral.refresh_from_db()
    with pytest.raises(Refused, match="đã hủy"):
        record(referral, told())


def test_another_station_does_not_answer(referral):
    lan = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    with enter(papers.signer_scope(lan)), pytest.raises(Certificate.DoesNotExist):
        record(referral, told())


def test_what_has_waited_long_is_counted(referral, as_doctor):
    today = timezone.localdate()
    assert queries.unanswered_count(current(), today) == 0
    assert queries.unanswered_count(current(), today + dt.timedelta(days=15)) == 1
    assert not queries.unanswered(current())[1][0].late
    Certificate.unscoped.update(on=today - dt.timedelta(days=15))
    assert queries.unanswered(current())[1][0].late
