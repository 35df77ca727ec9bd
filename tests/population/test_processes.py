"""Several processes write a population together."""

import datetime as dt

import pytest

from apps.core import scope
from apps.encounters.models import Visit
from apps.patients.models import Person
from apps.population.ahead import ahead
from apps.population.making import Order, make
from tests.factories.population import ground

ON = dt.date(2026, 11, 20)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_works() -> None:
    ground("21484", "21040")
    told: list[int] = []
    order = Order(people=60, seed=5, on=ON, stations=2, years=1, processes=2)
    make(order, lambda done, total: told.append(done))
    assert told == [30, 60]
    with scope.system("test"):
        assert Person.objects.count() == 60
        assert Visit.objects.filter(on=ON).count() == 30


def test_things_made_ahead_arrive_in_order() -> None:
    assert list(ahead(iter(range(50)), depth=3)) == list(range(50))


def test_an_error_ahead_comes_out_where_it_is_waited_for() -> None:
    with pytest.raises(ZeroDivisionError):
        list(ahead((1 // (3 - n) for n in range(9)), depth=2))


def test_who_stops_taking_stops_the_making() -> None:
    for each in ahead(iter(range(1_000_000)), depth=2):
        if each == 3:
            break
