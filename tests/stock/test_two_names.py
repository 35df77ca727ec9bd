"""Nobody alone lets a controlled drug leave the book: by a paper, by taking one back, by its flag."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.core import approvals, scope
from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry
from apps.core.scope import Scope
from apps.stock import keeping, posting, second
from apps.stock.counting import count_open, count_save
from apps.stock.models import Lot, StockDocument, StockItem
from tests.factories.accounts import PASSWORD, a_member
from tests.factories.catalogues import a_drug
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_place, an_item, keeper_at
from tests.stock.conftest import Store, post
from tests.stock.test_papers import TODAY, draft, line, out, posted
from tests.stock.test_taking import agrees, at

pytestmark = pytest.mark.django_db


@dataclass
class Shelf:
    item: StockItem
    place: Any
    lot: Lot
    asker: Scope
    other: Scope

    def change(self, **fields: Any) -> StockItem:
        self.item.refresh_from_db()
        said = {
            name: getattr(self.item, name) for name in ("kind", "name", "unit", "code", "packs", "controlled")
        }
        return keeping.item_change(
            item_id=self.item.pk,
            data=keeping.ItemInput(**said | fields),
            expected_version=self.item.version,
        )


@pytest.fixture
def shelf() -> Shelf:
    station = a_station()
    item, place = an_item(station, "Morphin 10mg", controlled="narcotic"), a_place(station)
    return Shelf(item, place, a_lot(item, place, 30, "L1"), keeper_at(station), keeper_at(station))


def test_what_lies_there_does_not_become_an_ordinary_drug(shelf: Shelf) -> None:
    with scope.enter(shelf.asker):
        with pytest.raises(Refused, match="còn tồn kho"):
            shelf.change(controlled="")
        shelf.change(controlled="psychotropic")
    told = AuditEntry.objects.get(action="stock.item_controlled")
    assert (told.data["was"], told.data["now"]) == ("gây nghiện", "hướng thần")


def test_an_own_item_without_stock_is_put_right(shelf: Shelf) -> None:
    item = an_item(shelf.item.station, "Kẹo ngậm", controlled="narcotic")
    with scope.enter(shelf.asker):
        Shelf(item, shelf.place, shelf.lot, shelf.asker, shelf.other).change(controlled="")
    assert StockItem.unscoped.get(pk=item.pk).controlled == ""


def test_the_catalogue_says_what_is_controlled(shelf: Shelf) -> None:
    a_drug("TD090.1", "Diazepam", "5mg", controlled="psychotropic")
    with scope.enter(shelf.asker):
        shelf.item = keeping.item_for("drug", "TD090.1")
        with pytest.raises(Refused, match="Danh mục thuốc ghi hướng thần"):
            shelf.change(controlled="")


def test_controlled_drugs_leave_the_station_by_two_names(shelf: Shelf) -> None:
    with scope.enter(shelf.asker):
        made = draft("issue", shelf.place, out(shelf.item, 20), partner="Trung tâm Y tế khu vực")
        with pytest.raises(Refused, match="người thứ hai"):
            posting.issue_post(document_id=made.pk, expected_version=made.version)
        asked = second.second_ask(document_id=made.pk, expected_version=made.version)
    assert asked.lines == [["Morphin 10mg, lô L1", "", "2 vỉ"]] and at(shelf.lot, shelf.place) == 30
    with scope.enter(shelf.other):
        approvals.approve(change_id=asked.pk)
    done = StockDocument.unscoped.get(pk=made.pk)
    assert (done.posted_by, done.second_by) == (shelf.asker.user_id, shelf.other.user_id)
    assert at(shelf.lot, shelf.place) == 10
    agrees()


def test_a_receipt_of_controlled_drugs_is_taken_back_by_two_names(shelf: Shelf) -> None:
    with scope.enter(shelf.asker):
        done = posted("receipt", shelf.place, line(shelf.item, 1, price=Decimal(1000)))
        with pytest.raises(Refused, match="người thứ hai"):
            posting.reverse(document_id=done.pk, expected_version=done.version, reason="Nhập nhầm")
        with pytest.raises(Refused, match="lý do"):
            second.back_ask(document_id=done.pk, expected_version=done.version, reason=" ")
        asked = second.back_ask(document_id=done.pk, expected_version=done.version, reason="Nhập nhầm")
        with pytest.raises(Refused):
            approvals.approve(change_id=asked.pk)  # not by the same person
    with scope.enter(shelf.other):
        approvals.approve(change_id=asked.pk)
    back = StockDocument.unscoped.get(pk=done.pk)
    assert (back.state, back.reversed_by, back.reverse_reason) == (
        "reversed",
        shelf.asker.user_id,
        "Nhập nhầm",
    )
    assert AuditEntry.objects.filter(action="stock.reversed", user_id=shelf.other.user_id).exists()
    agrees()


def test_a_transfer_is_taken_back_by_one(shelf: Shelf) -> None:
    desk = a_place(shelf.item.station, "Quầy", kind="point")
    with scope.enter(shelf.asker):
        done = posted("transfer", shelf.place, out(shelf.item, 10), to_location_id=desk.pk)
        posting.reverse(document_id=done.pk, expected_version=done.version, reason="Nhầm nơi")
    assert at(shelf.lot, shelf.place) == 30


def test_a_count_is_whole_before_the_second_person_is_called(shelf: Shelf) -> None:
    with scope.enter(shelf.asker):
        sheet = count_open(location_id=shelf.place.pk, on=TODAY())
        row = sheet.lines.get()
        sheet = count_save(document_id=sheet.pk, expected_version=sheet.version, found={row.pk: (29, "")})
        with pytest.raises(Refused, match="lý do chênh lệch"):
            second.second_ask(document_id=sheet.pk, expected_version=sheet.version)
        sheet = count_save(document_id=sheet.pk, expected_version=sheet.version, found={row.pk: (29, "Vỡ")})
        a_lot(shelf.item, shelf.place, 5, "L2")
        second.second_ask(document_id=sheet.pk, expected_version=sheet.version)
        sheet.lines.update(expected=31)
        with pytest.raises(NeedsReason, match="đã có nhập, xuất"):
            second.second_ask(document_id=sheet.pk, expected_version=sheet.version)


def test_taking_back_is_asked_on_its_page(store: Store, desk: Client) -> None:
    place, item = a_place(store.station), an_item(store.station, "Diazepam 5mg", controlled="psychotropic")
    with scope.enter(store.scope(store.pharmacist)):
        done = posted("receipt", place, line(item))
    page = f"/kho/phieu/{done.pk}/huy-ghi-so/"
    assert "người thứ hai đồng ý" in desk.get(page).content.decode()
    answer = post(desk, page, reason="Nhập nhầm", version=done.version)
    assert "/tai-day/" in answer.url
    assert "Chờ người thứ hai duyệt" in desk.get(f"/kho/phieu/{done.pk}/").content.decode()
    a_member("doctor", store.station, "binh.tv", "Trần Văn Bình")
    post(desk, answer.url, second_name="binh.tv", second_secret=PASSWORD)
    assert StockDocument.unscoped.get(pk=done.pk).state == "reversed"
