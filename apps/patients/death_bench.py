"""The rules of deaths as the rule bench speaks them: plain JSON in, plain JSON out."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, cast

from apps.core.errors import Refused, Warning
from apps.core.registry import Rule
from apps.core.rules import BadInput, date_of, text_of
from apps.patients import death_rules
from apps.patients.death_rules import BIRTH_UNSURE, OTHER, PART_ONE, UNITS, Cause

LINES = (*PART_ONE, OTHER)
SEXES = ("male", "female", "unknown")
MOST_DAYS = 150 * 366


def run_chain(values: dict[str, Any]) -> dict[str, Any]:
    causes = _causes(values.get("causes"))
    age = _number(values, "age_days", MOST_DAYS)
    precision = _one_of(values, "birth_precision", tuple(BIRTH_UNSURE)) or "day"
    first = death_rules.underlying(causes)
    return {
        "underlying": {"line": first.line, "code": first.code, "text": first.text} if first else None,
        "blocks": _refusals(death_rules.blocks(causes, age_days=age, birth_precision=precision)),
        "doubts": _warnings(
            death_rules.doubts(causes, text_of(values, "injury_cause", required=False) or "")
        ),
    }


def run_age(values: dict[str, Any]) -> dict[str, Any]:
    born, died = date_of(values, "dob", required=False), cast(dt.date, date_of(values, "died_on"))
    precision = _one_of(values, "birth_precision", tuple(BIRTH_UNSURE)) or "day"
    if born is not None and born > died:
        raise BadInput("died_on", "«died_on» phải từ ngày sinh trở đi.", "order")
    band = death_rules.age_band(born, died, precision)
    return {
        "band": band or None,
        "words": dict(death_rules.BANDS).get(band),
        "child": death_rules.child_words(born, died, precision) or None,
    }


def run_maternal(values: dict[str, Any]) -> dict[str, Any]:
    sex = _one_of(values, "sex", SEXES)
    if sex is None:
        raise BadInput("sex", "Thiếu «sex».", "missing")
    codes = _texts(values.get("codes"), "codes")
    answer = text_of(values, "answer", required=False) or ""
    asked = death_rules.asks_maternal(sex, _number(values, "age_years", 150), codes)
    blocks = death_rules.maternal_blocks(
        answer,
        date_of(values, "pregnancy_ended_on", required=False),
        cast(dt.date, date_of(values, "died_on")),
        asked=asked,
    )
    return {
        "asked": asked,
        "possible": death_rules.possible_maternal(answer),
        "blocks": _refusals(blocks),
        "doubts": _warnings(death_rules.maternal_doubts(answer, codes)),
    }


# --- JSON in and out


def _causes(given: Any) -> list[Cause]:
    if not isinstance(given, list):
        raise BadInput("causes", "«causes» phải là một danh sách.", "not_a_list")
    return [_cause(each, f"causes[{place}]") for place, each in enumerate(given)]


def _cause(given: Any, field: str) -> Cause:
    if not isinstance(given, dict):
        raise BadInput(field, f"«{field}» phải là một đối tượng.", "not_an_object")
    if unknown := set(given) - {"line", "code", "text", "value", "unit"}:
        raise BadInput(f"{field}.{min(unknown)}", f"Không biết mục «{field}.{min(unknown)}».", "unknown_key")
    said = {name: _inside(given, name, field, text_of) or "" for name in ("line", "code", "text", "unit")}
    if said["line"] not in LINES:
        raise BadInput(f"{field}.line", f"«{field}.line» là một trong {', '.join(LINES)}.", "unknown_line")
    value = given.get("value")
    if value is not None:
        value = _inside(given, "value", field, _interval)
        if said["unit"] not in UNITS:
            raise BadInput(
                f"{field}.unit", f"«{field}.unit» là một trong {', '.join(UNITS)}.", "unknown_unit"
            )
    return Cause(said["line"], said["code"], said["text"], value, said["unit"])


def _inside(given: dict[str, Any], name: str, field: str, read: Any) -> Any:
    """A field of a nested object, whose error is spelled from outside."""
    try:
        return read(given, name, required=False)
    except BadInput as bad:
        raise BadInput(f"{field}.{name}", bad.message, bad.code) from None


def _interval(values: dict[str, Any], name: str, *, required: bool) -> int | None:
    return _number(values, name, 1_000)


def _number(values: dict[str, Any], name: str, most: int) -> int | None:
    value = values.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadInput(name, f"«{name}» phải là số nguyên từ 0 đến {most}.", "not_a_number")
    return value


def _one_of(values: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    value = text_of(values, name, required=False)
    if value is not None and value not in allowed:
        raise BadInput(name, f"«{name}» là một trong {', '.join(allowed)}.", "unknown_value")
    return value


def _texts(given: Any, name: str) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise BadInput(name, f"«{name}» phải là một danh sách chữ.", "not_a_list")
    return given


def _refusals(found: Iterable[Refused]) -> list[dict[str, Any]]:
    return [{"field": each.field, "message": each.message} for each in found]


def _warnings(found: Iterable[Warning]) -> list[dict[str, Any]]:
    return [{"code": each.code, "field": each.field, "message": each.sentence} for each in found]


ODD = "danh sách {code, field, message}: điều lạ, ghi lý do thì qua"
WRONG = "danh sách {field, message}: điều không thể"
PRECISION = "ngày sinh biết đến day, month hoặc year; bỏ trống là day"
RULES = (
    Rule(
        "patients.death_chain",
        run_chain,
        source="Phiếu nguyên nhân tử vong (WHO ICD-10 tập 2; sổ A6, TT 23/2025/TT-BYT)",
        inputs={
            "causes": "danh sách {line a-d hoặc o, code, text, value, unit minute … year}",
            "age_days": "tuổi khi mất theo ngày, hoặc null",
            "birth_precision": PRECISION,
            "injury_cause": "mã nguyên nhân thương tích, nếu có",
        },
        outputs={
            "underlying": "nguyên nhân chính {line, code, text} hoặc null",
            "blocks": WRONG,
            "doubts": ODD,
        },
    ),
    Rule(
        "patients.death_age",
        run_age,
        source="Báo cáo tử vong tại cộng đồng (biểu TV, TT 23/2025/TT-BYT): 12 nhóm tuổi; 28 ngày: WHO",
        inputs={"dob": "ngày sinh hoặc null", "died_on": "ngày mất", "birth_precision": PRECISION},
        outputs={
            "band": "nhóm tuổi: " + ", ".join(key for key, _ in death_rules.BANDS) + "; null khi không rõ",
            "words": "nhóm tuổi bằng lời",
            "child": "loại tử vong trẻ em, hoặc null từ 5 tuổi",
        },
    ),
    Rule(
        "patients.death_maternal",
        run_maternal,
        source="QĐ 4869/QĐ-BYT 2014: tử vong mẹ trong 42 ngày; WHO: muộn đến 1 năm",
        inputs={
            "sex": "male, female, unknown",
            "age_years": "tuổi tròn năm, hoặc null",
            "codes": "danh sách mã ICD-10",
            "answer": "pregnant, delivery, within42, late, no hoặc bỏ trống",
            "pregnancy_ended_on": "ngày kết thúc thai kỳ, hoặc null",
            "died_on": "ngày mất",
        },
        outputs={
            "asked": "có phải hỏi lúc mất có thai hay không",
            "possible": "có thể là tử vong mẹ",
            "blocks": WRONG,
            "doubts": ODD,
        },
    ),
)
