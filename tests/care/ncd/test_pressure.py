"""Blood pressure: the value out of several readings and its class; on the bench as ncd.bp_class."""

import json
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.care import vitals
from apps.care.ncd import pressure
from apps.core import rules

READINGS = st.lists(
    st.tuples(st.integers(100, 250), st.integers(40, 95)).map(lambda both: (D(both[0]), D(both[1]))),
    min_size=1,
    max_size=6,
)


def ask(readings):
    return rules.answer(json.dumps({"id": 1, "rule": "ncd.bp_class", "input": {"readings": readings}}))


def test_it_works():
    assert ask([[150, 95], [145, 92]])["output"] == {
        "sbp": 148,
        "dbp": 94,
        "category": "grade1",
        "isolated_systolic": False,
        "hypertensive_range": True,
        "urgent": False,
    }


@pytest.mark.parametrize(
    ("readings", "value"),
    [
        ([[131, 85]], (131, 85)),
        ([[131, 85], [132, 86]], (132, 86)),  # halves round up
        ([[131, 85], [133, 87]], (132, 86)),
        ([[190, 110], [140, 90], [135, 87]], (138, 89)),  # of three the last two
        ([[190, 110], [150, 95], [140, 90], [141, 90]], (141, 90)),
    ],
)
def test_the_value_of_a_visit(readings, value):
    said = ask(readings)["output"]
    assert (said["sbp"], said["dbp"]) == value


@pytest.mark.parametrize(
    ("systolic", "diastolic", "category"),
    [
        (119, 79, "optimal"),
        (120, 79, "normal"),
        (119, 80, "normal"),
        (130, 79, "high_normal"),
        (119, 85, "high_normal"),
        (139, 89, "high_normal"),
        (140, 70, "grade1"),
        (119, 90, "grade1"),
        (160, 70, "grade2"),
        (119, 100, "grade2"),
        (180, 70, "grade3"),
        (135, 110, "grade3"),
    ],
)
def test_the_higher_of_the_two_classes(systolic, diastolic, category):
    said = ask([[systolic, diastolic]])["output"]
    assert said["category"] == category
    assert said["hypertensive_range"] is (systolic >= 140 or diastolic >= 90)
    assert said["isolated_systolic"] is (systolic >= 140 and diastolic < 90)
    assert said["urgent"] is (systolic >= 180 or diastolic >= 110)


@pytest.mark.parametrize(
    ("readings", "field"),
    [
        (None, "readings"),
        ([], "readings"),
        ("120/80", "readings"),
        ([120, 80], "readings[0]"),
        ([[120, 80], [120]], "readings[1]"),
        ([[80, 120]], "readings[0]"),
        ([[120, 120]], "readings[0]"),
        ([[120, "80"]], "readings[0]"),
        ([[1200, 80]], "readings[0]"),
        ([[120, -1]], "readings[0]"),
        ([[True, 80]], "readings[0]"),
        ([[10**400, 80]], "readings[0]"),
    ],
)
def test_what_is_no_pressure_names_its_reading(readings, field):
    assert ask(readings)["error"]["field"] == field


@given(READINGS)
def test_the_value_lies_between_the_last_two(readings):
    value = pressure.value_of(readings)
    for place in (0, 1):
        last = [reading[place] for reading in readings[-2:]]
        assert min(last) <= value[place] <= max(last)


@given(READINGS, st.integers(0, 60))
def test_a_higher_pressure_is_never_in_a_lower_class(readings, more):
    order = ["optimal", "normal", "high_normal", "grade1", "grade2", "grade3"]
    systolic, diastolic = readings[0]
    low, high = pressure.classify(systolic, diastolic), pressure.classify(systolic + more, diastolic)
    assert order.index(low.category) <= order.index(high.category)
    assert low.urgent <= high.urgent


def test_without_a_reading_there_is_no_value():
    with pytest.raises(ValueError, match="no reading"):
        pressure.value_of([])


def test_readings_far_apart_ask_for_another():
    near, far = ((D(150), D(95)), (D(140), D(90))), ((D(150), D(95)), (D(139), D(90)))
    assert pressure.again(near) == "" and "đo thêm" in pressure.again(far)
    assert pressure.again(far[:1]) == ""
    assert "đo thêm" in pressure.again(((D(150), D(95)), (D(150), D(84))))


def test_in_words():
    assert pressure.classify(D(185), D(85)).sentence == (
        "Tăng huyết áp độ 3, tâm thu đơn độc. Cần xử trí ngay"
    )
    assert pressure.classify(D(110), D(70)).state == "done"


@pytest.mark.parametrize(
    ("high", "low", "said"),
    [
        (190, 115, ["Tăng huyết áp độ 3: 190/115 mmHg. Cần xử trí ngay"]),
        (150, 112, ["Tăng huyết áp độ 3: 150/112 mmHg. Cần xử trí ngay"]),
        (150, 95, []),
        (80, 120, ["Huyết áp thấp: 80 mmHg", "Huyết áp rất cao: 120 mmHg"]),  # told: it cannot be
        (70, 35, ["Huyết áp thấp: 70/35 mmHg"]),
        (190, 35, ["Tăng huyết áp độ 3, tâm thu đơn độc: 190/35 mmHg. Cần xử trí ngay",
                   "Huyết áp thấp: 190/35 mmHg"]),
    ],
)  # fmt: skip
def test_one_high_pressure_is_one_sentence(high, low, said):
    values = {"systolic": D(high), "diastolic": D(low)}
    named = pressure.classify(D(high), D(low))
    found = pressure.in_one(vitals.assess(values, pressure.ADULT_DAYS), values, named)
    assert [one.sentence for one in found if one.level == "danger"] == said


def test_a_childs_high_pressure_is_one_sentence_too():
    values = {"systolic": D(150), "diastolic": D(95)}
    found = pressure.in_one(vitals.assess(values, 9 * 365), values, None)
    assert [one.sentence for one in found] == ["Huyết áp rất cao: 150/95 mmHg"]
    assert pressure.text_of([(D(150), D(95)), (D("146.5"), D(92))]) == "150/95; 146,5/92"
