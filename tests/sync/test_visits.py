"""A real visit, from the station's form to the receiver."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.core import ports, scope
from apps.core.events import publish
from apps.encounters import moving
from apps.encounters import services as visits
from apps.encounters.inputs import DiagnosisInput, VisitInput
from apps.patients.events import PersonChanged
from apps.patients.models import Person
from apps.sync import subscribers, worker
from apps.sync.models import OutboxRow
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues, scope_of
from tests.factories.patients import a_person, a_station, an_allergy
from tests.factories.sync import all_there

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
    return a_practitioner(station, licence_no="000123/QNG-CCHN")


@pytest.fixture
def patient(station):
    return a_person(station, "Nguyễn Thị Hòa", cccd="051190000001", bhyt="DN4515112345678")


def first(liar, kind):
    return liar.store.of_type(kind)[0]


def test_it_works(receiver, liar, clock, doctor, patient):
    an_allergy(patient, "Penicillin")
    visit = a_finished_visit(patient, doctor)
    row = OutboxRow.unscoped.get()
    assert (row.kind, row.aggregate_id, row.person_id) == ("visit", visit.pk, patient.pk)
    assert dict(worker.drain(clock=clock)) == {"stored": 1}
    assert liar.store.counts() == {
        "Organization": 1,
        "Practitioner": 1,
        "Patient": 1,
        "Encounter": 1,
        "Condition": 1,
        "Observation": 3,
        "MedicationRequest": 1,
        "AllergyIntolerance": 1,
        "Composition": 1,
        "Provenance": 1,
    }
    held = first(liar, "Patient")
    values = {i["value"] for i in held["identifier"]}
    assert {"051190000001", "DN4515112345678", patient.code} < values
    assert held["birthDate"] == "1990-03-05"
    assert held["address"][0]["text"] == "Thôn Làng Teng, Xã Ba Tơ, Tỉnh Quảng Ngãi"
    encounter = first(liar, "Encounter")
    assert encounter["period"]["start"].endswith("+07:00")
    assert encounter["reasonCode"][0]["text"] == "Ho, sốt 2 ngày"
    drug = first(liar, "MedicationRequest")
    assert drug["dispenseRequest"]["quantity"]["value"] == 10
    all_there(clock)
    assert OutboxRow.unscoped.get().state == "verified"


def test_a_visit_that_waits_for_a_signature_does_not_travel(receiver, station, patient, clock):
    assistant = a_practitioner(station, "Lò Thị Mận", grade="assistant", can_sign=False, licence_no="7/QNG")
    a_finished_visit(patient, assistant)
    assert OutboxRow.unscoped.count() == 0


def test_an_amended_visit_replaces_what_was_sent(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    data = VisitInput(
        fields={"reason": "Sốt 3 ngày"},
        vitals={"temperature": Decimal("39.0")},
        diagnoses=[DiagnosisInput("I10", "main")],
        lines=[],
    )
    with scope.enter(scope_of(doctor)):
        visits.visit_amend(
            visit_id=visit.pk, expected_version=visit.version, data=data, reason="Nhầm chẩn đoán",
            override="đã xem",
        )  # fmt: skip
    worker.drain(clock=clock)
    assert first(liar, "Encounter")["reasonCode"][0]["text"] == "Sốt 3 ngày"
    codes = {
        c["code"].get("coding", [{}])[0].get("code"): c["verificationStatus"]["coding"][0]["code"]
        for c in liar.store.of_type("Condition")
    }
    assert codes["I10"] == "confirmed"
    assert "entered-in-error" in codes.values()
    assert first(liar, "MedicationRequest")["status"] == "entered-in-error"
    assert len(liar.store.of_type("Encounter")) == 1
    all_there(clock)


def test_a_visit_entered_in_error_says_so_everywhere(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    with scope.enter(scope_of(doctor)):
        visits.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Nhầm người")
    worker.drain(clock=clock)
    assert first(liar, "Encounter")["status"] == "entered-in-error"
    assert {o["status"] for o in liar.store.of_type("Observation")} == {"entered-in-error"}
    all_there(clock)


def test_a_visit_of_the_wrong_person_is_taken_back_and_told_of_the_right_one(
    receiver, liar, clock, doctor, patient, station
):
    visit = a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    right = a_person(station, "Trần Thị Lan", cccd="051190000002")
    with scope.enter(scope_of(doctor)):
        new = moving.visit_move(
            visit_id=visit.pk, expected_version=visit.version, person=right, reason="Nhầm", override="đã xem"
        )
    assert set(worker.drain(clock=clock)) == {"stored"}
    whose = {f"Patient/{held['id']}": held["name"][0]["text"] for held in liar.store.of_type("Patient")}
    told = {
        held["identifier"][0]["value"]: (held["status"], whose[held["subject"]["reference"]])
        for held in liar.store.of_type("Encounter")
    }
    assert told == {
        f"urn:uuid:{visit.pk}": ("entered-in-error", patient.full_name),
        f"urn:uuid:{new.pk}": ("finished", "Trần Thị Lan"),
    }
    assert {
        whose[held["subject"]["reference"]]
        for held in liar.store.of_type("Observation")
        if held["status"] != "entered-in-error"
    } == {"Trần Thị Lan"}
    all_there(clock)


def test_a_corrected_person_is_sent_again(receiver, liar, clock, doctor, patient):
    a_finished_visit(patient, doctor)
    worker.drain(clock=clock)
    Person.unscoped.filter(pk=patient.pk).update(full_name="Nguyễn Thị Hoa", birth_date=dt.date(1990, 1, 1),
                                                 birth_precision="year")  # fmt: skip
    publish(PersonChanged(patient.pk, ("full_name",)))
    worker.drain(clock=clock)
    held = first(liar, "Patient")
    assert (held["name"][0]["text"], held["birthDate"]) == ("Nguyễn Thị Hoa", "1990")
    all_there(clock)


def test_the_port_says_where_a_visit_stands(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    port = ports.get(ports.SyncState)
    assert [line.word for line in port.of("visit", [visit.pk])[visit.pk]] == ["chờ gửi"]
    worker.drain(clock=clock)
    (line,) = port.of("visit", [visit.pk])[visit.pk]
    assert line.state == "accepted"
    assert line.word.startswith("đã tiếp nhận lúc ")


def test_the_end_is_taken_back_only_before_anybody_was_told(receiver, liar, clock, doctor, patient):
    visit = a_finished_visit(patient, doctor)
    assert not subscribers.hinders_undoing(visit.pk)
    worker.drain(clock=clock)
    assert subscribers.hinders_undoing(visit.pk)
