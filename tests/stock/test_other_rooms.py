"""What other rooms ask: the item of a code, how much may be used, from where one dispenses."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core import scope
from apps.core.errors import Refused
from apps.core.rules import BadInput, evaluate
from apps.stock import keeping, queries
from apps.stock.models import StockItem, StockLocation
from tests.factories.catalogues import a_drug, a_supply
from tests.factories.facilities import a_point, a_station
from tests.factories.stock import a_lot, a_place, an_item, keeper_at

TODAY = timezone.localdate


@pytest.mark.django_db
def test_it_works() -> None:
    station, other = a_station(), a_station("21485", "Ba Vinh")
    here = keeper_at(station)
    item = an_item(station, code="TD001.1")
    an_item(station, "Paracetamol, chương trình", code="TD001.1", programme="malaria")
    an_item(other, code="TD001.1")
    place, desk = a_place(station), a_place(station, "Quầy", dispenses=True)
    a_lot(item, place, 30), a_lot(item, desk, 10)
    a_lot(item, desk, 50, state="held"), a_lot(item, desk, 50, expiry=TODAY() - dt.timedelta(days=1))
    with scope.enter(here):
        assert queries.items_of(here, ["TD001.1", "TD999"]) == {"TD001.1": item}
        assert queries.usable(here, [item.pk], on=TODAY()) == {item.pk: 40}
        assert queries.usable(here, [item.pk], location_id=desk.pk, on=TODAY()) == {item.pk: 10}
        assert queries.dispensing_places(here) == [desk]


@pytest.mark.django_db
def test_who_works_at_a_point_dispenses_from_its_cupboard() -> None:
    station = a_station()
    point = a_point(station)
    desk = a_place(station, "Quầy", dispenses=True)
    cupboard = a_place(station, "Tủ ở điểm", dispenses=True, point=point)
    assert queries.dispensing_places(keeper_at(station)) == [desk]
    assert queries.dispensing_places(keeper_at(station, point_id=point.pk)) == [cupboard]


@pytest.mark.django_db
def test_an_item_is_made_from_its_row_of_the_catalogue_once() -> None:
    station = a_station()
    a_drug("TD021.1", "Diazepam", "5mg", controlled="psychotropic")
    a_drug("TD300.1", "Risperidon", "2mg", programme="sức khỏe tâm thần cộng đồng")
    a_supply()
    with scope.enter(keeper_at(station)):
        item = keeping.item_for("drug", "TD021.1")
        assert (item.name, item.unit, item.controlled) == ("Diazepam 5mg", "Viên", "psychotropic")
        assert keeping.item_for("drug", "TD021.1") == item
        assert keeping.item_for("drug", "TD300.1").programme == "mental"
        assert keeping.item_for("supply", "VT001").kind == "supply"
        with pytest.raises(Refused, match="danh mục"):
            keeping.item_for("drug", "KHONG-CO")
    assert StockItem.unscoped.count() == 3


@pytest.mark.django_db
def test_items_that_cannot_be() -> None:
    station = a_station()
    data = keeping.ItemInput(kind="supply", name="Que đè lưỡi", unit="Cái", packs=[("Hộp", 100)])
    with scope.enter(keeper_at(station)):
        item = keeping.item_add(data=data)
        for wrong in (
            data,  # there already
            keeping.ItemInput(kind="supply", name=" ", unit="Cái"),
            keeping.ItemInput(kind="supply", name="Gạc", unit=""),
            keeping.ItemInput(kind="supply", name="Gạc", unit="Cái", packs=[("Hộp", 1)]),
            keeping.ItemInput(kind="supply", name="Gạc", unit="Cái", minimum=-1),
        ):
            with pytest.raises(Refused):
                keeping.item_add(data=wrong)
        a_lot(item, a_place(station), 5)
        for change in ({"unit": "Hộp"}, {"is_active": False}):
            named = {"kind": "supply", "name": "Que đè lưỡi", "unit": "Cái"} | change
            with pytest.raises(Refused):
                keeping.item_change(
                    item_id=item.pk,
                    data=keeping.ItemInput(**named),
                    expected_version=item.version,
                )


@pytest.mark.django_db
def test_places_stand_in_each_other_and_never_in_a_circle() -> None:
    station = a_station()
    with scope.enter(keeper_at(station)):
        store = keeping.store_of(station.pk)
        assert keeping.store_of(station.pk) == store and store.dispenses
        fridge = keeping.place_add(
            data=keeping.PlaceInput(kind="refrigerator", name="Tủ lạnh 1", parent_id=store.pk)
        )
        inside = keeping.PlaceInput(kind="store", name=store.name, parent_id=fridge.pk)
        with pytest.raises(Refused, match="chính nó"):
            keeping.place_change(place_id=store.pk, data=inside, expected_version=store.version)
        with pytest.raises(Refused, match="Đã có nơi"):
            keeping.place_add(data=keeping.PlaceInput(kind="store", name="tủ lạnh 1"))
        a_lot(an_item(station), fridge, 5)
        with pytest.raises(Refused, match="còn hàng"):
            keeping.place_change(
                place_id=fridge.pk,
                expected_version=fridge.version,
                data=keeping.PlaceInput(kind="refrigerator", name="Tủ lạnh 1", is_active=False),
            )
    assert StockLocation.unscoped.count() == 2


@pytest.mark.django_db
def test_a_lot_changes_its_state_with_a_reason() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    lot = a_lot(item, place, 5)
    with scope.enter(keeper_at(station)):
        with pytest.raises(Refused, match="lý do"):
            keeping.lot_state_set(lot_id=lot.pk, state="blocked", reason="", expected_version=1)
        keeping.lot_state_set(lot_id=lot.pk, state="blocked", reason="Thu hồi", expected_version=1)
        assert queries.usable(keeper_at(station), [item.pk], on=TODAY()) == {item.pk: 0}


def test_the_bench() -> None:
    lots = [
        {"lot": "A", "quantity": 10, "expiry": "2027-06"},
        {"lot": "B", "quantity": 10, "expiry": "31/12/2026", "state": "usable"},
        {"lot": "C", "quantity": 10, "expiry": "2026-12-01", "state": "blocked"},
    ]
    found = evaluate("stock.fefo", {"quantity": 25, "on": "2026-11-29", "lots": lots})
    assert [(each["lot"], each["quantity"]) for each in found["taken"]] == [("B", 10), ("A", 10)]
    assert found["short"] == 5 and found["passed"][0]["why"] == "bị khóa"
    found = evaluate(
        "stock.base_units",
        {
            "unit": "Viên",
            "packs": [{"name": "Hộp", "factor": 100}],
            "counts": [{"count": 2, "pack": "hộp"}, {"count": 3}],
        },
    )
    assert found == {"quantity": 203, "words": "2 hộp 3 viên"}
    found = evaluate("stock.expiry", {"expiry": "11/2026", "on": "2026-11-29"})
    assert (found["last_day"], found["usable"], found["class"]) == ("2026-11-30", True, "urgent")


@pytest.mark.parametrize(
    ("rule", "values", "field"),
    [
        ("stock.fefo", {"quantity": 0, "on": "2026-11-29", "lots": []}, "quantity"),
        ("stock.fefo", {"quantity": 1, "on": "2026-11-29", "lots": [1]}, "lots"),
        ("stock.fefo", {"quantity": 1, "on": "2026-11-29", "lots": [{"lot": "A"}]}, "lots[0].quantity"),
        ("stock.base_units", {"unit": "Viên", "packs": [], "counts": [{"count": -1}]}, "count"),
        (
            "stock.base_units",
            {"unit": "Viên", "packs": [{"name": "Viên", "factor": 2}], "counts": []},
            "packs",
        ),
        ("stock.expiry", {"expiry": "13/2027", "on": "2026-11-29"}, "expiry"),
        ("stock.expiry", {"expiry": "12/2027", "on": "mai"}, "on"),
        ("stock.expiry", {"expiry": "12/2027", "on": "2026-11-29", "bounds": [1]}, "bounds"),
    ],
)
def test_the_bench_names_what_it_cannot_answer(rule: str, values: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as bad:
        evaluate(rule, values)
    assert bad.value.field == field
