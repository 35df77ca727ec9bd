"""A station with a doctor, a nurse, a patient and the few catalogue rows of a visit."""

import pytest

from apps.core.scope import enter
from tests.factories import encounters as make
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
    return make.a_practitioner(station, "Lê Thị Thu", grade="nurse", can_sign=False)


@pytest.fixture
def hoa(station):
    return a_person(station)


@pytest.fixture
def as_doctor(doctor):
    with enter(make.scope_of(doctor)) as scope:
        yield scope
