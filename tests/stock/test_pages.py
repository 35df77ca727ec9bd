"""The pages: a receipt filled in row by row and posted, the balance list, an item's card, who may what."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core import approvals
from apps.core.ids import uuid7
from apps.core.models import PendingChange
from apps.core.scope import enter
from apps.stock.models import (
    DocumentLine,
    Lot,
    StockBalance,
    StockDocument,
    StockItem,
    StockLocation,
    StockMovement,
)
from tests.factories.accounts import PASSWORD, a_member, client_of
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_paper, a_place, an_item
from tests.stock.conftest import Store, post

TODAY = timezone.localdate


def begin(desk: Client, slug: str = "nhap", **fields: Any) -> StockDocument:
    fields = {"on": f"{TODAY():%d/%m/%Y}", "location": str(uuid7())} | fields
    place = StockLocation.unscoped.order_by("created_at").first()
    if place is not None:
        fields["location"] = str(place.pk)
    answer = post(desk, f"/kho/phieu/moi/{slug}/", **fields)
    assert answer.status_code == 302, answer.content.decode()
    return StockDocument.unscoped.get(pk=answer["Location"].split("/")[3])


def row(desk: Client, paper: StockDocument, key: Any = None, version: int = 0, **cells: Any) -> Any:
    cells = {"row": str(key or uuid7()), "version": version} | cells
    return desk.post(f"/kho/phieu/{paper.pk}/dong/", cells)


RECEIVED = {
    "item": "TD001.1",
    "lot_number": "A123",
    "expiry": "06/2099",
    "count": "2",
    "pack": "Hộp 100",
    "price": "25.000",
    "source": "budget",
}


def received(**cells: Any) -> dict[str, Any]:
    last = f"{(TODAY() + dt.timedelta(days=400)):%m/%Y}"
    return RECEIVED | {"expiry": last} | cells


def test_it_works(store: Store, desk: Client) -> None:
    assert "Kho chưa có gì" in desk.get("/kho/").content.decode()
    paper = begin(desk, partner="Trung tâm Y tế khu vực")
    answer = row(desk, paper, **received())
    assert answer.status_code == 200, answer.content.decode()
    assert answer.json()["message"] == "200 viên · 25.000 đ/hộp · 50.000 đ"
    assert "Paracetamol 500mg" in desk.get(f"/kho/phieu/{paper.pk}/").content.decode()
    shown = desk.get(f"/kho/phieu/{paper.pk}/ghi-so/").content.decode()
    assert "50.000 đ" in shown and not StockMovement.unscoped.exists()
    paper.refresh_from_db()
    answer = post(desk, f"/kho/phieu/{paper.pk}/ghi-so/", version=paper.version)
    assert answer.status_code == 302
    item = StockItem.unscoped.get()
    assert item.packs == [["Hộp", 100]]
    listed = desk.get("/kho/?q=para 500").content.decode()
    assert "200 viên" in listed and "2 hộp" in listed
    card = desk.get(f"/kho/mat-hang/{item.pk}/").content.decode()
    assert f"PN0001/{TODAY().year}" in card and "A123" in card
    assert "PN0001" in desk.get(f"/kho/phieu/{paper.pk}/").content.decode()
    assert "Trung tâm Y tế khu vực" in desk.get("/kho/phieu/?loai=nhap").content.decode()


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("item", {"item": ""}),
        ("item", {"item": "KHONG-CO"}),
        ("lot_number", {"lot_number": ""}),
        ("expiry", {"expiry": "13/2027"}),
        ("expiry", {"expiry": "01/2020"}),
        ("count", {"count": "0"}),
        ("count", {"count": "2,5"}),
        ("count", {"count": "hai"}),
        ("pack", {"pack": "Thùng"}),
        ("pack", {"pack": "Hộp 1"}),
        ("price", {"price": "-5"}),
    ],
)
def test_a_wrong_cell_has_its_sentence(
    store: Store, desk: Client, column: str, cells: dict[str, str]
) -> None:
    answer = row(desk, begin(desk), **received(**cells))
    assert answer.status_code == 422 and column in answer.json()["errors"]
    assert not DocumentLine.unscoped.exists()


def test_a_pack_is_known_without_its_accents(store: Store, desk: Client) -> None:
    """As everything else is typed; 'hop 100' is no second kind of box."""
    row(desk, begin(desk), **received())
    for said in ("hop", "HỘP", "hop 100"):
        answer = row(desk, begin(desk), **received(pack=said))
        assert answer.status_code == 200, said
        assert answer.json()["message"].startswith("200 viên")
    line = DocumentLine.unscoped.last()
    assert line is not None and len(line.item.pack_list) == 1
    assert row(desk, begin(desk), **received(pack="hop 50")).status_code == 422


def test_a_row_is_changed_and_emptied(store: Store, desk: Client) -> None:
    paper, key = begin(desk), uuid7()
    version = row(desk, paper, key, **received()).json()["version"]
    answer = row(desk, paper, key, version, **received(count="3", pack="hộp"))
    assert answer.json()["values"]["count"] == "3"
    assert row(desk, paper, key, version, **received(count="9")).status_code == 409  # somebody was first
    assert DocumentLine.unscoped.get().quantity == 300
    row(desk, paper, key, answer.json()["version"], **dict.fromkeys(RECEIVED, ""))
    assert not DocumentLine.unscoped.exists()


def test_a_pack_of_another_size_takes_another_name(store: Store, desk: Client) -> None:
    paper = begin(desk)
    row(desk, paper, **received())
    answer = row(desk, paper, **received(pack="Hộp 30"))
    assert "Hộp của mặt hàng này là 100 viên" in answer.json()["errors"]["pack"]
    assert row(desk, paper, **received(pack="Hộp nhỏ 30", lot_number="B")).status_code == 200


def test_a_row_of_another_paper_is_not_taken_over(store: Store, desk: Client) -> None:
    one, two, key = begin(desk), begin(desk), uuid7()
    row(desk, one, key, **received())
    assert row(desk, two, key, 1, **received(count="9")).status_code == 409
    assert DocumentLine.unscoped.get().document == one


def test_posting_what_was_changed_meanwhile_shows_it_again(store: Store, desk: Client) -> None:
    paper = begin(desk)
    row(desk, paper, **received())
    answer = post(desk, f"/kho/phieu/{paper.pk}/ghi-so/", version=paper.version)
    assert answer.status_code == 422 and "vừa được sửa" in answer.content.decode()
    assert not StockMovement.unscoped.exists()


def test_taking_back(store: Store, desk: Client) -> None:
    paper = begin(desk)
    row(desk, paper, **received())
    paper.refresh_from_db()
    post(desk, f"/kho/phieu/{paper.pk}/ghi-so/", version=paper.version)
    path = f"/kho/phieu/{paper.pk}/huy-ghi-so/"
    assert desk.get(path).status_code == 200
    assert post(desk, path, reason="").status_code == 422
    assert post(desk, path, reason="Nhập nhầm kho").status_code == 302
    assert StockBalance.unscoped.get().quantity == 0
    assert "Nhập nhầm kho" in desk.get(f"/kho/phieu/{paper.pk}/").content.decode()


def test_an_opening_balance_then_out_to_the_desk_and_a_count(store: Store, desk: Client) -> None:
    paper = begin(desk, "ton-dau-ky")
    row(desk, paper, **received())
    paper.refresh_from_db()
    post(desk, f"/kho/phieu/{paper.pk}/ghi-so/", version=paper.version)
    counter = a_place(store.station, "Quầy cấp phát", kind="point", dispenses=True)
    paper = begin(desk, "chuyen", to_location=str(counter.pk))
    assert row(desk, paper, item="TD001.1", count="50", pack="", lot="KHONG").status_code == 422
    assert row(desk, paper, item="TD001.1", count="50", pack="", lot="a123").status_code == 200
    paper.refresh_from_db()
    post(desk, f"/kho/phieu/{paper.pk}/ghi-so/", version=paper.version)
    assert StockBalance.unscoped.get(location=counter).quantity == 50
    paper = begin(desk, "kiem-ke")
    shown = desk.get(f"/kho/phieu/{paper.pk}/").content.decode()
    assert "A123" in shown and 'value="150"' not in shown and ">150<" not in shown  # counted blind
    line = paper.lines.model.unscoped.get(document=paper)
    assert row(desk, paper, line.pk, 1, quantity="hai").status_code == 422
    assert row(desk, paper, line.pk, 1, quantity="148", reason="Vỡ 2 viên").status_code == 200
    paper.refresh_from_db()
    assert "-2" in desk.get(f"/kho/phieu/{paper.pk}/ghi-so/").content.decode()
    post(desk, f"/kho/phieu/{paper.pk}/ghi-so/", version=paper.version)
    assert StockMovement.unscoped.get(kind="adjust").quantity == -2


def test_controlled_drugs_wait_for_the_second_name(store: Store, desk: Client) -> None:
    item = an_item(store.station, "Diazepam 5mg", controlled="psychotropic")
    a_lot(item, a_place(store.station), 30)
    paper = begin(desk, "kiem-ke", controlled="on")
    line = DocumentLine.unscoped.get(document=paper)
    row(desk, paper, line.pk, 1, quantity="29", reason="Mất 1 viên")
    paper.refresh_from_db()
    answer = post(desk, f"/kho/phieu/{paper.pk}/ghi-so/", version=paper.version)
    assert answer.status_code == 302 and not StockMovement.unscoped.filter(kind="adjust").exists()
    assert "Chờ người thứ hai" in desk.get(f"/kho/phieu/{paper.pk}/").content.decode()
    # and whoever is beside her agrees at the same computer, by her own password
    here = answer.url
    assert "Diazepam" in desk.get(here).content.decode()
    secret = {"second_name": "hoa.nt", "second_secret": PASSWORD}
    assert "không có quyền" in post(desk, here, **secret).content.decode(), "a nurse may not be the second"
    a_member("doctor", store.station, "binh.tv", "Trần Văn Bình")
    wrong = post(desk, here, second_name="binh.tv", second_secret="sai-mat-khau")
    assert wrong.status_code == 422 and "sai-mat-khau" not in wrong.content.decode()
    own = post(desk, here, second_name="duoc.lt", second_secret=PASSWORD)
    assert "phải khác người" in own.content.decode()
    assert post(desk, here, **(secret | {"second_name": "binh.tv"})).status_code == 302
    paper.refresh_from_db()
    assert (paper.state, paper.posted_by_name, paper.second_by_name) == (
        "posted",
        "Lê Thị Dược",
        "Trần Văn Bình",
    )
    assert desk.get(here).url == "/cho-duyet/", "it is decided"


def test_a_difference_has_its_reason_before_the_second_person_is_called(store: Store, desk: Client) -> None:
    item = an_item(store.station, "Diazepam 5mg", controlled="psychotropic")
    a_lot(item, a_place(store.station), 30)
    paper = begin(desk, "kiem-ke", controlled="on")
    line = DocumentLine.unscoped.get(document=paper)
    row(desk, paper, line.pk, 1, quantity="29", reason="")
    paper.refresh_from_db()
    answer = post(desk, f"/kho/phieu/{paper.pk}/ghi-so/", version=paper.version)
    assert answer.status_code == 422 and "ghi lý do chênh lệch" in answer.content.decode()
    assert not PendingChange.objects.exists()


def test_a_strangers_wish_opens_nothing_here(store: Store, desk: Client) -> None:
    asked = approvals.ask
    with enter(store.scope(store.pharmacist)):
        change = asked("stock.second", object_id=uuid7(), facility_id=store.station.pk, title="Phiếu")
        other = asked("money.bank_account", object_id=uuid7(), facility_id=store.station.pk, title="Khác")
    assert client_of(store.nurse).get(f"/cho-duyet/{change.pk}/tai-day/").status_code == 404
    assert desk.get(f"/cho-duyet/{other.pk}/tai-day/").status_code == 404, "only kinds that say so"
    assert desk.get(f"/cho-duyet/{change.pk}/tai-day/").status_code == 200


def test_items_and_lots_are_changed(store: Store, desk: Client) -> None:
    fields = {"name": "Que đè lưỡi gỗ", "unit": "Cái", "packs": "Hộp 100", "programme": "ordinary"}
    assert desk.get("/kho/mat-hang/them/").status_code == 200
    answer = post(desk, "/kho/mat-hang/them/", kind="supply", minimum="50", **fields)
    assert answer.status_code == 302, answer.content.decode()
    item = StockItem.unscoped.get()
    assert (item.label, item.minimum) == ("R001", 50)
    assert post(desk, "/kho/mat-hang/them/", kind="supply", **fields | {"packs": "Hộp"}).status_code == 422
    path = f"/kho/mat-hang/{item.pk}/sua/"
    assert desk.get(path).status_code == 200
    changed = fields | {"name": "Que đè lưỡi", "is_active": "on", "version": "1"}
    assert post(desk, path, **changed).status_code == 302
    assert post(desk, path, **changed | {"name": "Que gỗ"}).status_code == 409
    lot = a_lot(item, a_place(store.station), 30)
    assert "Dưới mức tối thiểu" in desk.get("/kho/?xem=short").content.decode()
    path = f"/kho/lo/{lot.pk}/"
    assert desk.get(path).status_code == 200
    assert post(desk, path, state="blocked", reason="", version=1).status_code == 422
    assert post(desk, path, state="blocked", reason="Thu hồi", version=1).status_code == 302
    assert Lot.unscoped.get(pk=lot.pk).state == "blocked"
    assert "Đã hết" in desk.get("/kho/?xem=short").content.decode()


def test_places_are_kept(store: Store, desk: Client) -> None:
    assert "Chưa có nơi nào" in desk.get("/kho/noi-de/").content.decode()
    assert desk.get("/kho/noi-de/them/").status_code == 200
    answer = post(desk, "/kho/noi-de/them/", name="Tủ lạnh 1", kind="refrigerator", is_active="on")
    assert answer.status_code == 302
    place = StockLocation.unscoped.get()
    path = f"/kho/noi-de/{place.pk}/"
    assert desk.get(path).status_code == 200
    fields = {"name": "Tủ lạnh vắc xin", "kind": "refrigerator", "is_active": "on", "version": 1}
    assert post(desk, path, **fields).status_code == 302
    assert "Tủ lạnh vắc xin" in desk.get("/kho/noi-de/").content.decode()


def test_what_is_about_to_expire_and_what_has(store: Store, desk: Client) -> None:
    place = a_place(store.station)
    a_lot(an_item(store.station, "Thuốc còn lâu"), place, 10, expiry=TODAY() + dt.timedelta(days=900))
    a_lot(an_item(store.station, "Thuốc sắp hết hạn"), place, 10, expiry=TODAY() + dt.timedelta(days=20))
    a_lot(an_item(store.station, "Thuốc quá hạn"), place, 10, expiry=TODAY() - dt.timedelta(days=1))
    soon = desk.get("/kho/?xem=soon").content.decode()
    assert "Thuốc sắp hết hạn" in soon and "còn lâu" not in soon and "quá hạn" not in soon
    expired = desk.get("/kho/?xem=expired").content.decode()
    assert "Thuốc quá hạn" in expired and "còn lâu" not in expired


def test_a_nurse_looks_and_writes_nothing(store: Store) -> None:
    paper = a_paper(store.station)
    nurse = client_of(store.nurse)
    for path in ("/kho/", f"/kho/phieu/{paper.pk}/", "/kho/phieu/", "/kho/noi-de/"):
        shown = nurse.get(path)
        assert shown.status_code == 200 and "Ghi sổ</" not in shown.content.decode()
    for path in ("/kho/phieu/moi/nhap/", f"/kho/phieu/{paper.pk}/ghi-so/", "/kho/mat-hang/them/"):
        assert nurse.get(path).status_code == 403
    assert row(nurse, paper, **received()).status_code == 403


def test_another_station_finds_nothing(store: Store) -> None:
    paper = a_paper(store.station)
    line = DocumentLine.unscoped.get(document=paper)
    stranger = client_of(a_member("pharmacist", a_station("21485", "Ba Vinh"), "la"))
    for path in (
        *(f"/kho/phieu/{paper.pk}/", f"/kho/phieu/{paper.pk}/ghi-so/", f"/kho/phieu/{paper.pk}/dau-phieu/"),
        *(f"/kho/mat-hang/{line.item_id}/", f"/kho/mat-hang/{line.item_id}/sua/", f"/kho/lo/{line.lot_id}/"),
        *(f"/kho/noi-de/{paper.location_id}/", "/kho/phieu/moi/la/"),
    ):
        assert stranger.get(path).status_code == 404, path
    assert row(stranger, paper, **received()).status_code == 404
    assert "Paracetamol" not in stranger.get("/kho/?xem=all").content.decode()


def test_the_same_queries_at_2_and_at_20_rows(
    store: Store, desk: Client, django_assert_max_num_queries: Any
) -> None:
    place = a_place(store.station)

    def asked(path: str) -> int:
        with django_assert_max_num_queries(20) as seen:
            assert desk.get(path).status_code == 200
        return len(seen)

    item = an_item(store.station, "Thuốc 0", packs=[["Hộp", 10]])
    a_lot(item, place, 5, "L0"), a_lot(an_item(store.station, "Thuốc 1"), place, 5)
    paths = ("/kho/", "/kho/?xem=short", f"/kho/mat-hang/{item.pk}/", "/kho/phieu/")
    desk.get("/kho/")  # code lists are read once a process
    few = [asked(path) for path in paths]
    for number in range(2, 20):
        a_lot(an_item(store.station, f"Thuốc {number}"), place, 5)
        a_lot(item, place, 5, f"L{number}")
        a_paper(store.station)
    assert [asked(path) for path in paths] == few


def test_pages_by_key(store: Store, desk: Client) -> None:
    place = a_place(store.station)
    for number in range(60):
        a_lot(an_item(store.station, f"Thuốc {number:02d}"), place, 5)
    first = desk.get("/kho/").content.decode()
    assert "Thuốc 00" in first and "Thuốc 59" not in first and "Trang sau" in first


@pytest.mark.parametrize("page", ["/kho/", "/kho/phieu/", "/kho/xuat-nhap-ton/"])
def test_each_filter_stands_under_its_own_name(desk: Client, page: str) -> None:
    """On a telephone a name beside its field goes to the end of the line before it."""
    shown = desk.get(page).content.decode()
    form = shown[shown.index('aria-label="Lọc"') :].partition("</form>")[0]
    assert form.count("<select") + form.count('<input id="') == form.count('<div class="field"><label for=')
    assert form.count(">Xem<") == 1
