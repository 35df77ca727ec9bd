"""The charts of the sick child: what each answer comes to, and why."""

import pytest

from apps.core import rules
from apps.core.rules import BadInput
from apps.encounters.sick_child import sheet
from apps.encounters.sick_child.bench import run, shipped_colours, shipped_limits
from apps.encounters.sick_child.case import Child
from apps.encounters.sick_child.judging import judge

DENIED = {"no_danger": "yes"}


def ticks(*keys, **more):
    return DENIED | dict.fromkeys(keys, "yes") | more


def judged(months=24, answers=None, limits=None, **figures):
    child = Child(months=months, answers=answers if answers is not None else DENIED, **figures)
    return judge(child, limits or shipped_limits(), shipped_colours())


def codes(*args, **figures):
    return [one.code for one in judged(*args, **figures).classes]


def test_it_works():
    found = judged(24, ticks("cough", cough_days="3"), breathing=46, temperature=37.0, measured=True)
    assert [one.code for one in found.classes] == ["pneumonia", "nutrition_ok"]
    assert found.classes[0].why == ("thở nhanh 46 lần/phút (từ 40 ở trẻ dưới 60 tháng)",)
    assert found.missing == []


@pytest.mark.parametrize(
    ("months", "breaths", "fast"),
    [(2, 49, False), (2, 50, True), (11, 49, False), (11, 50, True), (12, 39, False), (12, 40, True),
     (59, 39, False), (59, 40, True)],
)  # fmt: skip
def test_fast_breathing_goes_by_age(months, breaths, fast):
    found = codes(months, ticks("cough"), breathing=breaths, temperature=37)
    assert ("pneumonia" in found, "cough_cold" in found) == (fast, not fast)


@pytest.mark.parametrize("sign", sheet.DANGERS["child"])
def test_each_danger_sign_is_pink_and_makes_a_cough_severe(sign):
    found = codes(24, {"cough": "yes", sign: "yes"}, breathing=30, temperature=37)
    assert found[:2] == ["very_severe", "pneumonia_severe"]


def test_indrawing_follows_the_dated_row():
    assert "pneumonia_severe" in codes(24, ticks("cough", "indrawing"), breathing=30)
    who = shipped_limits() | {"indrawing": {"severe": False}}
    assert "pneumonia" in codes(24, ticks("cough", "indrawing"), who, breathing=30)


def test_a_cough_without_a_count_says_what_is_missing():
    found = judged(24, ticks("cough"), temperature=37, measured=True)
    assert "pneumonia" not in [one.code for one in found.classes]
    assert found.missing == ["Chưa đếm nhịp thở trong một phút: chưa biết có thở nhanh không."]


def test_low_oxygen_is_severe_and_a_long_cough_is_looked_into():
    found = codes(24, ticks("cough", cough_days="15"), breathing=30, spo2=89)
    assert found[:2] == ["pneumonia_severe", "cough_long"]
    assert "pneumonia_severe" not in codes(24, ticks("cough", cough_days="14"), breathing=30, spo2=90)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (ticks("diarrhoea"), "dehydration_none"),
        (ticks("diarrhoea", "sunken_eyes"), "dehydration_none"),
        (ticks("diarrhoea", "sunken_eyes", "restless"), "dehydration_some"),
        (ticks("diarrhoea", drinks="eagerly", pinch="slow"), "dehydration_some"),
        (ticks("diarrhoea", drinks="poorly", pinch="slow"), "dehydration_some"),
        (ticks("diarrhoea", "sunken_eyes", pinch="very_slow"), "dehydration_severe"),
        ({"diarrhoea": "yes", "lethargic": "yes", "sunken_eyes": "yes"}, "dehydration_severe"),
        (ticks(diarrhoea_days="2"), "dehydration_none"),
    ],
)
def test_two_signs_make_a_dehydration(answers, code):
    assert code in codes(24, answers, temperature=37)


def test_a_long_or_bloody_diarrhoea():
    assert "persistent" in codes(24, ticks("diarrhoea", diarrhoea_days="14"))
    assert "persistent" not in codes(24, ticks("diarrhoea", diarrhoea_days="13"))
    severe = codes(24, ticks("diarrhoea", "sunken_eyes", "restless", "blood", diarrhoea_days="20"))
    assert {"persistent_severe", "dysentery"} <= set(severe)


@pytest.mark.parametrize(
    ("answers", "figures", "code"),
    [
        (ticks(), {"temperature": 37.5}, "fever"),
        (ticks("fever"), {}, "fever"),
        (ticks("fever", "stiff_neck"), {}, "fever_severe"),
        ({"convulsed": "yes"}, {"temperature": 39}, "fever_severe"),
        (ticks("malaria_risk"), {"temperature": 38}, "malaria_possible"),
        (ticks("malaria_risk", malaria_test="positive"), {"temperature": 38}, "malaria"),
        (ticks("malaria_risk", malaria_test="negative"), {"temperature": 38}, "fever"),
        (ticks(fever_days="7"), {}, "fever_long"),
        (ticks("measles"), {"temperature": 38}, "measles"),
        (ticks("measles", "eye_pus"), {"temperature": 38}, "measles_complicated"),
        (ticks("measles", "cornea"), {"temperature": 38}, "measles_severe"),
        (ticks("dengue_risk"), {"temperature": 38}, "dengue_possible"),
        (ticks("dengue_risk", "belly"), {"temperature": 38}, "dengue_warning"),
        (ticks("dengue_risk", "cold_limbs"), {"temperature": 38}, "dengue_severe"),
    ],
)
def test_fever_and_what_comes_with_it(answers, figures, code):
    assert code in codes(24, answers, **figures)


def test_no_fever_no_class_of_it():
    assert not [code for code in codes(24, ticks("dengue_risk"), temperature=37.4) if "fever" in code]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (ticks("ear"), "ear_none"),
        (ticks("ear_pain"), "ear_acute"),
        (ticks("ear_pus", ear_days="13"), "ear_acute"),
        (ticks("ear_pus", ear_days="14"), "ear_chronic"),
        (ticks("ear_pus", "mastoid", ear_days="14"), "mastoiditis"),
    ],
)
def test_the_ear(answers, code):
    assert code in codes(24, answers)


@pytest.mark.parametrize(
    ("figures", "answers", "code"),
    [
        ({"measured": True}, ticks(), "nutrition_ok"),
        ({"measured": True, "waz": -2.01}, ticks(), "underweight"),
        ({"measured": True, "waz": -2.0}, ticks(), "nutrition_ok"),
        ({"measured": True, "acute": "moderate"}, ticks(), "mam"),
        ({"measured": True, "acute": "severe"}, ticks(), "sam"),
        ({"measured": True, "acute": "severe"}, ticks("no_appetite"), "sam_complicated"),
        ({"measured": True, "oedema": True}, ticks(), "sam"),
        ({"measured": True, "acute": "severe"}, {"lethargic": "yes"}, "sam_complicated"),
        ({"measured": True, "acute": "severe", "months": 5}, ticks(), "sam_complicated"),
    ],
)
def test_malnutrition_by_the_growth_rules(figures, answers, code):
    months = figures.pop("months", 24)
    assert code in codes(months, answers, **figures)


def test_without_weighing_nothing_is_said_of_nutrition():
    found = judged(24, ticks(pallor="some"), temperature=37)
    assert [one.code for one in found.classes] == ["anaemia"]
    assert (
        "Chưa đo đủ cân nặng và chiều cao, hoặc vòng cánh tay: chưa xếp được suy dinh dưỡng." in found.missing
    )


def test_pallor_feeding_and_prevention():
    found = codes(24, ticks("feed_bottle", "vaccines", pallor="severe"))
    assert found == ["anaemia_severe", "feeding_problem", "prevention_due"]


def test_danger_signs_have_to_be_looked_for():
    assert "Chưa ghi đã tìm dấu hiệu nguy hiểm." in judged(24, {"cough": "yes"}, breathing=30).missing


# ---- under two months


@pytest.mark.parametrize("sign", [key for key in sheet.DANGERS["infant"] if key != "movement"])
def test_each_danger_sign_of_an_infant_is_severe(sign):
    assert "infant_severe" in codes(1, {sign: "yes"}, breathing=40, temperature=37)


@pytest.mark.parametrize(
    ("figures", "severe"),
    [
        ({"breathing": 60, "temperature": 37}, True),
        ({"breathing": 59, "temperature": 37}, False),
        ({"breathing": 40, "temperature": 37.5}, True),
        ({"breathing": 40, "temperature": 35.4}, True),
        ({"breathing": 40, "temperature": 35.5}, False),
    ],
)
def test_an_infants_breathing_and_warmth(figures, severe):
    found = codes(1, ticks(), **figures)
    assert ("infant_severe" in found, "infant_no_infection" in found) == (severe, not severe)


def test_a_red_navel_is_severe_in_a_newborn_and_local_after():
    assert "infant_severe" in codes(0, ticks("umbilicus"), days=10, breathing=40, temperature=37)
    later = codes(1, ticks("umbilicus"), days=40, breathing=40, temperature=37)
    assert "infant_local" in later and "infant_severe" not in later


@pytest.mark.parametrize(
    ("answers", "days", "code"),
    [
        (ticks("jaundice"), 5, "jaundice"),
        (ticks("jaundice"), 0, "jaundice_severe"),
        (ticks("jaundice", "palms"), 5, "jaundice_severe"),
        (ticks("jaundice"), 15, "jaundice_long"),
        (ticks("jaundice"), None, "jaundice"),
    ],
)
def test_jaundice(answers, days, code):
    assert code in codes(0, answers, days=days)


def test_an_infants_diarrhoea_and_feeding():
    assert "Chưa cân: chưa biết có nhẹ cân không." in judged(1, ticks()).missing
    found = codes(1, {"movement": "none", "sunken_eyes": "yes", "diarrhoea": "yes", "blood": "yes"})
    assert {"infant_severe", "dehydration_severe", "infant_dysentery"} <= set(found)
    assert "infant_persistent" in codes(1, ticks(diarrhoea_days="14"))
    assert "infant_feeding" in codes(1, ticks("attach"))
    assert "infant_feeding" in codes(1, ticks(), waz=-2.5)
    assert "infant_feeding_ok" in codes(1, ticks(), waz=-1.0)
    assert "sam_complicated" in codes(1, ticks(), measured=True, acute="severe")


# ---- properties


def test_every_class_that_can_come_has_its_row():
    known = set(shipped_colours())
    for age, months in (("child", 24), ("infant", 1)):
        for sign in sheet.SIGNS[age].values():
            for value in sign.choices or {"20": ""} if sign.kind == "days" else sign.choices or {"yes": ""}:
                for hot in (36.0, 39.0):
                    found = judged(
                        months, {sign.key: value}, breathing=70, temperature=hot, spo2=80, measured=True
                    )
                    assert {one.code for one in found.classes} <= known
                    assert all(one.why and all(one.why) for one in found.classes)


def test_more_signs_never_make_a_child_less_ill():
    worst = {"pink": 2, "yellow": 1, "green": 0, "": 0}
    colours = shipped_colours()

    def gravity(answers):
        found = judged(24, answers, breathing=45, temperature=38, measured=True).classes
        return max((worst[colours[one.code]] for one in found), default=0)

    for first in sheet.SIGNS["child"].values():
        for second in sheet.SIGNS["child"].values():
            if {first.kind, second.kind} != {"tick"} or "no_danger" in (first.key, second.key):
                continue
            one = {"cough": "yes", first.key: "yes"}
            assert gravity(one | {second.key: "yes"}) >= gravity(one), (first.key, second.key)


def test_ages():
    assert [sheet.of_age(months) for months in (None, -1, 0, 1, 2, 59, 60)] == [
        "", "", "infant", "infant", "child", "child", "",
    ]  # fmt: skip
    assert judged(60, ticks("cough")).classes == []


def test_what_cannot_be_is_told():
    assert sheet.problems({"wings": "yes"}, "child")[0].key == "wings"
    assert sheet.problems({"cough_days": "ba"}, "child")[0].key == "cough_days"
    assert sheet.problems({"cough_days": "999"}, "child")
    assert sheet.problems({"pinch": "gone"}, "child")
    assert sheet.problems({"cough": "maybe"}, "child")
    assert sheet.problems({"no_danger": "yes", "lethargic": "yes"}, "child")[0].key == "no_danger"
    assert sheet.problems({"grunting": "yes"}, "child")
    assert sheet.problems(ticks("cough", cough_days="3", pinch="slow"), "child") == []


def test_it_is_told_as_it_is_printed():
    answers = ticks("cough", "diarrhoea", cough_days="3", pinch="slow")
    assert sheet.told(answers, "child") == [
        ("Dấu hiệu nguy hiểm toàn thân", "đã tìm, không có dấu hiệu nào"),
        ("Ho hoặc khó thở", "ho hoặc khó thở; 3 ngày"),
        ("Tiêu chảy", "tiêu chảy; nếp véo da mất chậm"),
    ]
    assert sheet.tidy({"cough": "yes", "ear": "", "cough_days": "03", "fever": None}) == {
        "cough": "yes",
        "cough_days": "3",
    }


# ---- the bench


def test_the_bench():
    asked = {"age_months": 11, "answers": {"cough": True, "no_danger": True}, "breathing": 50}
    said = rules.evaluate("encounters.imci", asked)
    assert said["sheet"] == "child" and said["refer"] is False
    assert said["classes"][0]["code"] == "pneumonia" and said["classes"][0]["colour"] == "yellow"
    assert rules.evaluate("encounters.imci", {"age_months": 3, "answers": {"lethargic": True}})["refer"]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"age_months": 60},
        {"age_months": 5.5},
        {"age_months": True},
        {"age_months": 5, "answers": []},
        {"age_months": 5, "answers": {"cough": [1]}},
        {"age_months": 5, "answers": {"wings": True}},
        {"age_months": 5, "breathing": "nhanh"},
        {"age_months": 5, "spo2": 1e9},
        {"age_months": 5, "acute": "bad"},
        {"age_months": 5, "age_days": -1},
        {"age_months": 5, "measured": "có"},
    ],
)
def test_the_bench_refuses_what_it_cannot_read(bad):
    with pytest.raises(BadInput):
        run(bad)
