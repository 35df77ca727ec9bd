"""A visit that was sent before a rule said that it stays in the house is taken back where it is held."""

import json

import pytest
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core import registry, scope
from apps.core.models import AuditEntry
from apps.encounters import services as visits
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.patients import restricted
from apps.sync import gather, subscribers, worker
from apps.sync.models import Delivery, OutboxRow
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues, scope_of
from tests.factories.patients import a_person, a_station
from tests.factories.sync import warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    catalogues()
    return a_practitioner(a_station())


@pytest.fixture
def patient(doctor):
    return a_person(doctor.facility, "Đinh Văn Giấu")


def a_rule(send="no", code="I10"):
    """From now on whoever has this code is restricted; `send` lets it leave."""
    CodeEntry.objects.filter(list=restricted.LIST).delete()
    extra = {"until": code, "group": "hiv", "send": send}
    CodeEntry.objects.create(list=restricted.LIST, scope="icd10", code=code, name="x", extra=extra)
    codes.forget()


def amend(visit, doctor, code="I10"):
    data = VisitInput(fields={"reason": "Chuyện kín"}, diagnoses=[DiagnosisInput(code, "main")], lines=[])
    with scope.enter(scope_of(doctor)):
        return visits.visit_amend(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=data,
            reason="Thêm chẩn đoán",
            override="x",
        )


def night():
    with scope.system("test"):
        return registry.nightly.get("sync.restricted").run(timezone.localdate())


def taken_back(liar):
    """Whether all that the receiver has of visits is entered in error and tells nothing."""
    store = liar.store
    kinds = ("Encounter", "Observation", "MedicationRequest")
    kept = [each for kind in kinds for each in store.of_type(kind)]
    assert {each["status"] for each in kept} == {"entered-in-error"}
    for condition in store.of_type("Condition"):
        assert condition["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
        assert condition["code"] == {**condition["code"], "text": "Đã rút khỏi lượt khám"}
    text = json.dumps([*kept, *store.of_type("Condition")], ensure_ascii=False)
    return not any(word in text for word in ("I10", "J06.9", "Chuyện kín", "valueQuantity", "Paracetamol"))


def test_it_works(receiver, liar, clock, doctor, patient):
    """An amendment makes it restricted: what went before is taken back, the new is not told."""
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    assert liar.store.of_type("Encounter")[0]["status"] == "finished"
    a_rule()
    amend(visit, doctor)
    worker.drain(clock=clock)
    assert taken_back(liar)
    assert AuditEntry.objects.get(action="sync.withdrawn").object_id == visit.pk
    assert set(OutboxRow.unscoped.values_list("state", flat=True)) == {"accepted"}


def test_a_rule_that_no_longer_lets_it_leave(receiver, liar, clock, doctor, patient):
    """Restricted, and sent by a rule that allowed it; the rule changes: the night takes it back, once."""
    a_rule(send="yes", code="J06.9")
    a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    assert liar.store.of_type("Encounter")[0]["status"] == "finished"
    assert "0 lượt" in night()
    a_rule(send="no", code="J06.9")
    assert "1 lượt" in night()
    worker.drain(clock=clock)
    assert taken_back(liar)
    rows = OutboxRow.unscoped.count()
    assert "0 lượt" in night() and OutboxRow.unscoped.count() == rows
    assert AuditEntry.objects.filter(action="sync.withdrawn").count() == 1


def test_who_never_had_it_is_told_nothing(receiver, liar, clock, doctor, patient):
    """Another receiver was added later; a visit restricted from its first hour."""
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    warehouse(liar.base_url, code="kho-hai", name="Kho thứ hai")
    a_rule()
    amend(visit, doctor)
    worker.drain(clock=clock)
    assert Delivery.unscoped.count() == 1 and OutboxRow.unscoped.count() == 2  # both of the first receiver
    before = OutboxRow.unscoped.count()
    a_rule(code="J06.9")
    a_finished_visit(a_person(doctor.facility, "Đinh Thị Kín"), doctor)
    assert OutboxRow.unscoped.count() == before
    assert "0 lượt" in night()


def test_while_it_is_on_its_way(receiver, liar, clock, doctor, patient, monkeypatch):
    """The amendment comes while the first version is being sent: it is taken back right after."""
    visit = a_finished_visit(patient, doctor)
    a_rule()
    original, done = gather.visits_for_sync, []

    def meanwhile(visit_ids):
        found = original(visit_ids)
        if not done:
            done.append(amend(visit, doctor))
        return found

    monkeypatch.setattr(gather, "visits_for_sync", meanwhile)
    worker.drain(clock=clock)
    assert taken_back(liar)


def test_one_that_waits_is_not_sent_at_all(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    a_rule()
    amend(visit, doctor)
    worker.drain(clock=clock)
    assert not liar.store.of_type("Encounter")
    assert OutboxRow.unscoped.get().state == "superseded"
    assert not AuditEntry.objects.filter(action="sync.withdrawn").exists()


def test_entered_in_error_after_it_became_restricted(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    a_rule()
    amended = amend(visit, doctor)
    with scope.enter(scope_of(doctor, rights=scope_of(doctor).rights | {restricted.RIGHT})):
        visits.visit_entered_in_error(
            visit_id=visit.pk, expected_version=amended.version, reason="Nhầm người"
        )
    worker.drain(clock=clock)
    assert taken_back(liar)


def test_nothing_to_take_back(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    assert subscribers.visit_may_leave(visit.pk)
    assert "0 lượt" in night()


def in_error(visit, doctor):
    with scope.enter(scope_of(doctor)):
        visits.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Nhầm người")


def test_entered_in_error_before_it_left(receiver, liar, clock, doctor, patient):
    """The line was down: nothing leaves, not even that there was one."""
    visit = a_finished_visit(patient, doctor)
    in_error(visit, doctor)
    worker.drain(clock=clock)
    assert not liar.requests
    assert OutboxRow.unscoped.get().state == "superseded"


def test_entered_in_error_is_told_to_nobody_else(receiver, liar, clock, doctor, patient):
    """Another receiver was added after it was sent."""
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    second = warehouse(liar.base_url, code="kho-hai", name="Kho thứ hai")
    in_error(visit, doctor)
    worker.drain(clock=clock)
    assert liar.store.of_type("Encounter")[0]["status"] == "entered-in-error"
    assert not OutboxRow.unscoped.filter(receiver=second).exists()


def test_entered_in_error_after_it_was_refused(receiver, liar, clock, doctor, patient):
    """Nobody has it: it is asked of nobody any more to put it right."""
    liar.faults.add("422")
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    assert OutboxRow.unscoped.get().state == "rejected"
    in_error(visit, doctor)
    worker.drain(clock=clock)
    assert len(liar.requests) == 1 and not liar.store.of_type("Encounter")
    assert set(OutboxRow.unscoped.values_list("state", flat=True)) == {"superseded"}


def test_entered_in_error_where_it_may_be(receiver, liar, clock, doctor, patient):
    """It was taken and the answer was lost: it is taken back."""
    liar.faults.add("drop_after_commit")
    visit = a_finished_visit(patient, doctor)
    worker.run_once(clock=clock)
    in_error(visit, doctor)
    clock.forward(3600)
    worker.drain(clock=clock)
    assert liar.store.of_type("Encounter")[0]["status"] == "entered-in-error"
