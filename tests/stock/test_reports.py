"""The in-out-balance, the papers as PDF, the morning's warnings, the go-live list, hand-over, reforms."""

import datetime as dt
import io
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from apps.core import registry, scope
from apps.core.ids import uuid7
from apps.core.journal import Journal
from apps.core.models import AuditEntry
from apps.core.registry import Holder, Succession
from apps.stock import controlled, ledger, periods, services, warnings
from apps.stock.balance import period_of
from apps.stock.ledger import Move, Source
from apps.stock.models import Lot, StockDocument, StockItem, StockLocation
from tests.factories.accounts import client_of
from tests.factories.facilities import a_station
from tests.factories.stock import a_lot, a_paper, a_place, an_item, keeper_at
from tests.stock.conftest import Store

TODAY = timezone.localdate


def moved(item: Any, lot: Any, place: Any, kind: str, quantity: int, on: dt.date) -> None:
    with scope.system("test"), transaction.atomic():
        ledger.items_lock([item.pk])
        ledger.write([Move(kind, lot.pk, place.pk, quantity)], source=Source("test", uuid7()), on=on)


def test_it_works(store: Store, desk: Client) -> None:
    item, place = an_item(store.station), a_place(store.station)
    other = a_place(store.station, "Quầy")
    lot = a_lot(item)
    since, until = period_of(TODAY(), 6)
    before = since - dt.timedelta(days=1)
    for kind, quantity, on in (
        ("receive", 100, before),
        ("receive", 50, since),
        ("dispense", -30, TODAY()),
        ("return", 5, TODAY()),
        ("discard", -2, TODAY()),
        ("adjust", -3, TODAY()),
        ("transfer", -20, TODAY()),
    ):
        moved(item, lot, place, kind, quantity, on)
    moved(item, lot, other, "transfer", 20, TODAY())
    here = store.scope(store.pharmacist)
    with scope.enter(here):
        asked = periods.asked_of(here, {})
        assert (asked.since, asked.until) == (since, until)
        (row,) = periods.rows(here, asked)
        assert periods.cells(row)[4:] == [100, 50, 5, 30, 2, -3, 0, 120]
        (row,) = periods.rows(here, periods.asked_of(here, {"kho": str(other.pk)}))
        assert (row.sums.moved, row.sums.closing) == (20, 20)
        assert periods.rows(here, periods.asked_of(here, {"ct": "mental"})) == []
        assert periods.rows(here, periods.asked_of(here, {"kiem-soat": "1"})) == []
    shown = desk.get("/kho/xuat-nhap-ton/").content.decode()
    assert "Paracetamol 500mg" in shown and ">120<" in shown
    book = desk.get("/kho/xuat-nhap-ton/xuat-nhap-ton.xlsx")
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert [cell.value for cell in sheet[2]][4:] == [100, 50, 5, 30, 2, -3, 0, 120]
    for path in ("xuat-nhap-ton/xuat-nhap-ton.pdf", f"mat-hang/{item.pk}/the-kho.pdf"):
        answer = desk.get(f"/kho/{path}")
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    assert AuditEntry.objects.filter(action="stock.balance_exported").count() == 1


@pytest.mark.parametrize("query", ["ky=99", "ngay=31/02/2026", "kho=x&ct=khong-co", "ngay=1/1/2020&ky=12"])
def test_a_period_that_cannot_be_read_is_the_usual(store: Store, desk: Client, query: str) -> None:
    assert desk.get(f"/kho/xuat-nhap-ton/?{query}").status_code == 200


def test_only_who_exports_takes_the_workbook(store: Store) -> None:
    nurse = client_of(store.nurse)
    assert nurse.get("/kho/xuat-nhap-ton/").status_code == 200
    assert nurse.get("/kho/xuat-nhap-ton/xuat-nhap-ton.xlsx").status_code == 403


def test_the_paper_of_a_draft_has_no_number_and_counts_no_copy(store: Store, desk: Client) -> None:
    paper = a_paper(store.station, "count")
    answer = desk.get(f"/kho/phieu/{paper.pk}/phieu.pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    assert not AuditEntry.objects.filter(action="paper.printed").exists()
    StockDocument.unscoped.filter(pk=paper.pk).update(state="posted", number="KK0001/2026")
    desk.get(f"/kho/phieu/{paper.pk}/phieu.pdf")
    assert AuditEntry.objects.filter(action="paper.printed").count() == 1


def test_the_morning_tells_what_is_short_and_what_runs_out(store: Store, desk: Client) -> None:
    place = a_place(store.station)
    assert "Kho cần xem" not in desk.get("/").content.decode()
    a_lot(an_item(store.station, "Thuốc quá hạn"), place, 5, expiry=TODAY() - dt.timedelta(days=1))
    a_lot(an_item(store.station, "Thuốc sắp hết hạn"), place, 5, expiry=TODAY() + dt.timedelta(days=9))
    an_item(store.station, "Thuốc đã hết", minimum=10)
    shown = desk.get("/").content.decode()
    for name in ("Thuốc quá hạn", "Thuốc sắp hết hạn", "Thuốc đã hết"):
        assert name in shown
    assert "Kho cần xem" not in client_of(store.nurse).get("/").content.decode()


def test_the_go_live_list_counts_the_opening_balance(store: Store) -> None:
    here = store.scope(store.pharmacist)
    assert not warnings.opening_progress(here).complete
    paper = a_paper(store.station, "opening")
    StockDocument.unscoped.filter(pk=paper.pk).update(state="posted", number="TD0001/2026")
    assert warnings.opening_progress(here).complete
    item = registry.golive.get("stock_opening")
    assert item is not None and item.link is not None and item.link(here) == "/kho/phieu/moi/ton-dau-ky/"


def test_a_leavers_drafts_are_named(store: Store) -> None:
    paper = a_paper(store.station)
    StockDocument.unscoped.filter(pk=paper.pk).update(made_by=store.pharmacist.pk)
    holder = Holder(store.pharmacist.pk, frozenset(), "Lê Thị Dược")
    (line,) = warnings.drafts_of(store.scope(store.nurse), holder, 10)
    assert line.title == "Phiếu nhập kho" and line.url == f"/kho/phieu/{paper.pk}/"


@pytest.mark.django_db
def test_a_former_stations_stock_comes_under_its_successor() -> None:
    """Same items' lots come together, other items move, places are told apart, and all can be taken back."""
    former, heir = a_station("21484", "Ba Tơ"), a_station("21485", "Ba Vinh")
    old, theirs = an_item(former, code="TD001.1"), an_item(heir, code="TD001.1", packs=[["Hộp", 50]])
    alone = an_item(former, "Amoxicilin 500mg", code="TD028.2")
    place, store = a_place(former), a_place(heir)
    lot, other = a_lot(old, place, 30, "CU"), a_lot(alone, place, 10)
    a_lot(theirs, store, 5, "MOI")
    step = Succession(id=uuid7(), on=TODAY(), stations={former.pk: heir.pk}, names={former.pk: "Ba Tơ"})
    journal = Journal()
    steps = [registry.succession_steps.get(f"stock_{key}") for key in ("places", "items", "papers")]
    with scope.system("test"), transaction.atomic():
        for each in steps:
            assert each is not None and each.move is not None
            while each.move(step, journal):
                pass
            assert each.count(step) == 0
    place.refresh_from_db()
    assert (place.station, place.point, place.name) == (heir, former, "Kho chính – Ba Tơ")
    assert Lot.unscoped.get(pk=lot.pk).item == theirs
    assert StockItem.unscoped.get(pk=theirs.pk).packs == [["Hộp", 50], ["Vỉ", 10]]
    assert Lot.unscoped.get(pk=other.pk).item.station == heir
    with scope.enter(keeper_at(heir)):
        taken = services.take(
            item_id=theirs.pk, quantity=30, location_id=place.pk, source=Source("x", uuid7()), on=TODAY()
        )
        assert taken[0].lot == lot
    with scope.system("test"), transaction.atomic():
        assert not journal.take_back().left
    assert StockLocation.unscoped.get(pk=place.pk).station == former
    assert Lot.unscoped.get(pk=lot.pk).item == old


def test_the_book_of_controlled_drugs_tells_each_time(store: Store, desk: Client) -> None:
    item, place = an_item(store.station, "Diazepam 5mg", controlled="psychotropic"), a_place(store.station)
    a_lot(an_item(store.station), place, 40)
    lot = a_lot(item)
    since, _ = period_of(TODAY(), 6)
    moved(item, lot, place, "receive", 100, since - dt.timedelta(days=1))
    moved(item, lot, place, "dispense", -30, TODAY())
    moved(item, lot, place, "return", 5, TODAY())
    here = store.scope(store.pharmacist)
    with scope.enter(here):
        (part,) = controlled.book(here, periods.asked_of(here, {"kiem-soat": "1"}))
    assert (part.item, part.opening, part.closing) == (item, 100, 75)
    assert [(line.row.quantity, line.after) for line in part.lines] == [(-30, 70), (5, 75)]
    answer = desk.get("/kho/xuat-nhap-ton/so-kiem-soat.pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    assert "so-kiem-soat.pdf" in desk.get("/kho/xuat-nhap-ton/?kiem-soat=1").content.decode()
