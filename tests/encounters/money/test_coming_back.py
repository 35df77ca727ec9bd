"""An order that was paid for and is cancelled: named for refund at the till, no more than its own price."""

import datetime as dt

import pytest

from apps.core.scope import enter
from apps.encounters.models import Order, Receipt, ReceiptState, TreatmentSession
from apps.encounters.money import queries, receipts
from apps.encounters.ordering import orders, traditional
from tests.encounters.money.test_ordered import an_order, bill
from tests.factories import encounters as make
from tests.factories import money as till
from tests.factories.money import taken
from tests.factories.patients import RIGHTS


@pytest.fixture
def as_doctor(doctor):
    with enter(
        make.scope_of(doctor, rights=RIGHTS | till.MONEY | {"results.edit", "results.enter"})
    ) as scope:
        yield scope


def cancel(order, how=orders.order_cancel):
    order.refresh_from_db()
    return how(order_id=order.pk, expected_version=order.version, reason="Không cần nữa")


def due(scope):
    """What the till's list says is to be given back, by receipt."""
    page = queries.to_refund_page(scope, today=Receipt.unscoped.first().on)
    return {row.receipt.number: row.left for row in queries.rows(scope, page.items)}


def test_it_works(visit, as_doctor):
    order = an_order(visit)
    an_order(visit, name="Tổng phân tích nước tiểu", price=10_000)
    receipt = taken(visit, method="cash")
    assert due(as_doctor) == {}
    cancel(order)
    assert due(as_doctor) == {receipt.number: 21_800}
    receipt.refresh_from_db()
    receipts.refund_make(
        receipt_id=receipt.pk,
        expected_version=receipt.version,
        amount=21_800,
        method="cash",
        reason="Hủy chỉ định",
    )
    assert due(as_doctor) == {}
    assert Receipt.unscoped.get().state == ReceiptState.PAID


def test_entered_in_error_too_and_two_together(visit, as_doctor):
    first, second = an_order(visit), an_order(visit, name="Khác", price=10_000)
    receipt = taken(visit, method="cash")
    cancel(first)
    cancel(second, orders.order_in_error)
    assert due(as_doctor) == {receipt.number: 31_800}


def test_a_receipt_that_waits_is_drawn_up_anew(visit, as_doctor):
    order = an_order(visit)
    taken(visit, method="")
    cancel(order)
    receipt = Receipt.unscoped.get()
    assert receipt.state == ReceiptState.VOID and "hủy" in receipt.void_reason
    assert taken(visit).payable == till.EXAM


def test_what_nobody_paid_for_is_nobodys_refund(visit, as_doctor):
    order = an_order(visit)
    cancel(order)
    assert Order.unscoped.get().state == "cancelled" and not Receipt.unscoped.exists()


def test_an_order_that_stands_is_not_named(visit, as_doctor):
    order, other = an_order(visit), an_order(visit, name="Khác", price=0)
    taken(visit, method="cash")
    cancel(other)
    assert due(as_doctor) == {}
    assert order.state == "ordered"


def test_of_a_course_that_ends_early_the_sessions_that_were_not_held(visit, as_doctor):
    course = an_order(visit, kind="course", sessions=5, price=10_000)
    receipt = taken(visit, method="cash")
    for day, in_error in ((3, False), (2, False), (1, True)):
        at = visit.occurred_at - dt.timedelta(minutes=day)
        TreatmentSession.unscoped.create(order=course, at=at, methods=["cuu"], in_error=in_error)
    course.refresh_from_db()
    traditional.course_end(order_id=course.pk, expected_version=course.version, reason="Đỡ đau")
    assert due(as_doctor) == {receipt.number: 30_000}
    assert bill(visit).payable == 0
