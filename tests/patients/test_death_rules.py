"""The chain of causes, its intervals, a possible maternal death, the bands of age: pure rules."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.patients import death_rules as rules
from apps.patients.death_rules import BANDS, Cause

DIED = dt.date(2026, 11, 20)


def fields_of(found):
    return [each.field for each in found]


def test_it_works():
    chain = [
        Cause("a", "J96.0", "", 2, "day"),
        Cause("b", "J18.9", "Viêm phổi", 1, "week"),
        Cause("o", "I10"),
    ]
    assert rules.blocks(chain, age_days=20000) == []
    assert rules.doubts(chain) == []
    assert rules.underlying(chain).code == "J18.9"


@pytest.mark.parametrize(
    ("causes", "fields"),
    [
        ([], ["a_text"]),
        ([Cause("o", "I10")], ["a_text"]),
        ([Cause("b", "I10")], ["a_text"]),
        ([Cause("a", "I10"), Cause("c", "E11")], ["b_text"]),
        ([Cause("a", "I10"), Cause("d", "E11")], ["b_text", "c_text"]),
        ([Cause("a", "I10"), Cause("b", "", "", 3, "day")], ["b_text"]),
        ([Cause("a", "I10", "", 40, "year")], ["a_value"]),
        ([Cause("a", "I10", "", 0, "minute")], []),
        ([Cause("a", "", "Không rõ nguyên nhân")], []),
    ],
)
def test_a_chain_without_head_or_with_a_gap_is_refused(causes, fields):
    assert fields_of(rules.blocks(causes, age_days=3650)) == fields


def test_an_interval_may_reach_into_the_womb_and_no_further():
    born_ill = Cause("a", "Q24.9", "", 9, "month")
    assert rules.blocks([born_ill], age_days=1) == []
    assert fields_of(rules.blocks([Cause("a", "Q24.9", "", 12, "month")], age_days=1)) == ["a_value"]
    # A birth known to the year alone may be a year off.
    assert rules.blocks([Cause("a", "Q24.9", "", 12, "month")], age_days=1, birth_precision="year") == []


@pytest.mark.parametrize(
    ("upper", "lower", "odd"),
    [
        ((2, "day"), (1, "week"), False),
        ((1, "week"), (2, "day"), True),
        ((30, "day"), (1, "month"), False),
        ((1, "month"), (30, "day"), False),
        ((12, "month"), (1, "year"), False),
        ((3, "year"), (3, "year"), False),
        ((25, "hour"), (1, "day"), False),
        ((2, "year"), (12, "month"), True),
        ((None, ""), (1, "day"), False),
    ],
)
def test_the_lower_line_is_the_older_illness(upper, lower, odd):
    chain = [Cause("a", "A00", "", *upper), Cause("b", "B00", "", *lower)]
    assert (fields_of(rules.doubts(chain)) == ["a_value"]) is odd


def test_a_line_without_an_interval_does_not_hide_a_wrong_order():
    chain = [
        Cause("a", "A00", "", 2, "year"),
        Cause("b", "B00"),
        Cause("c", "C00", "", 1, "day"),
    ]
    assert fields_of(rules.doubts(chain)) == ["a_value"]


def test_the_same_code_twice_is_odd():
    chain = [Cause("a", "I10"), Cause("b", "E11"), Cause("o", "I10")]
    assert [each.code for each in rules.doubts(chain)] == ["twice_o"]


def test_an_injury_asks_what_caused_it():
    chain = [Cause("a", "S06.9")]
    assert fields_of(rules.doubts(chain)) == ["injury_cause"]
    assert rules.doubts(chain, "1") == []
    assert rules.doubts([*chain, Cause("b", "V29.9")]) == []


UNITS = st.sampled_from(sorted(rules.UNITS))


@given(value=st.integers(0, 200), unit=UNITS)
def test_a_line_is_never_older_than_itself(value, unit):
    chain = [Cause("a", "A00", "", value, unit), Cause("b", "B00", "", value, unit)]
    assert rules.doubts(chain) == []


@given(first=st.tuples(st.integers(0, 200), UNITS), second=st.tuples(st.integers(0, 200), UNITS))
def test_of_two_orders_at_most_one_is_odd(first, second):
    def odd(upper, lower):
        return bool(rules.doubts([Cause("a", "A00", "", *upper), Cause("b", "B00", "", *lower)]))

    assert not (odd(first, second) and odd(second, first))


@given(lines=st.lists(st.sampled_from([*rules.PART_ONE, "o"]), unique=True))
def test_a_chain_that_is_let_through_has_its_first_line_and_no_gap(lines):
    causes = [Cause(line, f"A{place:02d}") for place, line in enumerate(lines)]
    part_one = [line for line in lines if line != "o"]
    whole = sorted(part_one) == list(rules.PART_ONE[: len(part_one)]) and bool(part_one)
    assert (rules.blocks(causes) == []) is whole
    if whole:
        assert rules.underlying(causes).line == max(part_one)


# --- injuries


# --- maternal death


@pytest.mark.parametrize(
    ("sex", "years", "codes", "asked"),
    [
        ("female", 15, [], True),
        ("female", 49, [], True),
        ("female", 14, [], False),
        ("female", 50, [], False),
        ("female", None, [], True),
        ("female", 52, ["O72.1"], True),
        ("male", 30, [], False),
        ("male", None, ["O72.1"], False),
        ("unknown", 30, [], False),
        ("unknown", 30, ["O15"], True),
    ],
)
def test_whom_the_question_is_put_for(sex, years, codes, asked):
    assert rules.asks_maternal(sex, years, codes) is asked


@pytest.mark.parametrize(
    ("days", "answer", "fits"),
    [
        (0, "delivery", True),
        (0, "within42", True),
        (1, "delivery", True),
        (2, "delivery", False),
        (42, "within42", True),
        (43, "within42", False),
        (43, "late", True),
        (365, "late", True),
        (366, "late", False),
        (366, "no", True),
        (10, "no", False),
        (10, "pregnant", False),
        (10, "unknown", False),
    ],
)
def test_the_days_since_the_pregnancy_decide(days, answer, fits):
    ended = DIED - dt.timedelta(days=days)
    found = rules.maternal_blocks(answer, ended, DIED, asked=True)
    assert (found == []) is fits
    assert all(each.field == "maternal" and f"{days} ngày" in each.message for each in found)


def test_an_unanswered_question_and_an_end_after_death_are_refused():
    assert fields_of(rules.maternal_blocks("", None, DIED, asked=True)) == ["maternal"]
    assert rules.maternal_blocks("", None, DIED, asked=False) == []
    late = rules.maternal_blocks("within42", DIED + dt.timedelta(days=1), DIED, asked=True)
    assert fields_of(late) == ["pregnancy_ended_on"]


def test_a_code_of_pregnancy_beside_no_pregnancy_is_odd():
    assert fields_of(rules.maternal_doubts("no", ["O72.1", "D62"])) == ["maternal"]
    assert rules.maternal_doubts("within42", ["O72.1"]) == []
    assert rules.maternal_doubts("no", ["D62"]) == []


# --- ages


@pytest.mark.parametrize(
    ("born", "band", "words"),
    [
        (DIED, "0d", "Tử vong sơ sinh sớm (0–6 ngày)"),
        (DIED - dt.timedelta(days=6), "0d", "Tử vong sơ sinh sớm (0–6 ngày)"),
        (DIED - dt.timedelta(days=7), "0d", "Tử vong sơ sinh muộn (7–27 ngày)"),
        (DIED - dt.timedelta(days=27), "0d", "Tử vong sơ sinh muộn (7–27 ngày)"),
        (DIED - dt.timedelta(days=28), "28d", "Tử vong trẻ dưới 1 tuổi"),
        (dt.date(2025, 11, 21), "28d", "Tử vong trẻ dưới 1 tuổi"),
        (dt.date(2025, 11, 20), "1y", "Tử vong trẻ dưới 5 tuổi"),
        (dt.date(2021, 11, 21), "1y", "Tử vong trẻ dưới 5 tuổi"),
        (dt.date(2021, 11, 20), "5y", ""),
        (dt.date(1956, 11, 21), "60y", ""),
        (dt.date(1956, 11, 20), "70y", ""),
        (dt.date(1906, 1, 1), "70y", ""),
    ],
)
def test_the_bands_begin_on_the_birthday(born, band, words):
    assert rules.age_band(born, DIED) == band
    assert rules.child_words(born, DIED) == words


def test_an_unknown_birth_has_no_band():
    assert rules.age_band(None, DIED) == ""
    assert rules.age_band(DIED + dt.timedelta(days=1), DIED) == ""
    assert rules.child_words(None, DIED) == ""


@given(
    born=st.dates(dt.date(1900, 1, 1), dt.date(2026, 11, 19)),
    more=st.integers(0, 20000),
    precision=st.sampled_from(["day", "year"]),
)
def test_who_lives_longer_is_never_in_a_younger_band(born, more, precision):
    keys = [key for key, _ in BANDS]
    first = rules.age_band(born, DIED, precision)
    second = rules.age_band(born, DIED + dt.timedelta(days=more), precision)
    assert keys.index(first) <= keys.index(second)
