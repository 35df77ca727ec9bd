"""A bill's shares: always the whole, never a programme's cost on a person."""

from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from apps.encounters.money.cash_rules import Totals, change, difference, left_to_refund
from apps.encounters.money.sharing import FeeItem, Relief, bill, insured_total

EXAM = FeeItem("exam", "exam", "Khám bệnh", 36_500, insured=36_500)
DRESSING = FeeItem("typed", "1", "Thay băng", 20_000)

items = st.lists(
    st.builds(
        FeeItem,
        source=st.just("orders"),
        key=st.uuids().map(str),
        text=st.just("Dịch vụ"),
        price=st.none() | st.integers(0, 10_000_000),
        quantity=st.decimals("0.01", "99", places=2),
        insured=st.none() | st.integers(0, 10_000_000),
        free_for=st.sampled_from(["", "Chương trình lao"]),
    ),
    max_size=8,
)
payers = st.sampled_from(["bhyt", "fee", "free", "programme", "other", ""])
levels = st.sampled_from([D(0), D(32), D("47.5"), D(80), D(95), D(100)])
reliefs = st.none() | st.builds(
    Relief, percent=st.integers(0, 100), amount=st.just(0)
) | st.builds(Relief, amount=st.integers(0, 10**9))  # fmt: skip


def test_it_works():
    found = bill([EXAM, DRESSING], payer="bhyt", level=D(80))
    assert (found.total, found.fund, found.patient, found.payable) == (56_500, 29_200, 27_300, 27_300)


@given(items, payers, levels, reliefs, st.integers(0, 10**6))
def test_the_shares_are_the_whole(items, payer, level, relief, used):
    found = bill(items, payer=payer, level=level, relief=relief, used=used)
    for line in found.lines:
        assert line.fund + line.programme + line.patient == line.amount
        assert min(line.fund, line.programme, line.patient) >= 0
        if line.item.free_for:
            assert line.patient == line.fund == 0
    assert found.total == found.fund + found.programme + found.patient
    assert 0 <= found.payable <= found.patient
    assert found.payable == found.patient - found.relief
    if payer in ("free", "programme"):
        assert found.payable == 0
    if payer != "bhyt":
        assert found.fund == 0


def test_at_a_hundred_percent_the_insured_pay_what_the_fund_does_not_know():
    assert bill([EXAM], payer="bhyt", level=D(100)).payable == 0
    assert bill([EXAM, DRESSING], payer="bhyt", level=D(100)).payable == 20_000


def test_what_costs_more_than_the_fund_pays_is_the_patients():
    dear = FeeItem("orders", "1", "Siêu âm", 60_000, insured=50_000)
    found = bill([dear], payer="bhyt", level=D(100))
    assert (found.fund, found.patient) == (50_000, 10_000)
    cheap = FeeItem("orders", "1", "Siêu âm", 40_000, insured=50_000)
    assert bill([cheap], payer="bhyt", level=D(100)).fund == 40_000


def test_half_a_dong_is_rounded_up_for_the_fund():
    odd = FeeItem("orders", "1", "Dịch vụ", 25, insured=25)
    found = bill([odd], payer="bhyt", level=D("47.5") * 2)  # 23.75
    assert (found.fund, found.patient) == (24, 1)
    assert bill([FeeItem("o", "1", "", 1, quantity=D("0.5"))], payer="fee", level=D(0)).total == 1


def test_what_has_no_price_is_named_not_charged():
    found = bill([EXAM, FeeItem("orders", "2", "Điện tim", None)], payer="fee", level=D(0))
    assert [item.text for item in found.unpriced] == ["Điện tim"]
    assert found.payable == 36_500


def test_a_relief_is_of_the_patients_part_and_used_once():
    half = Relief(percent=50)
    assert bill([EXAM], payer="fee", level=D(0), relief=half).payable == 18_250
    thirty = Relief(amount=30_000)
    assert bill([EXAM], payer="fee", level=D(0), relief=thirty).payable == 6_500
    assert bill([DRESSING], payer="fee", level=D(0), relief=thirty, used=30_000).payable == 20_000
    assert bill([EXAM], payer="fee", level=D(0), relief=Relief(percent=100)).payable == 0


def test_only_what_the_fund_pays_counts_for_the_small_visit():
    free = FeeItem("orders", "3", "Sốt rét", 50_000, insured=50_000, free_for="Chương trình")
    assert insured_total([EXAM, DRESSING, free], "bhyt") == 36_500
    assert insured_total([EXAM], "fee") == 0


sums = st.integers(0, 10**9)


@given(sums, sums, sums, sums, sums)
def test_a_cash_book_adds_up(opening, receipts, other_in, refunds, other_out):
    day = Totals(opening, receipts, other_in, refunds, other_out)
    assert day.closing == opening + receipts + other_in - refunds - other_out
    assert difference(day.closing + 5, day.closing) == 5
    assert day.moved == any((receipts, other_in, refunds, other_out))


def test_change_and_what_is_left_to_give_back():
    assert change(50_000, 36_500) == 13_500
    assert change(30_000, 36_500) < 0
    assert left_to_refund(36_500, [10_000, 6_500]) == 20_000
