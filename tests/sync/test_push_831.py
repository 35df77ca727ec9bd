"""A finished record reaches a warehouse of QĐ 831, whatever it answers (docs/states.md, outbox)."""

import json

import pytest

from apps.sync import worker
from apps.sync.models import Delivery, OutboxRow, SyncAnswer
from apps.sync.receivers import tokens
from apps.sync.receivers.base import Answer, Found, Part, Telling
from apps.sync.receivers.fields import field_of
from apps.sync.receivers.qd831.adapter import Qd831Adapter
from apps.sync.receivers.qd831.manner import manner_from
from apps.sync.receivers.reading import read
from tests.factories.sync import STATION, glucose, person, row_of, visit, warehouse_831

pytestmark = pytest.mark.django_db
SECRET = "TRAMYTE_RECEIVER_KHO_831"


@pytest.fixture
def receiver(db, liar):
    yield warehouse_831(liar.root)
    tokens._kept.clear()
    tokens._failed.clear()


def fresh(receiver):
    receiver.refresh_from_db()
    return receiver


def sent(book, clock, record=None):
    record = book.save(record or visit())
    worker.drain(clock=clock)
    return row_of(record)


def held(liar, record):
    return liar.warehouse.records[str(record.id)]


def test_it_works(book, receiver, liar, clock):
    first = visit()
    row = sent(book, clock, first)
    assert (row.state, row.last_status, row.aggregate_version) == ("accepted", 200, 1)
    assert held(liar, first).text("LYDOKHAM") == "Ho, sốt"
    delivery = Delivery.unscoped.get()
    assert delivery.resources == {f"Encounter/{first.id}": {"location": "TRK-000001", "etag": ""}}
    assert delivery.maybe == []
    assert liar.asked_for_tokens == 1
    assert set(liar.units.values()) == {"99001"}, "the token is the station's"


def test_a_change_is_a_new_message_and_no_change_is_none(book, receiver, liar, clock):
    first = visit()
    sent(book, clock, first)
    book.save(first)
    worker.drain(clock=clock)
    assert len(liar.requests) == 1
    book.amend(first, reason="Ho khan")
    worker.drain(clock=clock)
    now = held(liar, first)
    assert (now.text("LYDOKHAM"), now.action, len(now.history)) == ("Ho khan", "CAP_NHAT", 1)


def test_going_back_to_what_was_said_before_is_told(book, receiver, liar, clock):
    """And not taken for the old request, whatever was lost on the way."""
    first = visit()
    sent(book, clock, first)
    for record in (type(first)(**{**vars(first), "reason": "Khác"}), first):
        book.save(record)
        worker.drain(clock=clock)
        assert held(liar, first).text("LYDOKHAM") == record.reason
    for record in (type(first)(**{**vars(first), "reason": "Khác"}), first):
        liar.faults.add("drop_after_commit")
        book.save(record)
        worker.run_once(clock=clock)
    clock.forward(60)
    worker.drain(clock=clock)
    assert (row_of(first).state, held(liar, first).text("LYDOKHAM")) == ("accepted", "Ho, sốt")


@pytest.mark.parametrize(
    "kind",
    *[
        [
            *("drop", "drop_after_commit", "html", "html_after_commit", "partial", "cut_json"),
            *("entry_refused", "huge", "500", "502", "503", "504"),
        ]
    ],
)
def test_what_is_not_proven_is_sent_again_and_kept_once(book, receiver, liar, clock, kind):
    liar.faults.add(kind)
    first = visit()
    row = sent(book, clock, first)
    assert (row.state, row.tries) == ("pending", 1)
    clock.forward(11)
    worker.drain(clock=clock)
    assert row_of(first).state == "accepted"
    assert len(liar.warehouse.records) == 1
    assert held(liar, first).history == [], "the second time it was the same request"


@pytest.mark.parametrize("kind", ["403", "404", "410", "redirect"])
def test_what_only_a_person_can_end_pauses_the_receiver(book, receiver, liar, clock, kind):
    liar.faults.add(kind)
    assert sent(book, clock).state == "paused"
    assert fresh(receiver).paused_at


@pytest.mark.parametrize(("kind", "need"), [("400", "field"), ("422", "field"), ("413", "admin")])
def test_a_refusal_says_the_field_in_our_words(book, receiver, liar, clock, kind, need):
    liar.faults.add(kind, text="Lý do quá ngắn")
    row = sent(book, clock)
    assert (row.state, row.need, row.reason) == ("rejected", need, "Lý do quá ngắn")
    if need == "field":
        issue = {"expression": "LYDOKHAM", "text": "Lý do quá ngắn", "field": "Lý do đến khám"}
        assert row.issues == [issue | {"target": "visit"}]
    assert len(liar.requests) == 1


@pytest.mark.parametrize("kind", ["409", "412", "412-none"])
def test_a_conflict_is_tried_once_more(book, receiver, liar, clock, kind):
    liar.faults.add(kind, times=2)
    first = visit()
    assert sent(book, clock, first).state == "pending"
    clock.forward(11)
    worker.drain(clock=clock)
    assert row_of(first).state == "rejected"


@pytest.mark.parametrize("kind", ["429", "503"])
def test_a_wish_for_patience_is_no_try(book, receiver, liar, clock, kind):
    liar.faults.add(kind, retry_after="120")
    first = visit()
    assert sent(book, clock, first).tries == 0
    clock.forward(130)
    worker.drain(clock=clock)
    assert row_of(first).state == "accepted"


def test_a_refused_token_is_asked_for_anew_once(book, receiver, liar, clock):
    sent(book, clock)
    liar.units.clear()
    assert sent(book, clock).state == "accepted"
    assert liar.asked_for_tokens == 2
    liar.faults.add("401", times=2)
    assert sent(book, clock).state == "paused"


def test_each_station_signs_in_with_its_own_account(book, receiver, liar, clock, monkeypatch):
    liar.client = "tram-{unit}:bi-mat-{unit}"
    receiver.settings["token"]["client"] = "tram-{unit}"
    receiver.token_key = SECRET
    receiver.save()
    other = type(STATION)(person().id, "Trạm khác", "99002")
    for code in ("99001", "99002"):
        monkeypatch.setenv(f"{SECRET}_{code}", f"bi-mat-{code}")
    assert sent(book, clock).state == "accepted"
    assert sent(book, clock, visit(facility=other)).state == "accepted"
    assert sorted(liar.units.values()) == ["99001", "99002"]
    assert sent(book, clock).state == "accepted"
    assert liar.asked_for_tokens == 2


def test_another_stations_token_is_a_mismatch_that_pauses(book, receiver, liar, clock):
    sent(book, clock)  # the token is of 99001
    other = type(STATION)(person().id, "Trạm khác", "99002")
    assert sent(book, clock, visit(facility=other)).state == "paused"
    assert "ORG_MISMATCH" in fresh(receiver).pause_reason


def test_a_wrong_password_pauses_and_neither_stands_anywhere(book, receiver, liar, clock, monkeypatch):
    monkeypatch.setenv(SECRET, "sai-mat-khau")
    liar.client, receiver.token_key = "tram:bi-mat", SECRET
    receiver.save()
    assert sent(book, clock).state == "paused"
    kept = str(list(SyncAnswer.unscoped.values())) + str(list(OutboxRow.unscoped.values()))
    assert "mat-khau" not in kept
    assert liar.requests == []


def test_an_unmapped_code_stops_before_it_is_sent(book, receiver, liar, clock):
    receiver.settings["mapped"] = ["icd10"]
    receiver.save()
    row = sent(book, clock)
    assert (row.state, row.issues[0]["target"], liar.requests) == ("rejected", "codes", [])


def test_settings_that_cannot_be_pause_the_receiver(book, receiver, liar, clock):
    receiver.settings.pop("actions")
    receiver.save()
    assert sent(book, clock).state == "paused"
    assert "actions" in fresh(receiver).pause_reason


def test_a_person_alone_and_one_entered_in_error(book, receiver, liar, clock):
    first = visit()
    sent(book, clock, first)
    book.change_person(type(first.person)(**{**vars(first.person), "full_name": "Nguyễn Thị Hòa"}))
    worker.drain(clock=clock)
    assert held(liar, first.person).text("HOTEN") == "Nguyễn Thị Hòa"
    book.amend(first, state="entered_in_error")
    worker.drain(clock=clock)
    assert (held(liar, first).action, held(liar, first).texts("MABENH")) == ("HUY", [])


def test_an_order_that_was_told_is_known_to_have_been(book, receiver, liar, clock):
    first = visit()
    order = glucose(first, 6)
    sent(book, clock, type(first)(**{**vars(first), "orders": (order,)}))
    assert f"ServiceRequest/{order.id}" in Delivery.unscoped.get().resources


# ---- what is asked later


def checked(receiver, book, clock, record=None):
    """What the receiver says later of a record that it has taken."""
    row = sent(book, clock, record)
    assert row.state == "accepted"
    adapter = Qd831Adapter(receiver)
    prepared = adapter.prepare(Telling(book.visits[row.aggregate_id]))
    return lambda: adapter.verify(prepared, Delivery.unscoped.get().resources, "1")


def test_what_was_taken_is_found_valid_wrong_or_not_looked_at_yet(book, receiver, liar, clock):
    ask = checked(receiver, book, clock)
    liar.warehouse.looks_before_checked = 1
    assert ask().found == Found.LATER
    assert ask().found == Found.SAME
    liar.warehouse.find_wrong("TRK-000001", "THONGTINCHUNG/NGAYSINH", "Ngày sinh ở tương lai")
    wrong = ask()
    assert (wrong.found, wrong.need, wrong.reason) == (Found.INVALID, "field", "Ngày sinh ở tương lai")
    assert [(each.field, each.target) for each in wrong.issues] == [("Ngày sinh", "person")]


def test_what_the_warehouse_lost_is_missing_and_silence_is_nothing(book, receiver, liar, clock):
    ask = checked(receiver, book, clock)
    for kind in ("500", "html", "429", "drop", "404"):
        liar.faults.add(kind, contains="TRK-000001", text="Không có")
        expected = Found.MISSING if kind == "404" else Found.UNKNOWN
        assert ask().found == expected, kind
    liar.warehouse._found.clear()
    assert ask().found == Found.MISSING


def test_without_an_address_to_ask_nothing_is_asked(receiver):
    receiver.settings["paths"] = {}
    assert not Qd831Adapter(receiver).verifies
    assert Qd831Adapter(warehouse_831("http://127.0.0.1:9", code="x")).verifies


# ---- a stranger's answers


PART = Part(b"", ("Encounter/1",))


def judged(receiver, status, body, **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Qd831Adapter(receiver).judge(Answer(status, headers, body), PART)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"success": True, "code": "ACCEPTED", "data": {"tracking_id": 7}}, "stored"),
        ({"success": True, "code": "ACCEPTED_DUPLICATE", "data": {"tracking_id": "T"}}, "stored"),
        ({"success": True, "code": "ACCEPTED", "data": {"tracking_id": ""}}, "retry"),
        ({"success": True, "code": "ACCEPTED", "data": {"tracking_id": ["T"]}}, "retry"),
        ({"success": True, "code": "ACCEPTED", "data": {"tracking_id": True}}, "retry"),
        ({"success": True, "code": "ACCEPTED", "data": []}, "retry"),
        ({"success": True, "code": "QUEUED", "data": {"tracking_id": "T"}}, "retry"),
        ({"success": "yes", "data": {"tracking_id": "T"}}, "rejected"),
        ({"success": False, "code": "X", "message": "Sai"}, "rejected"),
        ([], "retry"),
        (b"", "retry"),
        (b"[" * 100_000, "retry"),
        (b"\xff\xfe", "retry"),
        (
            b"<r><success>true</success><code>ACCEPTED</code><data><tracking_id>T</tracking_id></data></r>",
            "stored",
        ),
        (b'<!DOCTYPE r [<!ENTITY a "b">]><r><success>true</success><code>&a;</code></r>', "retry"),
        (b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x"><r/>', "retry"),
        (b"<a>" * 100 + b"</a>" * 100, "retry"),
        (b'<?xml version="1.0" encoding="nothing"?><r/>', "retry"),
        (b"<html><br></html>", "retry"),
    ],
)
def test_200_is_believed_only_with_a_tracking_id(receiver, body, outcome):
    assert judged(receiver, 200, body).outcome == outcome


def test_a_hostile_answer_is_kept_tame(receiver):
    errors = [{"field": "A" * 5000, "message": "<script>\x00\u202e" + "B" * 5000}] * 50
    said = judged(
        receiver, 422, {"success": False, "message": "x" * 9000, "data": {"errors": [*errors, 7, None]}}
    )
    assert len(said.issues) == 20 and len(said.reason) == 300
    assert len(said.issues[0].text) == 300 and "\x00" not in said.issues[0].text
    for odd in ("x", 7, {"a": {"b": 1}}, [[1]], None):
        assert judged(receiver, 422, {"success": False, "data": {"errors": odd}}).outcome == "rejected"


def test_xml_is_read_without_its_root_and_repeated_elements_as_a_list():
    assert read(b"<r><a>1</a><b><c> x </c><c>y</c><c>z</c></b></r>") == {
        "a": "1",
        "b": {"c": ["x", "y", "z"]},
    }
    assert read(b"<r>text</r>") == {}


@pytest.mark.parametrize(
    ("where", "word"),
    [
        ("HOTEN", "Họ và tên"),
        ("NGUOITHAN/HOTEN", "Họ và tên người thân"),
        ("/MESSAGE/BODY/HOSOSUCKHOE/THONGTINCHUNG/NGUOITHAN[1]/HOTEN", "Họ và tên người thân"),
        ("KHAMBENH[0].CHANDOANBENH[2].MABENH", "Mã bệnh ICD-10"),
        ("LA_GI", ""),
        ("", ""),
        ("]][[//..", ""),
    ],
)
def test_a_field_of_theirs_in_our_words(receiver, where, word):
    assert field_of(where, Qd831Adapter(receiver).options.fields)[0] == word


@pytest.mark.parametrize(
    "wrong",
    [
        {"paths": {"submit": "https://other.example.vn/x"}},
        {"paths": {"submit": "/a b"}},
        {"paths": {"status": "/trang-thai"}},
        {"paths": {"other": "/x"}},
        {"paths": []},
        {"answers": {"code": 7}},
    ],
)
def test_a_manner_that_cannot_be(wrong):
    with pytest.raises(ValueError, match="Thiết lập"):
        manner_from(wrong)


def test_an_inside_address_is_not_called_unless_allowed(book, receiver, clock):
    type(receiver).objects.update(allow_private=False)
    assert sent(book, clock).state == "paused"
