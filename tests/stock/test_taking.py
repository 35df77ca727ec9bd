"""Taking for a patient and putting back: first expired first, all or nothing, never below nothing."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.db.utils import DatabaseError
from django.utils import timezone

from apps.core import scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.core.scope import OutsideScope
from apps.stock import services
from apps.stock.models import StockBalance, StockMovement
from apps.stock.services import Source, Want
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_place, an_item, keeper_at

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
NOBODY: frozenset[str] = frozenset()


def take(item: Any, quantity: int, place: Any, source: Source | None = None, **fields: Any) -> Any:
    source = source or Source("prescription_line", uuid7())
    fields.setdefault("on", TODAY())
    return services.take(item_id=item.pk, quantity=quantity, location_id=place.pk, source=source, **fields)


def at(lot: Any, place: Any) -> int:
    return sum(StockBalance.unscoped.filter(lot=lot, location=place).values_list("quantity", flat=True))


def agrees() -> None:
    """Every balance is the sum of its movements."""
    for row in StockBalance.unscoped.all():
        moved = StockMovement.unscoped.filter(lot_id=row.lot_id, location_id=row.location_id)
        assert row.quantity == moved.aggregate(all=Sum("quantity"))["all"]


def test_it_works() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    late = a_lot(item, place, 100, "SAU")
    early = a_lot(item, place, 30, "TRUOC", expiry=TODAY() + dt.timedelta(days=20))
    source = Source("prescription_line", uuid7())
    with scope.enter(keeper_at(station, NOBODY)):  # who dispenses need not keep the store
        taken = take(item, 40, place, source)
        assert [(each.lot.number, each.quantity) for each in taken] == [("TRUOC", 30), ("SAU", 10)]
        assert "sớm nhất" in taken[0].why
        back = services.put_back(source=source, on=TODAY(), reason="Đơn hủy")
    assert (at(early, place), at(late, place)) == (30, 100)
    assert {row.kind for row in back} == {"return"}
    assert AuditEntry.objects.filter(action="stock.taken", object_id=source.id).count() == 1
    agrees()


def test_all_or_nothing_and_a_sentence_that_tells_why() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    a_lot(item, place, 5)
    a_lot(item, place, 50, "HET", expiry=TODAY() - dt.timedelta(days=1))
    a_lot(item, place, 50, "KHOA", state="blocked")
    with scope.enter(keeper_at(station)), pytest.raises(Refused) as refused:
        take(item, 6, place)
    assert "Kho chính chỉ còn 5 viên, cần 6 viên" in refused.value.message
    assert "lô KHOA bị khóa" in refused.value.message and "lô HET hết hạn" in refused.value.message
    assert not StockMovement.unscoped.filter(kind="dispense").exists()


def test_a_lot_is_used_through_its_last_day() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    a_lot(item, place, 5, expiry=TODAY())
    with scope.enter(keeper_at(station)):
        assert take(item, 5, place)


def test_several_items_go_together_or_not_at_all() -> None:
    station = a_station()
    one, two, place = an_item(station), an_item(station, "Amoxicilin 500mg"), a_place(station)
    a_lot(one, place, 10), a_lot(two, place, 1)
    source = Source("prescription", uuid7())
    with scope.enter(keeper_at(station)):
        with pytest.raises(Refused):
            services.take_all(
                [Want(one.pk, 4), Want(two.pk, 2)], location_id=place.pk, source=source, on=TODAY()
            )
        wants = [Want(one.pk, 4), Want(two.pk, 1), Want(one.pk, 2)]
        taken = services.take_all(wants, location_id=place.pk, source=source, on=TODAY())
    assert sorted(each.quantity for each in taken) == [1, 6]
    agrees()


@pytest.mark.parametrize("quantity", [0, -3])
def test_nothing_is_not_taken(quantity: int) -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    a_lot(item, place, 5)
    with scope.enter(keeper_at(station)), pytest.raises(Refused):
        take(item, quantity, place)


def test_tomorrow_has_not_come() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    a_lot(item, place, 5)
    with scope.enter(keeper_at(station)), pytest.raises(Refused, match="tương lai"):
        take(item, 1, place, on=TODAY() + dt.timedelta(days=1))


def test_putting_back_no_more_than_was_taken() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    lot = a_lot(item, place, 20)
    source = Source("prescription_line", uuid7())
    with scope.enter(keeper_at(station)):
        take(item, 10, place, source)
        services.put_back(source=source, on=TODAY(), quantities={lot.pk: 4}, reason="Cấp thừa")
        assert at(lot, place) == 14
        with pytest.raises(Refused, match="nhiều hơn"):
            services.put_back(source=source, on=TODAY(), quantities={lot.pk: 7}, reason="Cấp thừa")
        services.put_back(source=source, on=TODAY(), reason="Đơn hủy")
        with pytest.raises(Refused, match="hết từ trước"):
            services.put_back(source=source, on=TODAY(), reason="Đơn hủy")
        with pytest.raises(Refused, match="Không có gì"):
            services.put_back(source=Source("x", uuid7()), on=TODAY(), reason="Nhầm")
        with pytest.raises(Refused, match="lý do"):
            services.put_back(source=source, on=TODAY(), reason=" ")
    assert at(lot, place) == 20
    agrees()


def test_another_station_neither_sees_nor_takes() -> None:
    station, other = a_station(), a_station("21485", "Ba Vinh")
    item, place = an_item(station), a_place(station)
    a_lot(item, place, 20)
    theirs = a_place(other)
    source = Source("prescription_line", uuid7())
    with scope.enter(keeper_at(station)):
        take(item, 1, place, source)
    with scope.enter(keeper_at(other)):
        for there in (place, theirs):
            with pytest.raises(Refused):
                take(item, 1, there)
        with pytest.raises(Refused):
            services.put_back(source=source, on=TODAY(), reason="Nhầm")
        assert not StockBalance.objects.exists()
    with pytest.raises(OutsideScope):
        take(item, 1, place)


def test_a_village_worker_sees_no_stock() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    a_lot(item, place, 20)
    with scope.enter(keeper_at(station, hamlet_ids=frozenset())):
        assert not StockBalance.objects.exists()
        with pytest.raises(Refused):
            take(item, 1, place)


def test_the_ledger_is_never_changed() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    a_lot(item, place, 20)
    for attempt in (
        lambda: StockMovement.unscoped.update(quantity=1),
        lambda: StockMovement.unscoped.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


def test_the_database_refuses_less_than_nothing() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    a_lot(item, place, 20)
    with pytest.raises(IntegrityError, match="stock_balance_not_negative"), transaction.atomic():
        StockBalance.unscoped.update(quantity=-1)


def test_the_same_queries_for_one_lot_and_for_ten(django_assert_num_queries: Any) -> None:
    station = a_station()
    item, other, place = an_item(station), an_item(station, "Amoxicilin 500mg"), a_place(station)
    a_lot(item, place, 1)
    for number in range(10):
        a_lot(other, place, 1, f"L{number}")
    with scope.enter(keeper_at(station)):
        with django_assert_num_queries(9):
            take(item, 1, place)
        with django_assert_num_queries(9):
            take(other, 10, place)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def at_once(self, *works: Callable[[], Any]) -> list[Any]:
        """What each said, begun at the same moment on connections of their own."""
        together, said = threading.Barrier(len(works)), [None] * len(works)

        def run(number: int, work: Callable[[], Any]) -> None:
            try:
                together.wait(10)
                said[number] = work()
            except Exception as error:
                said[number] = error
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads), "they wait for each other"
        return said

    def test_of_two_who_want_the_last_box_one_gets_it(self) -> None:
        station = a_station()
        item, place = an_item(station), a_place(station)
        lot = a_lot(item, place, 100)

        def taking() -> Any:
            with scope.enter(keeper_at(station)):
                return take(item, 100, place)

        said = self.at_once(taking, taking, taking)
        assert sorted(type(each).__name__ for each in said) == ["Refused", "Refused", "list"]
        refused = next(each for each in said if isinstance(each, Refused))
        assert refused.message == "Paracetamol 500mg: Kho chính không còn, cần 1 hộp."
        assert at(lot, place) == 0
        agrees()

    def test_in_opposite_order_nobody_waits_for_ever(self) -> None:
        station = a_station()
        one, two, place = an_item(station), an_item(station, "Amoxicilin 500mg"), a_place(station)
        a_lot(one, place, 100), a_lot(two, place, 100)

        def taking(first: Any, second: Any) -> Callable[[], Any]:
            def work() -> Any:
                with scope.enter(keeper_at(station)):
                    return services.take_all(
                        [Want(first.pk, 10), Want(second.pk, 10)],
                        location_id=place.pk,
                        source=Source("prescription", uuid7()),
                        on=TODAY(),
                    )

            return work

        said = self.at_once(*[taking(one, two), taking(two, one)] * 3)
        assert all(isinstance(each, list) for each in said), said
        assert StockBalance.unscoped.aggregate(all=Sum("quantity"))["all"] == 200 - 6 * 20
        agrees()

    def test_put_back_twice_at_once_comes_back_once(self) -> None:
        station = a_station()
        item, place = an_item(station), a_place(station)
        lot = a_lot(item, place, 100)
        source = Source("prescription_line", uuid7())
        with scope.enter(keeper_at(station)):
            take(item, 60, place, source)

        def putting() -> Any:
            with scope.enter(keeper_at(station)):
                return services.put_back(source=source, on=TODAY(), reason="Đơn hủy")

        said = self.at_once(putting, putting)
        assert sorted(type(each).__name__ for each in said) == ["Refused", "list"]
        assert at(lot, place) == 100
        agrees()
