"""The edges of the rules that the contract fixes, a line each, played through `manage.py evaluate` itself."""

import io
import json
import sys
from typing import Any

import pytest
from django.core.management import call_command

from tests.patients.test_bench import needs_units
from tests.patients.test_identifiers import EXAMPLES, judge

GOOD = "001088000101|012345678|Nguyễn Văn An|05031988|Nam|Thôn 2|10052021"


def asked(lines: list[str]) -> list[dict[str, Any]]:
    """What the command answers to these lines."""
    before, out = sys.stdin, io.StringIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO("\n".join(lines).encode(errors="surrogatepass")))
    try:
        call_command("evaluate", stdout=out)
    finally:
        sys.stdin = before
    return [json.loads(line) for line in out.getvalue().splitlines()]


def one(rule: str, **values: Any) -> dict[str, Any]:
    return asked([json.dumps({"id": 1, "rule": f"patients.{rule}", "input": values})])[0]


def scanned(**changed: str) -> str:
    names = ["cccd", "cmnd", "name", "dob", "sex", "address", "issued"]
    parts = dict(zip(names, GOOD.split("|"), strict=True)) | changed
    return "|".join(parts.values())


@needs_units
def test_it_works():
    """Every example of the file, in one go and in order."""
    lines = []
    for row in EXAMPLES:
        value, context = judge(row["value"])
        said = {"dob": context.dob, "sex": context.sex, "on": context.on and context.on.isoformat()}
        given = {"kind": row["kind"], "value": value, "context": said}
        lines.append(json.dumps({"id": row["value"], "rule": "patients.check_identifier", "input": given}))
    found = asked(lines)
    assert [line["id"] for line in found] == [row["value"] for row in EXAMPLES]
    assert [line["output"]["result"] for line in found] == [row["expect"] for row in EXAMPLES]


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD.rsplit("|", 1)[0],
        scanned(cccd="00108800010"),
        scanned(cccd="000000000000"),
        scanned(name=" "),
        scanned(dob="1988"),
        scanned(dob="31021988"),
        scanned(issued="10051980"),
        scanned(sex="male"),
        "DN4010112345678|4e67|05/03/1988|1|41|01-001|01/01/2020|31/12/2020|01/01/2020|-",
        "00020101021138570010A00000072701270006970436",
        "https://example.vn/the/001088000101",
    ],
)
def test_a_scan_that_says_nothing_sure_is_an_error(text):
    found = one("parse_cccd_qr", text=text)
    assert found["error"]["field"] == "text" and found["error"]["message"]


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        (GOOD, []),
        (f"{GOOD}||thêm", []),
        (scanned(sex="Nữ"), ["sex_mismatch"]),
        (scanned(dob="05031989"), ["birth_year_mismatch"]),
        (scanned(dob="05032088", issued="10052090"), ["century_mismatch"]),
        (scanned(cccd="050088000101"), ["unknown_province"]),
        (scanned(cmnd="12"), ["old_number_invalid"]),
        (scanned(name="Nguyá»…n VÄƒn An", address="ThÃ´n 2"), ["mojibake"]),
        (scanned(name="Nguyễn Văn An 2"), ["unusual_characters"]),
        (scanned(name="H'Hen Niê-K."), []),
    ],
)
def test_what_is_odd_about_a_scan(text, warnings):
    assert one("parse_cccd_qr", text=text)["output"]["warnings"] == warnings


def test_what_a_card_leaves_out_is_null():
    found = one("parse_cccd_qr", text=scanned(cmnd="", address=""))["output"]
    assert (found["cmnd"], found["address"]) == (None, None)


@pytest.mark.parametrize(
    ("kind", "value", "context", "result"),
    [
        ("cccd", "001088000101", {"dob": 1988}, "valid"),
        ("cccd", "001088000101", {"dob": "2088"}, "warn"),
        ("cccd", "001288000101", {"on": "2026-01-01"}, "warn"),
        ("cccd", "001288000101", {}, "valid"),
        ("cmnd", "001088000101", {"sex": "female"}, "warn"),
        ("cmnd", "000000000", {}, "invalid"),
        ("bhyt", "0112345678", {}, "invalid"),
        ("bhyt", "001088000101", {}, "invalid"),
        ("bhyt", "DN4970112345678", {}, "valid"),
        ("bhyt", "dn4 01 0112345678", {}, "valid"),
        ("bhyt", "ĐN4010112345678", {}, "invalid"),
        ("bhyt_lookup_key", "0112345678", {}, "valid"),
        ("bhyt_lookup_key", "001088000101", {"sex": "female"}, "warn"),
        ("bhyt_lookup_key", "DN401", {}, "invalid"),
        ("don_thuoc", "48123K7M2P9Q-C", {}, "valid"),
        ("facility13", "8936000000991", {}, "warn"),
        ("facility13", "0000000000000", {}, "invalid"),
        ("ho_gia_dinh", "0000000000", {}, "invalid"),
        ("bhxh", "٠١١٢٣٤٥٦٧٨", {}, "invalid"),
        ("msg_id_1551", "8936000000998" + "261129" + "0123456789ab4def8123456789abcdef", {}, "valid"),
        ("msg_id_1551", "8936000000998" + "260231" + "0123456789ab4def8123456789abcdef", {}, "invalid"),
        ("msg_id_1551", "8936000000998" + "261129" + "0123456789ab1def8123456789abcdef", {}, "invalid"),
    ],
)
def test_the_edges_of_numbers(kind, value, context, result):
    found = one("check_identifier", kind=kind, value=value, context=context)["output"]
    assert found["result"] == result
    assert (found["reason"] is None) == (result == "valid")


def test_the_parts_of_a_number():
    assert one("check_identifier", kind="cccd", value="092204000303")["output"]["parsed"] == {
        "province": "092",
        "sex": "male",
        "birth_year": 2004,
    }
    assert one("check_identifier", kind="bhyt", value="HC4797912345678")["output"]["parsed"] == {
        "object": "HC",
        "level": 4,
        "province": "79",
        "bhxh": "7912345678",
    }
    assert one("check_identifier", kind="don_thuoc", value="48123k7m2p9q-h")["output"]["parsed"] == {
        "facility": "48123",
        "random": "k7m2p9q",
        "type": "h",
    }


def test_every_line_is_answered_whatever_it_is():
    key = "patients.search_key"
    found = asked(
        [
            "[" * 100_000 + "]" * 100_000,
            '{"id":1,"rule":"' + key + '","input":{"text":"a\\ud800b"}}',
            '{"id":"\\ud800","rule":"' + key + '","input":{"text":"x"}}',
            '{"id":NaN,"rule":"' + key + '","input":{"text":"x"}}',
            "  ",
            '{"id":2,"rule":["x"]}',
            '{"id":3,"rule":"' + key + '","input":null}',
            '{"id":4,"rule":"' + key + '","input":{"text":"Đỗ Hoà"}}',
        ]
    )
    assert [line["id"] for line in found] == [None, 1, "\ud800", None, 2, 3, 4]
    assert found[-1]["output"] == {"key": "do hoa"}
    assert [line["error"]["field"] for line in found if "error" in line] == [None, None, "rule", "input"]
