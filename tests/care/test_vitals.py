"""Vital signs: reading, plausibility, danger by age."""

from decimal import Decimal as D

import pytest

from apps.care import vitals

ADULT = 40 * 365
INFANT = 200


def levels(values, age_days=ADULT):
    return {(finding.key, finding.level) for finding in vitals.assess(values, age_days)}


def test_it_works():
    usual = {
        "pulse": D(78),
        "temperature": D("36.8"),
        "systolic": D(120),
        "diastolic": D(80),
        "breathing": D(18),
    }
    assert (
        vitals.assess(usual | {"spo2": D(98), "weight": D(55), "height": D(158), "waist": D(76)}, ADULT) == []
    )


@pytest.mark.parametrize("text", ["37,5", "37.5", " 37,5 ", "37,50"])
def test_comma_and_point_are_one_figure(text):
    assert vitals.read_number(text) == D("37.5")


@pytest.mark.parametrize(
    "text", ["", "ba bảy", "37,,5", "3e5", "-1", "٣٧", "37 5", "1" * 30, "\x00", "nan", "inf", "."]
)
def test_what_is_no_figure_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match="không phải là số"):
        vitals.read_number(text)


def test_375_asks_for_37_5():
    (finding,) = vitals.assess({"temperature": D(375)}, ADULT)
    assert finding.level == "impossible"
    assert finding.sentence == "Nhiệt độ 375 °C là không thể. Có phải là 37,5 không?"


@pytest.mark.parametrize("text", ["120/80", "120 80", " 120 / 80 ", "120-80"])
def test_pressure_in_one_box(text):
    assert vitals.read_pressure(text) == (D(120), D(80))


@pytest.mark.parametrize("text", ["120", "120/80/70", "/", "a/b", "120/"])
def test_half_a_pressure_is_refused(text):
    with pytest.raises(ValueError):
        vitals.read_pressure(text)


def test_systolic_is_above_diastolic():
    assert ("systolic", "impossible") in levels({"systolic": D(80), "diastolic": D(120)})
    assert ("systolic", "impossible") in levels({"systolic": D(80), "diastolic": D(80)})


@pytest.mark.parametrize(
    ("age_days", "rate", "is_danger"),
    [(59, 60, True), (59, 59, False), (60, 50, True), (364, 49, False), (365, 40, True), (1824, 39, False)],
)
def test_fast_breathing_by_age(age_days, rate, is_danger):
    assert (("breathing", "danger") in levels({"breathing": D(rate)}, age_days)) is is_danger


def test_fever_of_a_young_infant_is_a_danger_sign():
    assert ("temperature", "danger") in levels({"temperature": D("37.5")}, 20)
    assert ("temperature", "danger") not in levels({"temperature": D("37.5")}, INFANT)


@pytest.mark.parametrize(("systolic", "diastolic"), [(180, 90), (150, 110)])
def test_very_high_pressure(systolic, diastolic):
    words = {
        finding.word for finding in vitals.assess({"systolic": D(systolic), "diastolic": D(diastolic)}, ADULT)
    }
    assert "Huyết áp rất cao" in words


def test_low_oxygen():
    assert levels({"spo2": D(89)}) == {("spo2", "danger")}
    assert levels({"spo2": D(90)}) == set()
    assert levels({"spo2": D(101)}) == {("spo2", "impossible")}


def test_an_odd_weight_asks_and_does_not_block():
    assert levels({"weight": D(180)}) == {("weight", "odd")}


def test_the_weight_of_a_grown_up_is_odd_in_a_child_of_seven():
    seven = 7 * 365 + 80
    assert levels({"weight": D(52)}, seven) == {("weight", "odd")}
    assert levels({"weight": D(22)}, seven) == levels({"weight": D(36)}, seven) == set()


def test_without_an_age_the_adults_limits_hold():
    assert vitals.assess({"weight": D(55)}, None) == []


def test_an_unknown_sign_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError):
        vitals.assess({"mood": D(3)}, ADULT)


def test_body_mass_index():
    assert vitals.bmi(D(55), D(160)) == D("21.5")
    assert vitals.bmi(D(55), None) is None
    assert vitals.bmi(D(55), D(0)) is None


def test_every_sign_has_limits_that_contain_one_another():
    for vital in vitals.VITALS:
        bands = vitals.shipped_bounds()[vital.key]
        assert bands[-1]["to_days"] is None
        for band in bands:
            assert band["can"][0] <= band["usual"][0] < band["usual"][1] <= band["can"][1]
