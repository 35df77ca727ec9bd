"""Tetanus for a pregnancy: the path that childhood proves, and its doses."""

from datetime import date

import pytest

from apps.immunization import tables
from apps.immunization.forecast import Dose, Person, Pregnancy, forecast

WOMAN, CONFIRMED = date(2000, 3, 1), date(2026, 6, 1)
OPEN = Pregnancy(CONFIRMED)


def vat(on, history=()):
    found = forecast(tables.shipped(), Person(WOMAN, "F", OPEN), [Dose(*each) for each in history], on)
    return found.coming[-1]


CHILDHOOD = [(date(2000, month, 1), "DPT") for month in (5, 6, 7)]


@pytest.mark.parametrize(
    ("history", "path"),
    [
        ([], "VAT_A"),
        (CHILDHOOD[:2], "VAT_A"),
        ([CHILDHOOD[0]] * 3, "VAT_A"),
        (CHILDHOOD, "VAT_B"),
        ([*CHILDHOOD, (date(2001, 9, 1), "DPT")], "VAT_C"),
        ([*CHILDHOOD, (date(2007, 3, 1), "TD")], "VAT_C"),
        ([*CHILDHOOD, (date(2015, 3, 1), "TD")], "VAT_B"),
        ([*CHILDHOOD[:2], (date(2007, 3, 1), "TD")], "VAT_A"),
    ],
)
def test_the_path_is_chosen_by_what_childhood_proves(history, path):
    assert vat(CONFIRMED, history).series == path


def test_the_first_dose_is_due_when_the_pregnancy_is_confirmed():
    first = vat(CONFIRMED)
    assert (first.dose, first.status, first.earliest, first.recommended) == (1, "due", CONFIRMED, CONFIRMED)


def test_later_doses_keep_their_interval_and_wait_for_the_pregnancy():
    second = vat(date(2026, 6, 20), [(date(2026, 6, 2), "TT")])
    assert (second.dose, second.earliest, second.recommended) == (2, date(2026, 6, 30), date(2026, 7, 2))
    of_before = vat(CONFIRMED, [(date(2024, 1, 1), "TT"), (date(2024, 2, 1), "TT")])
    assert (of_before.dose, of_before.earliest, of_before.recommended) == (3, date(2024, 8, 1), CONFIRMED)


def test_five_doses_are_enough():
    years = [date(2016, 1, 1), date(2016, 2, 1), date(2016, 8, 1), date(2017, 8, 1), date(2018, 8, 1)]
    assert vat(CONFIRMED, [(day, "TT") for day in years]).status == "complete"


def test_antitoxin_is_never_a_dose():
    assert vat(CONFIRMED, [(date(2026, 5, 1), "SAT")]).dose == 1
