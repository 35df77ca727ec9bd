"""Several processes write a population together."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core import scope
from apps.core.models import Parameter
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
    made: list[int] = []

    def things() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    for each in ahead(things(), depth=2):
        if each == 3:
            break
    assert 4 <= len(made) <= 7, "four taken, two waiting, one in hand"


@pytest.mark.django_db(transaction=True)
def test_what_is_read_ahead_gives_its_connection_back() -> None:
    used: list[BaseDatabaseWrapper] = []

    def reading() -> Iterator[int]:
        used.append(connections["default"])
        yield Parameter.objects.count()

    list(ahead(reading()))
    assert used[0] is not connections["default"]
    assert used[0].connection is None
