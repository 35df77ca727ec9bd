"""Medicines of a slip: prescribed in the same row as the visit, by whoever may."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.core.loading import load_parameters
from apps.core.registry import LoadReport
from apps.core.scope import enter
from apps.encounters import back_entry, dosing
from apps.encounters.models import Dispensing, PrescriptionLine, Receipt, Visit
from apps.facilities.models import Facility, Practitioner
from apps.outage.models import BackEntry, Pack
from apps.patients.models import DueItem, Person
from apps.stock.models import StockBalance, StockMovement
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories.money import till
from tests.factories.patients import a_person, an_allergy
from tests.factories.stock import a_lot, a_place, an_item
from tests.outage.conftest import cells, send
from tests.outage.test_entry import errors, nothing_written
from tests.stock.test_backdated import moved

TWO = {"drug1": "TD001.1", "use1": "1 x 2 x 5", "drug2": "TD028.1", "use2": "1 viên x 3 lần x 5 ngày"}


@pytest.fixture
def client(doctor: Practitioner) -> Client:
    return signed_in("doctor", doctor, "binh.tv")


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("1 x 2 x 5", ("1", "viên", 2, 5, None)),
        ("1x2x5", ("1", "viên", 2, 5, None)),
        ("1/2 v x 3 lần x 5 ngày", ("0.5", "viên", 3, 5, None)),
        ("5 ml × 3 × 7 = 1", ("5", "ml", 3, 7, "1")),
        ("0,5 * 1 * 30 = 15 viên", ("0.5", "viên", 1, 30, "15")),
    ],
)
def test_how_a_use_is_read(text: str, use: Any) -> None:
    found = dosing.read_use(text, "viên")
    total = None if use[4] is None else Decimal(use[4])
    assert found == dosing.Use(Decimal(use[0]), use[1], use[2], use[3], total)


@pytest.mark.parametrize(
    "text", ["", "1", "1 x 2", "1 x 2 x 5 x 3", "x x x", "1 x hai x 5", "1 x 2 x 5 =", "0 x 2 x 5"]
)
def test_a_use_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"Ghi như|lớn hơn 0"):
        dosing.read_use(text, "viên")


def test_it_works(client: Client, pack: Pack, doctor: Practitioner, patient: Person) -> None:
    answer = send(client, cells(pack, doctor, patient, **TWO))
    assert answer.status_code == 200, answer.content
    visit = Visit.unscoped.get()
    lines = PrescriptionLine.unscoped.filter(prescription__visit=visit).order_by("position")
    assert [(line.drug.code, line.quantity) for line in lines] == [("TD001.1", 10), ("TD028.1", 15)]
    assert visit.state == "finalised" and visit.entry_mode == "back_entered"
    assert BackEntry.unscoped.get().performer == doctor


def test_a_nurse_has_no_such_cells(nurse: Client, pack: Pack, doctor: Practitioner, patient: Person) -> None:
    page = nurse.get("/nhap-bu/kham/").content.decode()
    assert 'name="use1"' not in page
    assert send(nurse, cells(pack, doctor, patient, **TWO)).status_code == 200
    assert not PrescriptionLine.unscoped.exists(), "what is sent without the right is not read"


def test_who_may_not_prescribe_has_not_prescribed_on_paper(
    client: Client, station: Facility, pack: Pack, patient: Person
) -> None:
    hers = make.a_practitioner(station, "Lê Thị Thu", grade="nurse", can_sign=False, licence_no="7")
    said = errors(send(client, cells(pack, hers, patient, **TWO)))
    assert "không được kê đơn" in said["who"] and nothing_written()


@pytest.mark.parametrize(
    ("changes", "cell"),
    [
        ({"use1": "mai"}, "use1"),
        ({"use1": ""}, "use1"),
        ({"drug1": "", "use1": "1 x 2 x 5"}, "drug1"),
        ({"drug1": "KHONGCO"}, "drug1"),
        ({"drug1": "", "use1": "", "drug3": "TD001.1", "use3": "1 x 2 x 400"}, "use3"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_written(
    client: Client, pack: Pack, doctor: Practitioner, patient: Person, changes: dict[str, str], cell: str
) -> None:
    found = errors(send(client, cells(pack, doctor, patient, **(TWO | {"drug2": "", "use2": ""} | changes))))
    assert list(found) == [cell] and nothing_written()


def test_an_allergy_asks_for_a_reason(
    client: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    an_allergy(patient, substance="Paracetamol")
    row = cells(pack, doctor, patient, drug1="TD001.1", use1="1 x 2 x 5")
    assert "Paracetamol" in errors(send(client, row))["keep"]
    assert send(client, row | {"keep": "đã hỏi lại, không dị ứng"}).status_code == 200


# --- medicines that were handed out on paper


def test_medicines_handed_out_on_paper_leave_the_stock_of_that_day(
    client: Client, station: Facility, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    load_parameters(Path(settings.BASE_DIR) / "fixtures", LoadReport())
    place = a_place(station, "Quầy cấp phát", dispenses=True)
    lot = a_lot(an_item(station, "Paracetamol 500mg", code="TD001.1"), number="A1")
    moved(lot, place, 100, 5)
    row = cells(pack, doctor, patient, **(TWO | {"given": str(place.pk)}))
    assert "không có thuốc này" in errors(send(client, row))["given"] and nothing_written()
    other = a_lot(an_item(station, "Amoxicilin 500mg", code="TD028.1"), number="B1")
    moved(other, place, 10, 5)
    moved(other, place, 90, 0)  # came today: was not there when the slip was written
    assert "Amoxicilin" in errors(send(client, row))["given"] and nothing_written()
    moved(other, place, 20, 3)
    assert send(client, row).status_code == 200
    act, visit = Dispensing.unscoped.get(), Visit.unscoped.get()
    assert (act.state, act.on, act.performer) == ("completed", visit.on, doctor)
    assert act.occurred_at == visit.occurred_at and act.entry_mode == "back_entered"
    left = dict(StockBalance.unscoped.values_list("lot__number", "quantity"))
    assert left == {"A1": 90, "B1": 105}
    assert set(StockMovement.unscoped.filter(kind="dispense").values_list("on", flat=True)) == {visit.on}


def test_a_place_that_gives_nothing_out(
    client: Client, station: Facility, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    store = a_place(station)
    row = cells(pack, doctor, patient, **(TWO | {"given": str(store.pk)}))
    assert "given" in errors(send(client, row)) and nothing_written()
    assert send(client, row | {"given": ""}).status_code == 200
    assert not Dispensing.unscoped.exists()


# --- cash that was taken on paper


def test_cash_of_the_slip_becomes_a_receipt_of_today(
    client: Client, pack: Pack, doctor: Practitioner, patient: Person
) -> None:
    till()
    row = cells(pack, doctor, patient, paid="30.000")
    assert "36.500" in errors(send(client, row))["paid"] and nothing_written()
    assert not Receipt.unscoped.exists()
    assert errors(send(client, row | {"paid": "nhiều"}))["paid"]
    assert send(client, row | {"paid": "36.500 đ"}).status_code == 200
    receipt = Receipt.unscoped.get()
    assert (receipt.state, receipt.payable, receipt.book_on) == ("paid", 36_500, timezone.localdate())
    assert receipt.visit == Visit.unscoped.get()


# --- on paper


def a_due(person: Person, days: int, **fields: Any) -> DueItem:
    on = timezone.localdate() + dt.timedelta(days=days)
    fields = {"kind": "record_review", "title": "HIV"} | fields
    return DueItem.unscoped.create(person=person, due_on=on, object_id=person.pk, **fields)


def test_what_is_due_stands_on_paper_without_its_words(
    doctor: Practitioner, patient: Person, monkeypatch: Any
) -> None:
    from apps.core import registry
    from apps.core.registry import DueKind

    monkeypatch.setattr(registry.due_kinds, "_items", dict(registry.due_kinds._items))
    registry.due_kinds.add(DueKind("follow", "Tái khám định kỳ", right="visits.view"))
    a_due(patient, 2, kind="follow", title="Tăng huyết áp")
    a_due(a_person(doctor.facility, "Đinh Văn Kín"), 3, kind="follow", title="HIV", restricted=True)
    a_due(a_person(doctor.facility, "Đinh Văn Hồ Sơ"), 3, kind="health_record", title="x")
    today = timezone.localdate()
    with enter(make.scope_of(doctor)) as scope:
        lines = back_entry.expected(scope, today, today + dt.timedelta(days=6))
    told = {line.name: line.why for line in lines}
    assert told[patient.full_name].startswith("tái khám định kỳ ")
    assert "Tăng huyết áp" not in str(lines) and "HIV" not in str(lines)
    assert "Đinh Văn Hồ Sơ" not in told
    assert told.get("Đinh Văn Kín", "hẹn ").startswith("hẹn ")


def test_who_waits_stands_on_the_paper_of_today(doctor: Practitioner, patient: Person) -> None:
    make.a_visit(patient, doctor, reason="Chuyện riêng")
    today = timezone.localdate()
    with enter(make.scope_of(doctor)) as scope:
        (line,) = back_entry.waiting(scope, today)
        assert back_entry.waiting(scope, today + dt.timedelta(days=1)) == []
    assert (line.name, line.why) == (patient.full_name, "số 1") and "riêng" not in str(line)


def test_who_is_being_examined_stands_first_on_it(doctor: Practitioner, patient: Person) -> None:
    make.an_examined_visit(patient, doctor)
    make.a_visit(a_person(doctor.facility, "Đinh Văn Chờ"), doctor)
    with enter(make.scope_of(doctor)) as scope:
        lines = back_entry.waiting(scope, timezone.localdate())
    assert [(line.name, line.why) for line in lines] == [
        (patient.full_name, "số 1, đang khám"),
        ("Đinh Văn Chờ", "số 2"),
    ]
