"""A patient's money: bill, receipt, payment, voiding, refund."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.models import AuditEntry, GivenNumber, NumberBook
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.encounters import services
from apps.encounters.models import FeeLine, Receipt, ReceiptLine, Refund, Visit, VisitFees
from apps.encounters.money import bills, cash, charging, receipts
from tests.factories import encounters as make
from tests.factories import money as till
from tests.factories.catalogues import a_service
from tests.factories.money import EXAM, taken
from tests.factories.patients import a_card, a_person, a_station


def bill(visit):
    return bills.bill_of(Visit.unscoped.select_related("facility__unit__parent", "card").get(pk=visit.pk))


def typed(price=20_000, text="Thay băng", quantity="1", reason="Vết thương cũ"):
    return charging.Typed(text, price, Decimal(quantity), reason)


def void(receipt, reason="Thu nhầm người"):
    return receipts.receipt_void(receipt_id=receipt.pk, expected_version=receipt.version, reason=reason)


def refund(receipt, amount, reason="Trả lại", method="cash"):
    return receipts.refund_make(
        receipt_id=receipt.pk, expected_version=receipt.version, amount=amount, method=method, reason=reason
    )


def test_it_works(visit, as_nurse):
    found = bill(visit)
    assert (found.bill.total, found.payable) == (EXAM, EXAM)
    receipt = taken(visit, given=50_000)
    year, today = timezone.localdate().year, timezone.localdate()
    assert (receipt.number, receipt.state, receipt.method) == (f"{year}-000001", "paid", "cash")
    assert (receipt.payable, receipt.change, receipt.book_on) == (EXAM, 13_500, today)
    assert (receipt.paid_by, receipt.paid_by_name) == (as_nurse.user_id, "Thu")
    line = ReceiptLine.unscoped.get()
    assert (line.text, line.amount, line.patient, line.code) == ("Khám bệnh", EXAM, EXAM, "KB.TYT")
    assert bill(visit).payable == 0
    actions = set(AuditEntry.objects.filter(object_id=receipt.pk).values_list("action", flat=True))
    assert actions == {"receipt.made", "receipt.paid"}


def test_numbers_run_without_gap_and_a_void_keeps_its_own(visit, doctor, station, as_head):
    first = taken(visit)
    void(first)
    second = taken(visit)
    other = make.a_visit(a_person(station, "Đinh Văn Bé"), doctor, payer="fee")
    third = taken(other)
    assert [row.number[-1] for row in (first, second, third)] == ["1", "2", "3"]
    assert second.replaces == first
    given = GivenNumber.unscoped.get()
    assert (given.number, given.void_reason) == (1, "Thu nhầm người")
    assert NumberBook.unscoped.get(kind="receipt").last == 3
    with pytest.raises(Refused, match="đã hủy"):
        void(Receipt.unscoped.get(pk=first.pk))


def test_the_insured_pay_nothing_for_an_examination_at_the_station(hoa, doctor, as_nurse):
    card = a_card(hoa, valid_from=None, valid_to=None)
    visit = make.a_visit(hoa, doctor, payer="bhyt", card_id=card.pk)
    found = bill(visit)
    assert (found.bill.fund, found.payable, found.bill.level) == (EXAM, 0, 100)
    with pytest.raises(Refused, match="không có khoản nào"):
        taken(visit)
    charging.line_add(visit_id=visit.pk, typed=typed())
    assert bill(visit).payable == 20_000  # what was typed the fund does not know


def test_medicines_of_an_upper_level_go_by_the_card(hoa, doctor, as_nurse):
    card = a_card(hoa, "GD4515112345678", valid_from=None, valid_to=None)
    visit = make.a_visit(hoa, doctor, payer="bhyt", card_id=card.pk)
    refill = charging.Terms("refill")
    charging.terms_put(visit_id=visit.pk, terms=refill, expected_version=0)
    assert bill(visit).payable == 0  # a small visit all the same
    till.a_price("KB.TYT", 500_000, valid_from="2026-01-01")
    assert (bill(visit).bill.level, bill(visit).payable) == (80, 100_000)
    receipt = taken(visit)
    assert (receipt.fund, receipt.patient, receipt.level) == (400_000, 100_000, 80)
    assert bill(visit).outrun is None
    charging.terms_put(visit_id=visit.pk, terms=charging.Terms("station"), expected_version=1)
    assert bill(visit).outrun == receipt  # its shares are not those of the whole visit any more


def test_a_card_that_tells_no_level_is_asked_for(hoa, doctor, as_nurse):
    card = a_card(hoa, "5112345678", valid_from=None, valid_to=None)
    visit = make.a_visit(hoa, doctor, payer="bhyt", card_id=card.pk)
    assert not bill(visit).question
    till.a_price("KB.TYT", 500_000, valid_from="2026-01-01")
    charging.terms_put(visit_id=visit.pk, terms=charging.Terms("refill"), expected_version=0)
    assert "15 ký tự" in bill(visit).question
    with pytest.raises(Refused, match="15 ký tự"):
        taken(visit)


@pytest.mark.parametrize("payer", ["free", "programme"])
def test_a_free_visit_is_never_charged(hoa, doctor, as_nurse, payer):
    visit = make.a_visit(hoa, doctor, payer=payer)
    charging.line_add(visit_id=visit.pk, typed=typed())
    found = bill(visit)
    assert (found.bill.programme, found.payable) == (EXAM + 20_000, 0)
    with pytest.raises(Refused, match="không có khoản nào"):
        taken(visit)


def test_prices_are_those_of_the_day_the_payer_and_the_province(hoa, doctor, as_nurse):
    till.a_price("KB.TYT", 45_000, area="Quảng Ngãi")
    till.a_price("KB.TYT", 99_000, area="Cần Thơ")
    assert bill(make.a_visit(hoa, doctor, payer="fee")).payable == 45_000
    till.a_price("KB.TYT", 60_000, payer="fee", valid_from="2020-01-01", valid_to="2021-12-31")
    at = dt.datetime(2021, 5, 5, 9, tzinfo=dt.UTC)
    assert bill(make.a_visit(hoa, doctor, payer="fee", at=at)).payable == 60_000


def test_what_has_no_price_is_named(hoa, doctor, as_nurse):
    from apps.catalogues.models import ServicePrice

    ServicePrice.objects.all().delete()
    found = bill(make.a_visit(hoa, doctor, payer="fee"))
    assert ([item.text for item in found.bill.unpriced], found.payable) == (["Khám bệnh"], 0)


def test_too_little_given_is_refused_and_takes_no_number(visit, as_nurse):
    with pytest.raises(Refused, match=r"thiếu 6\.500 đ") as refused:
        taken(visit, given=30_000)
    assert refused.value.field == "given"
    assert not Receipt.unscoped.exists()
    assert taken(visit).number.endswith("000001")


def test_a_sum_that_has_moved_is_shown_again(visit, as_nurse):
    charging.line_add(visit_id=visit.pk, typed=typed())
    with pytest.raises(Refused, match=r"vừa đổi thành 56\.500 đ"):
        receipts.receipt_make(visit_id=visit.pk, expected=EXAM, method="cash")


def test_what_comes_after_the_receipt_makes_a_second_one(visit, as_nurse):
    taken(visit)
    with pytest.raises(Refused, match="đã có biên lai"):
        taken(visit)
    charging.line_add(visit_id=visit.pk, typed=typed())
    second = taken(visit)
    assert (second.payable, second.replaces) == (20_000, None)
    assert ReceiptLine.unscoped.filter(receipt=second).get().text == "Thay băng"


def test_a_receipt_is_fixed_whatever_prices_do(visit, as_nurse):
    receipt = taken(visit)
    till.a_price("KB.TYT", 99_000, area="Quảng Ngãi")
    assert Receipt.unscoped.get(pk=receipt.pk).payable == EXAM
    assert bill(visit).payable == 0


def test_a_transfer_waits_until_somebody_has_seen_the_money(visit, as_nurse):
    receipt = taken(visit, method="transfer")
    assert (receipt.state, receipt.book_on) == ("waiting", None)
    assert bill(visit).payable == 0
    paid = receipts.receipt_paid(receipt_id=receipt.pk, expected_version=1, method="transfer")
    assert (paid.state, paid.method, paid.given) == ("paid", "transfer", None)
    with pytest.raises(StaleVersion):
        receipts.receipt_paid(receipt_id=receipt.pk, expected_version=1, method="cash")
    with pytest.raises(Refused, match="đã thu"):
        receipts.receipt_paid(receipt_id=receipt.pk, expected_version=2, method="cash")


def test_a_nurse_voids_what_waits_and_the_head_what_was_paid(visit, station, as_nurse):
    waiting = taken(visit, method="")
    void(waiting, "Tính nhầm")
    paid = taken(visit)
    with pytest.raises(PermissionDenied):
        void(paid)
    with enter(till.a_scope(station)):
        assert void(paid).state == "void"
    with pytest.raises(Refused, match="lý do"):
        void(taken(visit, method=""), "  ")


def test_what_stands_in_a_closed_day_is_refunded_not_voided(visit, station, as_head):
    receipt, today = taken(visit), timezone.localdate()
    cash.day_close(facility_id=station.pk, on=today, counted=EXAM)
    with pytest.raises(Refused, match="Hãy hoàn tiền"):
        void(receipt)
    made = refund(receipt, EXAM)
    assert (made.number[-6:], made.book_on) == ("000001", today + dt.timedelta(days=1))


def test_no_more_is_given_back_than_was_taken(visit, as_head):
    receipt = taken(visit)
    refund(receipt, 6_500)
    receipt.refresh_from_db()
    with pytest.raises(Refused, match=r"tối đa 30\.000 đ"):
        refund(receipt, 30_001)
    with pytest.raises(Refused, match="đã hoàn tiền"):
        void(receipt)
    refund(receipt, 30_000)
    assert sum(Refund.unscoped.values_list("amount", flat=True)) == EXAM


def test_no_more_cash_is_given_back_than_the_box_holds(visit, station, as_head):
    receipt = taken(visit)
    cash.move_add(facility_id=station.pk, move=cash.Move("handed_over", EXAM, "Nộp về trung tâm"))
    with pytest.raises(Refused, match="chỉ còn 0 đ"):
        refund(receipt, EXAM)
    refund(receipt, EXAM, method="transfer")


def test_a_nurse_gives_nothing_back_and_lets_nobody_off(visit, as_nurse):
    receipt = taken(visit)
    with pytest.raises(PermissionDenied):
        refund(receipt, EXAM)
    with pytest.raises(PermissionDenied):
        charging.terms_put(
            visit_id=visit.pk,
            terms=charging.Terms("station", percent=50, reason="Khó khăn"),
            expected_version=0,
        )


def test_the_head_lets_off_with_a_reason(visit, as_head):
    with pytest.raises(Refused, match="lý do miễn giảm"):
        charging.terms_put(visit_id=visit.pk, terms=charging.Terms("station", percent=50), expected_version=0)
    half = charging.Terms("station", percent=50, reason="Hộ khó khăn")
    charging.terms_put(visit_id=visit.pk, terms=half, expected_version=0)
    with pytest.raises(StaleVersion):
        charging.terms_put(visit_id=visit.pk, terms=half, expected_version=0)
    receipt = taken(visit)
    assert (receipt.relief, receipt.payable, receipt.relief_reason) == (18_250, 18_250, "Hộ khó khăn")
    assert VisitFees.unscoped.get().relief_by == as_head.user_id


def test_a_typed_line_is_taken_back_until_it_is_charged(visit, as_nurse):
    line = charging.line_add(visit_id=visit.pk, typed=typed())
    charging.line_in_error(line_id=line.pk, reason="Gõ nhầm")
    assert bill(visit).payable == EXAM
    again = charging.line_add(visit_id=visit.pk, typed=typed(quantity="2"))
    assert taken(visit).payable == EXAM + 40_000
    with pytest.raises(Refused, match="đã có trong biên lai"):
        charging.line_in_error(line_id=again.pk, reason="Gõ nhầm")
    assert FeeLine.unscoped.filter(state="final").count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (typed(text=" "), "text"),
        (typed(reason=""), "reason"),
        (typed(price=0), "price"),
        (typed(quantity="0"), "price"),
    ],
)
def test_a_typed_line_says_what_and_why(visit, as_nurse, wrong, field):
    with pytest.raises(Refused) as refused:
        charging.line_add(visit_id=visit.pk, typed=wrong)
    assert refused.value.field == field


def test_a_visit_in_error_is_not_charged_and_what_waits_is_voided(visit, as_head):
    waiting = taken(visit, method="transfer")
    services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Nhầm người")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.void_reason) == ("void", "Lượt khám ghi nhập nhầm")
    with pytest.raises(Refused, match="nhập nhầm"):
        taken(visit)
    with pytest.raises(Refused, match="nhập nhầm"):
        charging.line_add(visit_id=visit.pk, typed=typed())


def test_another_station_takes_nothing(visit, station):
    with enter(till.a_scope(a_station("21490", "Trạm Y tế xã Ba Vì"))):
        with pytest.raises(Visit.DoesNotExist):
            taken(visit)


def test_who_may_not_take_money_takes_none(visit, station):
    with enter(till.a_scope(station, till.RIGHTS)), pytest.raises(PermissionDenied):
        taken(visit)


def test_another_service_plugs_in_by_the_registry(visit, as_nurse):
    from django.db.models import Q

    from apps.encounters.money import sources
    from apps.encounters.money.sharing import FeeItem

    a_service("02.0085.1778", "Điện tim thường")
    item = FeeItem("test", "1", "Điện tim thường", 35_400, insured=35_400)
    sources.sources.add(
        sources.FeeSource("test", "Thử", lambda visits: {each.pk: [item] for each in visits}, Q)
    )
    try:
        assert taken(visit).payable == EXAM + 35_400
    finally:
        del sources.sources._items["test"]
