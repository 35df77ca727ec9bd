"""What the fund pays of a visit, by object type, card, sum, day and reason."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.rules import BadInput, evaluate
from apps.encounters.money import benefit, shipped

RULE = "insurance.benefit"
CARD = "GD4515112345678"
BASIC = {
    "facility_level": "basic",
    "object_code": "1.1",
    "card": CARD,
    "total_bh": 1_000_000,
    "visit_date": "2026-08-03",
}


def level(**fields):
    return evaluate(RULE, BASIC | fields)["level_percent"]


def test_it_works():
    assert evaluate(RULE, BASIC) == {"level_percent": 80, "t_bhtt": 800_000, "t_bncct": 200_000}


@pytest.mark.parametrize(("digit", "percent"), [("1", 100), ("2", 100), ("3", 95), ("4", 80), ("5", 100)])
def test_the_level_is_the_third_sign_of_the_card(digit, percent):
    assert level(card=f"GD{digit}515112345678") == percent


def test_a_commune_station_is_paid_whole_whatever_the_card_says():
    assert level(facility_level="commune", object_code="1.2") == 100
    assert level(facility_level="commune", object_code=None, card=None) == 100
    assert level(facility_level=None, object_code="1.2", card="0123456789") == 100
    assert level(facility_level=4, object_code=None) == 100
    # Before the list of 2025 there was the same benefit without its code.
    assert level(facility_level="commune", object_code=None, visit_date="2024-03-01") == 100


def test_medicines_of_an_upper_level_are_paid_by_the_card():
    refill = {"facility_level": "commune", "object_code": None, "reason": "refill"}
    assert level(**refill) == 80
    assert level(**refill, total_bh=379_499) == 100  # the small visit all the same


@pytest.mark.parametrize(
    ("on", "under"),
    [("2024-06-30", 270_000), ("2024-07-01", 351_000), ("2026-06-30", 351_000), ("2026-07-01", 379_500)],
)
def test_a_small_visit_is_paid_whole_strictly_under_the_threshold_of_its_day(on, under):
    kind = "1.1" if on >= "2025" else "1.2"
    more = {"reason": "refill"} if kind == "1.2" else {}
    assert level(object_code=kind, visit_date=on, total_bh=under - 1, **more) == 100
    assert level(object_code=kind, visit_date=on, total_bh=under, **more) == 80


def test_off_the_route_the_rate_is_taken_of_the_card():
    assert level(object_code="3.1", facility_level="specialised") == 0  # outpatient
    assert level(object_code="1.13") == 40
    assert level(object_code="1.13", card="HT3515112345678") == 47.5
    assert level(object_code="1.13", card="TE1515112345678") == 50
    assert level(object_code="1.13", visit_date="2026-06-30") == 0
    # The small visit is a right of those who came as the law wants.
    assert level(object_code="1.13", total_bh=1000) == 40
    assert level(object_code="3.3", total_bh=1000) == 80


def test_the_exemption_of_the_year_pays_whole_on_the_route_alone():
    assert level(reason="copay_exempt") == 100
    assert level(reason="copay_exempt", object_code="1.13") == 40


def test_an_emergency_goes_by_the_card():
    assert level(object_code="2") == 80


def test_who_is_not_insured_pays_all():
    found = evaluate(RULE, BASIC | {"object_code": "9", "facility_level": "commune", "card": None})
    assert found == {"level_percent": 0, "t_bhtt": 0, "t_bncct": 1_000_000}


def test_shares_are_rounded_half_up_to_two_decimals():
    found = evaluate(RULE, BASIC | {"card": "HT3515112345678", "total_bh": 500_000.1})
    assert found == {"level_percent": 95, "t_bhtt": 475_000.1, "t_bncct": 25_000.0}
    found = evaluate(RULE, BASIC | {"total_bh": 1_000_000.03})
    assert (found["t_bhtt"], found["t_bncct"]) == (800_000.02, 200_000.01)


@given(
    total=st.decimals(0, 10**10, places=2),
    percent=st.sampled_from([0, 32, 40, "47.5", 50, 80, 95, 100]),
    places=st.sampled_from([0, 2]),
)
def test_both_shares_are_the_amount(total, percent, places):
    total = total.quantize(Decimal(1)) if places == 0 else total
    fund, patient = benefit.split(total, Decimal(percent), places=places)
    assert fund + patient == total
    assert fund >= 0
    assert patient >= 0
    assert abs(fund - total * Decimal(percent) / 100) <= Decimal("0.5").scaleb(-places)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total_bh", None),
        ("total_bh", -1),
        ("total_bh", "1000"),
        ("total_bh", True),
        ("total_bh", 10**14),
        ("total_bh", 0.001),
        ("visit_date", None),
        ("visit_date", "03/08/2026"),
        ("visit_date", "2018-01-01"),
        ("object_code", "1.99"),
        ("object_code", None),
        ("card", "GD9515112345678"),
        ("card", "GD"),
        ("card", None),
        ("card", "0123456789"),
        ("reason", "vì thế"),
        ("facility_level", "space"),
    ],
)
def test_what_cannot_be_answered_is_refused(field, value):
    with pytest.raises(BadInput) as refused:
        evaluate(RULE, BASIC | {"object_code": "1.2", "reason": "refill"} | {field: value}
                 if field == "visit_date" and value == "2018-01-01"
                 else BASIC | {field: value})  # fmt: skip
    assert refused.value.field == field


def test_an_object_type_of_another_day_is_told_apart():
    with pytest.raises(BadInput, match="không có hiệu lực"):
        evaluate(RULE, BASIC | {"visit_date": "2024-08-03"})


def test_the_bench_and_the_parameters_name_one_threshold(system_scope, db):
    from pathlib import Path

    from django.conf import settings

    from apps.core import parameters
    from apps.core.loading import load_parameters
    from apps.core.registry import LoadReport

    load_parameters(Path(settings.BASE_DIR) / "fixtures", LoadReport())
    import datetime as dt

    for on in (dt.date(2024, 6, 30), dt.date(2025, 1, 1), dt.date(2026, 11, 29)):
        values = parameters.values([shipped.SALARY, shipped.SMALL], on=on)
        assert Decimal(values[shipped.SALARY] * values[shipped.SMALL]) / 100 == shipped.threshold(on)
