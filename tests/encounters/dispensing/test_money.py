"""Medicines given at the station on the bill: each lot at its price, less what came back."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.catalogues.models import Drug
from apps.core.scope import enter
from apps.encounters import services as visits
from apps.encounters.dispensing import charging, services
from apps.encounters.dispensing.inputs import BackInput, Part
from apps.encounters.models import DispensingLot, HerbalLine, Receipt, ReceiptLine, Visit, VisitFees
from apps.encounters.money import bills, receipts
from apps.encounters.money import queries as money
from tests.encounters.conftest import signed_in
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories import money as till
from tests.factories.catalogues import a_code
from tests.factories.dispensing import given, part
from tests.factories.patients import a_card


@pytest.fixture(autouse=True)
def prices(station):
    till.till()


@pytest.fixture
def visit(hoa, doctor):
    return give.a_prescription(hoa, doctor, payer="fee")


@pytest.fixture
def lot(desk):
    return give.a_stock(desk, 100, price=Decimal("450.5"))


def bill(visit):
    return bills.bill_of(Visit.unscoped.select_related("facility__unit__parent", "card").get(pk=visit.pk))


def medicines(visit):
    return [line for line in bill(visit).bill.lines if line.item.source == "medicines"]


def back(who, act, many, **fields):
    row = DispensingLot.unscoped.filter(line__dispensing=act).first()
    with enter(give.a_scope(who)):
        act.refresh_from_db()
        services.medicines_back(
            dispensing_id=act.pk,
            expected_version=act.version,
            data=BackInput({row.pk: many}, "Đổi thuốc", True),
        )


def test_it_works(visit, desk, lot, pharmacist):
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    (line,) = medicines(visit)
    assert (line.item.text, line.item.price, line.item.quantity, line.patient) == (
        "Paracetamol 500mg", 451, 10, 4510,
    )  # fmt: skip


def test_what_was_prescribed_and_not_given_costs_nothing(visit, desk, lot, pharmacist):
    assert medicines(visit) == []
    given(pharmacist, visit, desk, part(visit, 10, None))
    assert medicines(visit) == []


def test_what_came_back_before_it_was_paid_is_not_charged(visit, desk, lot, pharmacist):
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    back(pharmacist, act, 4)
    assert medicines(visit)[0].item.quantity == 6
    back(pharmacist, act, 6)
    assert medicines(visit) == []


@pytest.mark.parametrize(
    ("lot_fields", "why"),
    [({"programme": "tb"}, "Chống lao"), ({"source": "aid"}, "Viện trợ, tài trợ")],
)
def test_what_came_free_is_never_charged(visit, desk, pharmacist, lot_fields, why):
    lot = give.a_stock(desk, 50, price=900, **lot_fields)
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    (line,) = medicines(visit)
    assert (line.item.free_for, line.patient, line.programme) == (why, 0, 9000)


def test_without_a_price_it_is_named(visit, desk, pharmacist):
    lot = give.a_stock(desk, 50)
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    assert [item.text for item in bill(visit).bill.unpriced] == ["Paracetamol 500mg"]


@pytest.mark.parametrize(("code", "fund", "patient"), [("40.48", 4510, 0), ("", 0, 4510)])
def test_of_the_insured_the_fund_pays_what_is_on_its_list(
    hoa, doctor, desk, lot, pharmacist, code, fund, patient
):
    Drug.objects.filter(code="TD001.1").update(bhyt_code=code)
    card = a_card(hoa, valid_from=None, valid_to=None)
    visit = give.a_prescription(hoa, doctor, payer="bhyt", card_id=card.pk)
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    (line,) = medicines(visit)
    assert (line.fund, line.patient) == (fund, patient)
    assert Visit.unscoped.filter(charging.may_owe()).exists() == bool(patient)


def test_a_restricted_visit_names_no_medicine(visit, desk, lot, pharmacist):
    given(pharmacist, visit, desk, part(visit, 10, lot.item))
    Visit.unscoped.update(restricted=True)
    assert (medicines(visit)[0].item.text, medicines(visit)[0].item.code) == (charging.HIDDEN, "")


def paid(visit, method="cash"):
    with enter(till.a_scope(visit.facility)):
        return receipts.receipt_make(visit_id=visit.pk, expected=bill(visit).payable, method=method)


def test_what_comes_back_after_it_was_paid_is_named_for_refund(visit, desk, lot, pharmacist):
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    receipt = paid(visit)
    assert receipt.payable == till.EXAM + 4510
    back(pharmacist, act, 4)
    receipt.refresh_from_db()
    assert (receipt.refund_due, receipt.refund_wanted) == (True, 1804)
    with enter(till.a_scope(visit.facility)) as scope:
        (row,) = money.rows(scope, list(money._with_refunds(money.to_refund(scope))))
        assert row.left == 1804
        receipts.refund_make(
            receipt_id=receipt.pk,
            expected_version=receipt.version,
            amount=1804,
            method="cash",
            reason="Trả thuốc",
        )
    receipt.refresh_from_db()
    assert not receipt.refund_due
    back(pharmacist, act, 1)
    receipt.refresh_from_db()
    assert (receipt.refund_due, receipt.refund_wanted) == (True, 2255)


def test_a_cancelled_act_is_all_given_back(visit, desk, lot, pharmacist):
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    receipt = paid(visit)
    with enter(give.a_scope(pharmacist)):
        services.dispensing_cancel(dispensing_id=act.pk, expected_version=act.version, reason="Nhầm")
    receipt.refresh_from_db()
    assert (receipt.refund_due, receipt.refund_wanted) == (True, 4510)


def test_what_was_not_paid_yet_is_drawn_up_anew(visit, desk, lot, pharmacist):
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    receipt = paid(visit, method="")
    back(pharmacist, act, 4)
    receipt.refresh_from_db()
    assert receipt.state == "void" and "trả lại" in receipt.void_reason
    anew = paid(visit)
    assert (anew.payable, anew.replaces_id) == (till.EXAM + 6 * 451, receipt.pk)
    assert ReceiptLine.unscoped.filter(receipt=anew, source="medicines").get().quantity == 6
    assert Receipt.unscoped.count() == 2


def test_what_is_given_after_the_receipt_is_charged_too(visit, desk, lot, pharmacist):
    given(pharmacist, visit, desk, part(visit, 4, lot.item))
    paid(visit)
    given(pharmacist, visit, desk, part(visit, 6, lot.item))
    assert bill(visit).payable == 6 * 451


def test_the_parts_of_an_insured_prescription_come_to_the_whole(hoa, doctor, desk, pharmacist):
    """Collected medicines, of which the fund pays 80 % once they are no small visit: the bill reckons the
    first part anew with the rest.
    """
    Drug.objects.filter(code="TD001.1").update(bhyt_code="40.48")
    lot = give.a_stock(desk, 100, price=Decimal(90_001))
    card = a_card(hoa, valid_from=None, valid_to=None)
    visit = give.a_prescription(hoa, doctor, payer="bhyt", card_id=card.pk)
    VisitFees.unscoped.create(visit=visit, way="refill")
    given(pharmacist, visit, desk, part(visit, 3, lot.item))
    (first,) = medicines(visit)
    assert (bill(visit).bill.level, first.fund, first.patient) == (100, 270_003, 0)
    given(pharmacist, visit, desk, part(visit, 7, lot.item))
    parts = medicines(visit)
    assert (bill(visit).bill.level, sum(line.amount for line in parts)) == (80, 900_010)
    assert (sum(line.fund for line in parts), sum(line.patient for line in parts)) == (720_008, 180_002)


@pytest.mark.parametrize(
    ("cost", "markup", "price"), [("450.5", 0, 451), ("100", 5, 105), (None, 5, None), ("0.4", 0, 0)]
)
def test_the_price_of_a_unit(cost, markup, price):
    assert charging.price_of(Decimal(cost) if cost else None, markup) == price


def test_as_many_queries_for_ten_as_for_two(hoa, doctor, desk, lot, pharmacist, django_assert_num_queries):
    made = [give.a_prescription(hoa, doctor, payer="fee") for _ in range(4)]
    for visit in made:
        given(pharmacist, visit, desk, part(visit, 2, lot.item))
    for some in (made[:1], made):
        with django_assert_num_queries(2):
            charging.items(some)


def test_the_fund_pays_for_a_herb_that_has_a_code_that_day(hoa, doctor, desk, pharmacist):
    """The code is the province's to fill in, with its dates; without one the patient pays and is told why."""
    first = timezone.localdate()
    a_code("yhct_herb", "YH023", "Đương quy", valid_to=first - dt.timedelta(days=1))
    a_code("yhct_herb", "YH023", "Đương quy", valid_from=first, extra={"bhyt_code": "05V.84"})
    a_code("yhct_herb", "YH006", "Cam thảo")
    visit = make.an_examined_visit(hoa, doctor, payer="bhyt", card_id=a_card(hoa).pk)
    give.a_formula(visit, doctor, [("YH023", "10"), ("YH006", "5")], 2)
    with enter(make.scope_of(doctor)):
        visit.refresh_from_db()
        visit = visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="x")
    lots = [
        give.a_herb(desk, 100, price=Decimal(200)),
        give.a_herb(desk, 100, "YH006", "Cam thảo", price=100),
    ]
    rows = HerbalLine.unscoped.filter(formula__visit=visit).order_by("position")
    parts = [Part(row.pk, row.grams * 2, lot.item_id) for row, lot in zip(rows, lots, strict=True)]
    given(pharmacist, visit, desk, *parts)
    paid, unpaid = medicines(visit)
    assert (paid.fund, paid.patient) == (4000, 0)
    assert (unpaid.fund, unpaid.patient) == (0, 1000)
    client = signed_in("doctor", doctor, "binh.tv")
    page = client.get(reverse("encounters:bill", args=[visit.pk])).content.decode()
    assert page.count("BHYT không trả") == 1 and "chưa có mã BHYT (05V)" in page
