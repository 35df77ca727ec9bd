"""A station with its till: prices, a head and a nurse who takes money."""

import pytest

from apps.core.scope import enter
from tests.factories import encounters as make
from tests.factories import money as till
from tests.factories.patients import a_person, a_station


@pytest.fixture
def station(db):
    make.catalogues()
    till.till()
    return a_station()


@pytest.fixture
def doctor(station):
    return make.a_practitioner(station)


@pytest.fixture
def hoa(station):
    return a_person(station)


@pytest.fixture
def visit(hoa, doctor):
    """A visit that she pays herself."""
    return make.a_visit(hoa, doctor, payer="fee")


@pytest.fixture
def as_head(station):
    with enter(till.a_scope(station)) as scope:
        yield scope


@pytest.fixture
def as_nurse(station):
    with enter(till.a_scope(station, till.CASHIER)) as scope:
        yield scope
