"""The rules of chronic diseases as the rule bench speaks them: plain JSON in, plain JSON out."""

from decimal import Decimal
from typing import Any

from apps.care.ncd import pressure
from apps.core.registry import Rule
from apps.core.rules import BadInput

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
