"""What is entered late: no day between then and now may end below nothing."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core import scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.stock import ledger, services
from apps.stock.ledger import Move, Source
from apps.stock.models import Lot, StockBalance, StockItem, StockLocation
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_place, an_item, keeper_at

pytestmark = pytest.mark.django_db


def day(ago: int) -> dt.date:
    return timezone.localdate() - dt.timedelta(days=ago)


def moved(lot: Lot, place: StockLocation, quantity: int, ago: int) -> None:
    with scope.system("test"), transaction.atomic():
        ledger.items_lock([lot.item_id])
        kind = "receive" if quantity > 0 else "issue"
        ledger.write([Move(kind, lot.pk, place.pk, quantity)], source=Source("test", uuid7()), on=day(ago))


@pytest.fixture
def shelf() -> tuple[StockItem, StockLocation, Lot]:
    """50 came ten days ago, 40 of them left five days ago, 30 came today: 40 lie there now."""
    station = a_station()
    item, place = an_item(station), a_place(station)
    lot = a_lot(item, since=day(10))
    for quantity, ago in ((50, 10), (-40, 5), (30, 0)):
        moved(lot, place, quantity, ago)
    return item, place, lot


def take(shelf: Any, quantity: int, ago: int) -> Any:
    item, place, _ = shelf
    with scope.enter(keeper_at(item.station, frozenset())):
        return services.take(
            item_id=item.pk,
            quantity=quantity,
            location_id=place.pk,
            source=Source("prescription_line", uuid7()),
            on=day(ago),
        )


def test_it_works(shelf: Any) -> None:
    take(shelf, 10, 7)
    assert StockBalance.unscoped.get().quantity == 30
    with pytest.raises(Refused, match="không còn"):
        take(shelf, 1, 7)  # the ten that were left five days ago are gone
    take(shelf, 30, 0)
    assert StockBalance.unscoped.get().quantity == 0


@pytest.mark.parametrize(("ago", "most"), [(12, 0), (10, 10), (7, 10), (5, 10), (1, 10), (0, 40)])
def test_so_much_may_leave_as_the_least_of_the_days_since(shelf: Any, ago: int, most: int) -> None:
    with scope.system("test"):
        assert max(ledger.spare(list(StockBalance.unscoped.all()), day(ago)).popitem()[1], 0) == most
    with pytest.raises(Refused):
        take(shelf, most + 1, ago)
    if most:
        take(shelf, most, ago)


def test_the_ledger_refuses_too(shelf: Any) -> None:
    _, place, lot = shelf
    with pytest.raises(Refused, match=r"chỉ xuất được 10 viên|chỉ xuất được 1 vỉ"):
        moved(lot, place, -11, 7)
    assert StockBalance.unscoped.get().quantity == 40


def test_another_lot_that_lay_there_then_is_taken(shelf: Any) -> None:
    item, place, _ = shelf
    other = a_lot(item, number="L2", expiry=day(-700), since=day(20))
    moved(other, place, 100, 20)
    taken = take(shelf, 25, 6)
    assert [(each.lot.number, each.quantity) for each in taken] == [("L1", 10), ("L2", 15)]


def test_as_many_queries_for_many_lots(shelf: Any, django_assert_num_queries: Any) -> None:
    item, place, _ = shelf
    for number in range(5):
        moved(a_lot(item, number=f"N{number}"), place, 5, 3)
    rows = list(StockBalance.unscoped.all())
    with django_assert_num_queries(1):
        ledger.spare(rows, day(4))
    with django_assert_num_queries(0):
        ledger.spare(rows, day(0))
