"""The stock over the API: items with their lots, of one's own station, read alone."""

from typing import Any

from django.test import Client

from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_place, an_item
from tests.stock.conftest import Store


def test_it_works(store: Store, desk: Client) -> None:
    item, place = an_item(store.station, code="TD001.1"), a_place(store.station)
    a_lot(item, place, 30), a_lot(item, place, 5, "KHOA", state="blocked")
    an_item(a_station("21485", "Ba Vinh"), "Thuốc trạm khác")
    answer = desk.get("/api/stock/?code=TD001.1").json()["results"]
    assert [row["label"] for row in answer] == ["TD001.1"]
    there = {row["number"]: (row["quantity"], row["usable"]) for row in answer[0]["there"]}
    assert there == {"L1": (30, True), "KHOA": (5, False)}
    assert desk.get(f"/api/stock/{item.pk}/").json()["unit"] == "Viên"
    assert desk.post("/api/stock/", {}, content_type="application/json").status_code == 405


def test_strangers(store: Store) -> None:
    item = an_item(store.station)
    stranger = client_of(a_member("pharmacist", a_station("21485", "Ba Vinh"), "la"))
    assert stranger.get(f"/api/stock/{item.pk}/").status_code == 404
    assert stranger.get("/api/stock/").json()["results"] == []
    assert client_of(a_member("population", store.station, "ds")).get("/api/stock/").status_code == 403


def test_the_same_queries_at_2_and_at_20_rows(
    store: Store, desk: Client, django_assert_max_num_queries: Any
) -> None:
    place = a_place(store.station)

    def asked() -> int:
        with django_assert_max_num_queries(12) as seen:
            assert desk.get("/api/stock/").status_code == 200
        return len(seen)

    for number in range(2):
        a_lot(an_item(store.station, f"Thuốc {number}"), place, 5)
    asked()  # the first call of a session is not the usual one
    few = asked()
    for number in range(2, 20):
        a_lot(an_item(store.station, f"Thuốc {number}"), place, 5)
    assert asked() == few
