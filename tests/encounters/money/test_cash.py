"""The cash book: what a day holds, its end, who takes the box over."""

import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.encounters.models import CashDay, CashMove, Receipt
from apps.encounters.money import cash, receipts
from tests.factories import encounters as make
from tests.factories import money as till
from tests.factories.money import EXAM, taken
from tests.factories.patients import a_person, a_station


def move(station, kind, amount, reason="Theo phiếu"):
    return cash.move_add(facility_id=station.pk, move=cash.Move(kind, amount, reason))


def close(station, on=None, counted=0, reason=""):
    return cash.day_close(
        facility_id=station.pk, on=on or timezone.localdate(), counted=counted, reason=reason
    )


def confirm(day, counted, note="", version=None):
    return cash.day_confirm(
        day_id=day.pk, expected_version=version or day.version, counted=counted, note=note
    )


def backdated(receipt, days):
    """A receipt of an earlier day of the book."""
    on = timezone.localdate() - dt.timedelta(days=days)
    Receipt.unscoped.filter(pk=receipt.pk).update(book_on=on)
    return on


def test_it_works(visit, station, doctor, as_head):
    today = timezone.localdate()
    move(station, "float_in", 200_000, "Tiền lẻ")
    taken(visit)
    other = make.a_visit(a_person(station, "Đinh Văn Bé"), doctor, payer="fee")
    waiting = taken(other, method="transfer")
    receipts.receipt_paid(receipt_id=waiting.pk, expected_version=1, method="transfer")
    move(station, "handed_over", 100_000, "Nộp về trung tâm")
    said = cash.totals(station.pk, today)
    assert (said.opening, said.cash_in, said.cash_out) == (0, 200_000 + EXAM, 100_000)
    assert (said.closing, said.transfers) == (100_000 + EXAM, EXAM)
    day = close(station, counted=said.closing)
    assert (day.closing, day.difference, day.transfers, day.state) == (136_500, 0, EXAM, "closed")
    with enter(replace(as_head, user_id=uuid4(), full_name="Lan")):
        assert confirm(day, 136_500).confirmed_by_name == "Lan"
    assert cash.totals(station.pk, today + dt.timedelta(days=1)).opening == 136_500


def test_whose_account_was_just_made_by_who_closed_does_not_count_for_her(visit, station, as_head):
    day, other = close(station), uuid4()
    audit.record("user.created", object_id=other)
    with enter(replace(as_head, user_id=other)), pytest.raises(Refused, match="mấy ngày đầu"):
        confirm(day, 0)
    with enter(replace(as_head, user_id=uuid4())):
        assert confirm(day, 0).state == "confirmed"


def test_a_difference_has_its_reason_and_goes_on_as_counted(visit, station, as_head):
    taken(visit)
    with pytest.raises(Refused, match=r"lệch -1\.500 đ") as refused:
        close(station, counted=EXAM - 1_500)
    assert refused.value.field == "reason"
    day = close(station, counted=EXAM - 1_500, reason="Trả nhầm tiền lẻ")
    assert (day.difference, day.difference_reason) == (-1_500, "Trả nhầm tiền lẻ")
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    assert cash.totals(station.pk, tomorrow).opening == EXAM - 1_500


def test_money_after_the_closing_stands_in_the_next_day(visit, station, as_head):
    today = timezone.localdate()
    close(station)
    receipt = taken(visit)
    assert receipt.book_on == today + dt.timedelta(days=1)
    assert cash.totals(station.pk, today).closing == 0
    assert move(station, "other_in", 5_000).book_on == today + dt.timedelta(days=1)
    with pytest.raises(Refused, match="đã khóa"):
        close(station)
    with pytest.raises(Refused, match="Chưa đến"):
        close(station, on=today + dt.timedelta(days=1), counted=EXAM + 5_000)


def test_days_are_closed_one_after_the_other(visit, station, doctor, as_head):
    first = backdated(taken(visit), 3)
    taken(make.a_visit(a_person(station, "Đinh Văn Bé"), doctor, payer="fee"))
    assert cash.totals(station.pk, timezone.localdate()).opening == EXAM  # as it stands, closed or not
    with pytest.raises(Refused, match=f"{first:%d/%m/%Y} trước"):
        close(station, counted=2 * EXAM)
    close(station, on=first, counted=EXAM)
    assert close(station, counted=2 * EXAM).opening == EXAM


def test_the_next_one_is_somebody_else_and_counts_for_herself(visit, station, as_head):
    taken(visit)
    day = close(station, counted=EXAM)
    with pytest.raises(Refused, match="phải khác người khóa sổ"):
        confirm(day, EXAM)
    with enter(replace(as_head, user_id=uuid4(), rights=till.CASHIER)):
        with pytest.raises(Refused, match=r"bạn đếm 30\.000 đ"):
            confirm(day, 30_000)
        with pytest.raises(StaleVersion):
            confirm(day, EXAM, version=7)
        done = confirm(day, 30_000, "Thiếu một tờ, đã báo trưởng trạm")
        assert (done.state, done.confirmed_count) == ("confirmed", 30_000)
        with pytest.raises(Refused, match="đã được xác nhận"):
            confirm(done, EXAM)


def test_the_head_opens_the_last_day_again_before_it_is_confirmed(visit, station, as_head):
    taken(visit)
    day = close(station, counted=EXAM)
    with enter(replace(as_head, rights=till.CASHIER)), pytest.raises(PermissionDenied):
        cash.day_reopen(day_id=day.pk, expected_version=1, reason="Đếm nhầm")
    cash.day_reopen(day_id=day.pk, expected_version=1, reason="Đếm nhầm")
    assert not CashDay.unscoped.exists()
    day = close(station, counted=EXAM)
    with enter(replace(as_head, user_id=uuid4())):
        confirm(day, EXAM)
    with pytest.raises(Refused, match="chưa ai xác nhận"):
        cash.day_reopen(day_id=day.pk, expected_version=2, reason="Đếm nhầm")


def test_no_more_leaves_the_box_than_is_in_it(visit, station, as_head):
    taken(visit)
    with pytest.raises(Refused, match=r"chỉ còn 36\.500 đ"):
        move(station, "handed_over", EXAM + 1)
    float_in = move(station, "float_in", 50_000)
    move(station, "handed_over", EXAM + 50_000)
    with pytest.raises(Refused, match="chỉ còn 0 đ"):
        cash.move_in_error(move_id=float_in.pk, reason="Ghi nhầm")


def test_a_wrong_line_is_taken_out_with_its_reason(station, as_head):
    wrong = move(station, "float_in", 50_000)
    cash.move_in_error(move_id=wrong.pk, reason="Ghi hai lần")
    assert cash.totals(station.pk, timezone.localdate()).closing == 0
    assert CashMove.unscoped.get().error_reason == "Ghi hai lần"
    with pytest.raises(Refused, match="đã được bỏ"):
        cash.move_in_error(move_id=wrong.pk, reason="Ghi hai lần")
    kept = move(station, "float_in", 50_000)
    close(station, counted=50_000)
    with pytest.raises(Refused, match="đã khóa"):
        cash.move_in_error(move_id=kept.pk, reason="Ghi hai lần")


@pytest.mark.parametrize(("amount", "reason", "field"), [(0, "Tiền lẻ", "amount"), (5, " ", "reason")])
def test_other_cash_says_how_much_and_why(station, as_head, amount, reason, field):
    with pytest.raises(Refused) as refused:
        move(station, "float_in", amount, reason)
    assert refused.value.field == field


def test_a_void_leaves_the_day_as_if_it_had_not_been(visit, station, as_head):
    receipt = taken(visit)
    receipts.receipt_void(receipt_id=receipt.pk, expected_version=1, reason="Nhầm")
    assert cash.totals(station.pk, timezone.localdate()).closing == 0


def test_totals_by_cashier(visit, station, doctor, as_head):
    taken(visit)
    other = make.a_visit(a_person(station, "Đinh Văn Bé"), doctor, payer="fee")
    with enter(replace(as_head, full_name="Lan", user_id=uuid4())):
        waiting = taken(other, method="transfer")
        receipts.receipt_paid(receipt_id=waiting.pk, expected_version=1, method="transfer")
    assert cash.by_cashier(station.pk, timezone.localdate()) == [
        {"name": "Lan", "cash": 0, "transfers": EXAM},
        {"name": "Thu", "cash": EXAM, "transfers": 0},
    ]


def test_a_stranger_closes_nothing(station):
    with enter(till.a_scope(a_station("21490", "Trạm Y tế xã Ba Vì"))):
        with pytest.raises(PermissionDenied):
            close(station)
        with pytest.raises(PermissionDenied):
            move(station, "float_in", 5_000)
