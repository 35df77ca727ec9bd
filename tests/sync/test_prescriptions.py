"""The prescriptions of real visits, from the station's form to the national system."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core import registry, scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import PendingChange
from apps.encounters import moving, undoing
from apps.encounters import services as visits
from apps.encounters.inputs import DiagnosisInput, LineInput, VisitInput
from apps.encounters.models import Prescription
from apps.patients import restricted
from apps.sync import backfill, gather, worker
from apps.sync.models import Delivery, OutboxRow
from apps.sync.receivers import tokens
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.encounters import (
    a_finished_visit,
    a_practitioner,
    an_examined_visit,
    catalogues,
    scope_of,
)
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_person, a_station
from tests.factories.sync import prescriptions_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def station():
    catalogues()
    station = a_station()
    station.kcb_code = "51999"
    station.save()
    return station


@pytest.fixture
def doctor(station):
    return a_practitioner(station, licence_no="000123/QNG-CCHN", prescriber_code="bs.01")


@pytest.fixture
def patient(station):
    return a_person(station, "Nguyễn Thị Hòa", cccd="051190000001", bhyt="DN4515112345678")


@pytest.fixture
def receiver(liar):
    yield prescriptions_system(liar.root)
    tokens._kept.clear()
    tokens._failed.clear()


def of_weight(kilograms):
    return VisitInput(
        fields={"reason": "Ho"},
        vitals={"weight": Decimal(kilograms)},
        diagnoses=[DiagnosisInput("J06.9", "main")],
        lines=[LineInput("TD001.1", Decimal("0.5"), 2, 5)],
    )


def row():
    return OutboxRow.unscoped.order_by("-id")[0]


def amended(visit, doctor, *lines, icd="J06.9", **fields):
    data = VisitInput(
        fields={"reason": "Ho, sốt 2 ngày", **fields},
        vitals={"weight": Decimal(52)},
        diagnoses=[DiagnosisInput(icd, "main")],
        lines=list(lines),
    )
    visit.refresh_from_db()
    with scope.enter(scope_of(doctor)):
        visits.visit_amend(
            visit_id=visit.pk, expected_version=visit.version, data=data, reason="Nhầm", override="đã xem"
        )


def test_it_works(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    assert (row().kind, row().aggregate_id, row().person_id) == ("prescription", visit.pk, patient.pk)
    assert dict(worker.drain(clock=clock)) == {"stored": 1}
    ((code, held),) = liar.prescriptions.held.items()
    assert code == Prescription.unscoped.get().code and code.startswith("51999")
    assert held["ma_dinh_danh_cong_dan"] == "051190000001"
    assert held["can_nang"] == 52 and held["loi_dan"] == "Uống nhiều nước"
    assert held["dia_chi"] == "Thôn Làng Teng, Xã Ba Tơ, Tỉnh Quảng Ngãi"
    (line,) = held["thong_tin_don_thuoc"]
    assert (line["ma_thuoc"], line["so_luong"], line["don_vi_tinh"]) == ("TD001.1", 10, "viên")


def test_a_visit_whose_end_is_taken_back_has_told_nothing(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    with scope.enter(scope_of(doctor)):
        undoing.visit_undo(visit_id=visit.pk, expected_version=visit.version)
    assert row().state == "superseded"
    other = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    other.refresh_from_db()
    with scope.enter(scope_of(doctor)), pytest.raises(Refused, match="đã gửi"):
        undoing.visit_undo(visit_id=other.pk, expected_version=other.version)


def test_an_amendment_is_told_by_hand_where_it_touches_the_prescription(
    receiver, liar, clock, doctor, patient
):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    same = LineInput("TD001.1", Decimal(1), 2, 5)
    amended(visit, doctor, same, advice="Uống nhiều nước", history="Ho từ hôm qua")
    worker.drain(clock=clock)
    assert (row().state, len(liar.requests)) == ("accepted", 1)
    amended(visit, doctor, LineInput("TD001.1", Decimal(1), 3, 5), advice="Uống nhiều nước")
    worker.drain(clock=clock)
    assert (row().state, row().need) == ("rejected", "hand")


def test_a_prescription_that_was_struck_out_is_taken_back_by_hand(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    amended(visit, doctor)
    worker.drain(clock=clock)
    assert (row().state, row().need) == ("rejected", "hand")
    assert not Prescription.unscoped.exists() and len(liar.prescriptions.held) == 1


def test_the_wrong_person_is_taken_back_by_hand_and_the_right_one_is_told(
    receiver, liar, clock, doctor, patient, station
):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    right = a_person(station, "Trần Thị Lan", cccd="051190000002")
    with scope.enter(scope_of(doctor)):
        new = moving.visit_move(
            visit_id=visit.pk, expected_version=visit.version, person=right, reason="Nhầm", override="đã xem"
        )
    worker.drain(clock=clock)
    states = {r.aggregate_id: (r.state, r.need) for r in OutboxRow.unscoped.order_by("id")}
    assert states == {visit.pk: ("rejected", "hand"), new.pk: ("accepted", "")}
    names = [held["ho_ten_benh_nhan"] for held in liar.prescriptions.held.values()]
    assert names == ["Nguyễn Thị Hòa", "Trần Thị Lan"]


def test_two_people_who_become_one_are_no_reason_to_tell_prescriptions_again(
    receiver, liar, clock, doctor, patient, station
):
    again = a_person(station, "Nguyễn Thị Hoà")
    a_finished_visit(again, doctor)
    worker.drain(clock=clock)
    waiting = a_finished_visit(again, doctor)
    with scope.enter(merger_at(station)):
        merge(patient, again)
    assert OutboxRow.unscoped.count() == 2
    worker.drain(clock=clock)
    assert row().aggregate_id == waiting.pk and row().person_id == patient.pk
    names = [held["ho_ten_benh_nhan"] for held in liar.prescriptions.held.values()]
    assert names == ["Nguyễn Thị Hoà", "Nguyễn Thị Hòa"]


# ---- what few may read


def a_rule():
    extra = {"until": "I10", "group": "hiv", "send": "no"}
    CodeEntry.objects.create(list=restricted.LIST, scope="icd10", code="I10", name="x", extra=extra)
    CodeEntry.objects.create(
        list=restricted.LIST, scope="word", code="HIV", name="x", extra={"group": "hiv", "send": "no"}
    )
    codes.forget()


def test_a_restricted_visit_tells_no_prescription(receiver, liar, clock, doctor, patient):
    a_rule()
    visit = a_finished_visit(patient, doctor)
    assert OutboxRow.unscoped.count() == 1
    amended(visit, doctor, LineInput("TD001.1", Decimal(1), 2, 5), icd="I10")
    worker.drain(clock=clock)
    assert liar.requests == [] and row().state == "superseded"


def test_one_that_had_left_is_taken_back_by_hand_once(receiver, liar, clock, doctor, patient):
    visit = an_examined_visit(patient, doctor)
    with scope.enter(scope_of(doctor)):
        visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    amended(visit, doctor, LineInput("TD001.1", Decimal(1), 2, 5), icd="I10")
    worker.drain(clock=clock)
    assert len(liar.prescriptions.held) == 1
    a_rule()
    with scope.system("test"):
        visit.refresh_from_db()
        type(visit).unscoped.filter(pk=visit.pk).update(restricted=True, restricted_by=["hiv"])
        registry.nightly.get("sync.restricted").run(timezone.localdate())
    worker.drain(clock=clock)
    told = row()
    assert (told.state, told.need) == ("rejected", "hand")
    assert "I10" not in str(told.issues)
    with scope.system("test"):
        registry.nightly.get("sync.restricted").run(timezone.localdate())
    assert row().pk == told.pk, "the task stands; no second one"


def test_typed_words_of_the_rules_stay_here(receiver, liar, clock, doctor, patient):
    a_rule()
    visit = a_finished_visit(patient, doctor)
    amended(visit, doctor, LineInput("TD001.1", Decimal(1), 2, 5), advice="Giữ kín chuyện HIV")
    worker.drain(clock=clock)
    sent = json.dumps(list(liar.prescriptions.held.values()), ensure_ascii=False)
    assert "HIV" not in sent and "Paracetamol" in sent


# ---- who answers for a child


@pytest.mark.parametrize(
    ("born", "guardian", "told"),
    [(2022, "Lê Thị Bà", "Lê Thị Bà"), (2022, "", "Trần Thị Mẹ"), (1990, "", "")],
)
def test_who_answers_for_a_child_is_told(doctor, station, born, guardian, told):
    mother = a_person(station, "Trần Thị Mẹ", birth_date=dt.date(1985, 1, 1))
    child = a_person(station, "Lê Bé", birth_date=dt.date(born, 3, 5), mother=mother, guardian_name=guardian)
    visit = a_finished_visit(child, doctor, data=of_weight(16 if born > 2000 else 52))
    with scope.system("test"):
        assert gather.prescriptions(visit.pk).person.guardian == told


def test_many_are_read_in_as_many_queries_as_one(doctor, station):
    def cost(ids):
        with scope.system("test"), CaptureQueriesContext(connection) as asked:
            assert len(gather.prescriptions_of(ids)) == len(ids)
        return len(asked)

    mother = a_person(station, "Trần Thị Mẹ", birth_date=dt.date(1985, 1, 1))
    children = [
        a_person(station, f"Lê Bé {n}", birth_date=dt.date(2022, 3, 5), mother=mother) for n in range(3)
    ]
    ids = [a_finished_visit(child, doctor, data=of_weight(16)).pk for child in children]
    cost(ids)  # code lists are kept from now on
    assert cost(ids) == cost(ids[:1])


# ---- pages


@pytest.fixture
def head(station):
    return client_of(a_member("station_head", station, "truong.tram"))


def test_the_visits_page_and_the_station_say_where_it_stands(receiver, liar, clock, doctor, patient, head):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    panel = head.get(reverse("sync:visit_panel", args=[visit.pk])).content.decode()
    assert "Hệ thống đơn thuốc quốc gia" in panel and "đã tiếp nhận lúc" in panel
    page = head.get(reverse("sync:station"), {"muc": "xong"}).content.decode()
    assert f"Đơn thuốc của lượt khám {visit.number}" in page


def test_what_must_be_done_by_hand_is_said_and_noted_by_the_station(
    receiver, liar, clock, doctor, patient, head
):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    amended(visit, doctor)
    worker.drain(clock=clock)
    address = reverse("sync:row", args=[row().pk])
    page = head.get(address).content.decode()
    assert "Phải làm tay ở nơi nhận" in page and "Hủy tay trên trang của hệ thống" in page
    said = {"form_key": uuid7(), "version": row().version}
    head.post(reverse("sync:hand_take", args=[row().pk]), said)
    assert row().state == "by_hand"
    today = f"{timezone.localdate():%d/%m/%Y}"
    said = {"form_key": uuid7(), "version": row().version, "receipt": "HUY-1", "on": today}
    head.post(reverse("sync:hand_receipt", args=[row().pk]), said)
    page = head.get(address).content.decode()
    assert f"đã nộp tay ngày {today}" in page and "đã tiếp nhận lúc" not in page
    amended(visit, doctor, history="Thêm")  # it is not asked for again
    worker.drain(clock=clock)
    assert row().state == "superseded"


def test_a_nurse_takes_by_hand_what_only_a_hand_can_do(receiver, liar, clock, doctor, patient, station):
    visit = a_finished_visit(patient, doctor)
    nurse = client_of(a_member("nurse", station, "hoa.nt"))
    said = {"form_key": uuid7(), "version": row().version}
    assert nurse.post(reverse("sync:hand_take", args=[row().pk]), said).status_code == 403
    worker.drain(clock=clock)
    amended(visit, doctor)
    worker.drain(clock=clock)
    stranger = client_of(a_member("station_head", a_station("21490", "Trạm Khác"), "nguoi.la"))
    said = {"form_key": uuid7(), "version": row().version}
    assert stranger.post(reverse("sync:hand_take", args=[row().pk]), said).status_code == 404
    assert row().state == "rejected"


def test_a_look_at_the_payload_covers_the_person(receiver, liar, clock, doctor, patient, station):
    role = a_role("station_head")
    role.rights = sorted({*role.rights, "sync.export"})
    role.save()
    head = client_of(a_member("station_head", station, "truong.tram"))
    a_finished_visit(patient, doctor)
    page = head.get(reverse("sync:payload", args=[row().pk]))
    assert "051190000001" not in page.context["text"] and "J06.9" in page.context["text"]
    whole = head.post(reverse("sync:payload", args=[row().pk]))
    assert "051190000001" in whole.context["text"]


def test_earlier_visits_with_a_prescription_can_be_sent(liar, doctor, patient, station):
    visit = a_finished_visit(patient, doctor)
    bare = a_finished_visit(a_person(station, "Không Đơn"), doctor)
    Prescription.unscoped.filter(visit=bare).delete()
    receiver = prescriptions_system(liar.root)
    with scope.system("test"):
        assert list(backfill.queue(receiver, visit.on)) == [(1, 1)]
    assert (row().kind, row().aggregate_id) == ("prescription", visit.pk)
    assert not Delivery.unscoped.exists() and not PendingChange.objects.exists()
