import json
import time

import pytest

from apps.core.rules import BadInput, answer, evaluate
from apps.patients import unit_codes
from tests.patients.test_identifiers import EXAMPLES, judge
from tests.patients.test_scan import CARD, insurance

CHECK = "patients.check_identifier"
ONE = {"kind": "cccd", "value": "1"}
needs_units = pytest.mark.skipif(
    not (unit_codes.Path(unit_codes.settings.BASE_DIR) / "fixtures/admin_units").exists(), reason="no units"
)


def test_it_works():
    assert evaluate("patients.parse_cccd_qr", {"text": CARD}) == {
        "cccd": "001088000101",
        "cmnd": "012345678",
        "name": "Nguyễn Văn An",
        "dob": "1988-03-05",
        "sex": "male",
        "address": "Thôn 2, Xã Ba Tơ, Quảng Ngãi",
        "issued": "2021-05-10",
        "warnings": [],
    }
    assert evaluate("patients.search_key", {"text": "Đỗ  Thị Hoà"}) == {"key": "do thi hoa"}


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: f"{row['kind']} {row['value']}")
@needs_units
def test_every_example(row):
    value, context = judge(row["value"])
    given = {"dob": context.dob, "sex": context.sex, "on": context.on and context.on.isoformat()}
    for said in (given, {key: value for key, value in given.items() if value is not None}):
        found = evaluate(CHECK, {"kind": row["kind"], "value": value, "context": said})
        assert found["result"] == row["expect"]


@pytest.mark.parametrize(
    ("kind", "value", "on", "result"),
    [
        ("province_gso", "52", None, "valid"),
        ("province_gso", "49", None, "invalid"),
        ("province_gso", "49", "2025-06-30", "valid"),
        ("province_gso", "49", "2025-07-01", "invalid"),
        ("ward_gso", "20195", None, "invalid"),
        ("ward_gso", "20195", "2025-06-30", "valid"),
    ],
)
@needs_units
def test_units_are_judged_by_the_list_of_the_day(kind, value, on, result):
    given = {"kind": kind, "value": value, "context": {"on": on}}
    assert evaluate("patients.check_identifier", given)["result"] == result


@pytest.mark.parametrize(
    ("rule", "values", "field"),
    [
        ("patients.parse_cccd_qr", {}, "text"),
        ("patients.parse_cccd_qr", {"text": 5}, "text"),
        ("patients.parse_cccd_qr", {"text": insurance()}, "text"),
        ("patients.parse_cccd_qr", {"text": CARD, "x": 1}, "x"),
        ("patients.search_key", {"text": None}, "text"),
        (CHECK, {"kind": "cccd"}, "value"),
        (CHECK, {"kind": "cccd", "value": 1088000101}, "value"),
        (CHECK, {"kind": "xyz", "value": "1"}, "kind"),
        (CHECK, ONE | {"context": []}, "context"),
        (CHECK, ONE | {"context": {"sex": "x"}}, "context.sex"),
        (CHECK, ONE | {"context": {"sex": []}}, "context.sex"),
        (CHECK, ONE | {"context": {"dob": True}}, "context.dob"),
        (CHECK, ONE | {"context": {"dob": "19x0"}}, "context.dob"),
        (CHECK, ONE | {"context": {"on": "1/1/2025"}}, "context.on"),
    ],
)
def test_bad_input_names_its_field(rule, values, field):
    with pytest.raises(BadInput) as bad:
        evaluate(rule, values)
    assert bad.value.field == field


def test_other_keys_of_the_context_pass():
    given = {"kind": "cccd", "value": "001088000101", "context": {"dob": "1988", "station": "x"}}
    assert evaluate("patients.check_identifier", given)["result"] == "valid"


def test_it_is_fast_enough_for_a_file():
    line = json.dumps({"id": 1, "rule": "patients.parse_cccd_qr", "input": {"text": CARD}})
    begin = time.process_time()
    for _ in range(1000):
        answer(line)
    assert time.process_time() - begin < 0.5
