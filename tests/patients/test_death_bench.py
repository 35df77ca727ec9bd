"""The rules of deaths on the rule bench."""

from typing import Any

import pytest

from apps.core.rules import BadInput, evaluate

CHAIN, AGE, MATERNAL = "patients.death_chain", "patients.death_age", "patients.death_maternal"


def cause(line: str, code: str = "", text: str = "", **more: Any) -> dict[str, Any]:
    return {"line": line, "code": code, "text": text, **more}


def test_it_works() -> None:
    said = evaluate(
        CHAIN,
        {
            "causes": [
                cause("a", "J96.0", value=2, unit="day"),
                cause("b", "J18.9", value=1, unit="week"),
                cause("o", "", "Lao"),
            ],
            "age_days": 20_000,
        },
    )
    assert said == {
        "underlying": {"line": "b", "code": "J18.9", "text": ""},
        "blocks": [],
        "doubts": [],
    }


def test_a_gap_and_an_interval_longer_than_life_are_blocked() -> None:
    said = evaluate(
        CHAIN, {"causes": [cause("a", "J96.0"), cause("c", "I10", value=9, unit="year")], "age_days": 30}
    )
    assert [each["field"] for each in said["blocks"]] == ["b_text", "c_value"]


def test_what_is_odd_goes_through_with_a_reason() -> None:
    said = evaluate(
        CHAIN,
        {
            "causes": [
                cause("a", "S06.9", value=3, unit="week"),
                cause("b", "S06.9", value=1, unit="hour"),
            ]
        },
    )
    assert [each["code"] for each in said["doubts"]] == ["order_ab", "twice_b", "no_external"]
    said = evaluate(CHAIN, {"causes": [cause("a", "S06.9")], "injury_cause": "1"})
    assert said["doubts"] == []


@pytest.mark.parametrize(
    ("dob", "died_on", "precision", "band", "child"),
    [
        ("2026-03-01", "2026-03-07", "day", "0d", "Tử vong sơ sinh sớm (0–6 ngày)"),
        ("2026-03-01", "2026-03-28", "day", "0d", "Tử vong sơ sinh muộn (7–27 ngày)"),
        ("2026-03-01", "2026-03-29", "day", "28d", "Tử vong trẻ dưới 1 tuổi"),
        ("2021-03-02", "2026-03-01", "day", "1y", "Tử vong trẻ dưới 5 tuổi"),
        ("2021-03-01", "2026-03-01", "day", "5y", None),
        ("1956-01-01", "2026-03-01", "year", "70y", None),
        (None, "2026-03-01", None, None, None),
    ],
    ids=["early", "late", "infant", "under5", "five", "old", "unknown"],
)
def test_ages(
    dob: str | None, died_on: str, precision: str | None, band: str | None, child: str | None
) -> None:
    said = evaluate(AGE, {"dob": dob, "died_on": died_on, "birth_precision": precision})
    assert (said["band"], said["child"]) == (band, child)


def test_a_possible_maternal_death() -> None:
    said = evaluate(
        MATERNAL,
        {
            "sex": "female",
            "age_years": 30,
            "answer": "within42",
            "pregnancy_ended_on": "2026-02-01",
            "died_on": "2026-03-15",
        },
    )
    assert said == {"asked": True, "possible": True, "blocks": [], "doubts": []}
    late = evaluate(
        MATERNAL,
        {
            "sex": "female",
            "answer": "within42",
            "pregnancy_ended_on": "2026-02-01",
            "died_on": "2026-03-16",
        },
    )
    assert [each["field"] for each in late["blocks"]] == ["maternal"]
    man = evaluate(MATERNAL, {"sex": "male", "died_on": "2026-03-16", "codes": ["O72.1"]})
    assert man["asked"] is False and [each["code"] for each in man["doubts"]] == ["maternal_code"]


@pytest.mark.parametrize(
    ("rule", "values", "field"),
    [
        (CHAIN, {}, "causes"),
        (CHAIN, {"causes": [1]}, "causes[0]"),
        (CHAIN, {"causes": [cause("x")]}, "causes[0].line"),
        (CHAIN, {"causes": [cause("a", "J18", value=-1, unit="day")]}, "causes[0].value"),
        (CHAIN, {"causes": [cause("a", "J18", value=1, unit="moon")]}, "causes[0].unit"),
        (CHAIN, {"causes": [cause("a", "J18", more=1)]}, "causes[0].more"),
        (CHAIN, {"causes": [{"line": 5}]}, "causes[0].line"),
        (CHAIN, {"causes": [], "age_days": True}, "age_days"),
        (CHAIN, {"causes": [], "birth_precision": "week"}, "birth_precision"),
        (AGE, {"dob": "2026-03-02", "died_on": "2026-03-01"}, "died_on"),
        (AGE, {"dob": "2026-03-02"}, "died_on"),
        (MATERNAL, {"died_on": "2026-03-01"}, "sex"),
        (MATERNAL, {"died_on": "2026-03-01", "sex": "x"}, "sex"),
        (MATERNAL, {"died_on": "2026-03-01", "sex": "female", "codes": "O72"}, "codes"),
    ],
)
def test_bad_input_names_its_field(rule: str, values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as bad:
        evaluate(rule, values)
    assert bad.value.field == field
