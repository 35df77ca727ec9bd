"""`encounters.imci` as the rule bench speaks it: JSON in, JSON out; limits and colours as shipped."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

from apps.core.registry import Rule
from apps.core.rules import BadInput, text_of
from apps.encounters.sick_child import sheet
from apps.encounters.sick_child.case import Child
from apps.encounters.sick_child.judging import judge

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
MOST = 1000.0  # of any figure: more is no sign of a child
FIGURES = ("breathing", "temperature", "spo2", "waz")


@cache
def shipped_limits() -> dict[str, Any]:
    """The thresholds as they come with the software."""
    return {
        row["key"].removeprefix("imci."): json.loads(row["value"])
        for row in _lines("parameters/encounters_sick_child.csv")
    }


@cache
def shipped_colours() -> dict[str, str]:
    """The colour of each class as it comes with the software."""
    return {row["code"]: row["colour"] for row in _lines("catalogues/imci_classes.csv")}


def _lines(name: str) -> list[dict[str, str]]:
    with (FIXTURES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(values: dict[str, Any]) -> dict[str, Any]:
    """The classes of one sick child. Raises BadInput naming the field."""
    months = values.get("age_months")
    if months is None:
        raise BadInput("age_months", "Thiếu tuổi theo tháng ở «age_months».", "missing")
    if isinstance(months, bool) or not isinstance(months, int) or not 0 <= months < 1800:
        raise BadInput("age_months", "«age_months» phải là số tháng tròn, không âm.", "out_of_range")
    age = sheet.of_age(months)
    if not age:
        raise BadInput("age_months", "Phiếu trẻ bệnh chỉ dùng cho trẻ dưới 60 tháng.", "out_of_range")
    acute = text_of(values, "acute", required=False) or ""
    if acute not in ("", "moderate", "severe"):
        raise BadInput("acute", "«acute» là moderate, severe hoặc để trống.", "unknown_value")
    days = values.get("age_days")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or days < 0):
        raise BadInput("age_days", "«age_days» phải là số ngày tròn, không âm.", "out_of_range")
    figures = {name: _figure(values, name) for name in FIGURES}
    child = Child(
        months=months,
        answers=_answers(values, age),
        days=days,
        acute=acute,
        measured=_flag(values, "measured"),
        oedema=_flag(values, "oedema"),
        **figures,
    )
    colours = shipped_colours()
    found = judge(child, shipped_limits(), colours)
    return {
        "sheet": age,
        "classes": [
            {"code": one.code, "colour": colours[one.code], "why": list(one.why)} for one in found.classes
        ],
        "refer": any(colours[one.code] == "pink" for one in found.classes),
        "missing": found.missing,
    }


def _answers(values: dict[str, Any], age: str) -> dict[str, str]:
    given = values.get("answers", {})
    if not isinstance(given, dict) or not all(isinstance(value, str | int) for value in given.values()):
        raise BadInput("answers", "«answers» phải là {dấu hiệu: câu trả lời}.", "not_an_object")
    ticked = {key: sheet.YES if value is True else value for key, value in given.items()}
    answers = sheet.tidy(ticked)
    for wrong in sheet.problems(answers, age):
        raise BadInput(f"answers.{wrong.key}", wrong.sentence, "unknown_value")
    return answers


def _figure(values: dict[str, Any], field: str) -> float | None:
    value = values.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(field, f"«{field}» phải là số.", "not_a_number")
    if not abs(value) <= MOST:  # NaN too
        raise BadInput(field, f"«{field}» không thể lớn như thế.", "out_of_range")
    return float(value)


def _flag(values: dict[str, Any], field: str) -> bool:
    value = values.get(field, False)
    if not isinstance(value, bool):
        raise BadInput(field, f"«{field}» là true hoặc false.", "not_a_flag")
    return value


IMCI = Rule(
    "encounters.imci",
    run,
    source="WHO IMCI Chart Booklet 2014; bảng Xử trí lồng ghép trẻ bệnh của Bộ Y tế (viết theo trí nhớ)",
    inputs={
        "age_months": "tuổi theo tháng tròn, dưới 60",
        "age_days": "tuổi theo ngày, nếu biết",
        "answers": "{dấu hiệu: true | số ngày | lựa chọn}",
        "breathing": "nhịp thở mỗi phút",
        "temperature": "nhiệt độ, °C",
        "spo2": "%",
        "acute": "suy dinh dưỡng cấp tính: moderate, severe",
        "waz": "điểm z cân nặng theo tuổi",
        "measured": "đã đo đủ để xếp suy dinh dưỡng cấp",
        "oedema": "phù hai bàn chân",
    },
    outputs={
        "sheet": "child hoặc infant",
        "classes": "các phân loại: code, colour, why",
        "refer": "có phân loại hồng",
        "missing": "điều còn thiếu để phân loại",
    },
)
