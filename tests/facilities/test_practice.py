"""Who may do what at the bedside: by role and by licence."""

import csv
import json

import pytest

from apps.facilities.models import Grade
from apps.facilities.practice import ACTS, GRADES, Holder, why_not
from tests.factories.accounts import ROOT

ALL = frozenset(act.right for act in ACTS.values())
DOCTOR = Holder("doctor", "Bác sĩ", licensed=True, signs=True)


def shipped() -> dict[str, list[str]]:
    with (ROOT / "fixtures/parameters/facilities.csv").open(encoding="utf-8", newline="") as lines:
        return next(json.loads(line["value"]) for line in csv.DictReader(lines) if line["key"] == GRADES)


def test_it_works() -> None:
    assert not any(
        why_not(act, rights=ALL, holder=DOCTOR, grades=shipped()) for act in set(ACTS) - {"dispense"}
    )


def test_the_shipped_parameter_names_acts_and_grades_that_are() -> None:
    assert shipped().keys() == ACTS.keys()
    assert {grade for grades in shipped().values() for grade in grades} <= set(Grade.values)


@pytest.mark.parametrize("act", ACTS)
def test_without_the_right_of_the_role_nobody_may(act: str) -> None:
    assert "Vai trò" in why_not(act, rights=ALL - {ACTS[act].right}, holder=DOCTOR, grades=shipped())


@pytest.mark.parametrize("act", ACTS)
def test_an_account_without_a_practitioner_may_nothing(act: str) -> None:
    assert "không gắn" in why_not(act, rights=ALL, holder=None, grades=shipped())


@pytest.mark.parametrize(
    ("grade", "may", "may_not"),
    [
        ("nurse", {"triage", "examine", "finalise", "dispense"}, {"prescribe", "order", "sign", "certify"}),
        ("midwife", {"triage", "order"}, {"prescribe", "sign"}),
        ("assistant", {"prescribe", "sign", "certify"}, set()),
        ("pharmacist", {"dispense"}, {"triage", "examine", "prescribe", "sign"}),
        ("village", set(), set(ACTS)),
    ],
)
def test_a_grade_has_its_scope(grade: str, may: set[str], may_not: set[str]) -> None:
    holder = Holder(grade, Grade(grade).label, licensed=True, signs=True)
    said = {act: why_not(act, rights=ALL, holder=holder, grades=shipped()) for act in ACTS}
    assert not [act for act in may if said[act]]
    assert not [act for act in may_not if not said[act]]


@pytest.mark.parametrize("act", ["prescribe", "order", "sign", "certify"])
def test_what_asks_for_a_licence(act: str) -> None:
    holder = Holder("doctor", "Bác sĩ", licensed=False, signs=True)
    assert "giấy phép" in why_not(act, rights=ALL, holder=holder, grades=shipped())


@pytest.mark.parametrize("act", ["sign", "certify"])
def test_who_was_not_asked_to_sign_does_not(act: str) -> None:
    holder = Holder("doctor", "Bác sĩ", licensed=True, signs=False)
    assert "chưa được giao" in why_not(act, rights=ALL, holder=holder, grades=shipped())
    assert not why_not("prescribe", rights=ALL, holder=holder, grades=shipped())


def test_a_province_may_be_stricter() -> None:
    grades = shipped() | {"sign": ["doctor"]}
    holder = Holder("assistant", "Y sĩ", licensed=True, signs=True)
    assert why_not("sign", rights=ALL, holder=holder, grades=grades).startswith("Y sĩ không được ký")
