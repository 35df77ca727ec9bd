"""How old is old, what rotation keeps."""

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.backup.rules import AHEAD, Copy, age, kept

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))


def hours(number: float) -> dt.timedelta:
    return dt.timedelta(hours=number)


def test_it_works() -> None:
    assert age(NOON, NOON - hours(23), at_most_hours=24).state == "good"
    assert age(NOON, NOON - hours(25), at_most_hours=24).state == "old"


def test_a_copy_from_the_future_is_not_taken_for_fresh() -> None:
    assert age(NOON, NOON + hours(24), at_most_hours=24).state == "clock"


def test_no_copy_at_all() -> None:
    assert age(NOON, None, at_most_hours=24).state == "none"


def names(*days: float) -> list[Copy]:
    return [Copy(f"{day}", NOON - hours(24 * day)) for day in days]


def keep(copies: list[Copy], just_made: str = "0", **numbers: int) -> set[str]:
    wanted = {"daily": 3, "weekly": 2, "monthly": 2} | numbers
    return kept(copies, just_made=just_made, now=NOON, **wanted)


def test_days_weeks_and_months_stay() -> None:
    # 22/11/2026 is a Sunday: its week began on the 16th
    assert keep(names(0, 0.1, 1, 2, 3, 6, 7, 8, 21, 22, 30, 60)) == {"0", "1", "2", "7", "22"}


def test_a_closed_month_loses_nothing() -> None:
    assert keep(names(0, 100, 101)) == {"0", "100", "101"}


def test_the_one_just_made_and_those_from_the_future_stay() -> None:
    copies = [*names(-1, -1.1, 0, 0.2, 0.3), Copy("made", NOON - hours(24 * 400))]
    assert {"-1", "-1.1", "made"} <= keep(copies, "made")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.integers(-3, 900), max_size=30), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_the_newest_never_goes(days: list[int], daily: int, weekly: int, monthly: int) -> None:
    copies = names(*days)
    stays = keep(copies, "none of them", daily=daily, weekly=weekly, monthly=monthly)
    past = [copy for copy in copies if copy.taken_at <= NOON + AHEAD]
    if past:
        assert max(past, key=lambda copy: (copy.taken_at, copy.name)).name in stays
    assert stays <= {copy.name for copy in copies}
