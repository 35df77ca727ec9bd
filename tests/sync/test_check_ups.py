"""Giấy khám sức khỏe of real visits, from the station's form to the Ministry's data axis; and a storm."""

import json
import random
from collections import Counter
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core import audit, registry, scope
from apps.core.errors import Refused
from apps.core.models import AuditEntry, Task
from apps.encounters import services as visits
from apps.encounters.certificates import issuing
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.encounters.models import Visit
from apps.patients import restricted
from apps.sync import check_ups, worker
from apps.sync.models import OutboxRow
from apps.sync.receivers import tokens
from apps.sync.unread import refuse_unread
from tests.factories import certificates as papers_of
from tests.factories.accounts import a_member, client_of
from tests.factories.encounters import a_practitioner, catalogues, scope_of
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_person, a_station, scope_at
from tests.factories.sync import CODE13, SIGN, check_up, data_axis, person, row_of
from tests.sync.test_chaos import lie, settle_down, work

pytestmark = pytest.mark.django_db
KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def station():
    catalogues()
    papers_of.lists()
    codes.forget()
    station = a_station()
    station.kcb_code, station.code13 = "51999", CODE13
    station.save()
    return station


@pytest.fixture
def doctor(station):
    return a_practitioner(station, licence_no="000123/QNG-CCHN")


@pytest.fixture
def patient(station):
    return a_person(station, "Nguyễn Thị Hòa", cccd="051190000001")


@pytest.fixture
def receiver(liar, monkeypatch, db):
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    monkeypatch.setenv(SIGN, pem.decode())
    liar.check_ups.keys[CODE13] = KEY.public_key()
    yield data_axis(liar.root)
    tokens._kept.clear()
    tokens._failed.clear()


def row():
    return OutboxRow.unscoped.order_by("-id")[0]


def a_paper(patient, doctor, **said):
    visit = papers_of.an_ended_visit(
        patient, doctor, kind="check_up", findings={"heart": "Tim đều", "body": "Toàn trạng tốt"}
    )
    return papers_of.a_check_up(visit, doctor, **said)


def test_it_works(receiver, liar, clock, doctor, patient):
    paper = a_paper(patient, doctor, conclusion="Cận thị nhẹ")
    assert (row().kind, row().aggregate_id, row().person_id) == ("check_up", paper.pk, patient.pk)
    assert OutboxRow.unscoped.count() == 1, "the visit itself is nothing for the axis"
    assert dict(worker.drain(clock=clock)) == {"stored": 1}
    said = liar.check_ups.held[CODE13, paper.number]
    assert said["THONGTIN_HANHCHINH"]["SO_CCCD"] == "051190000001"
    assert said["THONGTIN_HANHCHINH"]["MATINH_CU_TRU"] and said["THONGTIN_HANHCHINH"]["MAXA_CU_TRU"]
    assert said["THE_LUC"]["CHIEU_CAO"] == 158
    assert said["KET_LUAN"]["NGUOI_KET_LUAN"] == "Trần Văn Bình"
    assert said["KET_LUAN"]["SO_CCHN"] == "000123/QNG-CCHN"
    assert said["KET_LUAN"]["BENH_TAT_DE_NGHI"] == "Cận thị nhẹ"
    assert "Tim đều" in str(said["KHAM_CHUYEN_KHOA"]) and "Toàn trạng tốt" in said["TOAN_THAN"]


def test_other_papers_are_nothing_for_the_axis(receiver, doctor, patient):
    visit = papers_of.an_ended_visit(patient, doctor)
    papers_of.a_summary(visit, doctor)
    assert not OutboxRow.unscoped.exists()


def cancel(paper, doctor):
    paper.refresh_from_db()
    with scope.enter(papers_of.signer_scope(doctor)):
        issuing.certificate_cancel(
            certificate_id=paper.pk, expected_version=paper.version, reason="Ghi nhầm loại"
        )


def test_a_cancelled_paper_is_taken_back_by_hand_and_the_next_one_is_told(
    receiver, liar, clock, doctor, patient
):
    paper = a_paper(patient, doctor)
    worker.drain(clock=clock)
    cancel(paper, doctor)
    new = papers_of.a_check_up(Visit.unscoped.get(pk=paper.visit_id), doctor, health_class="1")
    worker.drain(clock=clock)
    states = {each.aggregate_id: (each.state, each.need) for each in OutboxRow.unscoped.order_by("id")}
    assert states == {paper.pk: ("rejected", "hand"), new.pk: ("accepted", "")}
    assert set(liar.check_ups.held) == {(CODE13, paper.number), (CODE13, new.number)}
    told = AuditEntry.objects.get(action="sync.withdrawn")
    assert (told.object_id, told.person_id, told.facility_id) == (paper.pk, patient.pk, doctor.facility_id)
    assert audit.sentence(told).endswith("rút lại ở nơi nhận một bản ghi đã gửi: giấy khám sức khỏe")


def test_a_visit_entered_in_error_takes_its_paper_back(receiver, liar, clock, doctor, patient):
    paper = a_paper(patient, doctor)
    visit = Visit.unscoped.get(pk=paper.visit_id)
    with scope.enter(scope_of(doctor)):
        visits.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Nhầm người")
    worker.drain(clock=clock)
    assert row().state == "superseded" and not liar.check_ups.held, "it had not left"


def test_two_people_who_become_one_are_no_reason_to_tell_it_again(
    receiver, liar, clock, doctor, patient, station
):
    again = a_person(station, "Nguyễn Thị Hoà")
    a_paper(again, doctor)
    worker.drain(clock=clock)
    with scope.enter(merger_at(station)):
        merge(patient, again)
    assert OutboxRow.unscoped.count() == 1


# ---- what few may read


def a_rule():
    extra = {"until": "I10", "group": "hiv", "send": "no"}
    CodeEntry.objects.create(list=restricted.LIST, scope="icd10", code="I10", name="x", extra=extra)
    CodeEntry.objects.create(
        list=restricted.LIST, scope="word", code="HIV", name="x", extra={"group": "hiv", "send": "no"}
    )
    codes.forget()


def amended(paper, doctor, icd):
    visit = Visit.unscoped.get(pk=paper.visit_id)
    data = VisitInput(
        fields={"reason": "Khám sức khỏe"}, vitals={}, diagnoses=[DiagnosisInput(icd, "main")], lines=[]
    )
    with scope.enter(scope_of(doctor)):
        visits.visit_amend(
            visit_id=visit.pk, expected_version=visit.version, data=data, reason="Nhầm", override="đã xem"
        )


def test_typed_words_of_the_rules_stay_here(receiver, liar, clock, doctor, patient):
    a_rule()
    paper = a_paper(patient, doctor, own_history="Đang điều trị HIV", conclusion="Đủ sức khỏe")
    worker.drain(clock=clock)
    said = json.dumps(liar.check_ups.held[CODE13, paper.number], ensure_ascii=False)
    assert "HIV" not in said and "Đủ sức khỏe" in said


def test_a_visit_that_became_restricted_takes_its_paper_back(receiver, liar, clock, doctor, patient):
    a_rule()
    paper = a_paper(patient, doctor)
    worker.drain(clock=clock)
    amended(paper, doctor, "I10")
    worker.drain(clock=clock)
    told = row()
    assert (told.aggregate_id, told.state, told.need) == (paper.pk, "rejected", "hand")
    assert Task.unscoped.get(object_id=told.pk).restricted, "it is about somebody whom few may read"
    few = scope_at(doctor.facility, rights=frozenset({"visits.view", "certificates.view", "sync.export"}))
    with scope.enter(few):
        assert not check_ups.called([paper.pk])
        with pytest.raises(Refused):
            refuse_unread(told)
    with scope.enter(replace(few, rights=few.rights | {"restricted.view"})):
        assert check_ups.called([paper.pk])
        refuse_unread(told)


def test_so_does_a_new_rule_once(receiver, liar, clock, doctor, patient):
    paper = a_paper(patient, doctor)
    worker.drain(clock=clock)
    a_rule()
    Visit.unscoped.filter(pk=paper.visit_id).update(restricted=True, restricted_by=["hiv"])
    for _ in range(2):
        with scope.system("test"):
            registry.nightly.get("sync.restricted").run(timezone.localdate())
        worker.drain(clock=clock)
    assert OutboxRow.unscoped.count() == 2 and (row().state, row().need) == ("rejected", "hand")
    assert AuditEntry.objects.filter(action="sync.withdrawn", object_id=paper.pk).count() == 1


def test_a_paper_of_a_restricted_visit_is_not_put_beside_the_door(receiver, doctor, patient):
    a_rule()
    visit = papers_of.an_ended_visit(patient, doctor, kind="check_up", codes=["I10"])
    papers_of.a_check_up(visit, doctor)
    assert not OutboxRow.unscoped.exists()


# ---- pages, costs


def test_the_visits_page_says_where_its_paper_stands(receiver, liar, clock, doctor, patient, station):
    paper = a_paper(patient, doctor)
    worker.drain(clock=clock)
    head = client_of(a_member("station_head", station, "truong.tram"))
    panel = head.get(reverse("sync:visit_panel", args=[paper.visit_id])).content.decode()
    assert "Trục dữ liệu khám sức khỏe: Giấy khám sức khỏe" in panel and "đã tiếp nhận lúc" in panel
    page = head.get(reverse("sync:row", args=[row().pk])).content.decode()
    assert reverse("encounters:certificate", args=[paper.pk]) in page
    assert f"Giấy khám sức khỏe số {paper.number} ngày" in page
    stranger = client_of(a_member("station_head", a_station("21490", "Trạm Khác"), "nguoi.la"))
    assert stranger.get(reverse("sync:visit_panel", args=[paper.visit_id])).status_code == 404
    assert stranger.get(reverse("sync:row", args=[row().pk])).status_code == 404


def test_many_are_read_in_as_many_queries_as_one(doctor, station):
    def cost(ids):
        with scope.system("test"), CaptureQueriesContext(connection) as asked:
            assert len(check_ups.check_ups(ids)) == len(ids)
        return len(asked)

    ids = [a_paper(a_person(station, f"Phạm Văn {n}"), doctor).pk for n in range(3)]
    cost(ids)  # code lists are kept from now on
    assert cost(ids) == cost(ids[:1])


# ---- a storm


def storm(papers, liar, clock, monkeypatch, *, people: int, rounds: int, seed: int) -> None:
    """Papers that are corrected and cancelled while the axis lies and the worker dies."""
    dice = random.Random(seed)
    end = lie(liar, monkeypatch, dice, seed)
    everybody = [person(f"Người Thử {n}") for n in range(people)]
    records = [papers.save(check_up(who, number=f"2026-{n:06d}")) for n, who in enumerate(everybody)]
    edits: Counter = Counter()
    for _ in range(rounds):
        for record in dice.sample(records, max(1, len(records) // 6)):
            if papers.held[record.id].paper.cancelled:
                continue
            edits[record.id] += 1
            if dice.random() < 0.1:
                papers.cancel(record)
            else:
                papers.change(record, conclusion=f"Lần {edits[record.id]:03d}")
        work(clock)
        clock.forward(dice.choice((1, 20, 90)))
    end()
    settle_down(clock)


def check(papers, liar) -> None:
    """One a paper, in its last version and in order; a cancelled one is there only with a person's task."""
    came: Counter = Counter()
    for record in papers.held.values():
        row = row_of(record)
        came[row.state, row.need] += 1
        key = (CODE13, record.paper.number)
        said = [each["KET_LUAN"]["BENH_TAT_DE_NGHI"] for each in liar.check_ups.history.get(key, [])]
        assert [each for each in said if "Lần" in each] == sorted(each for each in said if "Lần" in each)
        if record.paper.cancelled:
            assert (row.state, row.need) in (("rejected", "hand"), ("superseded", ""))
            assert row.state == "rejected" or not said
        else:
            assert row.state == "accepted" and said[-1] == record.paper.conclusion
    assert came["accepted", ""] and came["rejected", "hand"]
    assert len(liar.check_ups.messages) == sum(len(each) for each in liar.check_ups.history.values())


def test_a_small_storm(papers, receiver, liar, clock, monkeypatch):
    storm(papers, liar, clock, monkeypatch, people=12, rounds=10, seed=5)
    check(papers, liar)


@pytest.mark.slow
def test_a_great_storm(papers, receiver, liar, clock, monkeypatch):
    storm(papers, liar, clock, monkeypatch, people=500, rounds=40, seed=6)
    check(papers, liar)


def test_the_axis_is_told_nothing_of_the_day_before_it_was_there(liar, doctor, patient, monkeypatch):
    a_paper(patient, doctor)
    monkeypatch.setenv(SIGN, "x")
    assert data_axis(liar.root) and not OutboxRow.unscoped.exists()
