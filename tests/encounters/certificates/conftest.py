"""A station with a doctor who signs, a nurse, a patient, a hospital in the province."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.scope import enter
from tests import databases
from tests.encounters.conftest import signed_in
from tests.factories import certificates as papers
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station


@pytest.fixture(scope="module")
def lists(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The catalogues of a visit and of its papers: made once for all tests of a file."""
    with databases.made_once(django_db_blocker):
        make.catalogues()
        papers.lists()
        yield


@pytest.fixture
def station(lists, db):
    station = a_station()
    papers.a_hospital(station)
    return station


@pytest.fixture
def doctor(station):
    return make.a_practitioner(station)


@pytest.fixture
def hoa(station):
    return a_person(station, cccd="051190000123")


@pytest.fixture
def visit(hoa, doctor):
    """A visit that ended usually."""
    return papers.an_ended_visit(hoa, doctor)


@pytest.fixture
def referred(hoa, doctor):
    """A visit that ended with a transfer."""
    return papers.an_ended_visit(hoa, doctor, outcome="2")


@pytest.fixture
def as_doctor(doctor):
    with enter(papers.signer_scope(doctor)) as scope:
        yield scope


@pytest.fixture
def client(doctor):
    return signed_in("doctor", doctor, "binh.tv")
