"""Procedures: short forms by kind, watching after an injection, the observation bed, reopening."""

import datetime as dt
from decimal import Decimal as D

import pytest
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.scope import enter
from apps.encounters.models import Order, ProcedureSheet, SheetRow
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import procedures
from apps.encounters.ordering import queries as order_queries
from apps.encounters.ordering.procedures import RowInput, SheetInput
from apps.encounters.writing import Problems
from apps.patients.models import TimelineEntry
from tests.factories import encounters as make
from tests.factories.orders import DRESSING, GLUCOSE, INJECTION, an_order, order_catalogues

SHOT = {
    "drug": "Diclofenac 75 mg/3 ml, 1 ống",
    "route": "Bắp",
    "history": "Không có tiền sử dị ứng",
    "kit": "Có, đủ thuốc",
}
AGO = dt.timedelta(minutes=40)


@pytest.fixture
def visit(hoa, doctor):
    order_catalogues()
    return make.an_examined_visit(hoa, doctor, at=timezone.now() - dt.timedelta(hours=1))


@pytest.fixture
def injection(visit, doctor):
    return an_order(visit, doctor, INJECTION)


def save(order, fields=SHOT, *, end=False, override="", **more):
    return procedures.sheet_save(
        order_id=order.pk,
        expected_version=Order.unscoped.get(pk=order.pk).version,
        data=SheetInput(fields=fields, **more),
        end=end,
        override=override,
    )


def watch(order, minutes, **fields):
    sheet = ProcedureSheet.unscoped.get(order=order)
    at = sheet.started_at + dt.timedelta(minutes=minutes)
    return procedures.row_add(order_id=order.pk, data=RowInput(at=at, **fields))


def test_it_works(injection, nurse, as_doctor):
    with enter(make.scope_of(nurse)):
        save(injection, started_at=timezone.now() - AGO, supplies="1 bơm tiêm 5 ml")
        injection.refresh_from_db()
        assert (injection.state, injection.state_word) == ("ordered", "đang thực hiện")
        for minute in (0, 15, 30):
            watch(injection, minute, signs={"systolic": D(120), "diastolic": D(80), "pulse": D(80)})
        sheet = save(injection, SHOT | {"reaction": "Không"}, end=True)
    injection.refresh_from_db()
    assert (injection.state, injection.state_word, sheet.state) == ("resulted", "đã xong", "final")
    rows = order_queries.watched(order_queries.sheet(injection), injection.age_days)
    assert [(row.minute, row.signs) for row in rows] == [
        (minute, "Mạch 80 lần/phút, HA 120/80") for minute in (0, 15, 30)
    ]
    assert rows[0].row.watcher == nurse
    assert TimelineEntry.unscoped.filter(kind="result", object_id=injection.pk).exists()


def test_watched_too_short_asks_for_a_reason(injection, as_doctor):
    save(injection, started_at=timezone.now() - AGO)
    watch(injection, 10, signs={"pulse": D(80)})
    with pytest.raises(NeedsReason, match="Mới theo dõi 10 phút"):
        save(injection, end=True)
    sheet = save(injection, end=True, override="Người bệnh xin về, đã dặn")
    assert sheet.overrides[0]["code"] == "watched-short"


def test_the_end_asks_for_what_must_be_there(injection, as_doctor):
    save(injection, {"drug": "Diclofenac"})
    with pytest.raises(Problems) as caught:
        save(injection, {"drug": "Diclofenac"}, end=True)
    assert {problem.field for problem in caught.value.problems} == {"box-route", "box-history", "box-kit"}


@pytest.mark.parametrize(
    ("fields", "more", "sentence"),
    [
        ({"route": "Uống"}, {}, "chọn trong danh sách"),
        ({}, {"started_at": timezone.now() + dt.timedelta(hours=1)}, "tương lai"),
        ({}, {"ended_at": timezone.now() - dt.timedelta(days=2)}, "trước giờ bắt đầu"),
    ],
    ids=["option", "future", "end-first"],
)
def test_what_cannot_be(injection, as_doctor, fields, more, sentence):
    with pytest.raises(Problems, match=sentence):
        save(injection, fields, **more)
    assert not ProcedureSheet.unscoped.exists()


def test_rows_that_cannot_be(injection, as_doctor):
    with pytest.raises(Refused, match="Lưu phiếu trước"):
        procedures.row_add(order_id=injection.pk, data=RowInput(text="Khó thở"))
    save(injection)
    with pytest.raises(Refused, match="Ghi ít nhất một"):
        procedures.row_add(order_id=injection.pk, data=RowInput())
    with pytest.raises(Refused, match="trước khi bắt đầu"):
        watch(injection, -30, text="Khó thở")
    with pytest.raises(Problems, match="không thể"):
        watch(injection, 0, signs={"temperature": D(375)})
    assert not SheetRow.unscoped.exists()


def test_danger_signs_are_said_and_a_wrong_row_is_struck(injection, as_doctor):
    save(injection)
    row = watch(injection, 0, signs={"systolic": D(70), "diastolic": D(40)}, text="Nổi mày đay, khó thở")
    shown = order_queries.watched(order_queries.sheet(injection), injection.age_days)
    assert shown[0].dangers == ["Huyết áp thấp: 70/40 mmHg"]
    procedures.row_in_error(row_id=row.pk)
    row.refresh_from_db()
    assert row.in_error


def test_a_reopened_sheet_keeps_what_it_said(visit, doctor, as_doctor):
    order = an_order(visit, doctor, DRESSING)
    save(order, {"site": "Cẳng chân phải", "done": "Rửa, băng"}, end=True)
    order.refresh_from_db()
    procedures.sheet_reopen(order_id=order.pk, expected_version=order.version, reason="Ghi nhầm bên")
    sheet = save(order, {"site": "Cẳng chân trái", "done": "Rửa, băng"}, end=True)
    assert sheet.overrides[0]["was"]["data"]["site"] == "Cẳng chân phải"
    assert sheet.data["site"] == "Cẳng chân trái"


def test_forms_come_from_the_catalogue_of_the_day(visit):
    form = order_catalogue.form("injection", visit.on)
    assert (form.rows, form.minutes, form.points) == (True, 30, (0, 15, 30))
    assert order_catalogue.form("không có", visit.on).code == "other"


def test_a_test_has_no_sheet(visit, doctor, as_doctor):
    with pytest.raises(Refused, match="không ghi bằng phiếu"):
        save(an_order(visit, doctor, GLUCOSE))
