"""How issued papers follow their visit and their death."""

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry, GivenNumber
from apps.core.scope import enter
from apps.encounters import moving, services, undoing
from apps.encounters.certificates import issuing, queries
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Certificate
from apps.patients import death_register
from apps.patients.deaths import data_of, death_amend, death_in_error
from apps.patients.models import Death, DeathVersion, TimelineEntry
from tests.factories import certificates as papers
from tests.factories import encounters as make
from tests.factories.deaths import a_death, death_scope
from tests.factories.patients import a_person


def undo(visit):
    visit.refresh_from_db()
    return undoing.visit_undo(visit_id=visit.pk, expected_version=visit.version)


def amend(visit, **fields):
    visit.refresh_from_db()
    return services.visit_amend(
        visit_id=visit.pk,
        expected_version=visit.version,
        data=VisitInput(fields=fields),
        reason="hỏi lại",
        override="đã xem",
    )


def outrun(made):
    return queries.with_changes(Certificate.unscoped.filter(pk=made.pk)).get().outrun


def test_a_visit_with_a_paper_stays_ended(visit, doctor, as_doctor):
    made = papers.a_summary(visit, doctor)
    with pytest.raises(Refused, match=f"đã cấp tóm tắt hồ sơ bệnh án số {made.number}"):
        undo(visit)
    issuing.certificate_cancel(certificate_id=made.pk, expected_version=made.version, reason="nhầm")
    assert undo(visit).state == "in_progress"


def test_a_printed_paper_stays_an_obstacle(visit, doctor, client, as_doctor):
    made = papers.a_summary(visit, doctor)
    client.get(f"/kham/giay/{made.pk}/giay.pdf")
    issuing.certificate_cancel(certificate_id=made.pk, expected_version=made.version, reason="nhầm")
    with pytest.raises(Refused, match="đã được in"):
        undo(visit)


def test_an_amended_visit_is_told_on_the_papers_page(visit, doctor, client, as_doctor):
    made = papers.a_summary(visit, doctor)
    assert not outrun(made)
    amend(visit, advice="Nghỉ ngơi")
    assert outrun(made)
    page = client.get(f"/kham/giay/{made.pk}/").content.decode()
    assert "đã được sửa đổi sau khi cấp giấy này" in page
    made.refresh_from_db()
    assert made.is_final
    again = papers.a_summary(Certificate.unscoped.get(pk=made.pk).visit, doctor)
    assert not outrun(again)


def test_a_visit_in_error_takes_its_papers_along(visit, doctor, as_doctor):
    made = papers.a_sick_leave(visit, doctor)
    services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="nhầm")
    made.refresh_from_db()
    assert (made.state, made.cancel_reason) == ("cancelled", "Lượt khám ghi nhập nhầm")
    assert GivenNumber.unscoped.get(object_id=made.pk).state == "void"


def test_the_wrong_persons_papers_hold_no_more(visit, doctor, station, as_doctor):
    made = papers.a_sick_leave(visit, doctor)
    right = a_person(station, "Phạm Thị Kim")
    new = moving.visit_move(
        visit_id=visit.pk, expected_version=visit.version, person=right, reason="gọi nhầm", override="đã xem"
    )
    made.refresh_from_db()
    assert made.state == "cancelled"
    assert papers.a_sick_leave(new, doctor).person == right  # the days are free again


def test_a_visit_that_turns_out_restricted_hides_its_papers_lines(referred, doctor, as_doctor):
    papers.a_referral(referred, doctor)
    assert not TimelineEntry.unscoped.get(kind="certificate").restricted
    type(referred).unscoped.filter(pk=referred.pk).update(restricted=True, restricted_by=["hiv"])
    rights = papers.SIGNER | {"restricted.view"}
    with enter(make.scope_of(doctor, rights=rights)):
        amend(referred, advice="Theo dõi")
    assert TimelineEntry.unscoped.get(kind="certificate").restricted


def test_a_death_that_never_was_has_no_notice(station, doctor):
    person = a_person(station, "Hồ Văn Cũ", sex="male")
    death = a_death(person, place="facility")
    made = papers.a_death_notice(death, doctor)
    death.refresh_from_db()
    with enter(death_scope(person)):
        death_in_error(death=death, expected_version=death.version, reason="còn sống")
    made.refresh_from_db()
    assert (made.state, made.cancel_reason) == ("cancelled", "Ghi nhận tử vong là ghi nhầm")


def test_a_death_of_another_day_is_told(station, doctor):
    person = a_person(station, "Hồ Văn Cũ", sex="male")
    death = a_death(person, place="facility")
    made = papers.a_death_notice(death, doctor)
    death.refresh_from_db()
    with enter(death_scope(person)):
        said = replace(data_of(death), died_on=timezone.localdate() - dt.timedelta(days=9))
        death_amend(death=death, data=said, expected_version=death.version, reason="gia đình nhớ lại")
    made.refresh_from_db()
    assert made.is_final
    assert outrun(made)


# ---- the number of the notice in the register A6


def noted(death):
    death.refresh_from_db()
    return death.certificate_no, death.certificate_on


def cancel(made):
    made.refresh_from_db()
    issuing.certificate_cancel(certificate_id=made.pk, expected_version=made.version, reason="nhầm")


@pytest.fixture
def death(station):
    return a_death(a_person(station, "Hồ Văn Cũ", sex="male"), place="facility")


def test_the_register_names_the_notice_as_long_as_it_holds(death, doctor, as_doctor):
    made = papers.a_death_notice(death, doctor)
    assert noted(death) == (made.number, made.on)
    assert death.state == "final", "what she died of was not amended"
    assert made.number in death_register.certified_words(death)
    assert not outrun(made), "its own number does not make it old"
    kept = DeathVersion.unscoped.get()
    assert (kept.number, kept.reason) == (1, f"Cấp giấy báo tử số {made.number}")
    assert AuditEntry.objects.filter(action="death.notice", object_id=death.pk).count() == 1
    cancel(made)
    assert noted(death) == ("", None)
    again = papers.a_death_notice(death, doctor)
    assert again.number != made.number
    assert noted(death) == (again.number, again.on)
    assert not outrun(again)


def test_a_number_written_by_hand_is_asked_about_and_never_withdrawn(death, doctor, as_doctor):
    Death.unscoped.filter(pk=death.pk).update(certificate_no="15/UBND")
    death.refresh_from_db()
    with pytest.raises(NeedsReason, match="đã có giấy báo tử số 15/UBND"):
        issuing.death_notice_issue(death_id=death.pk, expected_version=death.version, said=papers.NOTICE)
    made = papers.a_death_notice(death, doctor)
    assert DeathVersion.unscoped.get().data["certificate_no"] == "15/UBND"
    Death.unscoped.filter(pk=death.pk).update(certificate_no="16/UBND")
    cancel(made)
    assert noted(death)[0] == "16/UBND"


@pytest.mark.parametrize(("by_hand", "kept"), [("", ""), ("15/UBND", "15/UBND")])
def test_who_did_die_gets_no_notice_of_the_wrong_person(death, station, doctor, by_hand, kept):
    made = papers.a_death_notice(death, doctor)
    if by_hand:
        Death.unscoped.filter(pk=death.pk).update(certificate_no=by_hand)
    death.refresh_from_db()
    other = a_person(station, "Hồ Văn Khác", sex="male")
    with enter(death_scope(death.person)):
        right = death_in_error(
            death=death, expected_version=death.version, reason="nhầm người", instead=other
        )
    made.refresh_from_db()
    assert made.state == "cancelled"
    assert right.person == other
    assert noted(right)[0] == kept
    assert noted(death)[0] == kept
