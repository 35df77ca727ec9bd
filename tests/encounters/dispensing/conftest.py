"""A station with a desk, a doctor who prescribes, a pharmacist who gives out."""

import pytest

from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station


@pytest.fixture
def station(db):
    make.catalogues()
    give.rules()
    return a_station()


@pytest.fixture
def doctor(station):
    return make.a_practitioner(station)


@pytest.fixture
def pharmacist(station):
    return make.a_practitioner(station, "Lê Thị Dược", grade="pharmacist", can_sign=False)


@pytest.fixture
def hoa(station):
    return a_person(station)


@pytest.fixture
def desk(station):
    return give.a_desk(station)


@pytest.fixture
def lot(desk):
    """A hundred tablets of paracetamol on the desk."""
    return give.a_stock(desk)


@pytest.fixture
def visit(hoa, doctor):
    """Ten tablets of paracetamol, prescribed and signed."""
    return give.a_prescription(hoa, doctor)
