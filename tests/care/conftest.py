"""A station with a nurse, a doctor and two people: a woman with high pressure and a baby."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.scope import enter
from tests.factories import encounters as make
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.patients import a_person, a_station, scope_at


@pytest.fixture
def station(db):
    make.catalogues()
    return a_station()


@pytest.fixture
def hoa(station):
    return a_person(station, birth_date=dt.date(1960, 3, 5), phone="0912345678")


@pytest.fixture
def baby(station):
    born = timezone.localdate() - dt.timedelta(days=200)
    return a_person(station, "Đinh Gia Bảo", birth_date=born, sex="male")


def signed_in(role, station, username, full_name="Lê Thị Thu"):
    practitioner = make.a_practitioner(station, full_name, grade="assistant", can_sign=False)
    user = a_user(username, full_name)
    practitioner.user = user
    practitioner.save()
    a_post(user, role, station, practitioner=practitioner)
    return client_of(user)


@pytest.fixture
def nurse(station):
    return signed_in("nurse", station, "thu.lt")


@pytest.fixture
def stranger(station):
    return signed_in("nurse", a_station("21490", "Trạm Y tế xã Ba Vì"), "lan.vt", "Võ Thị Lan")


@pytest.fixture
def at_work(station):
    """The body works as a nurse of the station."""
    with enter(scope_at(station, full_name="Lê Thị Thu")) as scope:
        yield scope
