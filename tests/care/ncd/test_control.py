"""Control of hypertension at a month's end; on the bench as ncd.htn_control."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.care.ncd import control
from apps.core import rules

GOOD, BAD = [135, 85], [150, 95]


def ask(month="2026-06", **patient):
    patient = {"registered": "2026-01-15", "visits": [], **patient}
    line = json.dumps({"id": 1, "rule": "ncd.htn_control", "input": {"patient": patient, "month": month}})
    return rules.answer(line)


def said(*visits, month="2026-06", **patient):
    rows = [{"date": on, "bp": bp} if bp else {"date": on} for on, bp in visits]
    return ask(month=month, visits=rows, **patient)["output"]


def test_it_works():
    assert said(("2026-05-20", GOOD)) == {
        "in_register": True,
        "care_state": "under_care",
        "outcome_3_months": "controlled",
        "personal_target_met": True,
        "in_control_denominator": True,
    }


def test_before_the_month_of_registration_there_is_nothing():
    assert said(("2025-12-30", GOOD), month="2025-12") == {
        "in_register": False,
        "care_state": None,
        "outcome_3_months": None,
        "personal_target_met": None,
        "in_control_denominator": False,
    }
    assert said(month="2026-01")["in_register"] is True


@pytest.mark.parametrize(
    ("visits", "outcome", "met"),
    [
        ([], "missed_visit", None),
        ([("2026-03-31", GOOD)], "missed_visit", None),  # three months by their numbers
        ([("2026-04-01", GOOD)], "controlled", True),
        ([("2026-04-01", GOOD), ("2026-06-10", None)], "controlled", True),
        ([("2026-03-31", GOOD), ("2026-06-10", None)], "visited_no_bp", None),
        ([("2026-06-10", None)], "visited_no_bp", None),
        ([("2026-05-01", BAD), ("2026-06-30", GOOD)], "controlled", True),
        ([("2026-06-30", GOOD), ("2026-05-01", BAD)], "controlled", True),  # whatever their order
        ([("2026-06-30", BAD), ("2026-07-01", GOOD)], "uncontrolled", False),  # July tells nothing of June
        ([("2026-06-01", [139, 89])], "controlled", True),
        ([("2026-06-01", [140, 80])], "uncontrolled", False),
        ([("2026-06-01", [130, 90])], "uncontrolled", False),
    ],
)
def test_the_outcome(visits, outcome, met):
    found = said(*visits)
    assert (found["outcome_3_months"], found["personal_target_met"]) == (outcome, met)


@pytest.mark.parametrize(
    ("bp", "comorbid", "dob", "met"),
    [
        ([129, 79], ["diabetes"], None, True),
        ([130, 79], ["diabetes"], None, False),
        ([129, 80], ["ckd"], None, False),
        ([135, 79], ["cvd"], "1961-06-01", True),  # 65 on the day
        ([135, 79], ["cvd"], "1961-06-02", False),
        ([140, 79], ["cvd"], "1950-01-01", False),
        ([135, 85], [], "1950-01-01", True),
    ],
)
def test_the_personal_target(bp, comorbid, dob, met):
    found = said(("2026-06-01", bp), comorbid=comorbid, dob=dob)
    assert found["personal_target_met"] is met
    assert found["outcome_3_months"] == ("controlled" if bp[0] < 140 else "uncontrolled")


@pytest.mark.parametrize(
    ("more", "state", "counted"),
    [
        ({"died": "2026-06-30"}, "dead", False),
        ({"died": "2026-07-01"}, "under_care", True),
        ({"transferred_out": "2026-06-01"}, "transferred_out", False),
        ({"transferred_out": "2026-07-01"}, "under_care", True),
        ({"died": "2026-06-01", "transferred_out": "2026-05-01"}, "dead", False),
        ({"registered": "2026-04-01"}, "under_care", False),
        ({"registered": "2026-03-31"}, "under_care", True),
    ],
)
def test_the_state_of_care_and_who_is_counted(more, state, counted):
    found = said(("2026-06-10", GOOD), **more)
    assert (found["care_state"], found["in_control_denominator"]) == (state, counted)
    assert found["outcome_3_months"] == "controlled", "told of the dead and of who has left, too"


def test_lost_after_twelve_months_and_back_by_a_visit():
    old = {"registered": "2024-01-10"}
    assert said(("2025-06-30", GOOD), **old)["care_state"] == "lost_to_follow_up"
    assert said(("2025-07-01", GOOD), **old)["care_state"] == "under_care"
    assert said(("2025-01-01", GOOD), ("2026-06-02", None), **old)["care_state"] == "under_care"
    assert said(registered="2025-06-30")["care_state"] == "lost_to_follow_up"
    assert said(registered="2025-07-01")["care_state"] == "under_care"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"registered": None}, "patient.registered"),
        ({"registered": "15/01/2026"}, "patient.registered"),
        ({"died": "2026-02-30"}, "patient.died"),
        ({"comorbid": ["gout"]}, "patient.comorbid[0]"),
        ({"comorbid": "diabetes"}, "patient.comorbid"),
        ({"visits": None}, None),
        ({"visits": {}}, "patient.visits"),
        ({"visits": ["2026-05-01"]}, "patient.visits[0]"),
        ({"visits": [{"date": "2026-05-01"}, {}]}, "patient.visits[1].date"),
        ({"visits": [{"date": "2026-05-01", "bp": [80, 120]}]}, "patient.visits[0].bp"),
        ({"visits": [{"date": "2026-05-01", "pulse": 80}]}, "patient.visits[0].pulse"),
        ({"month": "2026-13"}, "month"),
        ({"month": "6/2026"}, "month"),
        ({"month": 6}, "month"),
        ({"name": "let pass"}, None),
    ],
)
def test_what_cannot_be_answered_names_its_field(said, field):
    answer = ask(**said)
    assert answer.get("error", {}).get("field") == field


DAYS = st.dates(min_value=control.dt.date(2024, 1, 1), max_value=control.dt.date(2026, 12, 31))


@given(DAYS, st.lists(DAYS, max_size=8), DAYS)
def test_the_order_of_visits_does_not_matter(registered, days, month):
    visits = [control.Seen(day) for day in days]
    one = control.standing(control.Patient(registered, visits), month)
    assert one == control.standing(control.Patient(registered, visits[::-1]), month)
    assert not one.in_denominator or one.care_state == "under_care"
