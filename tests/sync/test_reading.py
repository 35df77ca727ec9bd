"""What a receiver shows when it is asked later: pure (docs/states.md, later check)."""

import hashlib
import json

import pytest

from apps.sync.receivers.base import Answer, Part, Prepared
from apps.sync.receivers.fhir import reading

SYSTEM = "urn:ietf:rfc:3986"


def resource(kind, number, **more):
    return {"resourceType": kind, "identifier": [{"system": SYSTEM, "value": f"urn:uuid:{number}"}], **more}


def entry(kind, number, mastered=False, **more):
    condition = f"identifier={SYSTEM}%7Curn:uuid:{number}"
    request = {"method": "PUT", "url": f"{kind}?{condition}"}
    if mastered:
        request = {"method": "POST", "url": kind, "ifNoneExist": condition}
    return {"fullUrl": f"urn:uuid:{number}", "resource": resource(kind, number, **more), "request": request}


SENT = [
    entry("Organization", 1, mastered=True, name="Trạm"),
    entry("Patient", 2, name=[{"text": "Người Thử"}]),
    entry(
        "Encounter",
        3,
        subject={"reference": "urn:uuid:2"},
        period={"start": "2026-11-20T08:00:00+07:00"},
    ),
]
KEYS = ("Organization/1", "Patient/2", "Encounter/3")
STORED = {key: {"location": "", "etag": 'W/"1"'} for key in KEYS}


def prepared():
    body = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": SENT}).encode()
    return Prepared((Part(body, KEYS),), hashlib.sha256(body).hexdigest(), 1)


def held(number, version=1, **changes):
    """What the receiver shows of the entry of that place, under an id of its own."""
    shown = {**SENT[number]["resource"], "id": f"9{number}", "meta": {"versionId": str(version)}}
    if number == 2:
        shown["subject"] = {"reference": "https://kho.example.vn/fhir/Patient/91"}
    return {**shown, **changes}


def line(*resources):
    searched = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}
    return {"response": {"status": "200 OK"}, "resource": searched}


def answered(*lines, status=200, kind="batch-response"):
    body = json.dumps({"resourceType": "Bundle", "type": kind, "entry": list(lines)}).encode()
    return Answer(status, {}, body)


def check(*lines, by_content=False, stored=STORED):
    (question,) = reading.questions(prepared())
    return reading.judge([reading.read(answered(*lines), question)], stored, by_content)


def all_same():
    return [line(held(0)), line(held(1)), line(held(2))]


def test_it_works():
    (question,) = reading.questions(prepared())
    asked = json.loads(question.body)
    assert asked["type"] == "batch"
    assert [e["request"] for e in asked["entry"]][1] == {
        "method": "GET",
        "url": f"Patient?identifier={SYSTEM}%7Curn:uuid:2",
    }
    found = check(*all_same())
    assert (found.found, found.stored["Encounter/3"]) == (
        "same",
        {"location": "Encounter/92", "etag": 'W/"1"'},
    )
    assert len(found.hash) == 64


def test_what_is_not_there_is_missing():
    found = check(line(held(0)), line(held(1)), line())
    assert (found.found, found.reason) == ("missing", "Nơi nhận không còn giữ: Lượt khám.")


def test_several_are_for_a_person_to_look_at():
    found = check(line(held(0)), line(held(1), held(1)), line(held(2)))
    assert (found.found, found.need) == ("doubled", "duplicate")


@pytest.mark.parametrize(("version", "theirs"), [(7, True), (2, False)])
def test_another_content_is_a_change_and_a_newer_one_is_somebody_elses(version, theirs):
    stored = {**STORED, "Encounter/3": {"etag": 'W/"5"'}}
    wrong = held(2, version, period={"start": "2026-11-20T09:00:00+07:00"})
    found = check(line(held(0)), line(held(1)), line(wrong), stored=stored)
    assert (found.found, found.theirs) == ("changed", theirs)
    assert found.reason == "Nơi nhận đang giữ bản khác: Lượt khám."


def test_another_version_of_the_same_content_is_the_same():
    shown = held(2, 4, period={"start": "2026-11-20T01:00:00Z"}, text={"status": "generated"})
    found = check(line(held(0, 9, name="Trạm cũ")), line(held(1)), line(shown))
    assert found.found == "same"
    assert found.stored["Encounter/3"]["etag"] == 'W/"4"'


def test_the_same_version_of_another_content_counts_only_where_the_version_is_proof():
    lines = [line(held(0)), line(held(1, name=[{"text": "Người Khác"}])), line(held(2))]
    assert check(*lines).found == "same"
    found = check(*lines, by_content=True)
    assert (found.found, found.theirs) == ("changed", False)


def test_a_record_that_hangs_on_another_person_is_a_change():
    lines = [line(held(0)), line(held(1)), line(held(2, 2, subject={"reference": "Patient/5"}))]
    assert check(*lines).found == "changed"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(error="timeout"),
        Answer(error="too_big"),
        Answer(200, {}, b"<html>"),
        Answer(200, {}, b"[" * 100_000),
        Answer(400, {}, b"{}"),
        Answer(302, {}, b""),
        answered(*all_same(), kind="transaction-response"),
        answered(*all_same()[:2]),
        answered(*all_same()[:2], {"response": {"status": "200"}}),
        answered(*all_same()[:2], {"response": {"status": "400"}, "resource": {"resourceType": "Bundle"}}),
        answered(*all_same()[:2], "x"),
        answered(
            *all_same()[:2], {"response": {"status": "200"}, "resource": {**line()["resource"], "entry": 3}}
        ),
    ],
)
def test_silence_and_nonsense_are_no_difference(answer):
    (question,) = reading.questions(prepared())
    found = reading.judge([reading.read(answer, question)], STORED, False)
    assert found.found == "unknown" and found.reason and not found.stored


def test_a_long_record_is_asked_for_in_parts(monkeypatch):
    monkeypatch.setattr(reading, "MOST", 2)
    questions = reading.questions(prepared())
    assert [len(question.asked) for question in questions] == [2, 1]
    lines = all_same()
    readings = [
        reading.read(answered(*lines[:2]), questions[0]),
        reading.read(answered(*lines[2:]), questions[1]),
    ]
    assert reading.judge(readings, STORED, False).found == "same"
