"""A lot comes with its manufacturer and its diluent; posting pairs them, and only what is really there."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.core import scope
from apps.core.errors import Refused
from apps.stock import posting
from apps.stock.models import DocumentLine, Lot, StockDocument
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_place, an_item, keeper_at
from tests.stock.conftest import Store
from tests.stock.test_pages import begin, received, row
from tests.stock.test_papers import draft, line, posted
from tests.stock.test_sheets import HEAD, last, send, workbook
from tests.stock.test_taking import agrees

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(db: None) -> Any:
    """A vaccine, its diluent and a place, inside the keeper's scope."""
    station = a_station()
    vaccine = an_item(station, "Vắc xin sởi", kind="vaccine", unit="Lọ", packs=[["Hộp", 10]])
    diluent = an_item(station, "Dung môi vắc xin sởi", kind="vaccine", unit="Ống", packs=[["Hộp", 10]])
    with scope.enter(keeper_at(station)):
        yield vaccine, diluent, a_place(station)


def test_it_works(shelf: Any) -> None:
    vaccine, diluent, place = shelf
    posted(
        "receipt",
        place,
        line(vaccine, lot_number="S1", manufacturer="POLYVAC", diluent_number="d1"),  # before its diluent
        line(diluent, lot_number="D1"),
    )
    lot = Lot.objects.get(number="S1")
    assert lot.diluent == Lot.objects.get(number="D1")
    assert lot.manufacturer == "POLYVAC"
    assert [each.lot for each in StockDocument.objects.get().lines.order_by("position")] == [lot, lot.diluent]
    agrees()


def test_a_diluent_that_the_station_has_already(shelf: Any) -> None:
    vaccine, diluent, place = shelf
    there = a_lot(diluent, place, 20, "D9")
    posted("receipt", place, line(vaccine, lot_number="S1", diluent_number="D9"))
    assert Lot.objects.get(number="S1").diluent == there


def test_the_same_lot_with_another_diluent_is_a_lot_of_its_own(shelf: Any) -> None:
    vaccine, diluent, place = shelf
    for number in ("D1", "D2", "D1"):
        posted("receipt", place, line(vaccine, lot_number="S1", diluent_number=number),
               line(diluent, lot_number=number))  # fmt: skip
    paired = Lot.objects.filter(number="S1").order_by("pk")
    assert [lot.diluent.number for lot in paired] == ["D1", "D2"]
    agrees()


def test_a_diluent_that_is_nowhere_is_refused(shelf: Any) -> None:
    vaccine, _, place = shelf
    made = draft("receipt", place, line(vaccine, lot_number="S1", diluent_number="D7"))
    with pytest.raises(Refused, match="lô dung môi D7 không có trên phiếu này"):
        posting.receive_post(document_id=made.pk, expected_version=made.version)
    assert not Lot.objects.exists()


def test_another_stations_diluent_is_none(shelf: Any) -> None:
    vaccine, _, place = shelf
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    a_lot(an_item(other, "Dung môi", kind="vaccine"), None, 0, "D7")
    made = draft("receipt", place, line(vaccine, lot_number="S1", diluent_number="D7"))
    with pytest.raises(Refused, match="không có trên phiếu này"):
        posting.receive_post(document_id=made.pk, expected_version=made.version)


def test_a_number_of_several_items_has_to_come_on_the_paper(shelf: Any) -> None:
    vaccine, diluent, place = shelf
    a_lot(diluent, place, 5, "D1")
    a_lot(an_item(place.station, "Nước cất"), place, 5, "D1")
    made = draft("receipt", place, line(vaccine, lot_number="S1", diluent_number="D1"))
    with pytest.raises(Refused, match="nhiều mặt hàng có lô D1"):
        posting.receive_post(document_id=made.pk, expected_version=made.version)
    posted(
        "receipt", place, line(vaccine, lot_number="S2", diluent_number="D1"), line(diluent, lot_number="D1")
    )
    paired = Lot.objects.get(number="S2").diluent
    assert paired is not None and paired.item == diluent


def test_the_grid_keeps_both_and_the_item_shows_them(store: Store, desk: Client) -> None:
    an_item(store.station, "Dung môi", kind="vaccine", unit="Ống", label="DM1")
    paper = begin(desk)
    assert 'name="manufacturer"' in desk.get(f"/kho/phieu/{paper.pk}/").content.decode()
    row(desk, paper, **received(item="DM1", lot_number="D1", pack="", price=""))
    assert row(desk, paper, **received(manufacturer="IVAC", diluent="D1")).status_code == 200
    kept = DocumentLine.unscoped.get(item__name="Paracetamol 500mg")
    assert (kept.manufacturer, kept.diluent_number) == ("IVAC", "D1")
    paper.refresh_from_db()
    desk.post(f"/kho/phieu/{paper.pk}/ghi-so/", {"form_key": "00000000-0000-4000-8000-000000000001",
                                                 "version": paper.version})  # fmt: skip
    shown = desk.get(f"/kho/mat-hang/{kept.item_id}/").content.decode()
    assert "IVAC, dung môi lô D1" in shown


def test_a_file_brings_them_too(store: Store, desk: Client) -> None:
    paper = begin(desk)
    head = [*HEAD, "Nhà sản xuất", "Lô dung môi"]
    content = workbook(head, ["TD001.1", "", "A1", last(), "2", "", "", "IVAC", "D1"])
    assert send(desk, paper, content).status_code == 302
    kept = DocumentLine.unscoped.get()
    assert (kept.manufacturer, kept.diluent_number) == ("IVAC", "D1")


def test_an_expired_lot_of_diluent_is_still_told(shelf: Any) -> None:
    vaccine, diluent, place = shelf
    old = timezone.localdate() - dt.timedelta(days=3)
    posted("opening", place, line(vaccine, lot_number="S1", diluent_number="D1"),
           line(diluent, lot_number="D1", expiry=old))  # fmt: skip
    assert Lot.objects.get(number="S1").diluent.is_expired(timezone.localdate())
