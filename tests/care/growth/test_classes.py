"""What a z-score is called, acute malnutrition, and what one measuring says against the one before it."""

from dataclasses import replace

import pytest

from apps.care.growth import classes
from apps.care.growth.zscores import Body, Scores, evaluate

LIMITS = classes.shipped_limits()
TODDLER, PUPIL = 500, 2500


def scores(**values):
    empty = Scores("WHO2006", 78.0, 16.0, None, None, None, None, None, False)
    return replace(empty, **values)


def word(indicator, z, age=TODDLER):
    found = classes.class_of(indicator, z, age, LIMITS)
    return found.code if found else None


def test_it_works():
    (found,) = classes.verdicts(scores(waz=-2.41), TODDLER, LIMITS)
    assert found.chip == ("warning", "Nhẹ cân, vừa")
    assert found.found and found.found.word == "Suy dinh dưỡng thể nhẹ cân, mức độ vừa"
    assert (found.title, found.text) == ("Cân nặng theo tuổi", "−2,41")


@pytest.mark.parametrize(
    ("indicator", "z", "code"),
    [
        ("waz", -3.01, "underweight_severe"),
        ("waz", -3.0, "underweight"),
        ("waz", -2.01, "underweight"),
        ("waz", -2.0, "normal"),
        ("waz", 2.5, "normal"),  # never obesity by weight for age
        ("haz", -3.01, "stunted_severe"),
        ("haz", -2.01, "stunted"),
        ("haz", -2.0, "normal"),
        ("whz", -3.01, "wasted_severe"),
        ("whz", -3.0, "wasted"),
        ("whz", 1.0, "normal"),
        ("whz", 1.01, "overweight_risk"),
        ("whz", 2.01, "overweight"),
        ("whz", 3.0, "overweight"),
        ("whz", 3.01, "obese"),
        ("hcaz", -3.01, "head_small_refer"),
        ("hcaz", -2.01, "head_small"),
        ("hcaz", 2.01, "head_large"),
        ("hcaz", 3.01, "head_large_refer"),
    ],
)
def test_the_borders_under_five(indicator, z, code):
    assert word(indicator, z) == code


@pytest.mark.parametrize(
    ("z", "code"),
    [(-3.01, "thin_severe"), (-2.01, "thin"), (1.0, "normal"), (1.01, "overweight"), (2.01, "obese")],
)
def test_the_borders_of_the_index_from_five(z, code):
    assert word("baz", z, PUPIL) == code


def test_from_five_the_weight_alone_has_no_name():
    assert word("waz", -3.5, PUPIL) is None
    assert word("waz", -3.5, 1826) == "underweight_severe"
    assert word("waz", -3.5, 1827) is None


def test_under_five_the_index_speaks_only_where_the_length_is_off_the_table():
    both = {found.indicator: found for found in classes.verdicts(scores(whz=-1, baz=-2.5), TODDLER, LIMITS)}
    assert both["baz"].found is None
    (alone,) = classes.verdicts(scores(baz=-2.5), TODDLER, LIMITS)
    assert alone.found and alone.found.code == "wasted"


def test_what_is_hardly_possible_asks_to_measure_again():
    (found,) = classes.verdicts(scores(waz=-6.01), TODDLER, LIMITS)
    assert found.flagged and found.chip == ("warning", "Khó tin, đo lại")
    assert classes.acute(scores(whz=-5.5), TODDLER, muac_cm=None, oedema=False, limits=LIMITS) is None


@pytest.mark.parametrize(
    ("whz", "muac", "oedema", "age", "code"),
    [
        (-3.01, None, False, 400, "acute_severe"),
        (-1, 11.4, False, 400, "acute_severe"),
        (None, None, True, 400, "acute_severe"),
        (-3.0, 11.5, False, 400, "acute_moderate"),
        (0, 12.4, False, 400, "acute_moderate"),
        (-2.0, 12.5, False, 400, None),
        (0, 11.0, False, 182, None),  # the arm says nothing under six months
        (-3.5, None, False, 100, "acute_severe"),
        (-3.5, 11.0, True, 1827, None),
    ],
)
def test_acute_malnutrition(whz, muac, oedema, age, code):
    found = classes.acute(scores(whz=whz), age, muac_cm=muac, oedema=oedema, limits=LIMITS)
    assert (found.code if found else None) == code


def weighed(age, kg, cm=None):
    body = evaluate(Body("M", age, kg, cm, "L" if age < 731 else "H"))
    return classes.Weighed(age, kg, body.length_cm, body)


def test_no_gain_in_a_month_under_one_year():
    course = [weighed(120, 6.5), weighed(150, 6.5)]
    assert classes.alerts(course, LIMITS)[0].startswith("Không tăng cân trong 30 ngày (6,5 kg, rồi 6,5 kg)")
    assert classes.alerts([weighed(120, 6.5), weighed(147, 6.5)], LIMITS) == []
    assert classes.alerts([weighed(400, 9), weighed(440, 9)], LIMITS) == []


def test_a_fall_of_a_whole_deviation_in_half_a_year():
    (said,) = classes.alerts([weighed(400, 10.5), weighed(520, 9.5)], LIMITS)
    assert "cân nặng theo tuổi giảm" in said and "120 ngày" in said
    assert classes.alerts([weighed(300, 9.8), weighed(520, 9.5)], LIMITS) == []


def test_a_height_that_shrinks():
    (said,) = classes.alerts([weighed(800, None, 85), weighed(900, None, 83)], LIMITS)
    assert said.startswith("Chiều cao 83 cm thấp hơn")
    assert classes.alerts([weighed(700, None, 85), weighed(740, None, 84.4)], LIMITS) == []


def test_one_measuring_says_nothing_about_a_course():
    assert classes.alerts([weighed(400, 9)], LIMITS) == classes.alerts([], LIMITS) == []


@pytest.mark.parametrize(("z", "text"), [(-1.8, "−1,80"), (0.0, "0,00"), (2.1, "+2,10")])
def test_a_score_in_words(z, text):
    assert classes.z_text(z) == text
