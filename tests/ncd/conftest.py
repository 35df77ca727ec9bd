"""A station with a doctor, a nurse, and somebody who is followed for hypertension."""

import datetime as dt

import pytest

from apps.core.scope import enter
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories import ncd
from tests.factories.catalogues import a_code
from tests.factories.patients import a_person, a_station


@pytest.fixture
def station(db):
    make.catalogues()
    make.an_icd10("I10", "Tăng huyết áp vô căn", edition="qd4469")  # of visits up to 30/06/2026
    make.an_icd10("E11", "Đái tháo đường típ 2", flags={"long_rx_max_days": 90})
    for code, name in (("hypertension", "Tăng huyết áp"), ("diabetes", "Đái tháo đường")):
        a_code("care_programme", code, name)
    make.a_drug("TD060.1", "Amlodipin", strength="5mg")
    return a_station()


@pytest.fixture
def doctor(station):
    return make.a_practitioner(station)


@pytest.fixture
def lan(station):
    return a_person(station, "Phạm Thị Lan", birth_date=dt.date(1968, 3, 2))


@pytest.fixture
def enrolment(lan):
    return ncd.an_old_enrolment(lan)


@pytest.fixture
def client(doctor):
    return signed_in("doctor", doctor, "binh.tv")


@pytest.fixture
def head_client(station):
    return signed_in("station_head", make.a_practitioner(station, "Đỗ Thị Trưởng"), "truong.dt")


@pytest.fixture
def elsewhere(station):
    return signed_in(
        "doctor", make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan"), "lan.vt"
    )


@pytest.fixture
def as_doctor(doctor):
    with enter(ncd.scope_of(doctor)) as scope:
        yield scope
