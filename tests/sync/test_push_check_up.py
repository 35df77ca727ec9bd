"""A giấy khám sức khỏe reaches the Ministry's data axis, whatever it answers (docs/states.md, outbox)."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from apps.core.models import Task
from apps.sync import worker
from apps.sync.mappings import records
from apps.sync.mappings.checkup.options import options_from
from apps.sync.mappings.checkup.paper import content
from apps.sync.models import Delivery, OutboxRow, Receiver, SyncAnswer
from apps.sync.receivers import adapter_for, tokens
from apps.sync.receivers.base import Answer, Part, Telling
from apps.sync.receivers.checkup import envelope
from apps.sync.receivers.checkup.manner import manner_from
from tests.factories.sync import CODE13, SIGN, check_up, data_axis, glucose, person, row_of, visit

pytestmark = pytest.mark.django_db
SECRET = "TRAMYTE_RECEIVER_KSK"
KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
NEEDED = {"header": {"receiver_id": "TDLBYT"}, "sign": SIGN}


def pem(key, password=None):
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    said = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    return said.decode()


@pytest.fixture
def receiver(db, liar, monkeypatch):
    monkeypatch.setenv(SIGN, pem(KEY))
    liar.check_ups.keys[CODE13] = KEY.public_key()
    yield data_axis(liar.root)
    tokens._kept.clear()
    tokens._failed.clear()


def sent(papers, clock, record=None):
    record = papers.save(record or check_up())
    worker.drain(clock=clock)
    return row_of(record)


def held(liar, number="2026-000001"):
    return liar.check_ups.held[CODE13, number]


def test_it_works(papers, receiver, liar, clock):
    row = sent(papers, clock)
    assert (row.kind, row.state, row.aggregate_version) == ("check_up", "accepted", 1)
    (place,) = Delivery.unscoped.get().resources.values()
    assert place["location"] == "TXN-000001"
    assert set(liar.units.values()) == {CODE13}
    said = held(liar)
    assert said["THONGTIN_DONVI"] == {
        "MA_DON_VI": CODE13,
        "MA_CSKCB": "99001",
        "TEN_CSKCB": "Trạm Y tế xã Thử Nghiệm",
    }
    assert said["THONGTIN_HANHCHINH"]["NGAY_SINH"] == "03/05/1990"
    assert said["KHAM_SUC_KHOE"]["SO_GIAY"] == "2026-000001"
    assert said["KHAM_SUC_KHOE"]["NGAY_KHAM"] == "20/11/2026"
    assert said["THE_LUC"]["BMI"] == 21
    assert said["KHAM_CHUYEN_KHOA"] == [{"MUC_KHAM": "Nội khoa", "KET_QUA": "Tim đều, phổi trong"}]
    assert said["KET_LUAN"]["PHAN_LOAI"] == "2" and said["KET_LUAN"]["CO_GIA_TRI_DEN"] == "20/11/2027"


def test_verified_results_go_along():
    first = visit()
    body, problems = content(replace(check_up(), orders=(glucose(first, 6),)), options_from({}))
    assert problems == ()
    (test,) = json.loads(body)["CAN_LAM_SANG"]
    assert test == {
        "MA_DICH_VU": "23.0075.1494",
        "TEN_DICH_VU": "Định lượng Glucose",
        "KET_QUA": "Glucose: 6 mmol/L",
    }


@pytest.mark.parametrize(
    "kind",
    *[
        [
            *("drop", "drop_after_commit", "html", "html_after_commit", "partial", "cut_json"),
            *("entry_refused", "huge", "500", "502", "503", "504"),
        ]
    ],
)
def test_what_is_not_proven_is_sent_again_as_the_same_message(papers, receiver, liar, clock, kind):
    liar.faults.add(kind)
    record = check_up()
    row = sent(papers, clock, record)
    assert (row.state, row.tries) == ("pending", 1)
    clock.forward(11)
    worker.drain(clock=clock)
    assert row_of(record).state == "accepted"
    assert len(liar.check_ups.messages) == 1 and len(liar.check_ups.history[CODE13, "2026-000001"]) == 1


def test_a_change_is_another_message_and_going_back_too(papers, receiver, liar, clock):
    record = check_up()
    sent(papers, clock, record)
    for words in ("Khỏe", "Cận thị nhẹ"):
        papers.change(record, conclusion=words)
        worker.drain(clock=clock)
        assert held(liar)["KET_LUAN"]["BENH_TAT_DE_NGHI"] == words
    assert len(liar.check_ups.messages) == 3
    papers.save(papers.held[record.id])
    worker.drain(clock=clock)
    assert len(liar.requests) == 3, "no change, nothing sent"


@pytest.mark.parametrize("kind", ["403", "404", "410", "redirect"])
def test_what_only_a_person_can_end_pauses_the_receiver(papers, receiver, liar, clock, kind):
    liar.faults.add(kind)
    assert sent(papers, clock).state == "paused"
    receiver.refresh_from_db()
    assert receiver.paused_at


@pytest.mark.parametrize(("kind", "need"), [("400", "field"), ("422", "field"), ("413", "admin")])
def test_a_refusal_says_the_field_in_our_words(papers, receiver, liar, clock, kind, need):
    liar.faults.add(kind, text="Kết luận quá ngắn")
    row = sent(papers, clock)
    assert (row.state, row.need, row.reason) == ("rejected", need, "Kết luận quá ngắn")
    if need == "field":
        issue = {"expression": "BENH_TAT_DE_NGHI", "text": "Kết luận quá ngắn", "field": "Kết luận"}
        assert row.issues == [issue | {"target": "check_up"}]


@pytest.mark.parametrize("kind", ["409", "412", "412-none"])
def test_a_conflict_is_tried_once_more(papers, receiver, liar, clock, kind):
    liar.faults.add(kind, times=2)
    record = check_up()
    assert sent(papers, clock, record).state == "pending"
    clock.forward(11)
    worker.drain(clock=clock)
    assert row_of(record).state == "rejected"


@pytest.mark.parametrize("kind", ["429", "503"])
def test_a_wish_for_patience_is_no_try(papers, receiver, liar, clock, kind):
    liar.faults.add(kind, retry_after="120")
    record = check_up()
    assert sent(papers, clock, record).tries == 0
    clock.forward(130)
    worker.drain(clock=clock)
    assert row_of(record).state == "accepted"


def test_a_refused_token_is_asked_for_anew_once(papers, receiver, liar, clock):
    sent(papers, clock)
    liar.units.clear()
    assert sent(papers, clock, check_up(number="2026-000002")).state == "accepted"
    assert liar.asked_for_tokens == 2
    liar.faults.add("401", times=2)
    assert sent(papers, clock, check_up(number="2026-000003")).state == "paused"


# ---- the signature


def test_a_wrong_key_pauses_the_receiver_and_says_why(papers, receiver, liar, clock, monkeypatch):
    monkeypatch.setenv(SIGN, pem(OTHER))
    row = sent(papers, clock)
    receiver.refresh_from_db()
    assert row.state == "paused" and "PS_SIGNATURE_INVALID" in receiver.pause_reason
    assert not liar.check_ups.held


@pytest.mark.parametrize(
    "said",
    [
        "",
        "không phải khóa",
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        pem(KEY, b"mat-khau"),
    ],
    ids=["none", "no key", "not RSA", "locked"],
)  # fmt: skip
def test_a_key_that_cannot_be_used_pauses(papers, receiver, liar, clock, monkeypatch, said):
    monkeypatch.setenv(SIGN, said)
    assert sent(papers, clock).state == "paused"
    receiver.refresh_from_db()
    assert SIGN in receiver.pause_reason and liar.requests == []


def test_a_stations_own_key_opened_by_its_password(papers, receiver, liar, clock, monkeypatch, tmp_path):
    file = tmp_path / "key.pem"
    file.write_text(pem(OTHER, b"mat-khau"))
    monkeypatch.setenv(f"{SIGN}_99001_FILE", str(file))
    monkeypatch.setenv(f"{SIGN}_99001_PASSWORD", "mat-khau")
    liar.check_ups.keys[CODE13] = OTHER.public_key()
    assert sent(papers, clock).state == "accepted"


def test_what_is_signed_is_a_setting(papers, receiver, liar, clock):
    Receiver.objects.update(settings=NEEDED | {"signed": "joined"})
    liar.check_ups.joined = True
    assert sent(papers, clock).state == "accepted"
    assert envelope.to_sign(b"{}", b"AA==", "joined") == b"{}AA=="
    both = envelope.to_sign(b"{}", b"AA==", "hashes")
    assert re.fullmatch(rb"[0-9A-F]{64}\.[0-9A-F]{64}", both)


def test_the_envelope_is_that_of_the_annex():
    manner = manner_from(NEEDED)
    told = envelope.header(CODE13, "id", manner, datetime(2026, 11, 20, tzinfo=UTC))
    assert told == {
        "version": "1.0.6",
        "sender_id": CODE13,
        "receiver_id": "TDLBYT",
        "txn_type": "sync_checkup",
        "msg_id": "id",
        "msg_type": "101",
        "data_type": "json/base64",
        "send_datetime": 1795132800000,
    }
    body = json.loads(envelope.sealed("Khỏe".encode(), told, "hashes", lambda signed: "c2ln"))
    assert list(body) == ["header", "data", "signature"] and body["data"] == "S2jhu49l"


def test_a_message_id_has_51_signs_and_is_drawn_from_what_is_told():
    def drawn(body=b"{}", change="1"):
        return envelope.message_id(CODE13, date(2026, 11, 20), body, change)

    assert re.fullmatch(rf"{CODE13}261120[0-9a-f]{{12}}4[0-9a-f]{{19}}", drawn()) and len(drawn()) == 51
    assert drawn() == drawn()
    assert len({drawn(), drawn(body=b"[]"), drawn(change="2")}) == 3


# ---- what it does not take back


def test_a_cancelled_paper_is_taken_back_by_hand(papers, receiver, liar, clock):
    record = check_up()
    sent(papers, clock, record)
    papers.cancel(record)
    worker.drain(clock=clock)
    row = row_of(record)
    assert (row.state, row.need, len(liar.requests)) == ("rejected", "hand", 1)
    assert row.issues[0]["field"] == "Giấy khám sức khỏe số 2026-000001"
    assert "phải làm tay" in Task.unscoped.get().title


def test_one_that_was_cancelled_before_it_left_tells_nothing(papers, receiver, liar, clock):
    record = papers.save(check_up())
    papers.cancel(record)
    worker.drain(clock=clock)
    assert row_of(record).state == "superseded" and liar.requests == []


# ---- what stops before it is sent


@pytest.mark.parametrize(
    ("changed", "field", "target"),
    [
        ({"facility_code13": "893"}, "Mã cơ sở 13 số", "place"),
        ({"facility_code13": "89345600012３4"}, "Mã cơ sở 13 số", "place"),
        ({"health_class": ""}, "Phân loại sức khỏe", "check_up"),
        ({"signer_text": ""}, "Người kết luận", "check_up"),
        ({"of": person(birth_date=None)}, "Ngày sinh", "person"),
        ({"of": person("")}, "Họ và tên", "person"),
    ],
)
def test_what_is_missing_is_told_before(papers, receiver, liar, clock, changed, field, target):
    row = sent(papers, clock, check_up(**changed))
    assert (row.state, liar.requests) == ("rejected", [])
    assert (row.issues[0]["field"], row.issues[0]["target"]) == (field, target)


def test_an_unmapped_service_stops(papers, receiver, liar, clock):
    Receiver.objects.update(settings=NEEDED | {"mapped": ["service"]})
    row = sent(papers, clock, replace(check_up(), orders=(glucose(visit(), 6),)))
    assert (row.state, row.issues[0]["target"], liar.requests) == ("rejected", "codes", [])


@pytest.mark.parametrize(
    "said",
    [
        {"header": {}},
        {"header": {"receiver_id": "X", "other": "Y"}},
        {"sign": ""},
        {"sign": "KEY"},
        {"signed": "hash"},
        {"sender": "893"},
        {"sexes": {"male": None}},
        {"elements": {"check_up.nothing": "X"}},
        {"paths": {"submit": "push"}},
        {"answers": {"taken": 1}},
        {"mapped": ["drug"]},
    ],
)
def test_settings_that_cannot_be_pause_the_receiver(papers, receiver, clock, said):
    Receiver.objects.update(settings=NEEDED | said)
    assert sent(papers, clock).state == "paused"


# ---- accounts, answers, looks


def test_each_station_has_its_account_and_one_may_send_for_all(papers, receiver, liar, clock, monkeypatch):
    receiver.token_key = SECRET
    receiver.save()
    liar.client = "{unit}:bi-mat"
    monkeypatch.setenv(f"{SECRET}_99001", "bi-mat")
    assert sent(papers, clock).state == "accepted"
    token = {"token": {"client": "so-y-te"}, "sender": CODE13}
    Receiver.objects.update(settings=NEEDED | token)
    liar.client = "so-y-te:chung"
    monkeypatch.setenv(SECRET, "chung")
    row = sent(papers, clock, check_up(number="2026-000002", facility_code13=""))
    assert row.state == "paused", "the account is not the unit's"
    kept = str(list(SyncAnswer.unscoped.values())) + str(list(OutboxRow.unscoped.values()))
    assert "bi-mat" not in kept and "PRIVATE KEY" not in kept


def judged(receiver, status, body):
    part = Part(b"{}", ("CheckUp/1",), request="M1")
    return adapter_for(receiver).judge(Answer(status, {}, body.encode()), part)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, '{"header": {"res_code": "CM_SUCCESS", "ref_msg_id": "M1"}}', "stored"),
        (200, '{"header": {"res_code": "PS_SYNC_SUCCESS"}}', "stored"),
        (200, '{"res_code": "CM_SUCCESS"}', "stored"),
        (200, '{"header": {"res_code": "CM_SUCCESS", "ref_msg_id": "M2"}}', "retry"),
        (200, '{"header": {"res_code": "CM_PROCESSING"}}', "retry"),
        (200, '{"header": {"res_code": ["CM_SUCCESS"]}}', "retry"),
        (200, '{"header": "CM_SUCCESS"}', "retry"),
        (200, "[]", "retry"),
        (200, "", "retry"),
        (200, "[" * 100_000, "retry"),
        (200, '{"header": {"res_code": "CM_INVALID_REQUEST"}}', "rejected"),
        (500, '{"header": {"res_code": "PS_SIGNATURE_INVALID"}}', "pause"),
        (200, '{"header": {"res_code": "CM_AUTH_EXPIRED"}}', "token"),
        (400, "", "rejected"),
        (401, "", "token"),
        (403, "", "pause"),
        (404, "", "pause"),
        (500, "", "retry"),
        (504, "", "retry"),
    ],
)
def test_what_it_says(receiver, status, body, outcome):
    assert judged(receiver, status, body).outcome == outcome


def test_a_hostile_answer_is_kept_tame(receiver):
    line = '{"field": "' + "A" * 5000 + '", "message": "<script>' + "B" * 5000 + '"}'
    head = '{"header": {"res_code": "CM_INVALID_REQUEST", "res_msg": "' + "x" * 9000 + '"}, '
    said = judged(
        receiver, 400, head + '"data": {"errors": [' + ",".join([line] * 50) + ', 7, null, ["a"]]}}'
    )
    assert len(said.issues) == 20 and len(said.reason) == 300 and len(said.issues[0].text) == 300


def test_a_look_covers_who_it_is_about_and_shows_the_header(receiver):
    adapter = adapter_for(receiver)
    numbers = (records.Identifier("cccd", "051190000001"),)
    prepared = adapter.prepare(Telling(check_up(person(identifiers=numbers)), change="1"))
    shown = adapter.shown(prepared.parts, whole=False)
    for named in ("Nguyễn Thị Hoa", "051190000001", "03/05/1990", "Cận thị nhẹ"):
        assert named not in shown
    assert '"receiver_id": "TDLBYT"' in shown and "Loại II" in shown
    assert "Nguyễn Thị Hoa" in adapter.shown(prepared.parts, whole=True)
