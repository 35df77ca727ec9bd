"""Days of leave and of validity, from the circular's own figures."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.encounters.certificates import rules

USUAL = rules.LeaveRules(most=30, child_under=7, late=30, longer={"A15": 180, "A16": 180, "O03": 50})
VISIT = dt.date(2026, 11, 29)


def day(number):
    return VISIT + dt.timedelta(days=number)


def codes_of(found):
    return [(problem.code, problem.blocks) for problem in found]


def check(since=0, until=2, *, issued=0, codes=("J18.9",), holder="5120123456", standing=(), **fields):
    fields.setdefault("born", dt.date(1990, 1, 1))
    leave = rules.Leave(VISIT, day(issued), day(since), day(until), codes, holder, **fields)
    return codes_of(rules.check_leave(leave, USUAL, standing))


def test_it_works():
    assert check() == []


def test_leave_does_not_begin_before_the_visit():
    assert check(since=-1) == [("leave-back", True)]


def test_a_later_beginning_is_asked_about():
    assert check(since=1) == [("leave-later", False)]


def test_the_last_day_is_not_before_the_first():
    assert check(since=0, until=-1) == [("leave-order", True)]


@pytest.mark.parametrize(
    ("codes", "most"), [(("J18.9",), 30), (("A15.0",), 180), (("J18.9", "A16"), 180), (("O03.9",), 50)]
)
def test_no_more_days_than_the_diagnosis_allows(codes, most):
    assert check(until=most - 1, codes=codes) == []
    assert check(until=most, codes=codes) == [("leave-days", True)]


@pytest.mark.parametrize(
    ("issued", "said"),
    [
        (0, []),
        (1, [("leave-late", False)]),
        (30, [("leave-late", False)]),
        (31, [("leave-too-late", True)]),
    ],
)
def test_issued_late_is_asked_then_refused(issued, said):
    assert check(issued=issued) == said


def test_no_day_twice():
    standing = [rules.Certified("2026-000007", day(2), day(4))]
    assert check(until=1, standing=standing) == []
    assert check(until=2, standing=standing) == [("leave-twice", True)]
    assert check(since=5, until=5, standing=standing) == [("leave-later", False)]


def test_another_stations_paper_is_not_named():
    leave = rules.Leave(VISIT, VISIT, VISIT, VISIT, (), "5120123456", None)
    told = rules.check_leave(leave, USUAL, [rules.Certified("", VISIT, VISIT)])
    assert "giấy của nơi khác" in told[0].sentence


@pytest.mark.parametrize(
    ("holder", "said"),
    [("", "leave-no-holder"), ("512012345", "leave-holder"), ("51201234x6", "leave-holder")],
)
def test_the_number_of_the_insured(holder, said):
    assert [code for code, _ in check(holder=holder)] == [said]


def test_a_small_child_needs_a_parent():
    born = dt.date(2019, 11, 30)  # seven tomorrow
    assert check(born=born) == [("leave-parent", True)]
    assert check(born=born, parent="Đinh Thị Mẹ") == []
    assert check(born=dt.date(2019, 11, 29)) == []


def test_a_paper_is_good_until_the_day_before():
    assert rules.valid_until(dt.date(2026, 11, 29), 12) == dt.date(2027, 11, 28)
    assert rules.valid_until(dt.date(2026, 12, 1), 12) == dt.date(2027, 11, 30)
    assert rules.valid_until(dt.date(2028, 2, 29), 12) == dt.date(2029, 2, 27)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31)), st.integers(1, 36))
def test_validity_never_is_longer_than_its_months(on, months):
    until = rules.valid_until(on, months)
    assert on < until
    assert (until.year - on.year) * 12 + until.month - on.month <= months


def test_an_answer_is_late_after_its_days():
    assert not rules.answer_is_late(VISIT, day(14), 14)
    assert rules.answer_is_late(VISIT, day(15), 14)
