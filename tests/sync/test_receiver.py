"""The test receiver itself: a liar is only useful when it is known when it tells the truth."""

import subprocess
import sys

import httpx
import pytest

from tests.receiver.server import Chaos, Receiver

SYSTEM = "urn:ietf:rfc:3986"
HTTP = httpx.Client(trust_env=False, timeout=5)  # one: each new client loads the certificates again


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def ident(n):
    return f"urn:uuid:00000000-0000-7000-8000-{n:012d}"


def entry(kind, n, method="PUT", **fields):
    resource = {"resourceType": kind, "identifier": [{"system": SYSTEM, "value": ident(n)}], **fields}
    request = {"method": method, "url": f"{kind}?identifier={SYSTEM}%7C{ident(n)}"}
    if method == "POST":
        request = {"method": "POST", "url": kind, "ifNoneExist": f"identifier={SYSTEM}%7C{ident(n)}"}
    return {"fullUrl": ident(n), "resource": resource, "request": request}


def patient(n=1, name="Nguyễn Thị Hoa", **more):
    return entry("Patient", n, name=[{"text": name}], gender="female", birthDate="1950-03", **more)


def encounter(n=2, subject=None, **more):
    fields = {
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": subject or ident(1)},
        "period": {"start": "2026-11-20T08:00:00+07:00", "end": "2026-11-20T08:20:00+07:00"},
    }
    return entry("Encounter", n, **{**fields, **more})


def post(receiver, *entries, kind="transaction", **headers):
    body = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    return HTTP.post(receiver.base_url, json=body, headers=headers)


def issue(answer):
    return answer.json()["issue"][0]


def test_it_works(receiver):
    answer = post(receiver, patient(), encounter())
    assert answer.status_code == 200
    lines = [e["response"] for e in answer.json()["entry"]]
    assert [line["status"] for line in lines] == ["201 Created", "201 Created"]
    assert lines[0]["etag"] == 'W/"1"'
    stored = receiver.store.of_type("Encounter")[0]
    assert stored["subject"]["reference"] == "Patient/" + receiver.store.of_type("Patient")[0]["id"]


def test_the_same_bundle_twice_keeps_one_of_each(receiver):
    post(receiver, patient(), encounter())
    answer = post(receiver, patient(), encounter())
    assert [e["response"]["status"] for e in answer.json()["entry"]] == ["200 OK", "200 OK"]
    assert receiver.store.counts() == {"Patient": 1, "Encounter": 1}


def test_new_content_is_a_new_version(receiver):
    post(receiver, patient())
    answer = post(receiver, patient(name="Nguyễn Thị Hòa"))
    assert answer.json()["entry"][0]["response"]["etag"] == 'W/"2"'
    kept = receiver.store.kept("Patient", receiver.store.of_type("Patient")[0]["id"])
    assert [r["name"][0]["text"] for r in kept.history] == ["Nguyễn Thị Hoa"]


def test_if_none_exist_leaves_what_is_there(receiver):
    post(receiver, patient(name="Tên của kho"))
    post(receiver, entry("Patient", 1, "POST", name=[{"text": "Tên khác"}]))
    assert receiver.store.of_type("Patient")[0]["name"][0]["text"] == "Tên của kho"


def test_a_conditional_reference_finds_what_came_before(receiver):
    post(receiver, patient())
    assert post(receiver, encounter(subject=f"Patient?identifier={SYSTEM}%7C{ident(1)}")).status_code == 200


def test_a_conditional_reference_without_match_is_412(receiver):
    answer = post(receiver, encounter(subject=f"Patient?identifier={SYSTEM}%7C{ident(9)}"))
    assert (answer.status_code, issue(answer)["code"]) == (412, "not-found")


def test_several_matches_are_412(receiver):
    for n in (1, 2):
        both = patient(n)
        both["resource"]["identifier"].append({"system": "urn:x", "value": "1"})
        post(receiver, both)
    third = patient(3)
    third["resource"]["identifier"].append({"system": "urn:x", "value": "1"})
    third["request"]["url"] = "Patient?identifier=urn:x%7C1"
    answer = post(receiver, third)
    assert (answer.status_code, issue(answer)["code"]) == (412, "multiple-matches")


def test_a_reference_into_nothing_stores_nothing(receiver):
    answer = post(receiver, patient(), encounter(subject=ident(7)))
    assert answer.status_code == 422
    assert issue(answer)["expression"] == ["Bundle.entry[1].resource.subject.reference"]
    assert receiver.store.counts() == {}


@pytest.mark.parametrize(
    ("fields", "expression"),
    [
        ({"birthDate": "1950-13"}, "Bundle.entry[0].resource.birthDate"),
        ({"gender": "nữ"}, "Bundle.entry[0].resource.gender"),
        ({"unknown": 1}, "Bundle.entry[0].resource.unknown"),
        ({"deceasedDateTime": "2020-01-01T10:00:00"}, "Bundle.entry[0].resource.deceasedDateTime"),
        ({"name": []}, "Bundle.entry[0].resource.name"),
    ],
)
def test_a_wrong_field_is_422_with_its_expression(receiver, fields, expression):
    wrong = patient()
    wrong["resource"].update(fields)
    answer = post(receiver, wrong)
    assert answer.status_code == 422
    assert expression in [e for i in answer.json()["issue"] for e in i.get("expression", [])]


def test_a_subject_of_the_wrong_type_is_422(receiver):
    assert post(receiver, patient(), encounter(2), encounter(3, subject=ident(2))).status_code == 422


def test_only_transactions_are_taken(receiver):
    assert post(receiver, patient(), kind="batch").status_code == 400
    assert HTTP.post(receiver.base_url, content=b"{").status_code == 400


def test_nothing_is_deleted(receiver):
    one = patient()
    one["request"]["method"] = "DELETE"
    assert post(receiver, one).status_code == 405


def test_the_same_record_twice_in_one_bundle_is_refused(receiver):
    assert post(receiver, patient(), patient()).status_code == 400


def test_a_stale_if_match_is_412(receiver):
    post(receiver, patient())
    again = patient(name="Khác")
    again["request"]["ifMatch"] = 'W/"7"'
    assert post(receiver, again).status_code == 412


def test_the_token_is_asked_for():
    with Receiver(token="abc") as receiver:
        assert post(receiver, patient()).status_code == 401
        assert post(receiver, patient(), Authorization="Bearer xyz").status_code == 401
        assert post(receiver, patient(), Authorization="Bearer abc").status_code == 200


@pytest.mark.parametrize(
    "kind", ["400", "401", "403", "404", "409", "410", "412", "413", "422", "429", "500", "502", "503", "504"]
)
def test_a_status_fault_stores_nothing_and_passes(receiver, kind):
    receiver.faults.add(kind, retry_after="7")
    answer = post(receiver, patient())
    assert answer.status_code == int(kind)
    assert answer.headers["Retry-After"] == "7"
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert receiver.store.counts() == {}
    assert post(receiver, patient()).status_code == 200


@pytest.mark.parametrize(("kind", "kept"), [("drop", {}), ("drop_after_commit", {"Patient": 1})])
def test_a_dropped_line(receiver, kind, kept):
    receiver.faults.add(kind)
    with pytest.raises(httpx.TransportError):
        post(receiver, patient())
    assert receiver.store.counts() == kept


@pytest.mark.parametrize(("kind", "kept"), [("html", {}), ("html_after_commit", {"Patient": 1})])
def test_a_proxy_page(receiver, kind, kept):
    receiver.faults.add(kind)
    answer = post(receiver, patient())
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert receiver.store.counts() == kept


def test_a_partial_answer_has_stored_all(receiver):
    receiver.faults.add("partial")
    assert len(post(receiver, patient(), encounter()).json()["entry"]) == 1
    assert receiver.store.counts() == {"Patient": 1, "Encounter": 1}


def test_a_fault_for_one_body_leaves_the_others(receiver):
    receiver.faults.add("422", times=None, contains="Hỏng")
    assert post(receiver, patient()).status_code == 200
    assert post(receiver, patient(2, name="Hỏng")).status_code == 422
    assert post(receiver, patient(2, name="Hỏng")).status_code == 422


def test_chaos_is_the_same_with_the_same_seed():
    def picks(seed):
        chaos = Chaos(0.5, seed)
        return [getattr(chaos.pick(), "kind", None) for _ in range(50)]

    assert picks(3) == picks(3) != picks(4)


def test_faults_can_be_set_from_outside(receiver):
    root = receiver.base_url.removesuffix("/fhir")
    HTTP.post(root + "/_faults", json={"kind": "503", "times": 2})
    assert [post(receiver, patient()).status_code for _ in range(3)] == [503, 503, 200]
    assert HTTP.get(root + "/_got").json()["counts"] == {"Patient": 1}


def test_what_came_is_read_again_from_the_file(tmp_path):
    file = tmp_path / "got.jsonl"
    with Receiver(store=file) as receiver:
        post(receiver, patient(), encounter())
        post(receiver, patient(name="Tên mới"))
    with Receiver(store=file) as receiver:
        assert receiver.store.counts() == {"Patient": 1, "Encounter": 1}
        assert receiver.store.find("Patient", SYSTEM, ident(1))[0]["name"][0]["text"] == "Tên mới"
        assert post(receiver, patient(), encounter()).json()["entry"][0]["response"]["status"] == "200 OK"


def test_the_program_starts_and_stops(tmp_path):
    command = [
        sys.executable,
        "-m",
        "tests.receiver",
        "--port",
        "0",
        "--store",
        str(tmp_path / "x" / "got.jsonl"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[1]
            assert HTTP.get(url + "/metadata").json()["fhirVersion"] == "4.0.1"
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0
