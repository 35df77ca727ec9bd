"""Issued papers, sick-child forms and follow-up forms go along with their visit; notices with the person."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.scope import enter, system
from apps.encounters import travel
from apps.encounters.certificates import issuing
from apps.encounters.models import Visit
from apps.sync import gather, worker
from apps.sync.mappings import check, fhir
from apps.sync.mappings.person import person_entries
from apps.sync.mappings.systems import Options
from apps.sync.mappings.visit import visit_entries
from apps.sync.models import OutboxRow
from tests.factories.catalogues import a_code
from tests.factories.certificates import a_referral, a_sick_leave, an_ended_visit, lists, signer_scope
from tests.factories.encounters import a_drug, a_practitioner, an_icd10, catalogues
from tests.factories.ncd import a_finished_follow_up, an_old_enrolment
from tests.factories.patients import a_person, a_station
from tests.factories.sync import AT, person, visit

PAPER = travel.TravelPaper(
    id=person().id, kind="sick_leave", title="Giấy nghỉ việc hưởng BHXH", number="2026-000007",
    facility_code="51123", at=AT, since=AT.date(), until=AT.date(), signer_text="BS Thử",
)  # fmt: skip
FORM = travel.TravelForm(
    key="imci-child",
    answers=(("Ho hoặc khó thở", "có, 3 ngày; khò khè"),),
    conclusions=("Viêm phổi (vàng): thở nhanh 56 lần/phút",),
)


def only(entries, kind):
    (found,) = [entry.resource for entry in entries if entry.resource["resourceType"] == kind]
    return found


def sound(entries):
    assert check.problems(fhir.bundle(entries)) == []
    return entries


def test_a_paper_of_a_visit():
    entries = sound(visit_entries(visit(papers=(PAPER,)), Options()))
    told = only(entries, "DocumentReference")
    assert told["identifier"][1]["value"] == "51123.sick_leave.2026-000007"
    assert told["status"] == "current"
    assert told["context"]["period"] == {"start": "2026-11-20", "end": "2026-11-20"}
    assert told["author"] == [{"display": "BS Thử"}]


def test_a_form_of_a_visit():
    entries = sound(visit_entries(visit(forms=(FORM,)), Options()))
    told = only(entries, "QuestionnaireResponse")
    assert told["status"] == "completed"
    assert [(i["text"], i["answer"][0]["valueString"]) for i in told["item"]] == [
        FORM.answers[0],
        ("Kết luận", FORM.conclusions[0]),
    ]
    hidden = visit(forms=(replace(FORM, hidden=("side_effects",)),))
    assert only(visit_entries(hidden, Options()), "QuestionnaireResponse")["meta"]["security"]


@pytest.mark.parametrize(
    ("more", "status"), [({"amended": True}, "amended"), ({"state": "entered_in_error"}, "entered-in-error")]
)
def test_their_status_is_the_visits(more, status):
    told = visit_entries(visit(forms=(FORM,), papers=(PAPER,), **more), Options())
    sound(told)
    assert only(told, "QuestionnaireResponse")["status"] == status


def test_what_is_gone_is_withdrawn():
    record = visit(forms=(FORM,), papers=(PAPER,))
    sent = frozenset(entry.key for entry in visit_entries(record, Options()))
    entries = sound(visit_entries(replace(record, forms=(), papers=()), Options(), sent))
    for kind in ("QuestionnaireResponse", "DocumentReference"):
        assert only(entries, kind)["status"] == "entered-in-error"


def test_a_notice_of_death_goes_with_the_person():
    notice = replace(PAPER, kind="death", title="Giấy báo tử")
    told = only(sound(person_entries(person(notices=(notice,)), Options())), "DocumentReference")
    assert told["status"] == "current" and "subject" in told
    cancelled = person(notices=(replace(notice, cancelled=True),))
    assert (
        only(sound(person_entries(cancelled, Options())), "DocumentReference")["status"] == "entered-in-error"
    )


@pytest.fixture
def doctor(db):
    catalogues()
    lists()
    return a_practitioner(a_station())


def test_issued_and_cancelled_it_is_told(receiver, liar, clock, doctor):
    ended = an_ended_visit(a_person(doctor.facility), doctor)
    worker.drain(clock=clock)
    paper = a_sick_leave(Visit.unscoped.get(pk=ended.pk), doctor)
    worker.drain(clock=clock)
    (held,) = liar.store.of_type("DocumentReference")
    assert held["status"] == "current"
    assert "may Ba Tơ" not in str(held)  # its words stay here
    with enter(signer_scope(doctor)):
        issuing.certificate_cancel(certificate_id=paper.pk, expected_version=paper.version, reason="Ghi nhầm")
    worker.drain(clock=clock)
    (held,) = liar.store.of_type("DocumentReference")
    assert held["status"] == "entered-in-error"
    assert OutboxRow.unscoped.filter(state="accepted").exists()


def test_a_referral_names_no_reason(receiver, doctor):
    ended = an_ended_visit(a_person(doctor.facility), doctor, outcome="5")
    a_referral(Visit.unscoped.get(pk=ended.pk), doctor)
    with system("test"):
        record = gather.visit(ended.pk)
    assert [paper.kind for paper in record.papers] == ["referral"]
    assert "rút lõm" not in str(record.papers)


def test_a_follow_up_form_is_told(receiver, liar, clock, doctor):
    an_icd10("I10", "Tăng huyết áp vô căn", edition="qd4469")  # of visits up to 30/06/2026
    a_code("care_programme", "hypertension", "Tăng huyết áp")
    a_drug("TD060.1", "Amlodipin", strength="5mg")
    lan = a_person(doctor.facility, "Phạm Thị Lan")
    an_old_enrolment(lan)
    a_finished_follow_up(lan, doctor, side_effects="Ho khan")
    worker.drain(clock=clock)
    (held,) = liar.store.of_type("QuestionnaireResponse")
    said = {item["text"]: item["answer"][0]["valueString"] for item in held["item"]}
    assert said["Huyết áp"] == "148/92 mmHg"
    assert said["Tác dụng phụ"] == "Ho khan"
    assert held["questionnaire"].endswith("/ncd-hypertension")


def test_many_are_read_in_as_many_queries_as_one(doctor):
    visits = [
        an_ended_visit(a_person(doctor.facility, f"Đinh Thị {n}"), doctor) for n in ("Một", "Hai", "Ba")
    ]
    with system("test"), CaptureQueriesContext(connection) as one:
        gather.visits([visits[0].pk])
    with system("test"), CaptureQueriesContext(connection) as three:
        assert len(gather.visits([each.pk for each in visits])) == 3
    assert len(three) <= len(one) <= 22
