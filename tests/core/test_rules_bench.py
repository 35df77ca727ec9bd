import io
import json

import pytest
from django.core.management import call_command

from apps.core import registry, rules
from apps.core.registry import Registry, Rule


def double(values):
    number = values.get("number")
    if not isinstance(number, int):
        raise rules.BadInput("number", "«number» phải là số nguyên.")
    return {"double": 2 * number, "born": str(rules.date_of(values, "born", required=False))}


@pytest.fixture(autouse=True)
def bench(monkeypatch):
    known = Registry("rules")
    known.add(Rule("demo.double", double, "kiểm thử", {"number": "số", "born": "ngày"}, {"double": "số"}))
    monkeypatch.setattr(registry, "rules", known)


def test_it_answers():
    line = json.dumps({"id": 7, "rule": "demo.double", "input": {"number": 4, "born": "2020-02-29"}})
    assert rules.answer(line) == {"id": 7, "output": {"double": 8, "born": "2020-02-29"}}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("not json", None),
        ("[1]", None),
        ('{"id": 1}', "rule"),
        ('{"id": 1, "rule": "nobody.knows", "input": {}}', "rule"),
        ('{"id": 1, "rule": "demo.double", "input": []}', "input"),
        ('{"id": 1, "rule": "demo.double", "input": {"number": "4"}}', "number"),
        ('{"id": 1, "rule": "demo.double", "input": {"number": 4, "other": 1}}', "other"),
        ('{"id": 1, "rule": "demo.double", "input": {"number": 4, "born": "2021-02-29"}}', "born"),
        ('{"id": 1, "rule": "demo.double", "input": {"number": 4, "born": 5}}', "born"),
    ],
)
def test_what_cannot_be_answered_is_an_error_that_names_its_field(line, field):
    assert rules.answer(line)["error"]["field"] == field


def test_blank_lines_are_passed_over_and_order_is_kept():
    lines = ["", '{"id": 1}', "  ", '{"id": 2, "rule": "demo.double", "input": {"number": 1}}']
    assert [found["id"] for found in rules.answers(lines)] == [1, 2]


def test_the_command_speaks_json_lines(monkeypatch):
    line = '{"id":"é","rule":"demo.double","input":{"number":2}}\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
    out = io.StringIO()
    call_command("evaluate", stdout=out)
    assert json.loads(out.getvalue())["output"]["double"] == 4


def test_the_list_tells_source_and_fields():
    out = io.StringIO()
    call_command("evaluate", "--list", stdout=out)
    assert "demo.double" in out.getvalue()
    assert "kiểm thử" in out.getvalue()
