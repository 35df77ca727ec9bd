from datetime import date

import pytest

from apps.patients import ages

ON = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("birth", "precision", "said"),
    [
        (date(2026, 11, 22), "day", "0 ngày"),
        (date(2026, 10, 25), "day", "28 ngày"),
        (date(2025, 11, 22), "day", "12 tháng"),
        (date(2023, 11, 23), "day", "35 tháng"),
        (date(2023, 11, 22), "day", "3 tuổi"),
        (date(1990, 11, 23), "day", "35 tuổi"),
        (date(1990, 1, 1), "year", "khoảng 36 tuổi"),
        (date(2026, 1, 1), "year", "dưới 1 tuổi"),
        (date(2026, 11, 23), "day", "chưa sinh"),
        (None, "day", "không rõ tuổi"),
    ],
)
def test_ages_as_people_say_them(birth, precision, said):
    assert ages.words(birth, precision, ON) == said


def test_a_month_ends_on_the_last_day_of_a_short_one():
    assert ages.months(date(2025, 12, 31), date(2026, 2, 28)) == 2
    assert ages.months(date(2025, 12, 31), date(2026, 2, 27)) == 1


@pytest.mark.parametrize(
    ("precision", "said"), [("day", "05/03/1990"), ("month", "03/1990"), ("year", "1990")]
)
def test_birth_dates_say_as_much_as_is_known(precision, said):
    assert ages.birth_words(date(1990, 3, 5), precision) == said
    assert ages.days(date(1990, 3, 5), date(1990, 3, 15)) == 10
