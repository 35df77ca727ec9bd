"""The demo's desk has given out on most of the latest prescriptions."""

import pytest

from apps.encounters.models import Dispensing, MedicineReturn
from apps.population.desk import desk
from tests.encounters.conftest import signed_in
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station


@pytest.fixture
def station(db):
    make.catalogues()
    give.rules()
    return a_station()


def test_it_works(station):
    doctor = make.a_practitioner(station)
    pharmacist = make.a_practitioner(station, "Lê Thị Dược", grade="pharmacist", can_sign=False)
    signed_in("pharmacist", pharmacist, "duocsi")
    place = give.a_desk(station)
    give.a_stock(place, 200)
    for number in range(12):
        give.a_prescription(a_person(station, f"Người {number}"), doctor, make.PARACETAMOL, give.SIX_TABLETS)
    assert desk(station) == 6
    kinds = {row.kind for act in Dispensing.unscoped.all() for row in give.rows(act)}
    assert kinds == {"given", "outside"} and MedicineReturn.unscoped.count() == 1
    give.agrees()
    assert desk(station) == 0, "a second time changes nothing"


def test_without_a_pharmacist_or_a_desk_nothing_is_given(station):
    assert desk(station) == 0
    pharmacist = make.a_practitioner(station, "Lê Thị Dược", grade="pharmacist", can_sign=False)
    signed_in("pharmacist", pharmacist, "duocsi")
    assert desk(station) == 0
