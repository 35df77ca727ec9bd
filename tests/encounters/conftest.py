"""A station with a doctor, a nurse, a patient and the few catalogue rows of a visit."""

import pytest

from apps.core.scope import enter
from tests.factories import encounters as make
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.patients import a_person, a_station


@pytest.fixture
def station(db):
    make.catalogues()
    return a_station()


@pytest.fixture
def doctor(station):
    return make.a_practitioner(station)


@pytest.fixture
def nurse(station):
    return make.a_practitioner(
        station, "Lê Thị Thu", grade="assistant", can_sign=False, licence_no="000789/QNG-GPHN"
    )


@pytest.fixture
def hoa(station):
    return a_person(station)


@pytest.fixture
def as_doctor(doctor):
    with enter(make.scope_of(doctor)) as scope:
        yield scope


def signed_in(role, practitioner, username):
    """A browser in which this practitioner is signed in with that role."""
    user = a_user(username, practitioner.full_name)
    practitioner.user = user
    practitioner.save()
    a_post(user, role, practitioner.facility, practitioner=practitioner)
    return client_of(user)


@pytest.fixture
def client(doctor):
    return signed_in("doctor", doctor, "binh.tv")


@pytest.fixture
def nurse_client(nurse):
    return signed_in("midwife", nurse, "thu.lt")


@pytest.fixture
def elsewhere(station):
    return signed_in(
        "doctor", make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan"), "lan.vt"
    )
