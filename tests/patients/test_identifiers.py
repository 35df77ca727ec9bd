import csv
import re
from datetime import date
from pathlib import Path

import pytest

from apps.patients.identifiers import Context, check

EXAMPLES = list(csv.DictReader(Path(__file__).with_name("identifier_examples.csv").open(encoding="utf-8")))


class Units:
    """Two provinces and one ward, with the day on which the lists changed."""

    def province(self, code, on):
        old = on is not None and on < date(2025, 7, 1)
        return {"48": "Đà Nẵng", **({"49": "Quảng Nam"} if old else {})}.get(code)

    def ward(self, code, on):
        return {"20194": "Hải Vân"}.get(code)


def judge(text):
    """An example line's value, with what it says beside the number, judged."""
    value, *rest = re.split(r" \+ | on ", text)
    given = rest[0] if rest else ""
    context = Context(
        sex=given.removeprefix("sex=") if given.startswith("sex=") else None,
        dob=int(given.removeprefix("birth ")) if given.startswith("birth ") else None,
        on=date.fromisoformat(given) if re.fullmatch(r"\d{4}-\d\d-\d\d", given) else None,
    )
    return value, context


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: f"{row['kind']} {row['value']}")
def test_every_example_is_judged_as_its_author_said(row):
    value, context = judge(row["value"])
    assert check(row["kind"], value, context, Units()).result == row["expect"]


def test_the_digits_of_a_citizen_number_speak():
    parsed = check("cccd", "092204000303").parsed
    assert parsed == {"province": "092", "sex": "male", "birth_year": 2004}


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        (Context(sex="female"), "sex_mismatch"),
        (Context(dob=date(1989, 2, 1)), "birth_year_mismatch"),
        (Context(dob=1889), "century_mismatch"),
        (Context(dob=2088), "century_mismatch"),
        (Context(on=date(1980, 1, 1)), "future_birth"),
    ],
)
def test_what_disagrees_with_a_citizen_number_is_a_doubt(context, reason):
    found = check("cccd", "001088000101", context)
    assert (found.result, found.reason) == ("warn", reason)
    assert found.sentence.endswith(".")


def test_the_century_digit_covers_five_centuries():
    assert check("cccd", "001999000101").parsed["birth_year"] == 2399


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        ("cmnd", "001088000101", "valid"),
        ("cmnd", "050088000101", "warn"),
        ("cmnd", "000000000", "invalid"),
        ("bhyt", "dn4010112345678", "valid"),
        ("bhyt", "ĐN4010112345678", "invalid"),
        ("bhyt", "DN4970112345678", "valid"),
        ("bhyt", "DN4010000000000", "invalid"),
        ("bhyt", "0112345678", "invalid"),
        ("bhyt_lookup_key", "0112345678", "valid"),
        ("bhyt_lookup_key", "001088000101", "valid"),
        ("bhyt_lookup_key", "DN4010112345678", "valid"),
        ("bhyt_lookup_key", "DN40101", "invalid"),
        ("bhxh", "0000000000", "invalid"),
        ("cskcb", "01c51", "valid"),
        ("cskcb", "00000", "invalid"),
        ("facility13", "8936000000999", "warn"),
        ("don_thuoc", "48123K7M2P9Q-C", "valid"),
        ("msg_id_1551", "8936000000998261120" + "0f8fad5bd9cb469fa16570867728950e", "valid"),
        ("msg_id_1551", "8936000000998261320" + "0f8fad5bd9cb469fa16570867728950e", "invalid"),
        ("msg_id_1551", "8936000000998261120" + "0f8fad5bd9cb169fa16570867728950e", "invalid"),
        ("msg_id_1551", "", "invalid"),
        ("cccd", "٠٠١٠٨٨٠٠٠١٠١", "invalid"),
        ("cccd", "001088000101\n", "valid"),
        ("cccd", "001088000101\x00", "invalid"),
        ("cccd", "", "invalid"),
    ],
)
def test_edges(kind, value, result):
    assert check(kind, value).result == result


def test_the_stored_value_has_no_blanks_and_one_case():
    assert check("bhyt", " hc4 79 7912345678 ").value == "HC4797912345678"
    assert check("don_thuoc", "48123K7M2P9Q-C").value == "48123k7m2p9q-c"


def test_every_reason_has_a_sentence():
    seen = {check(row["kind"], *judge(row["value"]), Units()).sentence for row in EXAMPLES}
    assert all(text == "" or text.endswith(".") for text in seen)
