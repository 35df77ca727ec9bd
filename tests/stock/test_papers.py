"""Papers: what is received, counted in, moved, discarded and counted becomes stock whole or not at all."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core import approvals, scope
from apps.core.errors import NeedsReason, Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.core.versions import StaleVersion
from apps.stock import drafting, posting, second
from apps.stock.counting import count_open, count_save
from apps.stock.drafting import DocumentInput, LineInput, LineProblems
from apps.stock.models import DocumentState, Lot, StockBalance, StockDocument, StockMovement
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_place, an_item, keeper_at
from tests.stock.test_taking import agrees, at

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
NEXT_YEAR = dt.date(2099, 6, 30)


def line(item: Any, count: int | None = 2, **fields: Any) -> LineInput:
    fields = {
        "pack": "Hộp",
        "lot_number": "A123",
        "expiry": TODAY() + dt.timedelta(days=400),
        "price": Decimal(25000),
    } | fields
    return LineInput(item_id=item.pk, count=count, **fields)


def out(item: Any, count: int = 10, **fields: Any) -> LineInput:
    return LineInput(item_id=item.pk, count=count, **fields)


def draft(kind: str, place: Any, *lines: LineInput, **fields: Any) -> StockDocument:
    fields.setdefault("on", TODAY())
    return drafting.draft_save(kind=kind, data=DocumentInput(location_id=place.pk, lines=lines, **fields))


def posted(kind: str, place: Any, *lines: LineInput, **fields: Any) -> StockDocument:
    made = draft(kind, place, *lines, **fields)
    return posting.POST[kind](document_id=made.pk, expected_version=made.version)


def test_it_works() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)):
        made = draft("receipt", place, line(item), partner="Trung tâm Y tế khu vực", reference="HĐ 12")
        assert not StockMovement.objects.exists()
        done = posting.receive_post(document_id=made.pk, expected_version=made.version)
        lot = Lot.objects.get()
        assert (done.state, done.number) == ("posted", f"PN0001/{TODAY().year}")
        assert (lot.number, lot.price, at(lot, place)) == ("A123", Decimal("250.0000"), 200)
        assert posted("receipt", place, line(item, 1)).number == f"PN0002/{TODAY().year}"
        assert Lot.objects.count() == 1 and at(lot, place) == 300  # the same lot again
    assert AuditEntry.objects.filter(action="stock.posted").count() == 2
    agrees()


def test_a_paper_taken_back_leaves_both_readable() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)):
        done = posted("receipt", place, line(item))
        with pytest.raises(Refused, match="lý do"):
            posting.reverse(document_id=done.pk, expected_version=done.version, reason="")
        back = posting.reverse(document_id=done.pk, expected_version=done.version, reason="Nhập nhầm kho")
        assert (back.state, back.number) == ("reversed", done.number)
        assert [row.quantity for row in StockMovement.objects.order_by("id")] == [200, -200]
        with pytest.raises(Refused, match="đang ghi sổ"):
            posting.reverse(document_id=done.pk, expected_version=back.version, reason="Lần nữa")
    agrees()


def test_a_paper_taken_back_is_made_again_as_a_draft() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)):
        done = posted("receipt", place, line(item), partner="Trung tâm Y tế khu vực")
        with pytest.raises(Refused, match="đã hủy ghi sổ"):
            drafting.draft_again(document_id=done.pk)
        posting.reverse(document_id=done.pk, expected_version=done.version, reason="Sai số lượng")
        again = drafting.draft_again(document_id=done.pk)
        assert (again.state, again.number, again.partner) == ("draft", "", "Trung tâm Y tế khu vực")
        assert [row.quantity for row in again.lines.all()] == [200]
        posting.receive_post(document_id=again.pk, expected_version=again.version)
        assert Lot.objects.count() == 1 and at(Lot.objects.get(), place) == 200
        assert [row.quantity for row in done.lines.all()] == [200]
    agrees()


def test_what_was_used_cannot_be_taken_back() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)):
        done = posted("receipt", place, line(item))
        posted("issue", place, out(item, 150), partner="Thôn 1")
        with pytest.raises(Refused, match="chỉ còn 5 vỉ"):
            posting.reverse(document_id=done.pk, expected_version=done.version, reason="Nhập nhầm")
    assert StockDocument.unscoped.get(pk=done.pk).state == DocumentState.POSTED
    agrees()


def test_a_posted_paper_is_neither_posted_again_nor_changed() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)):
        done = posted("receipt", place, line(item))
        with pytest.raises(Refused, match="đã ghi sổ"):
            posting.receive_post(document_id=done.pk, expected_version=done.version)
        with pytest.raises(Refused, match="đã ghi sổ"):
            drafting.draft_save(
                kind="receipt",
                document_id=done.pk,
                expected_version=done.version,
                data=DocumentInput(on=TODAY(), location_id=place.pk),
            )
        with pytest.raises(Refused, match="đã ghi sổ"):
            drafting.draft_drop(document_id=done.pk, expected_version=done.version)


def test_a_draft_that_somebody_saved_meanwhile() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)):
        made = draft("receipt", place, line(item))
        data = DocumentInput(on=TODAY(), location_id=place.pk, lines=[line(item, 5)])
        drafting.draft_save(kind="receipt", document_id=made.pk, expected_version=1, data=data)
        with pytest.raises(StaleVersion):
            drafting.draft_save(kind="receipt", document_id=made.pk, expected_version=1, data=data)
        with pytest.raises(StaleVersion):
            posting.receive_post(document_id=made.pk, expected_version=1)
        assert [row.count for row in made.lines.all()] == [5]


@pytest.mark.parametrize(
    ("column", "fields"),
    [
        ("count", {"count": 0}),
        ("count", {"count": None}),
        ("count", {"count": 10**9}),
        ("pack", {"pack": "Thùng"}),
        ("price", {"price": Decimal(-1)}),
        ("lot_number", {"lot_number": " "}),
        ("expiry", {"expiry": None}),
        ("expiry", {"expiry": dt.date(2020, 1, 31)}),
        ("expiry", {"expiry": NEXT_YEAR}),
    ],
)
def test_cells_that_cannot_be(column: str, fields: dict[str, Any]) -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)), pytest.raises(LineProblems) as wrong:
        draft("receipt", place, line(item), line(item, **fields))
    assert list(wrong.value.cells) == [1] and column in wrong.value.cells[1]
    assert not StockDocument.unscoped.exists()


def test_a_supply_may_come_without_lot_and_expiry() -> None:
    station = a_station()
    item = an_item(station, "Bông y tế", kind="supply", unit="Cuộn", packs=[])
    with scope.enter(keeper_at(station)):
        posted("receipt", a_place(station), line(item, 3, pack="", lot_number="", expiry=None))
    assert StockBalance.unscoped.get().quantity == 3


def test_an_empty_paper_is_not_posted() -> None:
    station = a_station()
    with scope.enter(keeper_at(station)), pytest.raises(Refused, match="chưa có dòng"):
        posted("receipt", a_place(station))


def test_what_was_there_is_counted_in_once() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)):
        old = line(item, lot_number="CU", expiry=TODAY() - dt.timedelta(days=3))
        done = posted("opening", place, line(item), old)  # what has expired lies there too
        with pytest.raises(Refused, match="đã ghi tồn đầu kỳ"):
            posted("opening", place, line(item))
        posting.reverse(document_id=done.pk, expected_version=done.version, reason="Đếm sai")
        posted("opening", place, line(item, 3))
    agrees()


def test_a_transfer_takes_what_expires_first_and_tells_the_lots() -> None:
    station = a_station()
    item, store, desk = an_item(station), a_place(station), a_place(station, "Quầy", kind="point")
    early = a_lot(item, store, 30, "TRUOC", expiry=TODAY() + dt.timedelta(days=20))
    late = a_lot(item, store, 100, "SAU")
    with scope.enter(keeper_at(station)):
        done = posted("transfer", store, out(item, 5, pack="Vỉ"), to_location_id=desk.pk)
        told = [
            (row.lot.number, row.count, row.pack, row.quantity) for row in done.lines.order_by("position")
        ]
    assert (at(early, desk), at(late, desk), at(late, store)) == (30, 20, 80)
    assert told == [("TRUOC", 3, "Vỉ", 30), ("SAU", 2, "Vỉ", 20)]
    agrees()


def test_a_named_lot_goes_even_when_it_may_not_be_used() -> None:
    station = a_station()
    item, store, fridge = an_item(station), a_place(station), a_place(station, "Biệt trữ", kind="store")
    held = a_lot(item, store, 30, "GIU", state="quarantined")
    with scope.enter(keeper_at(station)):
        posted("transfer", store, out(item, 30, lot_id=held.pk), to_location_id=fridge.pk)
        with pytest.raises(Refused, match="chỉ còn 0 viên"):
            posted("issue", store, out(item, 1, lot_id=held.pk))
    assert at(held, fridge) == 30


def test_nothing_goes_where_it_lies_or_to_another_station() -> None:
    station, other = a_station(), a_station("21485", "Ba Vinh")
    item, store = an_item(station), a_place(station)
    with scope.enter(keeper_at(station)):
        for there in (store.pk, a_place(other).pk, uuid7(), None):
            with pytest.raises(Refused):
                draft("transfer", store, out(item), to_location_id=there)


def test_discarding_names_lot_and_reason() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    lot = a_lot(item, place, 30, expiry=TODAY() - dt.timedelta(days=1))
    with scope.enter(keeper_at(station)):
        with pytest.raises(LineProblems) as wrong:
            draft("discard", place, out(item))
        assert set(wrong.value.cells[0]) == {"lot", "reason"}
        done = posted("discard", place, out(item, 30, lot_id=lot.pk), reason="Hết hạn")
    assert done.number.startswith("BH0001/") and at(lot, place) == 0
    agrees()


def test_a_count_becomes_differences_with_their_reasons() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    one, two = a_lot(item, place, 30, "L1"), a_lot(item, place, 50, "L2")
    with scope.enter(keeper_at(station)):
        sheet = count_open(location_id=place.pk, on=TODAY())
        rows = {row.lot_id: row for row in sheet.lines.all()}
        assert rows[one.pk].expected == 30 and rows[one.pk].quantity is None
        with pytest.raises(Refused, match="chưa đếm"):
            posting.count_post(document_id=sheet.pk, expected_version=sheet.version)
        sheet = count_save(
            document_id=sheet.pk,
            expected_version=sheet.version,
            found={rows[one.pk].pk: (28, ""), rows[two.pk].pk: (50, "")},
        )
        with pytest.raises(Refused, match="lý do chênh lệch"):
            posting.count_post(document_id=sheet.pk, expected_version=sheet.version)
        sheet = count_save(
            document_id=sheet.pk, expected_version=sheet.version, found={rows[one.pk].pk: (28, "Vỡ 2 viên")}
        )
        done = posting.count_post(document_id=sheet.pk, expected_version=sheet.version)
    adjusted = StockMovement.unscoped.get(kind="adjust")
    assert (adjusted.quantity, adjusted.reason, at(one, place)) == (-2, "Vỡ 2 viên", 28)
    assert done.number.startswith("KK0001/")
    agrees()


def test_a_count_asks_again_when_stock_moved_meanwhile() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    lot = a_lot(item, place, 30, "L1")
    with scope.enter(keeper_at(station)):
        sheet = count_open(location_id=place.pk, on=TODAY())
        row = sheet.lines.get()
        sheet = count_save(document_id=sheet.pk, expected_version=sheet.version, found={row.pk: (30, "Đếm")})
        posted("issue", place, out(item, 10))
        with pytest.raises(NeedsReason, match="đã có nhập, xuất"):
            posting.count_post(document_id=sheet.pk, expected_version=sheet.version)
        assert StockDocument.objects.get(pk=sheet.pk).is_draft
        posting.count_post(document_id=sheet.pk, expected_version=sheet.version, confirmed=True)
    assert at(lot, place) == 30
    agrees()


def test_controlled_drugs_are_counted_by_two_names() -> None:
    station = a_station()
    item, place = an_item(station, "Diazepam 5mg", controlled="psychotropic"), a_place(station)
    lot = a_lot(item, place, 30, "L1")
    asker, other = keeper_at(station), keeper_at(station)
    with scope.enter(asker):
        sheet = count_open(location_id=place.pk, on=TODAY())
        row = sheet.lines.get()
        with pytest.raises(Refused, match="chưa đếm"):
            second.second_ask(document_id=sheet.pk, expected_version=sheet.version)
        sheet = count_save(
            document_id=sheet.pk, expected_version=sheet.version, found={row.pk: (29, "Mất 1 viên")}
        )
        with pytest.raises(Refused, match="người thứ hai"):
            posting.count_post(document_id=sheet.pk, expected_version=sheet.version)
        asked = second.second_ask(document_id=sheet.pk, expected_version=sheet.version)
        with pytest.raises(Refused):
            approvals.approve(change_id=asked.pk)  # not by the same person
    assert at(lot, place) == 30
    with scope.enter(other):
        approvals.approve(change_id=asked.pk)
    done = StockDocument.unscoped.get(pk=sheet.pk)
    assert (done.posted_by, done.second_by, done.state) == (asker.user_id, other.user_id, "posted")
    assert at(lot, place) == 29
    agrees()


def test_what_was_changed_after_it_was_sent_is_not_agreed_to() -> None:
    station = a_station()
    item, place = an_item(station, "Diazepam 5mg", controlled="psychotropic"), a_place(station)
    lot = a_lot(item, place, 30, "L1")
    with scope.enter(keeper_at(station)):
        made = draft("discard", place, out(item, 1, lot_id=lot.pk), reason="Vỡ")
        asked = second.second_ask(document_id=made.pk, expected_version=made.version)
        drafting.draft_save(
            kind="discard",
            document_id=made.pk,
            expected_version=made.version,
            data=DocumentInput(
                on=TODAY(), location_id=place.pk, reason="Vỡ", lines=[out(item, 20, lot_id=lot.pk)]
            ),
        )
    with scope.enter(keeper_at(station)), pytest.raises(Refused, match="gửi lại"):
        approvals.approve(change_id=asked.pk)
    assert at(lot, place) == 30


def test_rights() -> None:
    station = a_station()
    item, place = an_item(station), a_place(station)
    with scope.enter(keeper_at(station, frozenset({"stock.view"}))), pytest.raises(PermissionDenied):
        draft("receipt", place, line(item))
    with scope.enter(keeper_at(station)):
        done = posted("receipt", place, line(item))
    with scope.enter(keeper_at(station, frozenset({"stock.view", "stock.enter"}))):
        with pytest.raises(PermissionDenied):
            posting.reverse(document_id=done.pk, expected_version=done.version, reason="Nhầm")


def test_another_station_has_none_of_it() -> None:
    station, other = a_station(), a_station("21485", "Ba Vinh")
    item, place = an_item(station), a_place(station)
    theirs = an_item(other)
    with scope.enter(keeper_at(station)):
        made = draft("receipt", place, line(item))
        with pytest.raises(LineProblems):
            draft("receipt", place, line(theirs))
    with scope.enter(keeper_at(other)):
        assert not StockDocument.objects.exists()
        with pytest.raises(Refused):
            posting.receive_post(document_id=made.pk, expected_version=made.version)
        with pytest.raises(Refused):
            draft("receipt", place, line(theirs))
