"""How much of a medicine is too much, and which strengths are certain."""

import csv
import datetime as dt
import json
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import NeedsReason
from apps.core.text import fold
from apps.encounters import doses, services
from apps.encounters.inputs import LineInput, VisitInput
from apps.encounters.services import visit_save
from tests.factories import encounters as make
from tests.factories.patients import a_person

SHIPPED = Path(__file__).resolve().parents[2] / "fixtures" / "parameters" / "encounters.csv"


def shipped():
    with SHIPPED.open(encoding="utf-8", newline="") as lines:
        rows = {row["key"]: row for row in csv.DictReader(lines)}
    counts = doses.Counts.read(json.loads(rows["prescriptions.counts"]["value"]))
    limits = [
        doses.DoseLimit.read(key, json.loads(row["value"]), row["confidence"])
        for key, row in rows.items()
        if key.startswith("dose.")
    ]
    return limits, counts


LIMITS, COUNTS = shipped()


@pytest.mark.parametrize(
    ("strength", "unit", "dose", "dose_unit", "mg"),
    [
        ("500mg", "viên", 2, "viên", 1000),
        ("500 mg", "viên", 1, "viên", 500),
        ("1g", "lọ", 1, "lọ", 1000),
        ("250mg/5ml", "chai", 5, "ml", 250),
        ("100mcg/liều", "bình", 2, "liều", D("0.2")),
        ("4,2mg", "viên", 2, "viên", D("8.4")),
        ("0,125mg", "viên", 1, "viên", D("0.125")),
        ("1,000mg", "viên", 1, "viên", None),  # one or a thousand
        ("500mg + 30mg", "viên", 1, "viên", None),
        ("100mg/5ml; 10ml", "ống", 1, "ống", None),
        ("75mg/3ml", "ống", 1, "ống", None),  # who says that the ampoule holds 3 ml
        ("500mg", "viên", 5, "ml", None),
        ("8.400IU", "viên", 1, "viên", None),
        ("", "viên", 1, "viên", None),
    ],
)
def test_only_a_certain_strength_is_read(strength, unit, dose, dose_unit, mg):
    assert doses.milligrams(strength, unit, D(dose), dose_unit) == mg


def line(ingredient="paracetamol", mg=500, dose=1, times=3, unit="viên", form="vien", position=1):
    whole = None if mg is None else D(mg) * D(dose)
    return doses.Taken(position, ingredient.capitalize(), ingredient, form, D(dose), unit, times, whole)


def codes(*lines, months=480, kg=None, heaviest=None):
    found = doses.check(lines, LIMITS, COUNTS, age_months=months, weight_kg=kg, heaviest_kg=heaviest)
    return [one.code for one in found]


def test_usual_doses_ask_nothing():
    assert codes(line(dose=2, times=4)) == []
    assert codes(line(mg=250, times=4), months=84, kg=D(22)) == []
    assert codes(line("amoxicilin", 500, 2, 3)) == []


def test_four_tablets_six_times_a_day_for_a_child_asks_for_everything():
    assert codes(line(dose=4, times=6), months=86, kg=D(22)) == ["count", "at-once", "a-day"]


def test_a_child_is_reckoned_by_weight_and_a_heavy_one_where_it_was_not_weighed():
    assert codes(line(dose=1, times=4), months=60, kg=D(15)) == ["at-once", "a-day"]
    assert codes(line(dose=2, times=4), months=86, heaviest=D(40)) == ["at-once", "a-day"]
    assert codes(line(dose=1, times=3), months=86, heaviest=D(50)) == []
    assert codes(line(dose=2, times=4), months=200, kg=D(45)) == []  # not by weight any more


def test_two_medicines_of_one_ingredient_add_up_in_a_day():
    both = [line(dose=2, times=3), line(mg=650, dose=1, times=3, position=2)]
    assert codes(*both) == ["a-day"]
    assert codes(both[0]) == codes(both[1]) == []


def test_an_ingredient_is_not_given_below_an_age():
    assert codes(line("ibuprofen", 20, 1, 2, unit="ml"), months=2, kg=D(5)) == ["age"]
    assert codes(line("ibuprofen", 20, 1, 2, unit="ml"), months=3, kg=D(6)) == []


def test_a_row_of_low_confidence_says_so():
    (found,) = doses.check([line("diclofenac", 50, 2, 2)], LIMITS, COUNTS, age_months=480, weight_kg=None)
    assert found.code == "a-day"
    assert "độ tin cậy thấp" in found.sentence


def test_many_tablets_ask_and_traditional_pills_do_not():
    assert codes(line("vitamin c", None, 20, 2)) == ["count"]
    assert codes(line("luc vi", None, 20, 2, form="vien hoan")) == []
    assert codes(line("siro ho", None, 20, 3, unit="ml")) == []


@given(st.integers(1, 20), st.integers(1, 24), st.integers(5, 40))
def test_more_never_asks_less(dose, times, kg):
    fewer = set(codes(line(dose=dose, times=times), months=84, kg=D(kg)))
    assert fewer <= set(codes(line(dose=dose + 1, times=times), months=84, kg=D(kg)))
    assert fewer <= set(codes(line(dose=dose, times=times + 1), months=84, kg=D(kg)))


def test_names_are_folded_as_the_line_is():
    assert all(name == fold(name) for limit in LIMITS for name in limit.names)
    assert all(word == fold(word) for word in COUNTS.spared)


def test_a_visit_with_too_much_asks_for_a_reason_and_keeps_it(station, doctor, as_doctor):
    child = a_person(station, full_name="Lê Minh Khôi", birth_date=dt.date(2019, 9, 2))
    visit = make.an_examined_visit(child, doctor)
    too_much = VisitInput(vitals={"weight": D(22)}, lines=[LineInput("TD001.1", D(4), 6, 3)])
    visit = visit_save(visit_id=visit.pk, expected_version=visit.version, data=too_much)
    with pytest.raises(NeedsReason) as asked:
        services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    assert {"line-1-count", "line-1-at-once", "line-1-a-day"} <= {one.code for one in asked.value.warnings}
    done = services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="Bác sĩ dặn")
    assert done.state == "finalised"
