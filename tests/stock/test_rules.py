"""The arithmetic of a stock: packs, expiry, first expired first out, the balance of a period."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.stock import balance, expiry, fefo, units
from apps.stock.fefo import LotFacts

TODAY = dt.date(2026, 11, 29)
days = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))


def test_it_works() -> None:
    lots = [
        LotFacts("a", "A1", dt.date(2027, 6, 30), 100, month_only=True),
        LotFacts("b", "B1", dt.date(2026, 12, 31), 30, month_only=True),
        LotFacts("c", "C1", dt.date(2026, 10, 31), 50, month_only=True),
    ]
    found = fefo.allocate(40, lots, TODAY)
    assert [(part.number, part.quantity) for part in found.parts] == [("B1", 30), ("A1", 10)]
    assert found.whole
    assert found.parts[0].why == "hạn dùng 12/2026, sớm nhất trong số còn lại"
    assert [(each.number, each.why) for each in found.passed] == [("C1", "hết hạn 10/2026")]


# --- packs


def test_packs_and_loose_units() -> None:
    packs = units.packs_of("Viên", [["Vỉ", 10], ["Hộp", 100]])
    assert [pack.name for pack in packs] == ["Hộp", "Vỉ"]
    assert units.base_units([(2, 100), (3, 1)]) == 203
    assert units.words(203, "Viên", packs) == "2 hộp 3 viên"
    assert units.words(0, "Viên", packs) == "0 viên"
    assert units.words(-12, "Viên", packs) == "-1 vỉ 2 viên"
    assert units.words(12500, "Viên") == "12.500 viên"


@pytest.mark.parametrize(
    "raw",
    [[["Viên", 10]], [["Hộp", 1]], [["Hộp", 0]], [["Hộp", 10], ["hộp", 20]], [["", 10]], [["Hộp", 2.5]]],
)
def test_packs_that_cannot_be(raw: list[list[object]]) -> None:
    with pytest.raises(ValueError):
        units.packs_of("Viên", raw)


def test_counts_that_cannot_be() -> None:
    for parts in ([(-1, 10)], [(1, 0)], [(units.MOST, 2)]):
        with pytest.raises(ValueError):
            units.base_units(parts)


@given(st.integers(0, 1_000_000), st.lists(st.integers(2, 5000), unique=True, max_size=3))
def test_packs_say_the_same_quantity(quantity: int, factors: list[int]) -> None:
    packs = [units.Pack(f"Gói {factor}", factor) for factor in factors]
    parts = [(count, pack.factor if pack else 1) for count, pack in units.in_packs(quantity, packs)]
    assert units.base_units(parts) == quantity


def test_half_a_tablet_takes_a_tablet() -> None:
    assert units.whole(Decimal("7.5")) == 8
    assert units.whole(Decimal("8.00")) == 8


# --- expiry


@pytest.mark.parametrize(
    ("text", "last", "month_only"),
    [
        ("06/2027", dt.date(2027, 6, 30), True),
        ("2/2028", dt.date(2028, 2, 29), True),
        ("6/27", dt.date(2027, 6, 30), True),
        ("062027", dt.date(2027, 6, 30), True),
        ("2027-06", dt.date(2027, 6, 30), True),
        ("15/6/2027", dt.date(2027, 6, 15), False),
        ("15062027", dt.date(2027, 6, 15), False),
    ],
)
def test_expiry_as_written_on_packs(text: str, last: dt.date, month_only: bool) -> None:
    assert expiry.parse(text) == expiry.Expiry(last, month_only)


@pytest.mark.parametrize(
    "text", ["", "13/2027", "00/2027", "31/02/2027", "06/1999", "mai", "6/27/2027", "2027"]
)
def test_expiry_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError):
        expiry.parse(text)


@given(st.integers(2000, 2099), st.integers(1, 12))
def test_a_month_is_used_to_the_end_of_its_last_day(year: int, month: int) -> None:
    last = expiry.of_month(year, month).last_day
    assert (last.year, last.month) == (year, month)
    assert (last + dt.timedelta(days=1)).month != month
    assert expiry.usable(last, last)
    assert not expiry.usable(last, last + dt.timedelta(days=1))


@given(days, days)
def test_every_day_has_one_class(last: dt.date, on: dt.date) -> None:
    found = expiry.classify(last, on, (90, 30, 7))
    assert (found == "expired") == (not expiry.usable(last, on))
    assert found in expiry.SHOWN


def test_classes_by_their_bounds() -> None:
    def classed(left: int) -> str:
        return expiry.classify(TODAY + dt.timedelta(days=left), TODAY, (90, 30, 7))

    assert [classed(left) for left in (-1, 0, 7, 8, 30, 31, 90, 91)] == [
        *("expired", "urgent", "urgent", "soon", "soon", "near", "near", "good"),
    ]
    assert expiry.classify(None, TODAY, (90, 30, 7)) == "none"


# --- first expired, first out

lots = st.lists(
    st.builds(
        LotFacts,
        key=st.uuids().map(str),
        number=st.just("L"),
        expiry=st.none() | days,
        quantity=st.integers(0, 500),
        state=st.sampled_from(["usable", "held", "quarantined", "blocked"]),
        use_first=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda lot: lot.key,
)


@given(st.integers(1, 3000), lots, days)
def test_takes_all_that_may_be_taken_and_no_more(wanted: int, there: list[LotFacts], on: dt.date) -> None:
    found = fefo.allocate(wanted, there, on)
    by_key = {lot.key: lot for lot in there}
    may = sum(lot.quantity for lot in there if not fefo.why_not(lot, on))
    assert sum(part.quantity for part in found.parts) + found.short == wanted
    assert found.short == max(0, wanted - may)
    for part in found.parts:
        lot = by_key[part.key]
        assert 0 < part.quantity <= lot.quantity
        assert lot.state == "usable" and expiry.usable(lot.expiry, on)


@given(st.integers(1, 3000), lots, days)
def test_nothing_is_opened_before_what_expires_earlier_is_empty(
    wanted: int, there: list[LotFacts], on: dt.date
) -> None:
    found = fefo.allocate(wanted, there, on)
    taken = {part.key: part.quantity for part in found.parts}
    if not taken:
        return
    last = max((lot for lot in there if lot.key in taken), key=fefo.order)
    for lot in there:
        if not fefo.why_not(lot, on) and fefo.order(lot) < fefo.order(last):
            assert taken.get(lot.key, 0) == lot.quantity


@given(st.integers(1, 3000), lots, days, st.randoms())
def test_the_order_in_which_they_are_told_does_not_matter(
    wanted: int, there: list[LotFacts], on: dt.date, chance: object
) -> None:
    turned = list(reversed(there))
    assert fefo.allocate(wanted, there, on).parts == fefo.allocate(wanted, turned, on).parts


def test_what_is_marked_comes_first() -> None:
    turning = LotFacts("v", "VVM2", dt.date(2027, 12, 31), 5, use_first=True)
    early = LotFacts("e", "E1", dt.date(2026, 12, 31), 5)
    found = fefo.allocate(6, [early, turning], TODAY)
    assert [part.number for part in found.parts] == ["VVM2", "E1"]


def test_nothing_wanted_is_refused() -> None:
    with pytest.raises(ValueError):
        fefo.allocate(0, [], TODAY)


# --- the balance of a period

moves = st.lists(
    st.builds(
        balance.Moved, on=days, kind=st.sampled_from(sorted(balance.COLUMNS)), quantity=st.integers(-500, 500)
    ),
    max_size=40,
)


@given(moves, days, days)
def test_the_closing_balance_is_all_that_ever_moved(
    rows: list[balance.Moved], a: dt.date, b: dt.date
) -> None:
    since, until = min(a, b), max(a, b)
    found = balance.in_out(rows, since, until)
    assert found.closing == sum(row.quantity for row in rows if row.on <= until)


@given(moves, days, st.integers(0, 400), st.integers(1, 400))
def test_a_period_begins_where_the_one_before_ended(
    rows: list[balance.Moved], since: dt.date, length: int, next_length: int
) -> None:
    rows = [row for row in rows if row.kind != "opening"]
    until = since + dt.timedelta(days=length)
    first = balance.in_out(rows, since, until)
    after = until + dt.timedelta(days=1)
    second = balance.in_out(rows, after, after + dt.timedelta(days=next_length))
    assert second.opening == first.closing


def test_what_was_counted_in_at_the_beginning_is_opening() -> None:
    rows = [balance.Moved(TODAY, "opening", 100), balance.Moved(TODAY, "dispense", -20)]
    found = balance.in_out(rows, dt.date(2026, 7, 1), dt.date(2026, 12, 31))
    assert (found.opening, found.received, found.issued, found.closing) == (100, 0, 20, 80)


def test_shortage() -> None:
    assert balance.shortage(0, 0) == "enough"
    assert balance.shortage(0, 10) == "out"
    assert balance.shortage(9, 10) == "low"
    assert balance.shortage(10, 10) == "enough"


def test_half_years_and_years() -> None:
    assert balance.period_of(TODAY, 6) == (dt.date(2026, 7, 1), dt.date(2026, 12, 31))
    assert balance.period_of(dt.date(2026, 6, 30), 6) == (dt.date(2026, 1, 1), dt.date(2026, 6, 30))
    assert balance.period_of(TODAY, 12) == (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    assert balance.period_of(dt.date(2026, 2, 3), 1) == (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
