"""The rules of this room as the rule bench speaks them: plain JSON in, plain JSON out."""

from decimal import Decimal
from typing import Any

from apps.care.ncd.control import COMORBID
from apps.core.registry import Rule
from apps.core.rules import BadInput, date_of
from apps.ncd import cvd, limits, target

HIGHEST = {"sbp": 300, "dbp": 200, "glucose_mmol_l": 60, "hba1c": 20, "cholesterol_mmol_l": 20}


def run_target(values: dict[str, Any]) -> dict[str, Any]:
    """The target of a programme at a visit. Raises BadInput naming the field."""
    programme = values.get("programme")
    if programme not in (target.HYPERTENSION, target.DIABETES):
        raise BadInput("programme", "«programme» phải là hypertension hoặc diabetes.", "unknown")
    kind = values.get("glucose_kind") or target.FASTING
    if kind not in target.GLUCOSE_WORDS:
        raise BadInput("glucose_kind", "«glucose_kind» phải là fasting, post_meal, random.", "unknown")
    on = date_of(values, "date", required=True)
    assert on is not None  # noqa: S101 - required
    known = limits.shipped()
    found = target.judge(
        programme,
        target.Figures(
            number(values, "sbp"),
            number(values, "dbp"),
            number(values, "glucose_mmol_l"),
            kind,
            number(values, "hba1c"),
        ),
        on,
        comorbid=_comorbid(values),
        born=date_of(values, "dob", required=False),
        ncd=known.ncd,
        control=known.control,
    )
    return {"target": found.code, "reason": found.reason}


def run_cvd_risk(values: dict[str, Any]) -> dict[str, Any]:
    """The ten-year risk. Raises BadInput naming the field."""
    sex = values.get("sex")
    if sex not in ("male", "female"):
        raise BadInput("sex", "«sex» phải là male hoặc female.", "unknown")
    age = values.get("age_years")
    if isinstance(age, bool) or not isinstance(age, int) or not 0 <= age <= 130:
        raise BadInput("age_years", "«age_years» phải là số tuổi.", "out_of_range")
    for key in ("smoker", "diabetes"):
        if values.get(key) not in (True, False, None):
            raise BadInput(key, f"«{key}» phải là true hoặc false.", "not_a_flag")
    asked = cvd.Asked(
        sex=sex,
        age=age,
        systolic=number(values, "sbp"),
        diastolic=number(values, "dbp"),
        smoker=values.get("smoker"),
        diabetes=bool(values.get("diabetes")),
        cholesterol=number(values, "cholesterol_mmol_l"),
        comorbid=_comorbid(values),
    )
    found = cvd.risk(asked, limits.shipped().ncd["cvd"])
    if found is None:
        return {"percent": None, "high": False, "chart": None}
    return {"percent": found.percent, "high": found.high, "chart": found.chart}


def number(values: dict[str, Any], key: str) -> Decimal | None:
    """A figure out of JSON, or None where it is not there."""
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= HIGHEST[key]:
        raise BadInput(key, f"«{key}» không thể là số này.", "out_of_range")
    return Decimal(str(value))


def _comorbid(values: dict[str, Any]) -> frozenset[str]:
    given = values.get("comorbid") or []
    if not isinstance(given, list) or any(each not in COMORBID for each in given):
        raise BadInput("comorbid", f"«comorbid» phải là danh sách của {', '.join(COMORBID)}.", "unknown")
    return frozenset(given)


TARGET = Rule(
    "ncd.target",
    run_target,
    source="QĐ 5904/QĐ-BYT 2019, QĐ 5481/QĐ-BYT 2020",
    inputs={
        "programme": "hypertension hoặc diabetes",
        "date": "ngày khám",
        "dob": "ngày sinh, hoặc không",
        "sbp": "huyết áp tối đa, mmHg",
        "dbp": "huyết áp tối thiểu, mmHg",
        "glucose_mmol_l": "đường huyết, mmol/L",
        "glucose_kind": "fasting, post_meal, random",
        "hba1c": "HbA1c, %",
        "comorbid": "diabetes, ckd, cvd",
    },
    outputs={"target": "0 không đạt, 1 đạt, 2 chưa đánh giá", "reason": "vì sao, bằng lời"},
)
CVD_RISK = Rule(
    "ncd.cvd_risk",
    run_cvd_risk,
    source="WHO 2019 (Lancet Glob Health 7:e1332), bảng có xét nghiệm, Đông Nam Á",
    inputs={
        "sex": "male, female",
        "age_years": "tuổi tròn",
        "sbp": "huyết áp tối đa, mmHg",
        "dbp": "huyết áp tối thiểu, mmHg",
        "smoker": "true, false",
        "diabetes": "true, false",
        "cholesterol_mmol_l": "cholesterol toàn phần, mmol/L",
        "comorbid": "diabetes, ckd, cvd",
    },
    outputs={
        "percent": "nguy cơ 10 năm, %; null khi không tra bảng",
        "high": "true: từ 20 %, hoặc nguy cơ cao không cần tra bảng",
        "chart": "bảng đã dùng, hoặc null",
    },
)
