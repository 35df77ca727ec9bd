"""Which cause of injury the external causes of ICD-10 suggest."""

import datetime as dt

import pytest

from apps.catalogues import injuries, rules
from tests.factories.catalogues import shipped

ON = dt.date(2026, 11, 20)


@pytest.fixture
def causes(db):
    shipped("injury_causes")


@pytest.mark.parametrize(
    ("picked", "keys"),
    [
        (["V29.9"], ["1"]),
        (["W69"], ["3"]),
        (["W38"], ["5", "2"]),  # a burn by explosion stands under both, the narrower first
        (["W25"], ["2"]),
        (["W54.0"], ["10"]),
        (["X70"], ["9"]),
        (["X91"], ["8"]),
        (["Y09"], ["8"]),
        (["W10", "V29"], ["4", "1"]),
        (["Y10"], []),
        (["X59"], ["13"]),
        (["S06.9"], []),
        ([], []),
    ],
)
def test_codes_propose_causes(causes, picked, keys):
    assert injuries.proposed(picked, ON) == keys


def test_a_range_of_one_code_and_a_range_over_two_letters():
    assert injuries.fitting([("a", "X59"), ("b", "X85-Y09")], ["X59.0", "X99"]) == ["a", "b"]


def test_what_is_external_and_what_is_an_injury():
    assert rules.external("V01.1") and rules.external("Y34") and not rules.external("S06.9")
    assert rules.injured("S06.9") and rules.injured("T14.0") and not rules.injured("J06.9")
