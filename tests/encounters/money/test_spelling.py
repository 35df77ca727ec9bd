"""Sums in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.encounters.money.spelling import MOST, sum_in_words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Không đồng"),
        (36_500, "Ba mươi sáu nghìn năm trăm đồng"),
        (20_000, "Hai mươi nghìn đồng"),
        (1_000_005, "Một triệu không trăm lẻ năm đồng"),
        (2_050_000, "Hai triệu không trăm năm mươi nghìn đồng"),
        (115_000, "Một trăm mười lăm nghìn đồng"),
        (1_234_000_891, "Một tỷ hai trăm ba mươi bốn triệu tám trăm chín mươi mốt đồng"),
    ],
)  # fmt: skip
def test_it_works(amount, words):
    assert sum_in_words(amount) == words


@given(st.integers(0, MOST - 1))
def test_every_sum_is_said(amount):
    words = sum_in_words(amount)
    assert words.endswith("đồng")
    assert "  " not in words


@pytest.mark.parametrize("amount", [-1, MOST])
def test_what_no_receipt_says(amount):
    with pytest.raises(ValueError, match="outside"):
        sum_in_words(amount)
