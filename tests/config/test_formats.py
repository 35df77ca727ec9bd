import datetime as dt

import pytest
from django import forms
from django.utils import formats


@pytest.mark.parametrize(
    "text", ["05/03/1990", "5/3/1990", "05031990", "05-03-1990", "05.03.1990", "1990-03-05"]
)
def test_a_date_is_read_day_first(text):
    assert forms.DateField().clean(text) == dt.date(1990, 3, 5)


@pytest.mark.parametrize("text", ["31/02/2026", "13/13/2026", "32/01/2026", "ngày 5", "05/03/90"])
def test_an_impossible_date_is_refused(text):
    with pytest.raises(forms.ValidationError):
        forms.DateField().clean(text)


def test_a_date_is_shown_day_first():
    assert formats.date_format(dt.date(1990, 3, 5)) == "05/03/1990"
    assert formats.localize_input(dt.date(1990, 3, 5)) == "05/03/1990"


def test_thousands_have_points_and_the_week_begins_on_monday():
    assert formats.number_format(1234567, force_grouping=True) == "1.234.567"
    assert formats.number_format(36.5) == "36,5"
    assert formats.get_format("FIRST_DAY_OF_WEEK") == 1
