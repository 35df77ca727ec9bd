"""What an answer means: pure, one row of docs/states.md each."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from apps.sync import backoff
from apps.sync.receivers.base import Answer, Part
from apps.sync.receivers.fhir.answers import judge
from apps.sync.receivers.fhir.fields import field_of
from apps.sync.receivers.judging import retry_after

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PART = Part(b"{}", ("Patient/1", "Encounter/2"))


def line(status="200 OK"):
    return {"response": {"status": status, "location": "Patient/9/_history/1", "etag": 'W/"1"'}}


def said(status, body=None, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, raw), PART, NOW)


def outcome(*issues):
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def response(*entries, kind="transaction-response"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def test_it_works():
    verdict = said(200, response(line("201 Created"), line()))
    assert verdict.outcome == "stored"
    assert verdict.stored["Encounter/2"] == {"location": "Patient/9/_history/1", "etag": 'W/"1"'}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b"[" * 100_000,
        b"\xff\xfe",
        [],
        "text",
        None,
        {},
        response(line()),
        response(line(), line(), line()),
        response(line(), line(), kind="batch-response"),
        response(line(), line("422 Unprocessable")),
        response(line(), {}),
        response(line(), "x"),
        {"resourceType": "Bundle", "type": "transaction-response", "entry": {}},
        outcome({"severity": "error"}),
    ],
)
def test_200_that_proves_nothing_is_tried_again(body):
    assert said(200, body).outcome == "retry"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, "pause"),
        (302, "pause"),
        (307, "pause"),
        (400, "rejected"),
        (401, "token"),
        (403, "pause"),
        (404, "pause"),
        (405, "pause"),
        (409, "conflict"),
        (410, "pause"),
        (412, "conflict"),
        (413, "too_large"),
        (415, "rejected"),
        (418, "rejected"),
        (422, "rejected"),
        (429, "limited"),
        (500, "retry"),
        (502, "retry"),
        (503, "retry"),
        (504, "retry"),
        (599, "retry"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", outcome(), outcome("x", {"details": 3})])
def test_every_status_whatever_its_body(status, expected, body):
    verdict = said(status, body)
    assert verdict.outcome == expected
    assert verdict.reason


@pytest.mark.parametrize(("error", "word"), [("timeout", "kịp"), ("connection", "nối"), ("too_big", "lớn")])
def test_a_lost_answer_is_tried_again(error, word):
    verdict = judge(Answer(error=error), PART, NOW)
    assert (verdict.outcome, word in verdict.reason, verdict.receiver_fault) == ("retry", True, True)


def test_412_with_several_matches_needs_a_person():
    verdict = said(412, outcome({"code": "multiple-matches", "diagnostics": "2 người"}))
    assert (verdict.outcome, verdict.need, verdict.reason) == ("rejected", "duplicate", "2 người")


def test_422_names_the_field():
    wrong = {"code": "invalid", "diagnostics": "sai", "expression": ["Bundle.entry[0].resource.birthDate"]}
    (issue,) = said(422, outcome(wrong)).issues
    assert (issue.expression, issue.field, issue.target) == ("Patient.birthDate", "Ngày sinh", "person")


def test_warnings_are_left_out_beside_errors():
    found = said(
        422,
        outcome(
            {"severity": "warning", "code": "x", "diagnostics": "nhỏ"},
            {"severity": "error", "code": "y", "details": {"text": "to"}},
        ),
    )
    assert [issue.text for issue in found.issues] == ["to"]


def test_an_endless_outcome_is_cut():
    found = said(422, outcome(*[{"code": "x", "diagnostics": "A" * 10_000}] * 500))
    assert len(found.issues) == 20
    assert all(len(issue.text) <= 300 for issue in found.issues)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("0", 0),
        ("999999999", 86400),
        ("Sun, 22 Nov 2026 03:01:00 GMT", 60),
        ("Sun, 22 Nov 2026 02:00:00 GMT", 0),
        ("Sun, 22 Nov 2099 02:00:00 GMT", 86400),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Sun, 99 Nov 2026 99:00:00 GMT", None),
        ("9" * 5000, None),
    ],
)
def test_retry_after(text, seconds):
    assert retry_after(text, NOW) == seconds


def test_503_with_retry_after_is_patience():
    assert said(503, b"", retry_after="30").outcome == "limited"


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("Patient.identifier[1].value", "Số CCCD, thẻ BHYT"),
        ("Encounter.diagnosis[0].condition", "Chẩn đoán"),
        ("MedicationRequest.medicationCodeableConcept.coding", "Thuốc"),
        ("Patient.name.where(use='official').family", "Họ và tên"),
        ("Nonsense", ""),
        ("", ""),
    ],
)
def test_fields_in_our_words(expression, word):
    assert field_of(expression)[0] == word


def test_back_off_grows_to_its_cap():
    assert backoff.wait(0, 1.0) == 5
    assert backoff.wait(3, 1.0) == 40
    assert backoff.wait(100, 1.0) == 1800
    assert backoff.wait(5, 0.0) == 0


def test_rest_grows_to_its_cap():
    assert [backoff.rest(n, 5) for n in (4, 5, 6, 50)] == [0, 30, 60, 300]


def test_giving_up():
    long_ago = NOW - timedelta(hours=49)
    assert backoff.given_up(10, NOW, NOW)
    assert backoff.given_up(2, long_ago, NOW)
    assert not backoff.given_up(1, long_ago, NOW)
    assert not backoff.given_up(9, NOW, NOW)
