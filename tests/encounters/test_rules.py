"""What blocks a visit and what asks for a reason."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from apps.encounters import rules

ON = date(2026, 11, 20)
LIMIT = rules.PrescriptionLimits(usual=30, most=90, child_months=72)
LINE = rules.LineFacts(1, "Paracetamol 500mg", "paracetamol", "viên", D(1), 2, 5, D(10), "TD001")
VISIT = rules.VisitFacts(ON, 480, "Sốt", 1, True, None, lines=[LINE])


def codes(visit, blocks=None):
    return [p.code for p in rules.check_visit(visit, LIMIT) if blocks is None or p.blocks is blocks]


def test_it_works():
    assert codes(VISIT) == []


def test_without_a_main_diagnosis_it_blocks():
    assert codes(replace(VISIT, main_diagnoses=0), blocks=True) == ["no-diagnosis"]
    assert codes(replace(VISIT, main_diagnoses=2), blocks=True) == ["two-main"]


def test_without_a_reason_it_asks():
    assert codes(replace(VISIT, reason="  "), blocks=False) == ["no-reason"]


def test_somebody_examined():
    assert codes(replace(VISIT, has_performer=False)) == ["no-performer"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": D(0)}, "line-1-quantity"),
        ({"quantity": D(-1)}, "line-1-quantity"),
        ({"quantity": None}, "line-1-quantity"),
        ({"days": 400}, "line-1-days"),
        ({"days": 0}, "line-1-days"),
        ({"times_per_day": 0}, "line-1-times"),
        ({"times_per_day": 25}, "line-1-times"),
        ({"dose": D(0)}, "line-1-dose"),
    ],
)
def test_numbers_that_cannot_be_block(change, code):
    assert codes(replace(VISIT, lines=[replace(LINE, **change)]), blocks=True) == [code]


def test_a_long_prescription_asks_unless_the_disease_allows_it():
    long = replace(VISIT, lines=[replace(LINE, days=60)])
    assert codes(long, blocks=False) == ["line-1-long"]
    assert codes(replace(long, long_days=90)) == []


def test_the_same_ingredient_twice_asks():
    twice = replace(VISIT, lines=[LINE, replace(LINE, position=2, drug_code="TD900")])
    assert codes(twice, blocks=False) == ["line-2-twice"]


@pytest.mark.parametrize(
    ("allergy", "asks"),
    [
        (rules.AllergyFacts("Paracetamol", "paracetamol"), True),
        (rules.AllergyFacts("thuốc hạ sốt", "thuoc ha sot", "TD001"), True),
        (rules.AllergyFacts("Penicilin", "penicilin", "TD030"), False),
        (rules.AllergyFacts("para", "para"), False),
        (rules.AllergyFacts("", ""), False),
    ],
)
def test_a_known_allergy_asks(allergy, asks):
    assert (codes(replace(VISIT, allergies=[allergy]), blocks=False) == ["line-1-allergy"]) is asks


def test_a_small_child_is_weighed_before_a_prescription():
    child = replace(VISIT, age_months=71)
    assert codes(child, blocks=False) == ["child-weight"]
    assert codes(replace(child, weight_kg=D(18))) == []
    assert codes(replace(child, lines=[])) == []
    assert codes(replace(child, age_months=72)) == []


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 11, 19), date(2028, 1, 1)])
def test_a_follow_up_lies_ahead_and_within_a_year(day):
    assert codes(replace(VISIT, follow_up_on=day), blocks=True) == ["follow-up"]


@pytest.mark.parametrize(
    ("text", "day"),
    [("7", date(2026, 11, 27)), ("27/11/2026", date(2026, 11, 27)), ("27112026", date(2026, 11, 27)),
     ("27/11", date(2026, 11, 27)), ("3/1", date(2027, 1, 3)), ("", None), ("  ", None)],
)  # fmt: skip
def test_follow_up_is_read(text, day):
    assert rules.read_follow_up(text, ON) == day


@pytest.mark.parametrize(
    "text", ["31/02", "31/02/2027", "mai", "2026-11-27-1", "\x00", "7 ngày nữa nhé", "32/1"]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError):
        rules.read_follow_up(text, ON)


def test_a_medicine_to_be_avoided_in_pregnancy_asks():
    limit = replace(LIMIT, pregnancy=frozenset({"doxycyclin"}))
    doxy = replace(LINE, name="Doxycyclin 100mg", ingredient="doxycyclin hydroclorid")
    asked = rules.check_lines(replace(VISIT, lines=[doxy], pregnant=True), limit)
    assert [(each.code, each.blocks) for each in asked] == [("line-1-pregnancy", False)]
    assert rules.check_lines(replace(VISIT, lines=[doxy]), limit) == []
    assert rules.check_lines(replace(VISIT, pregnant=True), limit) == []


def test_an_injury_asks_for_its_cause():
    assert codes(replace(VISIT, injured=True)) == ["injury-cause"]
    assert codes(replace(VISIT, injured=True, injury_cause="4")) == []
