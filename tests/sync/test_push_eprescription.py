"""A prescription reaches the national system, whatever it answers (docs/states.md, outbox)."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from apps.core.models import Task
from apps.sync import worker
from apps.sync.models import Delivery, OutboxRow
from apps.sync.receivers import adapter_for, tokens
from apps.sync.receivers.base import Answer, Part, Telling
from apps.sync.receivers.eprescription.manner import manner_from
from tests.factories.sync import line, person, prescribed, prescriptions_system, row_of, visit

pytestmark = pytest.mark.django_db
SECRET = "TRAMYTE_RECEIVER_DON_THUOC"
CODE = "99001abcdefg-c"


@pytest.fixture
def receiver(db, liar):
    yield prescriptions_system(liar.root)
    tokens._kept.clear()
    tokens._failed.clear()


def sent(book, clock, record=None):
    record = book.save(record or prescribed())
    worker.drain(clock=clock)
    return row_of(record)


def held(liar, code=CODE):
    return liar.prescriptions.held[code]


def changed(book, record, clock, **more):
    """Another medicine than was sent."""
    more = more or {"prescriptions": prescribed(lines=(line(drug_name="Ibuprofen"),)).prescriptions}
    book.amend(record, **more)
    worker.drain(clock=clock)
    return row_of(record)


def test_it_works(book, receiver, liar, clock):
    row = sent(book, clock)
    assert (row.kind, row.state, row.aggregate_version) == ("prescription", "accepted", 1)
    assert held(liar)["ho_ten_benh_nhan"] == "Nguyễn Thị Hoa"
    known = Delivery.unscoped.get()
    (place,) = known.resources.values()
    assert place["location"] == CODE and known.maybe == []
    assert liar.asked_for_tokens == 1 and set(liar.units.values()) == {"99001"}


def test_a_visit_without_a_prescription_tells_nothing(book, receiver, liar, clock):
    assert sent(book, clock, visit()).state == "superseded"
    assert liar.requests == [] and liar.asked_for_tokens == 0


def test_only_prescriptions_go_there_and_none_goes_to_the_others(book, receiver, liar, clock):
    record = book.save(prescribed())
    assert set(OutboxRow.unscoped.values_list("kind", flat=True)) == {"prescription"}
    book.change_person(replace(record.person, full_name="Nguyễn Thị Hòa"))
    assert OutboxRow.unscoped.count() == 1


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
    """There already, after a lost answer, is success: nothing else was ever sent under the code."""
    liar.faults.add(kind)
    record = prescribed()
    row = sent(book, clock, record)
    assert (row.state, row.tries) == ("pending", 1)
    clock.forward(11)
    worker.drain(clock=clock)
    assert row_of(record).state == "accepted"
    assert list(liar.prescriptions.held) == [CODE]


def test_a_time_out_is_not_proven_either(book, receiver, liar, clock, monkeypatch):
    monkeypatch.setattr("apps.sync.receivers.http.TOTAL", 0.1)
    liar.faults.add("drip", seconds=0.5)
    record = prescribed()
    assert sent(book, clock, record).state == "pending"
    clock.forward(11)
    worker.drain(clock=clock)
    assert row_of(record).state == "accepted"


@pytest.mark.parametrize("kind", ["403", "404", "410", "redirect"])
def test_what_only_a_person_can_end_pauses_the_receiver(book, receiver, liar, clock, kind):
    liar.faults.add(kind)
    assert sent(book, clock).state == "paused"
    receiver.refresh_from_db()
    assert receiver.paused_at


@pytest.mark.parametrize(("kind", "need"), [("400", "field"), ("422", "field"), ("413", "admin")])
def test_a_refusal_says_the_field_in_our_words(book, receiver, liar, clock, kind, need):
    liar.faults.add(kind, text="Tên chẩn đoán quá ngắn")
    row = sent(book, clock)
    assert (row.state, row.need, row.reason) == ("rejected", need, "Tên chẩn đoán quá ngắn")
    if need == "field":
        issue = {"expression": "ten_chan_doan", "text": "Tên chẩn đoán quá ngắn", "field": "Chẩn đoán"}
        assert row.issues == [issue | {"target": "visit"}]


@pytest.mark.parametrize("kind", ["409", "412", "412-none"])
def test_a_conflict_is_tried_once_more(book, receiver, liar, clock, kind):
    liar.faults.add(kind, times=2)
    record = prescribed()
    assert sent(book, clock, record).state == "pending"
    clock.forward(11)
    worker.drain(clock=clock)
    assert row_of(record).state == "rejected"


@pytest.mark.parametrize("kind", ["429", "503"])
def test_a_wish_for_patience_is_no_try(book, receiver, liar, clock, kind):
    liar.faults.add(kind, retry_after="120")
    record = prescribed()
    assert sent(book, clock, record).tries == 0
    clock.forward(130)
    worker.drain(clock=clock)
    assert row_of(record).state == "accepted"


def test_a_refused_token_is_asked_for_anew_once(book, receiver, liar, clock):
    sent(book, clock)
    liar.units.clear()
    assert sent(book, clock, prescribed(code="99001aaaaaaa-c")).state == "accepted"
    assert liar.asked_for_tokens == 2
    liar.faults.add("401", times=2)
    assert sent(book, clock, prescribed(code="99001bbbbbbb-c")).state == "paused"


# ---- what it does not take back


def test_a_changed_prescription_is_a_task_to_do_by_hand(book, receiver, liar, clock):
    record = prescribed()
    sent(book, clock, record)
    row = changed(book, record, clock)
    assert (row.state, row.need) == ("rejected", "hand")
    assert row.issues[0]["field"] == f"Đơn thuốc {CODE}" and "bản trước" in row.issues[0]["text"]
    assert held(liar)["thong_tin_don_thuoc"][0]["ten_thuoc"] == "Paracetamol 500 mg", "as it was"
    task = Task.unscoped.get()
    assert (task.object_id, "phải làm tay ở nơi nhận" in task.title) == (row.pk, True)


def test_what_changes_nothing_of_the_prescription_is_not_told(book, receiver, liar, clock):
    record = prescribed()
    sent(book, clock, record)
    row = changed(book, record, clock, reason="Ho khan")
    assert row.state == "accepted" and len(liar.requests) == 1


def test_how_she_is_reached_is_no_other_prescription(book, receiver, liar, clock):
    record = prescribed()
    sent(book, clock, record)
    row = changed(book, record, clock, person=replace(record.person, phone="0960000009"))
    assert row.state == "accepted"


def test_a_lost_answer_and_another_content_is_not_called_success(book, receiver, liar, clock):
    """Which of both the system has nobody knows: it says only that the code is there."""
    liar.faults.add("drop_after_commit")
    record = prescribed()
    sent(book, clock, record)
    clock.forward(11)
    row = changed(book, record, clock)
    assert (row.state, row.need) == ("rejected", "hand")
    liar.faults.add("drop")  # and where nothing had come, the new one is simply taken
    record = prescribed(code="99001zzzzzzz-c")
    sent(book, clock, record)
    clock.forward(11)
    assert changed(
        book,
        record,
        clock,
        prescriptions=prescribed(code="99001zzzzzzz-c", lines=(line(drug_name="Ibuprofen"),)).prescriptions,
    ).state == "accepted"  # fmt: skip
    assert held(liar, "99001zzzzzzz-c")["thong_tin_don_thuoc"][0]["biet_duoc"] == "Ibuprofen"


def test_a_code_that_was_never_sent_from_here_is_not_ours(book, receiver, liar, clock):
    sent(book, clock)
    Delivery.unscoped.all().delete()
    row = sent(book, clock, prescribed(person("Người Khác")))
    assert (row.state, row.need) == ("rejected", "hand")
    assert "chưa từng gửi" in row.issues[0]["text"]


@pytest.mark.parametrize("how", [{"state": "entered_in_error"}, {"prescriptions": ()}])
def test_one_that_is_gone_is_taken_back_by_hand(book, receiver, liar, clock, how):
    record = prescribed()
    sent(book, clock, record)
    row = changed(book, record, clock, **how)
    assert (row.state, row.need) == ("rejected", "hand")
    assert "Hủy tay" in row.issues[0]["text"] and len(liar.requests) == 1
    assert sent(book, clock, visit(**how)).state == "superseded", "of what it never had it is not told"


def test_a_new_prescription_goes_though_another_has_to_be_done_by_hand(book, receiver, liar, clock):
    record = prescribed()
    sent(book, clock, record)
    second = prescribed(code="99001hhhhhhh-h").prescriptions
    row = changed(book, record, clock, prescriptions=second)
    assert (row.state, row.need, len(row.issues)) == ("rejected", "hand", 1)
    assert set(liar.prescriptions.held) == {CODE, "99001hhhhhhh-h"}


def test_a_refused_one_does_not_hold_up_the_other(book, receiver, liar, clock):
    record = prescribed()
    both = (*record.prescriptions, *prescribed(code="99001hhhhhhh-h").prescriptions)
    liar.faults.add("422", contains=CODE)
    row = sent(book, clock, replace(record, prescriptions=both))
    assert (row.state, row.need) == ("rejected", "field")
    assert set(liar.prescriptions.held) == {"99001hhhhhhh-h"}


# ---- what stops before it is sent


def test_what_is_missing_is_told_before(book, receiver, liar, clock):
    record = prescribed(person("Lê Bé", birth_date=prescribed().start.date()))
    row = sent(book, clock, record)
    assert (row.state, row.need, liar.requests) == ("rejected", "field", [])
    assert (row.issues[0]["field"], row.issues[0]["target"]) == ("Cân nặng", "visit")


def test_one_without_a_code_leads_to_its_visit(book, receiver, liar, clock):
    row = sent(book, clock, prescribed(code=""))
    assert (row.state, row.need, liar.requests) == ("rejected", "field", [])
    assert (row.issues[0]["field"], row.issues[0]["target"]) == ("Mã đơn thuốc", "visit")
    assert "trang của trạm" in row.issues[0]["text"]


def test_an_unmapped_code_stops_and_one_that_is_not_told_does_not(book, receiver, liar, clock):
    receiver.settings = {"mapped": ["drug"]}
    receiver.save()
    row = sent(book, clock)
    assert (row.state, row.issues[0]["target"], liar.requests) == ("rejected", "codes", [])


@pytest.mark.parametrize(
    "settings",
    [
        {"sexes": []},
        {"account": "nurse"},
        {"paths": {"submit": "https://other.example.vn/x"}},
        {"paths": {"read": "/x"}},
        {"answers": {"taken": 1}},
        {"sign": "KEY"},
        {"token": {"other": "x"}},
    ],
)
def test_settings_that_cannot_be_pause_the_receiver(book, receiver, clock, settings):
    receiver.settings = settings
    receiver.save()
    assert sent(book, clock).state == "paused"


# ---- the signature


def test_it_is_signed_with_the_key_that_the_settings_name(book, receiver, liar, clock, monkeypatch):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    receiver.settings = {"sign": f"{SECRET}_KEY"}
    receiver.save()
    record = prescribed()
    assert sent(book, clock, record).state == "paused", "no key"
    monkeypatch.setenv(f"{SECRET}_KEY_99001", pem.decode())
    type(receiver).objects.update(paused_at=None)
    OutboxRow.unscoped.update(state="pending")
    assert changed(book, record, clock, advice="Nghỉ ngơi").state == "accepted"
    (part,) = adapter_for(receiver).prepare(Telling(book.visits[record.id])).parts
    signature = base64.b64decode(held(liar)["signature"])
    key.public_key().verify(signature, part.body, padding.PKCS1v15(), hashes.SHA256())


# ---- answers


def judged(receiver, status, body, before=frozenset({"abc"})):
    part = Part(b"", (f"Prescription/{CODE}/abc",), before=before)
    return adapter_for(receiver).judge(Answer(status, {}, body.encode()), part)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, '{"success": "Gửi đơn thuốc thành công"}', "stored"),
        (201, '{"success": true}', "stored"),
        (200, '{"message": "GỬI ĐƠN THUỐC THÀNH CÔNG"}', "stored"),
        (200, '{"success": "Gửi đơn thuốc không thành công"}', "rejected"),
        (200, '{"success": false}', "rejected"),
        (200, '{"success": "Hệ thống đang bận"}', "retry"),
        (200, "[]", "retry"),
        (200, "", "retry"),
        (200, "[" * 100_000, "retry"),
        (422, '{"success": "Đơn thuốc đã được sử dụng trước đó"}', "stored"),
        (409, '{"danh_sach_cac_loi": ["Mã đơn thuốc đã tồn tại"]}', "stored"),
        (400, '{"message": "failed: the prescription already exists!"}', "stored"),
        (500, '{"message": "already exists"}', "retry"),
    ],
)
def test_what_it_says(receiver, status, body, outcome):
    assert judged(receiver, status, body).outcome == outcome


@pytest.mark.parametrize("before", [frozenset(), frozenset({"xyz"}), frozenset({"abc", "xyz"})])
def test_there_already_is_no_success_where_anything_else_may_be_there(receiver, before):
    said = judged(receiver, 400, '{"message": "already exists"}', before)
    assert (said.outcome, said.need) == ("rejected", "hand")


def test_the_code_that_the_system_gives_is_kept_where_it_is_another(receiver):
    for given, kept in (("99001qqqqqqq-C", "99001qqqqqqq-c"), ("<x>", CODE), ("", CODE)):
        said = judged(receiver, 200, f'{{"success": true, "ma_don_thuoc": "{given}"}}')
        assert said.stored == {f"Prescription/{CODE}/abc": {"location": kept, "etag": ""}}


def test_a_hostile_answer_is_kept_tame(receiver):
    line = '{"truong": "' + "A" * 5000 + '", "thong_bao": "<script>' + "B" * 5000 + '"}'
    body = '{"message": "x", "danh_sach_cac_loi": [' + ",".join([line] * 50) + ', 7, null, ["a"]]}'
    said = judged(receiver, 422, body)
    assert len(said.issues) == 20 and len(said.issues[0].text) == 300


def test_words_of_another_edition_are_settings():
    manner = manner_from({"answers": {"exists": "trùng mã|đã có"}, "paths": {"submit": "/api/v2/gui"}})
    assert (manner.exists, manner.submit, manner.taken) == ("trùng mã|đã có", "/api/v2/gui", "thành công")
