"""Doses, quantities, wording and the code of a prescription."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.encounters import dosing


def test_it_works():
    dose, unit = dosing.read_dose("1", "viên")
    assert dosing.quantity(dose, 2, 5, "viên", unit) == 10
    assert dosing.usage(dose, unit, 2, "Uống") == "Ngày uống 2 lần, mỗi lần 1 viên"


@pytest.mark.parametrize(
    ("text", "dose", "unit"),
    [("1", "1", "viên"), ("1/2", "0.5", "viên"), ("0,5", "0.5", "viên"), ("1.5", "1.5", "viên"),
     ("5 ml", "5", "ml"), ("5ml", "5", "ml"), (" 2 ", "2", "viên"), ("1/3", "0.333", "viên"),
     ("1v", "1", "viên"), ("2 vien", "2", "viên")],
)  # fmt: skip
def test_doses_are_read(text, dose, unit):
    assert dosing.read_dose(text, "Viên") == (D(dose), unit)


@pytest.mark.parametrize("text", ["", "0", "-1", "một", "1/0", "1//2", "\x00", "1" * 40, "1e3"])
def test_what_is_no_dose_is_refused(text):
    with pytest.raises(ValueError):
        dosing.read_dose(text, "viên")


def test_tablets_are_handed_out_whole():
    assert dosing.quantity(D("0.5"), 1, 7, "viên") == 4
    assert dosing.quantity(D("0.333"), 3, 1, "viên") == 1


def test_a_dose_in_another_unit_leaves_the_quantity_to_the_nurse():
    assert dosing.quantity(D(5), 2, 5, "chai", "ml") is None
    assert dosing.quantity(D(1), 2, 5, "viên nang", "viên") == 10
    assert dosing.quantity(D(1), 2, 5, "viên", "viên nang") is None


@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 90))
def test_whole_doses_multiply(dose, times, days):
    assert dosing.quantity(D(dose), times, days, "viên") == dose * times * days


def test_usage_says_the_route_and_the_note():
    assert dosing.usage(D("0.5"), "viên", 1, "Uống", "sau ăn") == "Ngày uống 1 lần, mỗi lần 1/2 viên, sau ăn"
    assert dosing.usage(D(2), "giọt", 3, "Nhỏ mắt") == "Ngày nhỏ mắt 3 lần, mỗi lần 2 giọt"
    assert dosing.usage(D("2.5"), "ml", 2) == "Ngày dùng 2 lần, mỗi lần 2,5 ml"


def test_quantity_has_two_digits_and_narcotics_are_in_words():
    assert dosing.quantity_text(D(6)) == "06"
    assert dosing.quantity_text(D(14)) == "14"
    assert dosing.quantity_text(D("2.5")) == "2,5"
    assert dosing.quantity_text(D(6), narcotic=True) == "Sáu"


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "không"), (10, "mười"), (15, "mười lăm"), (21, "hai mươi mốt"), (55, "năm mươi lăm"),
     (80, "tám mươi"), (105, "một trăm linh năm"),
     (111, "một trăm mười một"), (1005, "một nghìn không trăm linh năm"),
     (2020, "hai nghìn không trăm hai mươi"), (9000, "chín nghìn")],
)  # fmt: skip
def test_numbers_in_words(number, words):
    assert dosing.in_words(number) == words


def test_the_code_has_fourteen_characters_and_its_shape():
    code = dosing.prescription_code("79C01", "c", lambda alphabet: alphabet[-1])
    assert code == "79c01zzzzzzz-c"
    assert len(code) == 14


@pytest.mark.parametrize(
    ("facility", "kind"), [("", "c"), ("7901", "c"), ("7900123", "c"), ("C9001", "c"), ("79001", "x")]
)
def test_no_code_without_a_facility_code_or_a_known_kind(facility, kind):
    with pytest.raises(ValueError):
        dosing.prescription_code(facility, kind, lambda alphabet: alphabet[0])


def test_each_drug_goes_on_the_form_of_its_kind():
    assert dosing.kind_of("narcotic", "40.10") == "n"
    assert dosing.kind_of("psychotropic", "") == "h"
    assert dosing.kind_of("", "05C.12.1") == "y"
    assert dosing.kind_of("narcotic_combined", "40.48") == "c"
    assert dosing.kinds_in_order(["h", "c", "c"]) == ["c", "h"]
