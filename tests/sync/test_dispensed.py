"""Medicines that were given out, from the desk to the receiver."""

import pytest

from apps.core.scope import enter
from apps.encounters import moving
from apps.encounters.dispensing import services
from apps.encounters.dispensing.inputs import BackInput
from apps.encounters.models import Dispensing, DispensingLot
from apps.sync import worker
from apps.sync.models import OutboxRow
from tests.factories import dispensing as desk_of
from tests.factories.encounters import a_practitioner, catalogues, scope_of
from tests.factories.patients import a_person, a_station
from tests.factories.sync import all_there

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    catalogues()
    desk_of.rules()
    return a_practitioner(a_station())


@pytest.fixture
def desk(doctor):
    return desk_of.a_desk(doctor.facility)


@pytest.fixture
def lot(desk):
    return desk_of.a_stock(desk, number="B12")


@pytest.fixture
def visit(doctor):
    return desk_of.a_prescription(a_person(doctor.facility, "Đinh Văn Tám"), doctor)


def give(doctor, visit, desk, lot, quantity=10):
    return desk_of.given(doctor, visit, desk, desk_of.part(visit, quantity, lot.item))


def told(liar):
    return liar.store.of_type("MedicationDispense")


def test_it_works(receiver, liar, clock, doctor, visit, desk, lot):
    """Given out after the visit was sent: the visit goes again, with it."""
    worker.drain(clock=clock)
    assert told(liar) == []
    give(doctor, visit, desk, lot)
    assert OutboxRow.unscoped.filter(state="pending").count() == 1
    worker.drain(clock=clock)
    (given,) = told(liar)
    (asked,) = liar.store.of_type("MedicationRequest")
    assert given["authorizingPrescription"] == [{"reference": f"MedicationRequest/{asked['id']}"}]
    assert (given["status"], given["quantity"]["value"]) == ("completed", 10)
    assert "B12" in given["note"][0]["text"]


def test_what_comes_back_is_told(receiver, liar, clock, doctor, visit, desk, lot):
    act = give(doctor, visit, desk, lot)
    row = DispensingLot.unscoped.get()
    with enter(desk_of.a_scope(doctor)):
        services.medicines_back(
            dispensing_id=act.pk,
            expected_version=Dispensing.unscoped.get().version,
            data=BackInput({row.pk: 4}, "Hết triệu chứng"),
        )
    worker.drain(clock=clock)
    (given,) = told(liar)
    assert given["status"] == "completed" and "Đã trả lại 4" in given["note"][-1]["text"]


def test_a_cancelled_act_is_taken_back(receiver, liar, clock, doctor, visit, desk, lot):
    act = give(doctor, visit, desk, lot)
    worker.drain(clock=clock)
    with enter(desk_of.a_scope(doctor)):
        services.dispensing_cancel(
            dispensing_id=act.pk, expected_version=Dispensing.unscoped.get().version, reason="Nhầm người"
        )
    worker.drain(clock=clock)
    assert [each["status"] for each in told(liar)] == ["entered-in-error"]


def test_a_lost_answer_doubles_nothing(receiver, liar, clock, doctor, visit, desk, lot):
    worker.drain(clock=clock)
    liar.faults.add("drop_after_commit")
    give(doctor, visit, desk, lot)
    worker.drain(clock=clock)
    clock.forward(60)
    worker.drain(clock=clock)
    assert len(told(liar)) == 1 and not OutboxRow.unscoped.exclude(state="accepted").exists()


def test_it_follows_to_the_right_person(receiver, liar, clock, doctor, visit, desk, lot):
    """Whichever of the two visits the receiver hears of last."""
    give(doctor, visit, desk, lot)
    worker.drain(clock=clock)
    other = a_person(doctor.facility, "Đinh Văn Chín")
    visit.refresh_from_db()
    rights = scope_of(doctor).rights | desk_of.ALL
    with enter(scope_of(doctor, rights=rights)):
        new = moving.visit_move(
            visit_id=visit.pk, expected_version=visit.version, person=other, reason="Nhầm", override="đúng"
        )
    worker.drain(clock=clock)
    by_patient = {each["context"]["reference"]: each["status"] for each in told(liar)}
    encounters = {
        f"Encounter/{each['id']}": each["identifier"][0]["value"] for each in liar.store.of_type("Encounter")
    }
    assert {encounters[where]: status for where, status in by_patient.items()} == {
        f"urn:uuid:{visit.pk}": "entered-in-error",
        f"urn:uuid:{new.pk}": "completed",
    }
    all_there(clock)
