"""What a row of a paper says the moment it is written: what lies there, whether its price is odd."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.stock.models import DocumentLine, Lot, StockDocument
from tests.factories.stock import a_lot, a_place, an_item
from tests.stock.conftest import Store
from tests.stock.test_pages import begin, received, row

TODAY = timezone.localdate


@pytest.fixture
def transfer(store: Store, desk: Client) -> StockDocument:
    shelf, counter = a_place(store.station), a_place(store.station, "Quầy cấp phát", kind="point")
    item = an_item(store.station, "Losartan 50mg", label="R001")
    a_lot(item, shelf, 30, "SOM", expiry=TODAY() + dt.timedelta(days=40))
    a_lot(item, shelf, 100, "SAU")
    a_lot(item, shelf, 500, "GIU", state="held")
    return begin(desk, "chuyen", to_location=str(counter.pk))


def test_a_row_tells_what_lies_there(desk: Client, transfer: StockDocument) -> None:
    answer = row(desk, transfer, item="R001", count="50").json()
    assert answer["message"] == "50 viên · Kho chính đang có 1 hộp 3 vỉ"
    answer = row(desk, transfer, item="R001", count="2", lot="GIU").json()
    assert answer["message"] == "2 viên · Kho chính đang có 5 hộp"


def test_too_much_is_refused_at_once(desk: Client, transfer: StockDocument) -> None:
    answer = row(desk, transfer, item="R001", count="5000")
    assert answer.status_code == 422
    assert "chỉ còn 1 hộp 3 vỉ dùng được" in answer.json()["errors"]["count"]
    assert row(desk, transfer, item="R001", count="100").status_code == 200
    assert row(desk, transfer, item="R001", count="31").status_code == 422, "with what the first row takes"
    assert DocumentLine.unscoped.filter(document=transfer).count() == 1


def test_the_review_shows_the_lots_that_will_be_taken(desk: Client, transfer: StockDocument) -> None:
    row(desk, transfer, item="R001", count="50")
    page = desk.get(f"/kho/phieu/{transfer.pk}/ghi-so/").content.decode()
    assert "SOM" in page and "SAU" in page and "GIU" not in page
    Lot.unscoped.update(state="held")
    assert "chỉ còn 0 viên dùng được" in desk.get(f"/kho/phieu/{transfer.pk}/ghi-so/").content.decode()


@pytest.mark.parametrize(("price", "asked"), [("350", True), ("25.000", False), ("300.000", True)])
def test_a_price_far_from_the_last_one_is_asked_about(
    store: Store, desk: Client, price: Any, asked: bool
) -> None:
    item = an_item(store.station, code="TD001.1", packs=[["Hộp", 100]])
    a_lot(item, a_place(store.station), 100, price=280)
    answer = row(desk, begin(desk), **received(price=price)).json()
    assert ("xem lại giá: lần trước 28.000 đ/hộp" in answer["message"]) is asked


def test_of_two_places_a_transfer_goes_to_the_other(store: Store, desk: Client) -> None:
    a_place(store.station)
    counter = a_place(store.station, "Quầy cấp phát", kind="point")
    chosen = f'value="{counter.pk}" selected'
    assert chosen in desk.get("/kho/phieu/moi/chuyen/").content.decode()
    a_place(store.station, "Tủ lạnh", kind="refrigerator")
    assert chosen not in desk.get("/kho/phieu/moi/chuyen/").content.decode()
