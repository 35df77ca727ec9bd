"""`growth.zscores` as the rule bench speaks it: plain JSON in, plain JSON out."""

from typing import Any

from apps.care.growth.zscores import INDICATORS, Body, evaluate
from apps.core.registry import Rule
from apps.core.rules import BadInput

OLDEST_DAYS = 150 * 366  # an age in days, not a day of birth written without its marks
LARGEST = 10_000.0  # kg or cm: more is no measure of a body


def run(values: dict[str, Any]) -> dict[str, Any]:
    """The z-scores of one measuring. Raises BadInput naming the field."""
    found = evaluate(
        Body(
            sex=_one_of(values, "sex", ("M", "F")),  # type: ignore[arg-type]
            age_days=_age(values),
            weight_kg=_figure(values, "weight_kg"),
            lenhei_cm=_figure(values, "lenhei_cm"),
            position=_one_of(values, "measured", ("L", "H")),  # type: ignore[arg-type]
            oedema=_flag(values, "oedema"),
            headc_cm=_figure(values, "headc_cm"),
        )
    )
    said: dict[str, Any] = {
        "std": found.standard,
        "clenhei_cm": found.length_cm,
        "bmi": None if found.bmi is None else round(found.bmi, 4),
    }
    said |= {name: found.of(name) for name in INDICATORS}
    for name in INDICATORS:
        flag = found.flagged(name)
        said[f"flag_{name}"] = None if flag is None else int(flag)
    return said | {"warnings": ["standing_under_9_months"] if found.mistaken_position else []}


def _age(values: dict[str, Any]) -> int:
    age = values.get("age_days")
    if age is None:
        raise BadInput("age_days", "Thiếu tuổi theo ngày ở «age_days».", "missing")
    if isinstance(age, float) and age.is_integer():
        age = int(age)
    if isinstance(age, bool) or not isinstance(age, int):
        raise BadInput("age_days", "«age_days» phải là số ngày tròn.", "not_a_number")
    if not 0 <= age <= OLDEST_DAYS:
        raise BadInput("age_days", "«age_days» phải là số ngày từ lúc sinh, không âm.", "out_of_range")
    return age


def _figure(values: dict[str, Any], field: str) -> float | None:
    value = values.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(field, f"«{field}» phải là số.", "not_a_number")
    if not abs(value) <= LARGEST:  # NaN too
        raise BadInput(field, f"«{field}» không thể lớn như thế.", "out_of_range")
    return float(value)


def _one_of(values: dict[str, Any], field: str, known: tuple[str, ...]) -> str | None:
    value = values.get(field)
    if value is not None and value not in known:
        raise BadInput(field, f"«{field}» phải là {' hoặc '.join(known)}.", "unknown")
    return value


def _flag(values: dict[str, Any], field: str) -> bool:
    value = values.get(field)
    if value is not None and not isinstance(value, bool):
        raise BadInput(field, f"«{field}» phải là true hoặc false.", "not_a_flag")
    return bool(value)


ZSCORES = Rule(
    "growth.zscores",
    run,
    source="WHO: Child Growth Standards 2006, Growth Reference 2007",
    inputs={
        "sex": "M, F hoặc null",
        "age_days": "tuổi, số ngày tròn",
        "weight_kg": "cân nặng, kg",
        "lenhei_cm": "chiều dài hoặc chiều cao, cm",
        "measured": "L đo nằm, H đo đứng, null không rõ",
        "oedema": "true: phù hai bàn chân",
        "headc_cm": "vòng đầu, cm",
    },
    outputs={
        "std": "WHO2006 (đến 60 tháng), WHO2007 (đến 19 tuổi)",
        "clenhei_cm": "chiều dài hoặc cao đã hiệu chỉnh 0,7 cm, cm",
        "bmi": "kg/m², 4 số lẻ",
        "waz": "điểm z cân nặng theo tuổi, 2 số lẻ hoặc null",
        "haz": "điểm z chiều dài, cao theo tuổi",
        "whz": "điểm z cân nặng theo chiều dài, cao",
        "baz": "điểm z BMI theo tuổi",
        "hcaz": "điểm z vòng đầu theo tuổi",
        **{f"flag_{name}": f"1 khi {name} khó tin, cần đo lại; null khi không có" for name in INDICATORS},
        "warnings": "danh sách mã: standing_under_9_months",
    },
)
