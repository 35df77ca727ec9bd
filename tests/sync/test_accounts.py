"""Where each station or doctor signs in with an account of her own: one that is refused stops nobody else."""

from dataclasses import replace

import pytest
from django.urls import reverse

from apps.core.ids import uuid7
from apps.sync import outbox, worker
from apps.sync.mappings import records
from apps.sync.models import Delivery, OutboxRow, SyncAnswer
from apps.sync.receivers import tokens, words
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_station
from tests.factories.sync import STATION, person, prescribed, prescriptions_system, row_of

pytestmark = pytest.mark.django_db
SECRET = "TRAMYTE_RECEIVER_DON_THUOC"


@pytest.fixture
def receiver(db, liar):
    return prescriptions_system(liar.root)


def sent(book, clock, record=None):
    record = book.save(record or prescribed())
    worker.drain(clock=clock)
    return row_of(record)


def changed(book, record, clock, **more):
    book.amend(record, **more)
    worker.drain(clock=clock)
    return row_of(record)


def test_each_station_signs_in_under_its_code_at_the_system(book, receiver, liar, clock, monkeypatch):
    receiver.token_key, receiver.settings = SECRET, {"mapped": ["facility"]}
    receiver.save()
    receiver.codes.create(kind="facility", local="99001", remote="99001")
    receiver.codes.create(kind="facility", local="99002", remote="99002")
    liar.client = "{unit}:bi-mat-{unit}"
    monkeypatch.setenv(f"{SECRET}_99001", "bi-mat-99001")
    monkeypatch.setenv(f"{SECRET}_99002", "bi-mat-99002")
    other = replace(STATION, id=person().id, kcb_code="99002")
    assert sent(book, clock).state == "accepted"
    assert sent(book, clock, prescribed(code="99002aaaaaaa-c", facility=other)).state == "accepted"
    assert sorted(liar.units.values()) == ["99001", "99002"]


def test_the_doctor_signs_in_where_it_is_so(book, receiver, liar, clock, monkeypatch):
    receiver.token_key, receiver.settings = SECRET, {"account": "doctor"}
    receiver.save()
    liar.client = "bs.01:cua-bac-si"
    monkeypatch.setenv(f"{SECRET}_99001_BS_01", "cua-bac-si")
    record = prescribed()
    row = sent(book, clock, record)
    assert (row.state, row.issues[0]["field"]) == ("rejected", "Người kê đơn")
    doctor = records.Practitioner(person().id, "BS Thử", "1/QNG", "bs.01")
    assert changed(book, record, clock, doctor=doctor).state == "accepted"
    assert set(liar.units.values()) == {"99001"}


def test_a_wrong_password_stops_its_station_alone_and_stands_nowhere(
    book, receiver, liar, clock, monkeypatch
):
    monkeypatch.setenv(SECRET, "sai-mat-khau")
    monkeypatch.setenv(f"{SECRET}_99002", "bi-mat")
    liar.client, receiver.token_key = "{unit}:bi-mat", SECRET
    receiver.save()
    row = sent(book, clock)
    assert (row.state, row.need, liar.requests) == ("rejected", "admin", [])
    kept = str(list(SyncAnswer.unscoped.values())) + str(list(OutboxRow.unscoped.values()))
    assert "mat-khau" not in kept
    other = replace(STATION, id=person().id, kcb_code="99002")
    assert sent(book, clock, prescribed(code="99002aaaaaaa-c", facility=other)).state == "accepted"


def signing_in(receiver, **settings):
    receiver.token_key, receiver.settings = SECRET, {"account": "doctor", **settings}
    receiver.save()


def of_doctor(code, number, **more):
    doctor = records.Practitioner(person().id, "BS Thử", "1/QNG", code)
    return prescribed(code=f"99001{number * 7}-c", doctor=doctor, **more)


def test_a_doctor_who_may_not_sign_in_stops_her_own_prescriptions_alone(
    book, receiver, liar, clock, monkeypatch
):
    """The others go on, whoever was first; her rows say why, and go when the password has been put right."""
    signing_in(receiver)
    liar.client = "bs.02:cua-bac-si"
    monkeypatch.setenv(f"{SECRET}_99001_BS_01", "sai-mat-khau")
    monkeypatch.setenv(f"{SECRET}_99001_BS_02", "cua-bac-si")
    record = of_doctor("bs.01", "a")
    both = (*record.prescriptions, *of_doctor("bs.01", "b").prescriptions)
    row = sent(book, clock, replace(record, prescriptions=both))
    assert (row.state, row.need) == ("rejected", "admin")
    assert row.reason.startswith("Nơi nhận không cho tài khoản bs.01 đăng nhập: mã hoặc mật khẩu sai")
    assert [(each["field"], each["target"]) for each in row.issues] == [("Tài khoản gửi", "place")]
    assert sent(book, clock, of_doctor("bs.02", "d")).state == "accepted"
    receiver.refresh_from_db()
    assert receiver.paused_at is None
    asked = liar.asked_for_tokens
    assert sent(book, clock, of_doctor("bs.01", "e")).state == "rejected"
    assert liar.asked_for_tokens == asked, "no storm of sign-ins that locks her account"
    assert not Delivery.unscoped.filter(aggregate_id=record.id).exclude(maybe=[]).exists()
    liar.client = "bs.01:moi"
    monkeypatch.setenv(f"{SECRET}_99001_BS_01", "moi")
    assert outbox.send_again(row)
    worker.drain(clock=clock)
    assert row_of(record).state == "accepted"


def test_an_account_that_was_unlocked_is_tried_again_after_an_hour(book, receiver, liar, clock, monkeypatch):
    signing_in(receiver)
    liar.client = "bs.01:khac"
    monkeypatch.setenv(f"{SECRET}_99001_BS_01", "cua-bac-si")
    now = tokens.time.monotonic()
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now)
    assert sent(book, clock, of_doctor("bs.01", "a")).state == "rejected"
    liar.client = "bs.01:cua-bac-si"
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now + tokens.SHUT - 1)
    assert sent(book, clock, of_doctor("bs.01", "b")).state == "rejected"
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now + tokens.SHUT + 1)
    assert sent(book, clock, of_doctor("bs.01", "d")).state == "accepted"


def test_of_an_account_without_a_password_nobody_is_asked(book, receiver, liar, clock):
    signing_in(receiver)
    row = sent(book, clock, of_doctor("bs.01", "a"))
    assert (row.state, row.need, liar.asked_for_tokens) == ("rejected", "admin", 0)
    assert row.reason.startswith("Chưa đặt mật khẩu cho tài khoản bs.01")


def test_what_was_not_sent_says_nothing_good_of_the_line(book, receiver, liar, clock):
    signing_in(receiver)
    type(receiver).objects.update(failures=3)
    assert sent(book, clock, of_doctor("bs.01", "a")).state == "rejected"
    receiver.refresh_from_db()
    assert receiver.failures == 3


def test_the_row_leads_to_where_her_code_is_corrected(book, receiver, liar, clock):
    station = a_station()
    signing_in(receiver)
    record = prescribed()
    book.save(record, facility_id=station.pk)
    worker.drain(clock=clock)
    row = row_of(record)
    assert (row.state, row.need) == ("rejected", "field"), "she has no code there"
    head = client_of(a_member("station_head", station, "truong.tram"))
    page = head.get(reverse("sync:row", args=[row.pk])).content.decode()
    way = reverse("facilities:page", args=[station.pk])
    assert f'<a href="{way}">Người kê đơn</a>: Người kê đơn chưa có mã liên thông.' in page
    assert "dừng lại" in page and "bị từ chối" not in page, "nobody has refused it"
    assert "Sửa ở trang của cơ sở, rồi bấm <i>Gửi lại</i>" in page
    assert head.get(way).status_code == 200
    # and once it has been, all that waited for it goes at one press
    doctor = records.Practitioner(person().id, "BS Thử", "1/QNG", "bs.01")
    book.visits[record.id] = replace(record, doctor=doctor)
    liar.client = ""
    type(receiver).objects.update(token_key="")
    head.post(reverse("sync:send_all_again", args=[receiver.pk]), {"form_key": uuid7(), "what": "refused"})
    worker.drain(clock=clock)
    assert row_of(record).state == "accepted"


def test_a_station_without_our_code_is_an_account_of_its_own_too(receiver):
    assert tokens.account(receiver, "", "8934560001234").name == "8934560001234"
    receiver.settings = {"token": {"client": "so-y-te"}}
    assert tokens.account(receiver, "", "8934560001234").name == "", "one for all"


def test_the_settings_say_whose_password_stands_where(receiver):
    signing_in(receiver)
    said = dict(words.told(receiver))
    assert f"{SECRET}_<mã trạm>_<mã liên thông>" in said["Mã truy cập"]
    receiver.settings = {}
    said = dict(words.told(receiver))
    assert f"bằng <mã trạm>, mật khẩu trong biến {SECRET}, mỗi trạm một tài khoản" in said["Mã truy cập"]
