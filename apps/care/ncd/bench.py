"""The rules of chronic diseases as the rule bench speaks them: plain JSON in, plain JSON out."""

import datetime as dt
from decimal import Decimal
from typing import Any

from apps.care.ncd import control, pressure
from apps.core.registry import Rule
from apps.core.rules import BadInput, date_of

# What a pressure can be at all (as vitals.systolic and vitals.diastolic of adults).
HIGHEST = ((40, 300), (20, 200))


def run_bp_class(values: dict[str, Any]) -> dict[str, Any]:
    """The value of a visit and its class. Raises BadInput naming the reading."""
    given = values.get("readings")
    if not isinstance(given, list) or not given:
        raise BadInput("readings", "«readings» phải có ít nhất một lần đo [tối đa, tối thiểu].", "missing")
    readings = [reading(each, f"readings[{place}]") for place, each in enumerate(given)]
    systolic, diastolic = pressure.value_of(readings)
    found = pressure.classify(systolic, diastolic)
    return {
        "sbp": plain(systolic),
        "dbp": plain(diastolic),
        "category": found.category,
        "isolated_systolic": found.isolated_systolic,
        "hypertensive_range": found.hypertensive_range,
        "urgent": found.urgent,
    }


def reading(given: Any, field: str) -> pressure.Reading:
    """One pair [systolic, diastolic] out of JSON."""
    if not isinstance(given, list) or len(given) != 2:
        raise BadInput(field, f"«{field}» phải là [tối đa, tối thiểu].", "not_a_pair")
    both = []
    for value, (low, high) in zip(given, HIGHEST, strict=True):
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise BadInput(field, f"«{field}» có số không thể là huyết áp.", "out_of_range")
        both.append(Decimal(str(value)))
    if both[1] >= both[0]:
        raise BadInput(field, f"«{field}»: số tối đa phải lớn hơn số tối thiểu.", "order")
    return both[0], both[1]


def plain(value: Decimal) -> int | float:
    """A figure as JSON writes it: whole where it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


BP_CLASS = Rule(
    "ncd.bp_class",
    run_bp_class,
    source="QĐ 3192/QĐ-BYT 2010, QĐ 5904/QĐ-BYT 2019",
    inputs={"readings": "các lần đo theo thứ tự, mỗi lần [tối đa, tối thiểu], mmHg"},
    outputs={
        "sbp": "huyết áp tối đa của lần khám: một lần đo, hoặc trung bình hai lần cuối, mmHg",
        "dbp": "huyết áp tối thiểu của lần khám, mmHg",
        "category": "optimal, normal, high_normal, grade1, grade2, grade3",
        "isolated_systolic": "true: từ 140 và dưới 90",
        "hypertensive_range": "true: từ 140 hoặc từ 90",
        "urgent": "true: từ 180 hoặc từ 110",
    },
)


def run_htn_control(values: dict[str, Any]) -> dict[str, Any]:
    """How a patient stands at a month's end. Raises BadInput naming the field."""
    given = values.get("patient")
    if not isinstance(given, dict):
        raise BadInput("patient", "«patient» phải là một đối tượng.", "not_an_object")
    found = control.standing(_patient(given), _month(values))
    return {
        "in_register": found.in_register,
        "care_state": found.care_state,
        "outcome_3_months": found.outcome,
        "personal_target_met": found.target_met,
        "in_control_denominator": found.in_denominator,
    }


def _patient(given: dict[str, Any]) -> control.Patient:
    """What is asked of a patient; other keys are let pass."""
    comorbid = given.get("comorbid") or []
    if not isinstance(comorbid, list):
        raise BadInput("patient.comorbid", "«patient.comorbid» phải là một danh sách.", "not_a_list")
    for place, each in enumerate(comorbid):
        if each not in control.COMORBID:
            field = f"patient.comorbid[{place}]"
            raise BadInput(field, f"«{field}» phải là {', '.join(control.COMORBID)}.", "unknown")
    visits = given.get("visits") or []
    if not isinstance(visits, list) or given.get("visits") == {}:
        raise BadInput("patient.visits", "«patient.visits» phải là một danh sách.", "not_a_list")
    registered = _date(given, "registered", "patient", required=True)
    assert registered is not None  # noqa: S101 - required
    return control.Patient(
        registered=registered,
        visits=[_visit(each, f"patient.visits[{place}]") for place, each in enumerate(visits)],
        died=_date(given, "died", "patient"),
        transferred_out=_date(given, "transferred_out", "patient"),
        comorbid=frozenset(comorbid),
        born=_date(given, "dob", "patient"),
    )


def _visit(given: Any, field: str) -> control.Seen:
    if not isinstance(given, dict):
        raise BadInput(field, f"«{field}» phải là một đối tượng.", "not_an_object")
    for key in given:
        if key not in ("date", "bp"):
            raise BadInput(f"{field}.{key}", f"Không biết mục «{key}».", "unknown_key")
    on = _date(given, "date", field, required=True)
    assert on is not None  # noqa: S101 - required
    taken = given.get("bp")
    return control.Seen(on, None if taken is None else reading(taken, f"{field}.bp"))


def _date(given: dict[str, Any], key: str, where: str, *, required: bool = False) -> dt.date | None:
    try:
        return date_of(given, key, required=required)
    except BadInput as bad:
        raise BadInput(f"{where}.{key}", bad.message, bad.code) from None


def _month(values: dict[str, Any]) -> dt.date:
    """'2026-06', or a day in that month."""
    text = values.get("month")
    if isinstance(text, str) and len(text) in (7, 10):
        try:
            return dt.date.fromisoformat(text if len(text) == 10 else f"{text}-01")
        except ValueError:
            pass
    raise BadInput("month", "«month» phải là tháng dạng YYYY-MM.", "not_a_month")


HTN_CONTROL = Rule(
    "ncd.htn_control",
    run_htn_control,
    source="WHO HEARTS, QĐ 5904/QĐ-BYT 2019",
    inputs={
        "patient": "registered, died, transferred_out, dob (ngày); comorbid (diabetes, ckd, cvd); "
        "visits: [{date, bp: [tối đa, tối thiểu] hoặc null}]",
        "month": "tháng YYYY-MM",
    },
    outputs={
        "in_register": "true: có trong sổ từ tháng đăng ký",
        "care_state": "under_care, lost_to_follow_up, dead, transferred_out hoặc null",
        "outcome_3_months": "controlled, uncontrolled, visited_no_bp, missed_visit hoặc null",
        "personal_target_met": "true: đạt mục tiêu riêng; null khi không có huyết áp",
        "in_control_denominator": "true: tính vào mẫu số tỷ lệ kiểm soát",
    },
    open_keys=frozenset({"patient"}),
)
