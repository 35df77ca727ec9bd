"""The demo's own price list: for the usual orders that are priced elsewhere alone, marked as invented."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.catalogues.models import ServicePrice
from apps.encounters.ordering import catalogue
from apps.population import prices
from tests.factories.catalogues import a_code, a_service
from tests.factories.orders import a_price
from tests.factories.patients import a_station

ON = timezone.localdate


@pytest.fixture
def province(db):
    station = a_station()
    for code, name in (("G.1", "Đường máu mao mạch"), ("G.2", "HBsAg"), ("G.3", "Siêu âm")):
        a_service(code, name)
        a_code(catalogue.SERVICES, code, name)
    a_price("G.1", 16_000, payer="bhyt", area="Cần Thơ", valid_from=dt.date(2020, 1, 1))
    a_price("G.2", 50_000, payer="bhyt", area="Cần Thơ", valid_from=dt.date(2020, 1, 1))
    a_price("G.2", 49_000, payer="bhyt", area="", valid_from=dt.date(2020, 1, 1))
    return station.unit.parent


def price(code, province, payer="bhyt"):
    return catalogue.prices([code], payer=payer, province=province.name, on=ON())[code]


def test_it_works(province):
    assert price("G.1", province).price is None
    assert prices.prices(province.code, ON()) == 1
    found = price("G.1", province)
    assert (found.price, found.source) == (16_000, prices.SOURCE)
    assert price("G.1", province, payer="fee").price is None  # nobody has said what she pays herself
    assert (price("G.2", province).price, price("G.3", province).price) == (49_000, None)
    assert prices.prices(province.code, ON()) == 0


def test_a_list_that_new_catalogues_have_ended_begins_anew(province):
    prices.prices(province.code, ON())
    ServicePrice.objects.filter(source=prices.SOURCE).update(valid_to=ON() - dt.timedelta(days=1))
    ServicePrice.objects.filter(source=prices.SOURCE).update(valid_from=ON() - dt.timedelta(days=2))
    assert prices.prices(province.code, ON()) == 1
    assert price("G.1", province).price == 16_000


def test_a_province_that_is_not_there(db):
    assert prices.prices("00", ON()) == 0
