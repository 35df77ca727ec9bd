"""Where a picture is red or amber: by the person's age on each day."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from apps.care import course, vitals
from apps.core import charts
from apps.patients.models import Person

LIMITS = course.Limits(vitals.shipped_bounds(), vitals.shipped_watch())
DAY = dt.date(2026, 11, 1)


def test_it_works():
    adult = Person(birth_date=dt.date(1960, 1, 1))
    zones = course.zones_of("systolic", adult, LIMITS)
    assert charts.Zone("warning", 140, None, dt.date(1977, 12, 27), None) in zones
    assert [zone.level for zone in zones if zone.until is None and zone.low] == ["warning", "danger"]


def test_of_unknown_age_the_last_band_holds():
    zones = course.zones_of("systolic", Person(birth_date=None), LIMITS)
    assert {(zone.level, zone.low) for zone in zones if zone.low} == {("warning", 140), ("danger", 180)}


@given(
    st.integers(min_value=0, max_value=110 * 365),
    st.sampled_from(["systolic", "muac", "temperature", "pulse", "breathing", "spo2"]),
    st.integers(min_value=1, max_value=250),
)
def test_a_zone_says_what_a_single_figure_says(age, key, figure):
    """On any day and at any age a figure lies in a red zone exactly when `assess` calls it dangerous."""
    born = DAY - dt.timedelta(days=age)
    zones = course.zones_of(key, Person(birth_date=born), LIMITS)
    red = any(
        zone.level == "danger"
        and (zone.since is None or zone.since <= DAY)
        and (zone.until is None or zone.until >= DAY)
        and (zone.low is None or figure >= zone.low)
        and (zone.high is None or figure < zone.high)
        for zone in zones
    )
    band = vitals.band_for(LIMITS.bounds[key], age)
    low, high = band.get("danger") or (None, None)
    assert red == ((low is not None and figure < low) or (high is not None and figure >= high))


@given(
    st.lists(st.tuples(st.dates(dt.date(2020, 1, 1), DAY), st.floats(1, 300)), min_size=1, max_size=20),
    st.floats(1, 300),
)
def test_zones_stay_in_the_picture(points, edge):
    drawn = charts.trend(
        points,
        title="x",
        unit="y",
        zones=[charts.Zone("danger", edge, None), charts.Zone("warning", None, edge)],
    )
    for zone in drawn["zones"]:
        assert float(zone["x"]) >= charts.LEFT and float(zone["height"]) >= 0
        assert float(zone["x"]) + float(zone["width"]) <= charts.WIDTH - charts.RIGHT + 0.2
        assert charts.TOP - 0.2 <= float(zone["y"]) <= charts.HEIGHT - charts.BOTTOM


def test_a_second_line_has_its_own_word():
    drawn = charts.trend(
        [(DAY, 150.0)], title="Huyết áp", unit="mmHg", also=charts.Also("tối thiểu", [(DAY, 90.0)])
    )
    assert drawn["also"]["word"] == "tối thiểu" and len(drawn["also"]["dots"]) == 1
