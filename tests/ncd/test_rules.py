"""The arithmetic of hypertension and diabetes: target, suspicion, risk, next day."""

import datetime as dt
import json
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.care.ncd.control import months_between
from apps.core import rules
from apps.ncd import coming, cvd, limits, suspect, target

KNOWN = limits.shipped()
ON = dt.date(2026, 6, 15)


def judged(programme, comorbid=(), born=None, **figures):
    found = target.judge(
        programme,
        target.Figures(**figures),
        ON,
        comorbid=comorbid,
        born=born,
        ncd=KNOWN.ncd,
        control=KNOWN.control,
    )
    return found.code


def pressed(high, low, **more):
    return judged("hypertension", systolic=D(high), diastolic=D(low), **more)


def test_it_works():
    assert (pressed(139, 89), pressed(140, 89), pressed(139, 90)) == (1, 0, 0)
    assert judged("hypertension") == 2


def test_with_other_diseases_the_target_is_lower():
    assert (pressed(129, 79, comorbid=["ckd"]), pressed(132, 79, comorbid=["ckd"])) == (1, 0)
    old = dt.date(1950, 1, 1)
    assert pressed(132, 79, comorbid=["cvd"], born=old) == 1
    assert pressed(132, 79, comorbid=["cvd"], born=dt.date(1961, 6, 16)) == 0  # a day short of 65
    assert pressed(132, 79, comorbid=["cvd"], born=dt.date(1961, 6, 15)) == 1


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("fasting", "4.3", 0), ("fasting", "4.4", 1), ("fasting", "7.2", 1), ("fasting", "7.3", 0),
        ("post_meal", "9.9", 1), ("post_meal", "10", 0), ("random", "6", 2),
    ],
)  # fmt: skip
def test_of_glucose(kind, value, code):
    assert judged("diabetes", glucose=D(value), glucose_kind=kind) == code


def test_hba1c_goes_before_glucose():
    assert judged("diabetes", glucose=D(9), glucose_kind="fasting", hba1c=D("6.9")) == 1
    assert judged("diabetes", glucose=D(6), glucose_kind="fasting", hba1c=D(7)) == 0
    assert judged("diabetes") == 2


def test_comorbid_out_of_codes_and_complications():
    assert target.comorbid_of(["I10", "E11.9"], ["kidney"], [], KNOWN.ncd) == {"diabetes", "ckd"}
    assert target.comorbid_of(["I10"], ["eye"], ["diabetes", "other"], KNOWN.ncd) == {"diabetes"}


def asked(*days, codes=(), age=20_000, damaged=False):
    found = suspect.suspect(codes, days, ON, age_days=age, damaged=damaged, ncd=KNOWN.ncd)
    return {each.programme: each.state for each in found}


def at(ago, high, low):
    return suspect.Day(ON - dt.timedelta(days=ago), (D(high), D(low)))


def blood(ago, key, value, screening=()):
    return suspect.Day(ON - dt.timedelta(days=ago), None, {key: D(value)}, screening)


def test_a_diagnosis_is_enough():
    assert asked(codes=["J06.9", "I10"]) == {"hypertension": "confirmed"}
    assert asked(codes=["E11.9", "I11.0"]) == {"hypertension": "confirmed", "diabetes": "confirmed"}
    assert asked(codes=["I14", "E15"]) == {}


def test_raised_twice():
    assert asked(at(0, 150, 95)) == {"hypertension": "again"}
    assert asked(at(0, 150, 95), at(40, 141, 80)) == {"hypertension": "confirmed"}
    assert asked(at(0, 150, 95), at(366, 141, 80)) == {"hypertension": "again"}  # more than a year ago
    assert asked(at(0, 130, 80), at(40, 160, 99), at(60, 160, 99)) == {}  # not raised today
    assert asked(at(0, 150, 95), age=6_000) == {}  # no adult


def test_at_once():
    assert asked(at(0, 180, 90)) == {"hypertension": "confirmed"}
    assert asked(at(0, 150, 110)) == {"hypertension": "confirmed"}
    assert asked(at(0, 165, 90)) == {"hypertension": "again"}
    assert asked(at(0, 165, 90), damaged=True) == {"hypertension": "confirmed"}


def test_glucose_has_to_be_proven():
    assert asked(blood(0, "fasting", 7)) == {"diabetes": "again"}
    assert asked(blood(0, "fasting", 7), blood(30, "hba1c", "6.5")) == {"diabetes": "confirmed"}
    finger = ["fasting"]
    assert asked(blood(0, "fasting", 7, finger), blood(30, "fasting", 8)) == {"diabetes": "again"}
    assert asked(blood(0, "random", "11.0")) == {}


def risk(**fields):
    fields = {
        "sex": "male", "age": 52, "systolic": D(150), "diastolic": D(90), "smoker": True, "diabetes": False,
        "cholesterol": D("5.4"), **fields,
    }  # fmt: skip
    return cvd.risk(cvd.Asked(**fields), KNOWN.ncd["cvd"])


def test_the_chart_has_all_its_cells():
    cells = cvd.table("who-2019-sea-lab")
    assert len(cells) == 1400 and min(cells.values()) >= 1
    assert cells["M", "no", "no", "40-44", "<120", "4-4.9"] == 1


def test_risk_of_the_chart():
    cells = cvd.table("who-2019-sea-lab")
    assert risk().percent == cells["M", "no", "yes", "50-54", "140-159", "5-5.9"]
    assert risk(age=74).percent == risk(age=81).percent
    assert risk(cholesterol=D(4)).percent == cells["M", "no", "yes", "50-54", "140-159", "4-4.9"]
    assert risk(age=39) is None and risk(sex="unknown") is None


def test_who_is_at_high_risk_without_the_chart():
    for fields in ({"comorbid": ["cvd"]}, {"systolic": D(180)}, {"diastolic": D(110)}, {"comorbid": ["ckd"]}):
        assert (risk(**fields).percent, risk(**fields).high) == (None, True)


def test_what_is_missing_is_said():
    assert "cholesterol" in risk(cholesterol=None).word and "hút thuốc" in risk(smoker=None).word
    assert (
        cvd.risk(cvd.Asked("male", 50, None, None, None, False, None), {**KNOWN.ncd["cvd"], "chart": None})
        is None
    )


@given(
    age=st.integers(40, 90), high=st.integers(90, 178), fat=st.integers(20, 90), smoker=st.booleans(),
    sex=st.sampled_from(["male", "female"]),
)  # fmt: skip
def test_risk_never_falls_with_what_makes_it_worse(age, high, fat, smoker, sex):
    base = {
        "sex": sex, "age": age, "systolic": D(high), "diastolic": D(70), "smoker": smoker,
        "cholesterol": D(fat) / 10,
    }  # fmt: skip
    now = risk(**base).percent
    assert risk(**base | {"systolic": D(high + 1)}).percent >= now
    assert risk(**base | {"diabetes": True}).percent >= now
    assert risk(**base | {"smoker": True}).percent >= now
    assert risk(**base | {"age": age + 5}).percent >= now


def test_the_next_day():
    def days(category, given=None, programme="hypertension"):
        return (coming.next_on(ON, programme, category, given, KNOWN.ncd) - ON).days

    assert [days(each) for each in ("grade1", "grade2", "grade3", "optimal")] == [30, 14, 7, 30]
    assert days("optimal", 28) == 28 and days("optimal", 60) == 60  # when the medicines are used up
    assert days("grade3", 30) == 7 and days("grade3", 5) == 5
    assert days("", 28, "diabetes") == 28 and days("", None, "diabetes") == 30
    # No pressure was taken: the medicines say the day, and without them nobody does.
    assert days("", 28) == 28 and coming.next_on(ON, "hypertension", "", None, KNOWN.ncd) is None


def test_until_when_medicines_last():
    assert coming.lasts_until(dt.date(2026, 6, 1), 30) == dt.date(2026, 6, 30)
    assert coming.lasts_until(ON, None) is None


@given(
    last=st.dates(dt.date(2020, 1, 1), dt.date(2026, 1, 1)),
    ago=st.integers(0, 900),
    months=st.integers(1, 14),
)
def test_the_edge_of_the_months_is_the_rule_of_the_months(last, ago, months):
    on = last + dt.timedelta(days=ago)
    assert (last < coming.edge(on, months)) == (months_between(last, on) >= months)


def test_gone():
    def gone(last, on):
        return coming.gone(dt.date.fromisoformat(last), dt.date.fromisoformat(on), KNOWN.control)

    assert gone("2026-03-31", "2026-05-31") == ""
    assert gone("2026-03-31", "2026-06-01") == "missed"
    assert gone("2025-06-30", "2026-06-01") == "lost"


def bench(rule, **values):
    return json.loads(json.dumps(rules.answer(json.dumps({"id": 1, "rule": rule, "input": values}))))


def test_on_the_bench():
    told = bench("ncd.target", programme="hypertension", date="2026-06-15", sbp=128, dbp=78, comorbid=["ckd"])
    assert told["output"]["target"] == 1 and "130/80" in told["output"]["reason"]
    person = {"sex": "female", "age_years": 60, "sbp": 150, "dbp": 80, "smoker": False, "diabetes": True}
    assert bench("ncd.cvd_risk", **person, cholesterol_mmol_l=5.2)["output"]["percent"] > 5
    assert bench("ncd.cvd_risk", **person, comorbid=["cvd"])["output"] == {
        "percent": None, "high": True, "chart": "who-2019-sea-lab",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("ncd.target", {"programme": "tb", "date": "2026-06-15"}),
        ("ncd.target", {"programme": "diabetes", "date": "2026-06-15", "glucose_kind": "tea"}),
        ("ncd.target", {"programme": "diabetes", "date": "2026-06-15", "hba1c": 90}),
        ("ncd.target", {"programme": "diabetes", "date": "2026-06-15", "comorbid": ["x"]}),
        ("ncd.cvd_risk", {"sex": "x", "age_years": 50}),
        ("ncd.cvd_risk", {"sex": "male", "age_years": "50"}),
        ("ncd.cvd_risk", {"sex": "male", "age_years": 50, "smoker": 2}),
    ],
)
def test_bad_input_is_named(rule, values):
    assert "error" in bench(rule, **values)
