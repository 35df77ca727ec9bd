"""Deadlines as the law words them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.clocks import VIETNAM, WEEKENDS_ONLY, BadRule, Calendar, due_at, due_on

# Tết of 2026 (16 to 20 February) and the exchange of Friday 2 January for Saturday 10 January.
CALENDAR = Calendar(
    free=frozenset({dt.date(2026, 1, 1), dt.date(2026, 1, 2)} | {dt.date(2026, 2, n) for n in range(16, 21)}),
    worked=frozenset({dt.date(2026, 1, 10)}),
)


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("rule", "event", "due"),
    [
        ({"hours": 24}, "2026-02-14T15:40", "2026-02-15T15:40"),
        ({"hours": 48}, "2026-12-31T23:00", "2027-01-02T23:00"),
        ({"days": 5}, "2026-01-31T08:00", "2026-02-05T23:59:59"),
        ({"days": 0}, "2026-01-31T08:00", "2026-01-31T23:59:59"),
        # The five days of Tết and two weekends are passed over.
        ({"working_days": 1}, "2026-02-13T16:00", "2026-02-23T23:59:59"),
        ({"working_days": 5}, "2026-01-31T23:59", "2026-02-06T23:59:59"),
        # The compensating Saturday is worked.
        ({"working_days": 3}, "2026-01-07T10:00", "2026-01-10T23:59:59"),
        ({"working_days": 4}, "2026-01-07T10:00", "2026-01-12T23:59:59"),
        # 'Trước thứ Tư tuần kế tiếp' of a Sunday evening and of a Monday morning.
        ({"weekday": 2, "weeks": 1}, "2026-11-22T23:30", "2026-11-24T23:59:59"),
        ({"weekday": 2, "weeks": 1}, "2026-11-23T00:10", "2026-12-01T23:59:59"),
        ({"weekday": 7}, "2026-11-22T23:30", "2026-11-22T23:59:59"),
        ({"weekday": 1}, "2026-11-24T08:00", "2026-11-30T23:59:59"),
        ({"day_of_month": 2}, "2026-10-31T23:59", "2026-11-02T23:59:59"),
        ({"day_of_month": 31}, "2026-01-15T08:00", "2026-02-28T23:59:59"),
        ({"day_of_month": 12, "months": 1}, "2026-12-31T12:00", "2027-01-12T23:59:59"),
    ],
)
def test_it_works(rule, event, due):
    assert due_at(rule, at(event), CALENDAR) == at(due)


def test_the_day_is_that_of_vietnam():
    """Half past six in the evening in Greenwich is the next day here."""
    event = dt.datetime(2026, 11, 20, 18, 30, tzinfo=dt.UTC)
    assert due_at({"days": 1}, event) == at("2026-11-22T23:59:59")


def test_a_day_alone_begins_a_deadline():
    assert due_on({"working_days": 5}, dt.date(2026, 1, 31), CALENDAR) == dt.date(2026, 2, 6)
    with pytest.raises(BadRule):
        due_on({"hours": 24}, dt.date(2026, 1, 31))


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"hours": 24, "days": 1},
        {"hours": "24"},
        {"hours": 1.5},
        {"hours": True},
        {"hours": -1},
        {"days": 10_000},
        {"working_days": 0},
        {"weekday": 0},
        {"weekday": 8},
        {"weekday": 2, "months": 1},
        {"day_of_month": 32},
        {"day_of_month": 0},
        {"day_of_month": 3, "months": 0},
        {"fortnights": 1},
    ],
)
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(BadRule):
        due_at(rule, at("2026-11-22T08:00"))


def test_a_moment_without_its_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        due_at({"hours": 1}, dt.datetime(2026, 11, 22, 8))  # noqa: DTZ001 - that is the point


RULES = st.one_of(
    st.fixed_dictionaries({"hours": st.integers(0, 1000)}),
    st.fixed_dictionaries({"days": st.integers(0, 60)}),
    st.fixed_dictionaries({"working_days": st.integers(1, 30)}),
    st.fixed_dictionaries({"weekday": st.integers(1, 7)}, optional={"weeks": st.integers(0, 8)}),
    st.fixed_dictionaries({"day_of_month": st.integers(1, 31)}, optional={"months": st.integers(1, 12)}),
)
MOMENTS = st.datetimes(
    dt.datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([VIETNAM, dt.UTC]),
)
DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
CALENDARS = st.builds(Calendar, free=st.frozensets(DAYS, max_size=12), worked=st.frozensets(DAYS, max_size=4))


@given(RULES, MOMENTS, CALENDARS)
def test_nothing_is_due_before_it_happened(rule, event, calendar):
    assert due_at(rule, event, calendar) >= event.replace(microsecond=0)


@given(RULES, MOMENTS, st.integers(0, 60 * 24 * 60), CALENDARS)
def test_what_happens_later_is_never_due_earlier(rule, event, minutes, calendar):
    later = event + dt.timedelta(minutes=minutes)
    assert due_at(rule, later, calendar) >= due_at(rule, event, calendar)


@given(st.integers(1, 30), st.dates(dt.date(2025, 12, 1), dt.date(2026, 4, 30)), CALENDARS)
def test_so_many_working_days_lie_between(count, day, calendar):
    due = due_on({"working_days": count}, day, calendar)
    passed = [day + dt.timedelta(days=n) for n in range(1, (due - day).days + 1)]
    assert calendar.is_working(due)
    assert sum(calendar.is_working(each) for each in passed) == count


@given(st.integers(1, 30), st.dates(dt.date(2025, 12, 1), dt.date(2026, 4, 30)), st.frozensets(DAYS))
def test_a_day_off_never_brings_a_deadline_nearer(count, day, free):
    rule = {"working_days": count}
    assert due_on(rule, day, Calendar(free=free)) >= due_on(rule, day, WEEKENDS_ONLY)
