"""An appointment that reception has kept is planned again when she leaves unseen."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.care.models import Appointment
from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.encounters import services
from apps.encounters.desk import reception
from apps.encounters.models import Visit
from apps.facilities.models import Practitioner
from apps.patients.models import DueItem, Person
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station


@pytest.fixture
def doctor(db: None) -> Practitioner:
    make.catalogues()
    return make.a_practitioner(a_station())


@pytest.fixture
def hoa(doctor: Practitioner) -> Person:
    return a_person(doctor.facility)


def expected(person: Person, doctor: Practitioner, days: int = 0) -> Appointment:
    return Appointment.unscoped.create(
        person=person,
        facility=doctor.facility,
        performer=doctor,
        occurred_at=timezone.now() - dt.timedelta(days=10),
        on=timezone.localdate() + dt.timedelta(days=days),
        source_kind="visit",
        source_id=uuid7(),
    )


def left(visit: Visit, doctor: Practitioner) -> Visit:
    with enter(make.scope_of(doctor)):
        return reception.visit_left(visit_id=visit.pk, expected_version=visit.version)


def test_it_works(doctor: Practitioner, hoa: Person) -> None:
    appointment = expected(hoa, doctor)
    visit = make.a_visit(hoa, doctor)
    appointment.refresh_from_db()
    assert (appointment.state, appointment.met_by) == ("came", visit.pk)
    visit = left(visit, doctor)
    appointment.refresh_from_db()
    assert (appointment.state, appointment.met_by) == ("planned", None)
    assert DueItem.unscoped.get(object_id=appointment.pk).state == "open"
    with enter(make.scope_of(doctor)):
        reception.visit_return(visit_id=visit.pk, expected_version=visit.version)
    appointment.refresh_from_db()
    assert (appointment.state, appointment.met_by) == ("came", visit.pk)


def test_what_she_came_for_with_an_earlier_visit_stays_kept(doctor: Practitioner, hoa: Person) -> None:
    appointment = expected(hoa, doctor)
    make.an_examined_visit(hoa, doctor)
    second = make.a_visit(hoa, doctor)
    left(second, doctor)
    appointment.refresh_from_db()
    assert appointment.state == "came"


def test_a_visit_entered_in_error_kept_nothing(doctor: Practitioner, hoa: Person) -> None:
    appointment = expected(hoa, doctor)
    visit = make.a_visit(hoa, doctor)
    with enter(make.scope_of(doctor)):
        services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="nhầm")
    appointment.refresh_from_db()
    assert appointment.state == "planned"


def test_what_is_too_late_now_was_missed(doctor: Practitioner, hoa: Person) -> None:
    appointment = expected(hoa, doctor)
    visit = make.a_visit(hoa, doctor)
    Appointment.unscoped.update(on=timezone.localdate() - dt.timedelta(days=200))
    with enter(make.scope_of(doctor)):
        services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="nhầm")
    appointment.refresh_from_db()
    assert appointment.state == "missed"
