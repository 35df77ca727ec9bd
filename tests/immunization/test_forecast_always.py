"""What holds of every forecast, whatever the history."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from apps.immunization import tables
from apps.immunization.forecast import Dose, Person, Pregnancy, forecast

BORN = dt.date(2025, 1, 31)
EVERYTHING = tables.shipped().options
VACCINES = sorted(tables.shipped().antigens)
HISTORY = st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(VACCINES)), max_size=14)


def whole(history, age, pregnant=False):
    given_ = [Dose(BORN + dt.timedelta(days), vaccine) for days, vaccine in history]
    pregnancy = Pregnancy(BORN + dt.timedelta(age)) if pregnant else None
    return forecast(
        tables.shipped(), Person(BORN, "F", pregnancy), given_, BORN + dt.timedelta(age), EVERYTHING
    )


@given(HISTORY, st.integers(0, 3000), st.randoms())
def test_the_order_of_entry_does_not_matter(history, age, dice):
    shuffled = list(history)
    dice.shuffle(shuffled)
    assert whole(history, age, age > 2500) == whole(shuffled, age, age > 2500)


@given(HISTORY, st.integers(0, 3000))
def test_a_day_later_what_is_due_is_never_not_yet_due(history, age):
    history = [each for each in history if each[0] <= age]
    today = {each.series: each for each in whole(history, age).coming}
    for later in whole(history, age + 1).coming:
        before = today.get(later.series)
        if before and "not_yet" not in (before.status, before.timing):
            assert "not_yet" not in (later.status, later.timing), later.series


@given(HISTORY, st.integers(0, 3000))
def test_one_open_slot_a_series_with_its_dates_in_order(history, age):
    found = whole(history, age, age > 2500)
    names = [each.series for each in found.coming]
    assert len(names) == len(set(names))
    for each in found.coming:
        ended = each.status in ("complete", "too_old")
        assert [each.dose is None, each.earliest is None, each.recommended is None] == [ended] * 3
        if not ended:
            assert BORN <= each.earliest <= each.recommended
        assert (each.timing is None) == (each.status != "invalid_prior")


@given(HISTORY, st.integers(0, 3000))
def test_a_dose_on_the_earliest_day_is_never_invalid(history, age):
    history = [each for each in history if each[0] <= age]
    vaccine_of = {each.code: sorted(each.vaccines)[0] for each in tables.shipped().series}
    for each in whole(history, age).coming:
        vaccine = vaccine_of[each.series]
        if each.earliest is None or each.earliest < BORN + dt.timedelta(age) or vaccine == "HEPB":
            continue
        more = [*history, ((each.earliest - BORN).days, vaccine)]
        wrong = whole(more, (each.earliest - BORN).days).invalid
        assert not [bad for bad in wrong if bad.series == each.series and bad.dose.on == each.earliest], each
