"""Stock on paper: a slip becomes a posted paper of its own day, or a draft; what lies where in the pack."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.facilities.models import Practitioner
from apps.outage.models import BackEntry, Slip
from apps.outage.services import pack_make
from apps.stock import back_entry
from apps.stock.models import StockBalance, StockDocument, StockItem, StockLocation, StockMovement
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_place, an_item
from tests.stock.conftest import Store
from tests.stock.test_backdated import moved


@pytest.fixture
def keeper(store: Store) -> Practitioner:
    return make.a_practitioner(
        store.station, "Lê Thị Dược", grade="pharmacist", can_sign=False, licence_no="9"
    )


@pytest.fixture
def place(store: Store) -> StockLocation:
    return a_place(store.station, "Quầy cấp phát", dispenses=True)


@pytest.fixture
def item(store: Store) -> StockItem:
    return an_item(store.station, label="PARA")


def cells(keeper: Practitioner, place: StockLocation, **changes: str) -> dict[str, str]:
    day = timezone.localdate() - dt.timedelta(days=1)
    usual = {
        "row": str(uuid7()),
        "day": f"{day:%d/%m/%Y}",
        "time": "9h",
        "who": str(keeper.pk),
        "move": "nhap",
        "place": str(place.pk),
        "partner": "TTYT khu vực",
        "why": "HĐ 123",
        "item1": "PARA",
        "count1": "2 hộp",
        "lot1": "A12 06/2031",
        "after": "post",
        "reason": "chép từ sổ giấy",
    }
    return usual | changes


def send(client: Client, data: dict[str, str]) -> Any:
    return client.post("/nhap-bu/kho/dong/", data)


def wrong(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.content
    assert not StockDocument.unscoped.exists() and not BackEntry.unscoped.exists()
    found: dict[str, str] = answer.json()["errors"]
    return found


def test_goods_that_came(desk: Client, keeper: Practitioner, place: StockLocation, item: StockItem) -> None:
    row = cells(keeper, place, item2="PARA", count2="5", lot2="B7, HSD: 07/2031")
    answer = send(desk, row)
    assert answer.status_code == 200, answer.content
    paper = StockDocument.unscoped.get()
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    assert (paper.kind, paper.state, paper.on, paper.reference) == ("receipt", "posted", yesterday, "HĐ 123")
    lots = StockBalance.unscoped.order_by("lot__number")
    assert [(row.lot.number, row.lot.expiry_words, row.quantity) for row in lots] == [
        ("A12", "06/2031", 200),
        ("B7", "07/2031", 5),
    ]
    assert set(StockMovement.unscoped.values_list("on", flat=True)) == {yesterday}
    entry = BackEntry.unscoped.get()
    assert (entry.object_id, entry.performer, entry.person_id) == (paper.pk, keeper, None)
    assert send(desk, row).status_code == 200 and StockDocument.unscoped.count() == 1  # twice is once
    page = desk.get(f"/kho/phieu/{paper.pk}/").content.decode()
    assert "Nhập bù từ giấy" in page and keeper.full_name in page
    assert paper.number in desk.get("/nhap-bu/").content.decode()


def test_what_went_out_is_checked_against_the_days_since(
    desk: Client, keeper: Practitioner, place: StockLocation, item: StockItem
) -> None:
    lot = a_lot(item, number="L1")
    moved(lot, place, 30, 10)
    moved(lot, place, 100, 0)  # came today: was not there yesterday
    issue = {"move": "xuat", "partner": "Thôn Làng Dút", "why": "cấp thôn", "lot1": ""}
    assert "3 vỉ" in wrong(send(desk, cells(keeper, place, count1="31", **issue)))["count1"]
    assert send(desk, cells(keeper, place, count1="30", **issue)).status_code == 200
    assert StockBalance.unscoped.get().quantity == 100


def test_what_was_thrown_away(
    desk: Client, keeper: Practitioner, place: StockLocation, item: StockItem
) -> None:
    moved(a_lot(item, number="L1"), place, 30, 10)
    discard = {"move": "huy", "partner": "", "count1": "4", "lot1": "l1"}
    assert "why" in wrong(send(desk, cells(keeper, place, **(discard | {"why": ""}))))
    assert "lot1" in wrong(send(desk, cells(keeper, place, **(discard | {"lot1": "KHAC"}))))
    assert "lot1" in wrong(send(desk, cells(keeper, place, **(discard | {"lot1": ""}))))
    assert send(desk, cells(keeper, place, **(discard | {"why": "vỡ"}))).status_code == 200
    assert StockBalance.unscoped.get().quantity == 26


def test_a_controlled_drug_waits_for_the_second_name(
    desk: Client, store: Store, keeper: Practitioner, place: StockLocation
) -> None:
    pethidine = an_item(store.station, "Morphin 10mg", label="MOR", controlled="narcotic")
    moved(a_lot(pethidine, number="M1"), place, 5, 10)
    discard = {"move": "huy", "item1": "MOR", "count1": "1", "lot1": "M1", "why": "vỡ"}
    assert "để nháp" in wrong(send(desk, cells(keeper, place, **discard)))["after"]
    answer = send(desk, cells(keeper, place, **(discard | {"after": "draft"})))
    paper = StockDocument.unscoped.get()
    assert paper.state == "draft" and answer.json()["url"] == f"/kho/phieu/{paper.pk}/"


@pytest.mark.parametrize(
    ("changes", "cell"),
    [
        ({"move": ""}, "move"),
        ({"place": ""}, "place"),
        ({"item1": "", "count1": "", "lot1": ""}, "item1"),
        ({"item1": "KHONGCO"}, "item1"),
        ({"count1": "hai"}, "count1"),
        ({"count1": "0"}, "count1"),
        ({"count1": "2 thùng"}, "count1"),
        ({"lot1": ""}, "lot1"),
        ({"lot1": "A12 13/2031"}, "lot1"),
        ({"lot1": "A12 06/2020"}, "lot1"),
        ({"day": "1/1/2099"}, "day"),
    ],
)
def test_a_wrong_cell_is_named(
    desk: Client,
    keeper: Practitioner,
    place: StockLocation,
    item: StockItem,
    changes: dict[str, str],
    cell: str,
) -> None:
    assert cell in wrong(send(desk, cells(keeper, place) | changes))


def test_strangers(
    desk: Client, store: Store, keeper: Practitioner, place: StockLocation, item: StockItem
) -> None:
    elsewhere = a_place(a_station("21490", "Trạm Y tế xã Ba Vì"))
    assert "place" in wrong(send(desk, cells(keeper, elsewhere)))
    assert send(client_of(store.nurse), cells(keeper, place)).status_code == 404  # keeps no store
    assert client_of(a_member("population", store.station, "ds")).get("/nhap-bu/kho/").status_code == 403


def test_a_slip_of_the_pack_opens_its_row(
    desk: Client, store: Store, keeper: Practitioner, place: StockLocation, item: StockItem
) -> None:
    with enter(store.scope(store.pharmacist)):
        pack = pack_make(facility_id=store.station.pk, on=timezone.localdate(), slips={"kho": 1})
    slip = Slip.unscoped.get(pack=pack)
    page = desk.get(f"/nhap-bu/phieu/{slip.code}/", follow=True).content.decode()
    assert slip.shown in page and place.name in page
    assert send(desk, cells(keeper, place, slip=slip.shown, reason="")).status_code == 200
    paper = StockDocument.unscoped.get()
    assert desk.get(f"/nhap-bu/phieu/{slip.code}/").url == f"/kho/phieu/{paper.pk}/"
    assert desk.get(f"/du-phong/{pack.pk}/goi.pdf").content.startswith(b"%PDF")


def test_the_pack_tells_what_lies_where(store: Store, place: StockLocation, item: StockItem) -> None:
    today = timezone.localdate()
    a_lot(item, place, 30, "SAU", expiry=today + dt.timedelta(days=300))
    a_lot(item, place, 20, "TRUOC", expiry=today + dt.timedelta(days=30))
    a_lot(item, place, 5, "GIU", state="held")
    a_lot(item, a_place(store.station), 500, "KHO")  # the store gives nothing out
    costs = []
    for more in range(2):
        for number in range(more * 10):
            a_lot(an_item(store.station, f"Thuốc {number}"), place, 10)
        with enter(store.scope(store.nurse)) as scope, CaptureQueriesContext(connection) as asked:
            (sheet,) = back_entry.sheets(scope, today)
        costs.append(len(asked))
    assert costs == [2, 2]
    rows = {row[1]: row for row in sheet.rows if row[0] == item.name}
    assert set(rows) == {"TRUOC", "SAU", "GIU"} and list(rows).index("TRUOC") < list(rows).index("SAU")
    assert rows["TRUOC"][3] == item.words(20) and "," in rows["GIU"][2] and "KHO" not in rows
