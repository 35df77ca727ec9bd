"""Wrong person: the visit moves in one act, the old one points to the new one."""

import datetime as dt
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.care.models import Measurement
from apps.catalogues.models import CommunicableDisease
from apps.core import events
from apps.core.errors import NeedsReason, Refused
from apps.core.models import Task
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.encounters import leaving, moving, services
from apps.encounters.events import VisitMoved
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Diagnosis, PrescriptionLine, Visit
from apps.patients.models import DueItem, Person, TimelineEntry
from apps.sync.models import Delivery, OutboxRow
from tests.encounters.conftest import signed_in
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.patients import a_card, a_person, an_allergy
from tests.factories.sync import warehouse


@pytest.fixture
def sister(station):
    return a_person(station, "Nguyễn Thị Hòa Bình", birth_date=dt.date(1990, 5, 6), sex="female")


def move(visit, person, reason="Gọi nhầm chị em trùng tên", **more):
    return moving.visit_move(
        visit_id=visit.pk, expected_version=visit.version, person=person, reason=reason, **more
    )


def test_it_works(client, hoa, sister, doctor):
    visit = make.a_visit(hoa, doctor)
    client.post(at("visit", visit.pk), typed(visit, action="finalise", **{"find-heart": ""}))
    visit.refresh_from_db()
    assert client.get(at("wrong_person", visit.pk)).status_code == 200
    said = {"form_key": uuid4(), "version": visit.version, "person": sister.code,
            "reason": "Hai chị em trùng tên", "override": ""}  # fmt: skip
    answer = client.post(at("wrong_person", visit.pk), said)
    new = Visit.unscoped.exclude(pk=visit.pk).get()
    assert answer.url == at("visit", new.pk)
    visit.refresh_from_db()
    assert (visit.state, visit.moved_to_id) == ("entered_in_error", new.pk)
    assert visit.error_reason == "Nhầm người: Hai chị em trùng tên"
    assert (new.state, new.person_id, new.on, new.queue_no) == (
        "finalised",
        sister.pk,
        visit.on,
        visit.queue_no,
    )
    assert (new.advice, new.summary) == (visit.advice, visit.summary)
    assert new.number != visit.number
    old_page = client.get(at("visit", visit.pk)).content.decode()
    assert at("visit", new.pk) in old_page and "Lượt khám đúng người" in old_page
    assert "Paracetamol" in client.get(at("visit", new.pk)).content.decode()


def test_everything_that_hangs_on_it_is_the_right_persons(station, hoa, sister, doctor, as_doctor):
    CommunicableDisease.objects.create(
        regime="thử", key="flu", name="Cúm", icd=["J06"], report_class="24h", deadline="thử"
    )
    visit = make.an_examined_visit(hoa, doctor)
    visit = services.visit_save(
        visit_id=visit.pk, expected_version=visit.version,
        data=VisitInput(fields={"follow_up_on": visit.on + dt.timedelta(days=5)}),
    )  # fmt: skip
    visit = services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="chưa rõ")
    new = move(visit, sister, override="đúng")
    figures = {row.person_id: row.state for row in Measurement.unscoped.filter(code="8310-5")}
    assert figures == {hoa.pk: "entered_in_error", sister.pk: "final"}
    assert Diagnosis.unscoped.get(visit=new).label == Diagnosis.unscoped.get(visit=visit).label
    assert PrescriptionLine.unscoped.filter(prescription__visit=new).count() == 1
    tasks = {task.person_id: task.state for task in Task.unscoped.all()}
    assert tasks == {hoa.pk: "cancelled", sister.pk: "open"}
    due = {row.person_id for row in DueItem.unscoped.filter(kind="appointment", state="open")}
    assert due == {sister.pk}
    told = {row.person_id: row.state for row in TimelineEntry.unscoped.filter(kind="visit")}
    assert told == {hoa.pk: "entered_in_error", sister.pk: "done"}


def test_who_she_is_comes_from_the_right_record(station, hoa, doctor, as_doctor):
    child = a_person(station, "Phạm Gia Bảo", birth_date=timezone.localdate() - dt.timedelta(days=900))
    visit = make.a_visit(hoa, doctor)
    new = move(visit, child)
    assert new.age_days == 900
    assert new.state == "waiting"


def test_her_own_card_pays(station, hoa, sister, doctor, as_doctor):
    wrong = a_card(hoa, "GD4515100000123", valid_from=None, valid_to=None)
    right = a_card(sister, "GD4515100000999", valid_from=None, valid_to=None)
    visit = make.a_visit(hoa, doctor, payer="bhyt", card_id=wrong.pk)
    new = move(visit, sister)
    assert (new.payer, new.card_id) == ("bhyt", right.pk)


def test_without_a_card_she_pays(station, hoa, sister, doctor, as_doctor):
    wrong = a_card(hoa, "GD4515100000123", valid_from=None, valid_to=None)
    new = move(make.a_visit(hoa, doctor, payer="bhyt", card_id=wrong.pk), sister)
    assert (new.payer, new.card_id) == ("fee", None)


def test_it_is_checked_against_the_right_person(station, hoa, doctor, as_doctor):
    allergic = a_person(station, "Trần Thị Dị")
    an_allergy(allergic, "Paracetamol")
    visit = make.a_finished_visit(hoa, doctor)
    with pytest.raises(NeedsReason) as asked:
        move(visit, allergic)
    assert "dị ứng" in asked.value.warnings[0].sentence
    assert Visit.unscoped.get().state == "finalised"
    assert move(visit, allergic, override="đã uống nhiều lần, không sao").state == "finalised"


def test_an_open_visit_moves_as_it_stands(station, hoa, doctor, as_doctor):
    baby = a_person(station, "Phạm Sơ Sinh", birth_date=timezone.localdate() - dt.timedelta(days=20))
    visit = make.an_examined_visit(hoa, doctor)
    assert move(visit, baby, override="vẫn đúng").state == "in_progress"


def test_a_second_visit_of_the_day_asks_for_a_reason(station, hoa, sister, doctor, as_doctor):
    make.a_visit(sister, doctor)
    visit = make.a_visit(hoa, doctor)
    with pytest.raises(NeedsReason):
        move(visit, sister)
    assert move(visit, sister, override="khám hai lần").person_id == sister.pk


@pytest.mark.parametrize("who", ["same", "dead", "unborn", "merged"])
def test_not_to_everybody(station, hoa, sister, doctor, as_doctor, who):
    visit = make.a_visit(hoa, doctor)
    person = hoa if who == "same" else sister
    if who == "dead":
        person.life_status, person.died_on = "dead", dt.date(2020, 1, 1)
    elif who == "unborn":
        person.birth_date = timezone.localdate() + dt.timedelta(days=1)
    elif who == "merged":
        Person.unscoped.filter(pk=person.pk).update(merged_into=hoa)
        person.refresh_from_db()
    with pytest.raises(Refused):
        move(visit, person)
    assert Visit.unscoped.get().state == "waiting"


def test_a_reason_is_needed(station, hoa, sister, doctor, as_doctor):
    with pytest.raises(Refused, match="vì sao"):
        move(make.a_visit(hoa, doctor), sister, reason=" ")


def test_who_may_not_sign_leaves_it_waiting(station, hoa, sister, doctor, nurse):
    visit = make.a_finished_visit(hoa, doctor)
    with enter(make.scope_of(nurse)):
        assert move(visit, sister).state == "awaiting_signature"


def test_both_are_sent_again(station, hoa, sister, doctor, as_doctor):
    receiver = warehouse("http://127.0.0.1:9")
    visit = make.a_finished_visit(hoa, doctor)
    OutboxRow.unscoped.update(state="accepted")
    Delivery.unscoped.create(
        receiver=receiver, kind="visit", aggregate_id=visit.pk, person_id=hoa.pk, facility_id=station.pk,
        resources={f"Encounter/{visit.pk}": {}},
    )  # fmt: skip
    new = move(visit, sister)
    waiting = set(
        OutboxRow.unscoped.filter(state="pending", kind="visit").values_list("aggregate_id", "person_id")
    )
    assert waiting == {(visit.pk, hoa.pk), (new.pk, sister.pk)}
    assert leaving.visit_for_sync(visit.pk).state == "entered_in_error"


def test_others_hear_where_it_went(station, hoa, sister, doctor, as_doctor, monkeypatch):
    heard = []
    monkeypatch.setitem(events._subscribers, VisitMoved, [heard.append])
    visit = make.a_visit(hoa, doctor)
    new = move(visit, sister)
    event = heard[-1]
    assert (event.visit_id, event.person_id) == (visit.pk, hoa.pk)
    assert (event.to_visit_id, event.to_person_id) == (new.pk, sister.pk)


def test_the_page_asks_and_loses_nothing(client, station, hoa, doctor):
    allergic = a_person(station, "Trần Thị Dị")
    an_allergy(allergic, "Paracetamol")
    visit = make.a_finished_visit(hoa, doctor)
    said = {"form_key": uuid4(), "version": visit.version, "person": allergic.code, "reason": "Nhầm tên"}
    answer = client.post(at("wrong_person", visit.pk), said)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "dị ứng Paracetamol" in page and "Nhầm tên" in page
    for bad in ("", "P9999999"):
        answer = client.post(at("wrong_person", visit.pk), said | {"person": bad, "form_key": uuid4()})
        assert answer.status_code == 422


def test_a_stranger_and_who_lacks_the_right(elsewhere, station, hoa, sister, doctor):
    visit = make.a_visit(hoa, doctor)
    assert elsewhere.get(at("wrong_person", visit.pk)).status_code == 404
    pharmacist = make.a_practitioner(station, "Lý Thị Mai", grade="pharmacist")
    client = signed_in("pharmacist", pharmacist, "mai.lt")
    assert client.get(at("wrong_person", visit.pk)).status_code in (403, 404)


def test_who_saved_meanwhile_wins(station, hoa, sister, doctor, as_doctor):
    visit = make.a_visit(hoa, doctor)
    services.visit_save(
        visit_id=visit.pk, expected_version=visit.version, data=VisitInput(fields={"advice": "Nghỉ"})
    )
    with pytest.raises(StaleVersion):
        move(visit, sister)
