"""The demo's desk has given out on most of the latest prescriptions."""

import pytest
from django.utils import timezone

from apps.encounters.models import Dispensing, MedicineReturn
from apps.population import stores
from apps.population.desk import desk
from apps.stock.models import StockBalance, StockItem, StockLocation
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


def test_a_store_has_a_drug_that_two_people_answer_for(station):
    make.a_drug("TD021.1", "Diazepam", strength="5mg", unit="Viên", controlled="psychotropic")
    assert stores.fill(station, seed=1, slot=1, on=timezone.localdate()) > 0
    counter = StockLocation.unscoped.get(station=station, kind="point")
    item = StockItem.unscoped.get(station=station, code="TD021.1")
    assert item.controlled == "psychotropic"
    assert StockBalance.unscoped.filter(lot__item=item, location=counter, quantity__gte=30).exists()
