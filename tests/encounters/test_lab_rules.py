"""What a result says, by range, age and sex. Pure."""

from decimal import Decimal as D

import pytest

from apps.encounters.ordering.lab_rules import KnownTest, Limits, Unreadable, fitting, range_words, read

GLUCOSE = KnownTest(
    "GLU_CAP", "Đường máu mao mạch", "mmol/L", True, (), ({"low": 3.9, "high": 6.4},), frozenset()
)
HGB = KnownTest(
    "HGB",
    "Huyết sắc tố",
    "g/L",
    True,
    (),
    (
        {"sex": "M", "low": 130, "high": 180},
        {"sex": "F", "low": 120, "high": 160},
        {"from_months": 6, "to_months": 59, "low": 110, "high": 140},
    ),
    frozenset(),
)
HBSAG = KnownTest(
    "HBSAG", "HBsAg", "", False, ("Âm tính", "Dương tính", "Không xác định"), (), frozenset({"Âm tính"})
)
BLOOD = KnownTest("BLOOD_ABO", "Nhóm máu", "", False, ("A", "B", "AB", "O"), (), frozenset({"Âm tính"}))
LIMITS = Limits({"GLU_CAP": [{"low": 3.0, "high": 20}]}, 180, D(10))
GROWN = 40 * 365


def look(test, text, *, sex="female", age_days=GROWN):
    return read(test, text, sex=sex, age_days=age_days, limits=LIMITS)


def test_it_works():
    reading = look(GLUCOSE, "5,6")
    assert (reading.value, reading.flag, reading.range_text) == (D("5.6"), "", "3,9–6,4")


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("2,9", "critical_low"),
        ("3,0", "low"),
        ("3,9", ""),
        ("6.4", ""),
        ("6,5", "high"),
        ("20", "high"),
        ("20,1", "critical_high"),
        ("< 3,9", "low"),
        (">6,4", "high"),
    ],
)
def test_flags_at_the_edges(text, flag):
    assert look(GLUCOSE, text).flag == flag


def test_a_critical_figure_calls_the_doctor():
    assert look(GLUCOSE, "2,4").sentence == (
        "Đường máu mao mạch 2,4 mmol/L: thấp nguy hiểm (tham chiếu 3,9–6,4). Báo ngay bác sĩ."
    )


@pytest.mark.parametrize(
    ("sex", "age_days", "flag"),
    [
        ("male", GROWN, "low"),
        ("female", GROWN, ""),
        ("male", 24 * 31, ""),  # a small child has a range of its own
        ("unknown", GROWN, ""),  # nobody knows which range holds
        ("male", 10 * 365, ""),  # an adult's range is shown and not compared
        ("male", None, "low"),
    ],
)
def test_the_range_is_that_of_sex_and_age(sex, age_days, flag):
    assert look(HGB, "125", sex=sex, age_days=age_days).flag == flag


def test_an_adults_range_says_so_for_a_child():
    assert look(GLUCOSE, "7,5", age_days=8 * 365).range_text == "3,9–6,4 (người lớn)"
    assert look(GLUCOSE, "2,5", age_days=8 * 365).flag == "critical_low"


@pytest.mark.parametrize("text", ["năm", "", "5,6,7", "-3", "1e5", "5 6", "١٢", "12345678"])
def test_what_is_no_figure_is_told(text):
    with pytest.raises(Unreadable, match="không phải là số"):
        look(GLUCOSE, text)


def test_far_from_the_range_asks():
    assert "xem lại dấu phẩy và đơn vị" in look(GLUCOSE, "126").odd
    assert look(GLUCOSE, "12,6").odd == ""
    assert "xem lại" in look(HGB, "1,2").odd


@pytest.mark.parametrize(
    ("word", "flag"), [("Âm tính", ""), ("dương tính", "abnormal"), ("Không xác định", "unclear")]
)
def test_words(word, flag):
    assert look(HBSAG, word).flag == flag


def test_a_blood_group_is_never_abnormal():
    assert look(BLOOD, "AB").flag == ""


def test_a_word_that_is_none_of_them():
    with pytest.raises(Unreadable, match="chọn một trong"):
        look(HBSAG, "hơi dương")


def test_ranges_in_words():
    assert range_words(None) == ""
    assert range_words({"high": 5.2}) == "≤ 5,2"
    assert range_words({"low": 1.0}) == "≥ 1"
    assert fitting([], "male", GROWN) is None
