"""Who is of an age on a day: by birth dates known to the day, the month, the year. No database."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.care.ages import Ages, belongs, born, latest_birth, span
from apps.core.words import completed_months

D = dt.date
ON = D(2026, 11, 29)
DAYS = st.dates(D(1900, 1, 1), D(2030, 12, 31))
MONTHS = st.integers(min_value=0, max_value=1300)
UNDER_1, UNDER_5, WOMEN = Ages(0, 12), Ages(0, 60), Ages.years(15, 49)


@pytest.mark.parametrize(
    ("birth", "precision", "ages", "answer"),
    [
        (D(2025, 11, 30), "day", UNDER_1, "yes"),  # one year old tomorrow
        (D(2025, 11, 29), "day", UNDER_1, "no"),  # one year old today
        (D(2026, 11, 29), "day", UNDER_1, "yes"),  # born today
        (D(2026, 11, 30), "day", UNDER_1, "no"),  # not born yet
        (D(2025, 11, 1), "month", UNDER_1, "maybe"),
        (D(2025, 12, 1), "month", UNDER_1, "yes"),
        (D(2025, 10, 1), "month", UNDER_1, "no"),
        (D(2025, 1, 1), "year", UNDER_1, "maybe"),
        (D(2026, 1, 1), "year", UNDER_1, "yes"),
        (D(2024, 1, 1), "year", UNDER_1, "no"),
        (D(2021, 1, 1), "year", UNDER_5, "maybe"),
        (D(2022, 1, 1), "year", UNDER_5, "yes"),
        (D(2026, 5, 29), "day", Ages(6, 60), "yes"),  # six months today
        (D(2026, 5, 30), "day", Ages(6, 60), "no"),
        (D(1976, 11, 30), "day", WOMEN, "yes"),  # fifty tomorrow
        (D(1976, 11, 29), "day", WOMEN, "no"),
        (D(2011, 11, 29), "day", WOMEN, "yes"),  # fifteen today
        (D(2011, 1, 1), "year", WOMEN, "maybe"),
        (D(1966, 11, 29), "day", Ages.years(60), "yes"),
        (D(1966, 1, 1), "year", Ages.years(60), "maybe"),
        (D(1940, 1, 1), "year", Ages.years(80), "yes"),
        (None, "day", UNDER_1, "unknown"),
    ],
)
def test_it_works(birth, precision, ages, answer):
    assert belongs(birth, precision, ages, ON) == answer


@pytest.mark.parametrize(
    ("on", "months", "birth"),
    [
        (D(2026, 2, 28), 1, D(2026, 1, 31)),  # the last day of a short month completes it
        (D(2026, 3, 28), 1, D(2026, 2, 28)),
        (D(2026, 3, 31), 1, D(2026, 2, 28)),
        (D(2026, 6, 30), 1, D(2026, 5, 31)),
        (D(2027, 2, 28), 12, D(2026, 2, 28)),
        (D(2027, 2, 28), 36, D(2024, 2, 29)),  # born on a leap day
        (D(2028, 2, 29), 12, D(2027, 2, 28)),
    ],
)
def test_the_ends_of_months(on, months, birth):
    assert latest_birth(on, months) == birth


@given(DAYS, MONTHS)
def test_the_bound_is_where_completed_months_change(on, months):
    """Born on the bound she has completed the months, born a day later she has not: the arithmetic of the
    ages that pages say."""
    bound = latest_birth(on, months)
    assert completed_months(bound, on) >= months
    after = bound + dt.timedelta(days=1)
    assert after > on or completed_months(after, on) < months


@given(DAYS, DAYS, MONTHS, st.integers(1, 600))
def test_a_whole_date_has_a_sure_answer(birth, on, first, more):
    ages = Ages(first, first + more)
    answer = belongs(birth, "day", ages, on)
    months = completed_months(birth, on)
    assert answer == ("yes" if birth <= on and first <= months < first + more else "no")


@given(DAYS, st.sampled_from(["month", "year"]), DAYS, MONTHS, st.integers(1, 600), st.data())
def test_a_partial_date_answers_for_all_its_days(day, precision, on, first, more, data):
    """'yes' holds for every day she may have been born on, 'no' for none, 'maybe' for some."""
    birth = day.replace(day=1) if precision == "month" else day.replace(month=1, day=1)
    ages = Ages(first, first + more)
    answer = belongs(birth, precision, ages, on)
    start, end = span(birth, precision, on)
    if birth > on:
        assert answer == "no"
        return
    some = data.draw(st.dates(start, end))
    single = belongs(some, "day", ages, on)
    if answer in ("yes", "no"):
        assert single == answer
    else:
        ends = {belongs(each, "day", ages, on) for each in (start, end)}
        inside = born(ages, on)
        crossing = inside.after is not None and start <= inside.after + dt.timedelta(days=1) <= end
        assert len(ends) == 2 or crossing


@given(DAYS, st.sampled_from(["day", "month", "year"]), DAYS)
def test_the_ages_of_life_follow_each_other(day, precision, on):
    """Of groups that share a border nobody is surely in both, and nobody falls between."""
    birth = {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[precision]
    groups = [Ages(0, 12), Ages(12, 60), Ages(60, 180), Ages(180, 720), Ages(720, None)]
    answers = [belongs(birth, precision, ages, on) for ages in groups]
    if birth <= on:
        assert (answers.count("yes") == 1 and answers.count("maybe") == 0) or answers.count("maybe") >= 2
    else:
        assert set(answers) == {"no"}
