"""What is issued, by whom, under which number; what is refused and what is asked."""

import datetime as dt
from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry, GivenNumber
from apps.core.scope import enter
from apps.encounters import events
from apps.encounters.certificates import issuing
from apps.encounters.models import Certificate, CertificateKind, Visit
from apps.encounters.writing import Problems
from apps.facilities.models import Facility
from apps.patients.models import TimelineEntry
from tests.factories import certificates as papers
from tests.factories import encounters as make
from tests.factories.deaths import a_death
from tests.factories.patients import a_person, a_station


def issue(visit, kind, said=None, override=""):
    return issuing.certificate_issue(
        kind=kind, visit_id=visit.pk, expected_version=visit.version, said=said or {}, override=override
    )


def test_it_works(referred, doctor, as_doctor, heard):
    told = heard(events.ReferralIssued)
    made = issue(referred, "referral", papers.REFERRED)
    assert (made.number, made.state, made.signer) == (f"{timezone.localdate().year}-000001", "final", doctor)
    assert made.destination == Facility.objects.get(name=papers.HOSPITAL)
    assert made.paper["title"] == "Giấy chuyển cơ sở khám bệnh, chữa bệnh"
    assert made.paper["person"]["name"] == "Nguyễn Thị Hòa"
    assert told == [events.ReferralIssued(made.pk, made.person_id, made.facility_id, made.on)]
    entry = AuditEntry.objects.get(action="certificate.issued")
    assert entry.data == {"kind": "Giấy chuyển cơ sở", "number": made.number}
    assert TimelineEntry.unscoped.get(kind="certificate").title.endswith(papers.HOSPITAL)


def test_each_kind_has_a_book_of_its_own(visit, referred, doctor, as_doctor):
    first = papers.a_summary(visit, doctor)
    second = papers.a_summary(visit, doctor)
    other = papers.a_referral(referred, doctor)
    assert [row.number[-1] for row in (first, second, other)] == ["1", "2", "1"]


def test_the_paper_stays_as_it_was_issued(visit, hoa, doctor):
    made = papers.a_sick_leave(visit, doctor)
    hoa.full_name = "Nguyễn Thị Khác"
    hoa.save()
    CodeEntry.objects.filter(list="certificate_paper").delete()
    codes.forget()
    made.refresh_from_db()
    assert made.paper["person"]["name"] == "Nguyễn Thị Hòa"
    assert made.paper["title"].startswith("Giấy chứng nhận nghỉ việc")


def test_an_unsigned_visit_has_none(hoa, doctor, as_doctor):
    nurse = make.a_practitioner(doctor.facility, "Lê Thị Thu", grade="nurse", can_sign=False)
    waiting = make.a_finished_visit(hoa, nurse, data=replace(make.USUAL, lines=[]))
    with pytest.raises(Refused, match="Hoàn tất và ký"):
        issue(waiting, "summary")


def test_one_of_a_kind_stands_on_a_visit(referred, doctor, as_doctor):
    made = papers.a_referral(referred, doctor)
    with pytest.raises(Refused, match=f"Đã có giấy chuyển cơ sở số {made.number}"):
        issue(referred, "referral", papers.REFERRED)
    issuing.certificate_cancel(
        certificate_id=made.pk, expected_version=made.version, reason="ghi sai nơi đến"
    )
    assert issue(referred, "referral", papers.REFERRED).number != made.number


def test_a_visit_that_was_amended_meanwhile_is_looked_at_again(visit, as_doctor):
    with pytest.raises(Refused, match="vừa được sửa"):
        issuing.certificate_issue(
            kind="summary", visit_id=visit.pk, expected_version=visit.version - 1, said={}
        )


# ---- who signs


@pytest.mark.parametrize(
    ("grade", "kind", "sentence"),
    [
        ("nurse", "referral", "Điều dưỡng không được ký giấy chuyển"),
        ("traditional", "sick_leave", "không được ký giấy nghỉ việc"),
        ("assistant", "check_up", "Y sĩ không được kết luận"),
    ],
)
def test_who_may_not_sign_is_told_why(hoa, doctor, station, grade, kind, sentence):
    visit = papers.an_ended_visit(hoa, doctor, outcome="2", kind="check_up")
    other = make.a_practitioner(station, "Lê Thị Thu", grade=grade)
    with enter(papers.signer_scope(other)), pytest.raises(Refused, match=sentence):
        issue(visit, kind, papers.REFERRED)


def test_the_slip_is_printed_by_a_nurse_with_the_doctors_name(hoa, doctor, station):
    nurse = make.a_practitioner(station, "Lê Thị Thu", grade="nurse", can_sign=False)
    visit = papers.an_ended_visit(hoa, doctor, follow_up_on=timezone.localdate() + dt.timedelta(days=7))
    made = papers.a_slip(visit, nurse)
    assert (made.signer_name, made.since) == (doctor.full_name, visit.follow_up_on)


def test_without_the_right_nothing(visit, doctor):
    rights = papers.SIGNER - {"certificates.enter"}
    with enter(make.scope_of(doctor, rights=rights)), pytest.raises(Refused, match="Vai trò"):
        issue(visit, "summary")


def test_another_station_finds_nothing(visit):
    stranger = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    with enter(papers.signer_scope(stranger)):
        with pytest.raises(Visit.DoesNotExist):
            issue(visit, "summary")
        assert not Certificate.objects.exists()


def test_the_home_station_reads_and_does_not_issue(station, doctor):
    """A person of another station was seen here: her station sees the visit, the papers are ours."""
    home = a_station("21490", "Trạm Y tế xã Ba Vì")
    visit = make.a_finished_visit(a_person(home, "Hồ Thị Xa"), doctor)
    lan = make.a_practitioner(home, "Võ Thị Lan")
    with enter(papers.signer_scope(lan)), pytest.raises(PermissionDenied):
        issue(visit, "summary")


# ---- what each kind asks


def test_a_slip_needs_a_day(visit, as_doctor):
    with pytest.raises(Refused, match="không hẹn ngày khám lại"):
        issue(visit, "appointment")


def test_a_referral_of_somebody_sent_home_is_asked_about(visit, as_doctor):
    with pytest.raises(NeedsReason, match="không phải chuyển đi"):
        issue(visit, "referral", papers.REFERRED)
    made = issue(visit, "referral", papers.REFERRED, "gia đình đổi ý sau khi khám")
    assert made.overrides[0]["reason"] == "gia đình đổi ý sau khi khám"


def test_her_own_wish_agrees_with_the_end(referred, as_doctor):
    with pytest.raises(NeedsReason, match="khác hình thức ra về"):
        issue(referred, "referral", papers.REFERRED | {"reason": "3"})


def test_a_place_that_was_typed_is_no_facility(referred, doctor):
    made = papers.a_referral(referred, doctor, destination="Bệnh viện Chợ Rẫy")
    assert (made.destination, made.said["destination"]) == (None, "Bệnh viện Chợ Rẫy")


def test_leave_overlaps_across_stations(visit, hoa, doctor, station):
    papers.a_sick_leave(visit, doctor)
    lan = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    there = make.a_finished_visit(a_person(lan.facility, "Nguyễn Thị Hòa"), lan)
    with pytest.raises(Problems, match="giấy của nơi khác"):
        papers.a_sick_leave(there, lan)
    assert papers.a_sick_leave(there, lan, holder="5120999999").days == 3


@pytest.mark.parametrize(("first", "second"), [("", "5120123456"), ("5120123456", "")])
def test_leave_overlaps_though_one_paper_lacks_the_number(visit, hoa, doctor, first, second):
    said = papers.leave(visit, 3, holder=first)
    papers.a_paper(visit, doctor, CertificateKind.SICK_LEAVE, said, "chưa có số")
    again = make.a_finished_visit(hoa, doctor)
    with pytest.raises(Problems, match="Trùng ngày"):
        papers.a_sick_leave(again, doctor, holder=second)


def test_a_child_of_six_has_a_parent_on_the_paper(station, doctor):
    born = timezone.localdate() - dt.timedelta(days=6 * 365)
    visit = papers.an_ended_visit(a_person(station, "Đinh Văn Bé", birth_date=born), doctor)
    with pytest.raises(Problems, match="cha hoặc mẹ"):
        papers.a_sick_leave(visit, doctor, father="", mother="")
    made = papers.a_sick_leave(visit, doctor, father="", mother="Đinh Thị Mẹ")
    assert made.paper["child"]


def test_a_health_certificate_is_of_a_check_up(visit, as_doctor):
    with pytest.raises(Refused, match="không phải loại Khám sức khỏe"):
        issue(visit, "check_up")


def test_what_was_not_examined_is_asked_about(hoa, doctor, as_doctor):
    visit = papers.an_ended_visit(hoa, doctor, kind="check_up", findings={"heart": "T1, T2 rõ"})
    said = {
        "form": "adult",
        "purpose": "Đi làm",
        "family": "",
        "own_history": "",
        "health_class": "2",
        "conclusion": "",
    }
    with pytest.raises(NeedsReason, match="Nội khoa: hô hấp"):
        issue(visit, "check_up", said)
    made = issue(visit, "check_up", said, "khám tuyển nội bộ")
    assert ["Nội khoa: tuần hoàn", "T1, T2 rõ"] in made.paper["examined"]
    assert made.until == made.on.replace(year=made.on.year + 1) - dt.timedelta(days=1)


def test_a_form_for_the_wrong_age_is_asked_about(hoa, doctor, as_doctor):
    visit = papers.an_ended_visit(hoa, doctor, kind="check_up")
    with pytest.raises(NeedsReason, match="Mẫu giấy không đúng với tuổi"):
        issue(visit, "check_up", {"form": "minor", "purpose": "x", "health_class": "2"})


# ---- the notice of a death


def test_a_death_at_the_station_has_a_notice(station, doctor):
    death = a_death(a_person(station, "Hồ Văn Cũ", sex="male"), place="facility")
    made = papers.a_death_notice(death, doctor)
    assert (made.kind, made.death, made.visit, made.since) == ("death", death, None, death.died_on)
    assert made.paper["cause"] == "Suy tim"


def test_a_death_at_home_asks_why(station, doctor):
    death = a_death(a_person(station, "Hồ Văn Cũ", sex="male"), place="home")
    with enter(papers.signer_scope(doctor)), pytest.raises(NeedsReason, match="Ủy ban nhân dân xã"):
        issuing.death_notice_issue(
            death_id=death.pk, expected_version=death.version, said={"cause": "Suy tim", "place": "Tại nhà"}
        )


def test_a_restricted_cause_stays_with_who_may_read_it(station, doctor):
    death = a_death(a_person(station, "Hồ Văn Cũ", sex="male"), place="facility")
    type(death).unscoped.update(restricted=True)
    with enter(papers.signer_scope(doctor)), pytest.raises(Refused, match="thông tin hạn chế"):
        issuing.death_notice_issue(death_id=death.pk, expected_version=death.version, said={}, override="x")
    rights = papers.SIGNER | {"restricted.view"}
    with enter(make.scope_of(doctor, rights=rights)):
        made = issuing.death_notice_issue(
            death_id=death.pk, expected_version=death.version, said={"cause": "x", "place": "y"}, override="x"
        )
    with enter(papers.signer_scope(doctor)):
        assert not Certificate.objects.filter(pk=made.pk).exists()


# ---- cancelling


def test_a_cancelled_paper_keeps_its_number(visit, doctor, as_doctor, heard):
    told = heard(events.CertificateCancelled)
    made = papers.a_summary(visit, doctor)
    done = issuing.certificate_cancel(
        certificate_id=made.pk, expected_version=made.version, reason="ghi nhầm"
    )
    assert (done.state, done.cancel_reason) == ("cancelled", "ghi nhầm")
    assert GivenNumber.unscoped.get(object_id=made.pk).state == "void"
    assert told[0].kind == CertificateKind.SUMMARY
    assert not TimelineEntry.unscoped.filter(kind="certificate").exists()
    with pytest.raises(Refused, match="đã hủy trước đó"):
        issuing.certificate_cancel(certificate_id=made.pk, expected_version=done.version, reason="lần nữa")


def test_cancelling_asks_why(visit, doctor, as_doctor):
    made = papers.a_summary(visit, doctor)
    with pytest.raises(Refused, match="Ghi lý do"):
        issuing.certificate_cancel(certificate_id=made.pk, expected_version=made.version, reason=" ")
