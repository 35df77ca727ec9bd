"""A child's own track, day by day: what is put together, and what is said where a birth is not known."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.care.growth import chart, classes, track

BORN = dt.date(2024, 10, 3)
BOY = track.Child("male", BORN)
LIMITS = classes.shipped_limits()


def figure(key, value, days, hour=9, **more):
    on = BORN + dt.timedelta(days=days)
    return track.Figure(key, Decimal(value), on, dt.datetime.combine(on, dt.time(hour)), **more)


def points(figures, child=BOY):
    return track.track(child, figures, lambda _: LIMITS)


def test_it_works():
    found = points([figure("length", "73", 365), figure("weight", "8.4", 365), figure("weight", "3.1", 0)])
    assert [(point.age_days, point.age_text) for point in found] == [(0, "0 ngày"), (365, "12 tháng")]
    assert found[1].verdict("whz") is not None and found[0].verdict("whz") is None
    assert found[1].scores.waz == pytest.approx(-1.24, abs=0.2)


def test_of_one_day_the_last_figure_of_a_sign_counts():
    (found,) = points([figure("weight", "9.4", 365, hour=8), figure("weight", "8.4", 365, hour=10)])
    assert found.of("weight") == 8.4


def test_of_a_length_and_a_height_the_later_counts():
    (found,) = points([figure("height", "73", 365, hour=10), figure("length", "74", 365, hour=8)])
    assert found.scores.length_cm == 73.7


def test_with_swollen_feet_the_weight_is_not_judged():
    (found,) = points([figure("weight", "8.4", 365, oedema=True), figure("length", "73", 365)])
    assert found.oedema and found.verdict("waz") is None and found.verdict("haz") is not None
    assert found.acute and found.acute.code == "acute_severe"


def test_a_month_of_birth_stands_for_its_fifteenth():
    child = track.Child("male", dt.date(2024, 10, 1), "month")
    assert track.age_on(child, dt.date(2025, 10, 15)) == 365
    assert track.age_on(child, dt.date(2024, 10, 4)) == 0, "not before its birth"
    assert "ước lượng" in track.doubt(child)
    (found,) = points([figure("weight", "8.4", 365)], child)
    assert found.age_text == "khoảng 12 tháng" and found.verdict("waz")


def test_of_a_year_of_birth_only_the_length_speaks():
    child = track.Child("male", dt.date(2024, 1, 1), "year")
    assert "Chỉ biết năm sinh (2024)" in track.doubt(child)
    figures = [figure("weight", "8.4", 365), figure("length", "73", 365), figure("head", "45", 365)]
    (found,) = points(figures, child)
    assert not found.by_age
    assert [verdict.indicator for verdict in found.verdicts] == ["whz"]
    doubtful = [figure("weight", "11", 700), figure("height", "84", 700)]
    assert points(doubtful, child) == [], "may be under or over 24 months"


@pytest.mark.parametrize(
    ("child", "words"),
    [
        (track.Child("unknown", BORN), "giới tính"),
        (track.Child("male", None), "ngày sinh"),
    ],
)
def test_what_is_not_known_is_said(child, words):
    assert words in track.doubt(child)
    assert points([figure("weight", "8.4", 365)], child) == []


def test_a_day_before_the_birth_or_after_nineteen_years_is_left_out():
    assert points([figure("weight", "8.4", -3), figure("weight", "60", 7000)]) == []
    assert track.is_young(BOY, BORN + dt.timedelta(days=6939))
    assert not track.is_young(BOY, BORN + dt.timedelta(days=6940))
    assert not track.is_young(BOY, BORN - dt.timedelta(days=1))


# ---- the picture


def course(last):
    found = []
    for days in range(0, last, 61):
        found += [figure("weight", str(4 + days / 150), days), figure("length", str(50 + days / 15), days)]
    return points(found)


@pytest.mark.parametrize(
    ("last", "windows"),
    [
        (600, {"tuổi (tháng)", "chiều dài (cm)"}),
        (1500, {"tuổi (tháng)", "chiều cao (cm)"}),
        (3000, {"tuổi (năm)"}),
    ],
)
def test_the_window_is_that_of_the_last_age(last, windows):
    drawn = [
        picture
        for picture in chart.charts(course(last), "M")
        if picture["indicator"] in ("waz", "haz", "whz")
    ]
    if last == 3000:
        drawn = [picture for picture in drawn if picture["indicator"] != "whz"]
    assert {picture["axis"] for picture in drawn} == windows


def test_the_lines_lie_one_above_the_other_and_inside():
    for picture in chart.charts(course(600), "M"):
        ends = [float(line["end"]) for line in picture["lines"]]
        assert ends == sorted(ends, reverse=True) and len(set(ends)) == 7
        for line in picture["lines"]:
            for pair in " ".join(line["parts"]).split():
                x, y = map(float, pair.split(","))
                assert picture["left"] <= x <= picture["right"] and picture["top"] <= y <= picture["base"]


def test_height_breaks_where_lying_ends():
    (picture,) = [one for one in chart.charts(course(1500), "F") if one["indicator"] == "haz"]
    assert all(len(line["parts"]) == 2 for line in picture["lines"])


def test_a_point_beyond_the_lines_stays_in_the_picture():
    (picture,) = chart.charts(points([figure("weight", "28", 365)]), "M")
    (dot,) = picture["dots"]
    assert float(dot["y"]) >= picture["top"] and dot["hollow"]


def test_without_points_there_is_no_picture():
    assert chart.charts([], "M") == []
