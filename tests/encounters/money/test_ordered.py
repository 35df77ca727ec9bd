"""Orders on a bill."""

import pytest

from apps.encounters.models import Order, ReceiptLine, Visit
from apps.encounters.money import bills
from tests.factories import encounters as make
from tests.factories.money import EXAM, taken
from tests.factories.patients import a_card


def an_order(visit, **fields):
    given = {"kind": "lab", "code": "23.0075.1494", "name": "Định lượng Glucose", "price": 21_800} | fields
    copied = ("person_id", "facility_id", "occurred_at", "age_days", "payer")
    return Order.unscoped.create(visit=visit, **{name: getattr(visit, name) for name in copied}, **given)


def bill(visit):
    return bills.bill_of(Visit.unscoped.select_related("facility__unit__parent", "card").get(pk=visit.pk))


def test_it_works(visit, as_nurse):
    an_order(visit)
    receipt = taken(visit)
    assert receipt.payable == EXAM + 21_800
    assert ReceiptLine.unscoped.get(source="orders").text == "Định lượng Glucose"


def test_a_course_is_paid_by_its_sessions(visit, as_nurse):
    an_order(visit, kind="course", sessions=5, price=10_000)
    assert bill(visit).payable == EXAM + 50_000


@pytest.mark.parametrize("state", ["cancelled", "entered_in_error"])
def test_what_does_not_stand_costs_nothing(visit, as_nurse, state):
    an_order(visit, state=state)
    assert bill(visit).payable == EXAM


def test_of_the_insured_the_fund_pays(hoa, doctor, as_nurse):
    card = a_card(hoa, valid_from=None, valid_to=None)
    visit = make.a_visit(hoa, doctor, payer="bhyt", card_id=card.pk)
    an_order(visit)
    assert (bill(visit).bill.fund, bill(visit).payable) == (EXAM + 21_800, 0)


def test_without_a_price_it_is_named(visit, as_nurse):
    an_order(visit, price=None)
    assert [item.text for item in bill(visit).bill.unpriced] == ["Định lượng Glucose"]


def test_a_restricted_order_is_not_told_by_its_name(visit, as_nurse):
    order = an_order(visit, name="HIV Ab test nhanh")
    Order.unscoped.filter(pk=order.pk).update(restricted=True)
    taken(visit)
    line = ReceiptLine.unscoped.get(source="orders")
    assert "HIV" not in line.text + line.code
