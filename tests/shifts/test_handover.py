"""Handing over: two names, kept as it was, asked about and never locked."""

import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import SignInEvent, User
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.shifts.models import ShiftHandover
from tests.factories import encounters as make
from tests.factories.accounts import PASSWORD, a_member, client_of
from tests.factories.facilities import a_station
from tests.factories.patients import a_person
from tests.shifts.conftest import Ward, a_handover, a_paid_receipt, post

PIN = "204816"


def take_here(client: Client, handover: ShiftHandover, **fields: Any) -> Any:
    said = {
        "version": handover.version,
        "second_name": "lan.tt",
        "second_secret": PASSWORD,
        "remark": "Đã nghe",
    }
    return post(client, f"/cuoi-ngay/ban-giao/{handover.pk}/nhan-tai-day/", **(said | fields))


def test_it_works(ward: Ward) -> None:
    giver = ward.giver
    answer = post(giver, "/cuoi-ngay/", shift="morning", note="Tủ lạnh kêu to")
    found = ShiftHandover.unscoped.get()
    assert answer.url == f"/cuoi-ngay/ban-giao/{found.pk}/"
    assert (found.state, found.given_by_name, found.note) == ("waiting", "Nguyễn Thị Hòa", "Tủ lạnh kêu to")
    assert {line["key"] for line in found.lines} >= {"queue", "unsigned", "drafts"}
    home = ward.taker.get("/").content.decode()
    assert f"/cuoi-ngay/ban-giao/{found.pk}/" in home and "Chờ người nhận" in home
    taken = post(ward.taker, f"/cuoi-ngay/ban-giao/{found.pk}/nhan/", version=1, remark="Đã gọi sửa")
    assert taken.status_code == 302
    found.refresh_from_db()
    assert (found.state, found.taken_by, found.taken_how) == ("taken", ward.midwife.pk, "own")
    assert found.version == 2 and found.remark == "Đã gọi sửa"
    actions = AuditEntry.objects.filter(object_id=found.pk).order_by("seq")
    assert [(row.action, row.user_id) for row in actions] == [
        ("shift.given", ward.nurse.pk),
        ("shift.taken", ward.midwife.pk),
    ]
    assert giver.get(f"/cuoi-ngay/ban-giao/{found.pk}/ban-giao.pdf").content.startswith(b"%PDF")
    assert "Trần Thị Lan" in giver.get("/cuoi-ngay/so-ban-giao/").content.decode()


def test_what_ought_to_be_done_first_is_asked_and_never_locks(ward: Ward) -> None:
    a_paid_receipt(ward)
    form = {"form_key": str(uuid7()), "shift": "day", "note": "x"}
    asked = ward.giver.post("/cuoi-ngay/", form)
    assert asked.status_code == 422 and "chưa khóa" in asked.content.decode()
    assert not ShiftHandover.unscoped.exists()
    giver = ward.giver
    assert giver.post("/cuoi-ngay/", form | {"override": "thủ quỹ về sớm"}).status_code == 302
    assert (
        giver.post("/cuoi-ngay/", form | {"override": "thủ quỹ về sớm"}).status_code == 302
    )  # twice is once
    assert ShiftHandover.unscoped.get().override == "thủ quỹ về sớm"


def test_it_is_kept_as_it_was(ward: Ward) -> None:
    doctor = make.a_practitioner(ward.station)
    make.a_visit(a_person(ward.station), doctor)
    found = a_handover(ward)
    make.a_visit(a_person(ward.station, "Đinh Thị Sau"), doctor)
    (line,) = [each for each in found.lines if each["key"] == "queue"]
    assert line["count"] == 1 and "url" not in line
    page = ward.giver.get(f"/cuoi-ngay/ban-giao/{found.pk}/").content.decode()
    assert "Việc còn lại lúc bàn giao" in page


def test_sums_are_shown_to_who_may_see_money(ward: Ward) -> None:
    a_paid_receipt(ward)
    found = a_handover(ward)
    officer = client_of(a_member("population", ward.station, "ds", "Cán bộ dân số"))
    path = f"/cuoi-ngay/ban-giao/{found.pk}/"
    assert "36.500" in ward.giver.get(path).content.decode()
    assert "36.500" not in officer.get(path).content.decode()


# --- the second person at the giver's computer


def test_the_taker_confirms_by_her_password(ward: Ward) -> None:
    found, giver = a_handover(ward), ward.giver
    assert take_here(giver, found).status_code == 302
    found.refresh_from_db()
    assert (found.taken_by, found.taken_by_name, found.taken_how) == (ward.midwife.pk, "Trần Thị Lan", "here")
    assert AuditEntry.objects.get(action="shift.taken").user_id == ward.midwife.pk
    assert giver.session["_auth_user_id"] == str(ward.nurse.pk), "the giver's session goes on"


def test_the_taker_confirms_by_her_pin_of_that_computer(ward: Ward, client: Client) -> None:
    for name in ("lan.tt", "hoa.nt"):
        client.post("/dang-nhap/", {"username": name, "password": PASSWORD})
        assert client.post("/ma-pin/", {"password": PASSWORD, "pin": PIN, "again": PIN}).status_code == 302
        if name == "lan.tt":
            client.post("/khoa/", {"back": "/"})
    found = a_handover(ward)
    wrong = take_here(client, found, second_secret="739150")
    assert wrong.status_code == 422 and "Còn 4 lần thử" in wrong.content.decode()
    assert "739150" not in wrong.content.decode()
    assert take_here(client, found, second_secret=PIN).status_code == 302
    found.refresh_from_db()
    assert found.taken_by == ward.midwife.pk


def test_a_pin_opens_nothing_at_another_computer(ward: Ward, client: Client) -> None:
    client.post("/dang-nhap/", {"username": "lan.tt", "password": PASSWORD})
    client.post("/ma-pin/", {"password": PASSWORD, "pin": PIN, "again": PIN})
    found = a_handover(ward)
    assert take_here(ward.giver, found, second_secret=PIN).status_code == 422
    found.refresh_from_db()
    assert found.state == "waiting"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"second_secret": "sai-mat-khau"}, "không đúng"),
        ({"second_secret": ""}, ""),
        ({"second_name": "khong.co"}, "không đúng"),
        ({"second_name": "hoa.nt"}, "phải khác người"),
        ({"second_name": "ba.vi"}, "không có quyền"),
        ({"second_name": "thon"}, "không có quyền"),
    ],
)
def test_who_cannot_be_the_second(ward: Ward, fields: dict[str, str], words: str) -> None:
    a_member("nurse", a_station("21490", "Trạm Y tế xã Ba Vì"), "ba.vi", "Người Trạm Khác")
    a_member("village_worker", ward.station, "thon", "Y tế thôn")
    found = a_handover(ward)
    answer = take_here(ward.giver, found, **fields)
    assert answer.status_code == 422 and words in answer.content.decode()
    found.refresh_from_db()
    assert found.state == "waiting" and found.taken_by is None


def test_the_second_is_picked_by_her_name(ward: Ward) -> None:
    """By words without accents, among those who may take a shift here; never herself, nobody who has left."""
    a_member("nurse", a_station("21490", "Trạm Y tế xã Ba Vì"), "ba.vi", "Trần Thị Ba Vì")
    a_member("village_worker", ward.station, "thon", "Trần Thị Thôn")
    gone = a_member("nurse", ward.station, "di.tt", "Trần Thị Đi")
    User.objects.filter(pk=gone.pk).update(is_active=False)

    def found(text: str, right: str = "shifts.enter") -> list[str]:
        answer = ward.giver.post(f"/dong-nghiep/{right}/", {"q": text})
        return re.findall('data-code="([^"]+)"', answer.content.decode())

    assert found("tran lan") == found("lan.tt") == found("") == ["lan.tt"]
    assert found("tran ba") == found("hoa") == []
    assert found("", "khong.co") == []
    page = ward.giver.get(f"/cuoi-ngay/ban-giao/{a_handover(ward).pk}/").content.decode()
    assert 'hx-post="/dong-nghiep/shifts.enter/"' in page
    village = client_of(User.objects.get(username="thon"))
    assert village.post("/dong-nghiep/shifts.enter/", {"q": ""}).status_code == 404


def test_a_wrong_secret_keeps_the_picked_name(ward: Ward) -> None:
    page = take_here(ward.giver, a_handover(ward), second_secret="sai").content.decode()
    assert "<b>lan.tt</b> <span>Trần Thị Lan</span>" in page


def test_wrong_tries_count_as_at_the_door(ward: Ward) -> None:
    found, giver = a_handover(ward), ward.giver
    for _ in range(5):
        take_here(giver, found, second_secret="sai")
    assert SignInEvent.objects.filter(user=ward.midwife, kind__in=("wrong", "locked")).count() >= 5
    answer = take_here(giver, found)
    assert answer.status_code == 422 and "tạm khóa" in answer.content.decode(), "the right password too"
    assert giver.get("/cuoi-ngay/").status_code == 200


# --- taken back, changed, two at once


def test_the_giver_changes_and_withdraws_until_it_is_taken(ward: Ward) -> None:
    found, giver = a_handover(ward), ward.giver
    path = f"/cuoi-ngay/ban-giao/{found.pk}"
    assert post(giver, f"{path}/ghi-chu/", version=1, note="Khác").status_code == 302
    stale = post(giver, f"{path}/ghi-chu/", version=1, note="Cũ")
    assert stale.status_code == 409 and "Khác" in stale.content.decode()
    assert post(giver, f"{path}/rut-lai/", version=2, reason="").status_code == 422
    assert post(giver, f"{path}/rut-lai/", version=1, reason="còn việc").status_code == 422
    assert post(giver, f"{path}/rut-lai/", version=2, reason="còn việc").status_code == 302
    found.refresh_from_db()
    assert (found.state, found.note, found.withdrawn_reason) == ("withdrawn", "Khác", "còn việc")
    assert post(ward.taker, f"{path}/nhan/", version=3).status_code == 422


def test_only_the_giver_changes_it_and_never_takes_it(ward: Ward) -> None:
    found = a_handover(ward)
    path = f"/cuoi-ngay/ban-giao/{found.pk}"
    assert post(ward.taker, f"{path}/ghi-chu/", version=1, note="x").status_code == 422
    assert post(ward.taker, f"{path}/rut-lai/", version=1, reason="x").status_code == 422
    assert post(ward.giver, f"{path}/nhan/", version=1).status_code == 422
    found.refresh_from_db()
    assert (found.state, found.version) == ("waiting", 1)


def test_the_database_holds_two_people_apart(ward: Ward) -> None:
    found = a_handover(ward)
    with pytest.raises(IntegrityError), transaction.atomic():
        ShiftHandover.unscoped.filter(pk=found.pk).update(taken_by=found.given_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        ShiftHandover.unscoped.filter(pk=found.pk).update(state="taken")


def test_it_is_taken_once(ward: Ward) -> None:
    found = a_handover(ward)
    path = f"/cuoi-ngay/ban-giao/{found.pk}/nhan/"
    other = client_of(a_member("doctor", ward.station, "binh", "Trần Văn Bình"))
    assert post(ward.taker, path, version=1).status_code == 302
    late = post(other, path, version=1)
    assert late.status_code == 422 and "đã nhận" in late.content.decode()


def test_strangers(ward: Ward) -> None:
    found = a_handover(ward)
    foreign = client_of(a_member("nurse", a_station("21490", "Trạm Y tế xã Ba Vì"), "ba.vi", "Người Khác"))
    path = f"/cuoi-ngay/ban-giao/{found.pk}/"
    for end in ("", "ban-giao.pdf"):
        assert foreign.get(path + end).status_code == 404
    for end in ("nhan/", "nhan-tai-day/", "ghi-chu/", "rut-lai/"):
        assert post(foreign, path + end, version=1).status_code == 404
    assert found.note not in foreign.get("/cuoi-ngay/so-ban-giao/").content.decode()
    assert foreign.get("/cuoi-ngay/so-ban-giao/?c=hong").status_code == 200


def test_bad_input(ward: Ward) -> None:
    giver = ward.giver
    assert post(giver, "/cuoi-ngay/", shift="khong-co", note="x").status_code == 422
    assert post(giver, "/cuoi-ngay/", shift="day", note="x" * 2001).status_code == 422
    assert not ShiftHandover.unscoped.exists()


def test_the_book_is_paged_and_costs_the_same(ward: Ward) -> None:
    costs = []
    giver = ward.giver
    giver.get("/cuoi-ngay/so-ban-giao/")  # what a process reads once
    for many in (2, 18):
        for _ in range(many):
            a_handover(ward)
        with CaptureQueriesContext(connection) as asked:
            assert giver.get("/cuoi-ngay/so-ban-giao/").status_code == 200
        costs.append(len(asked))
    assert costs[0] == costs[1]
    for _ in range(15):
        a_handover(ward)
    assert giver.get("/cuoi-ngay/so-ban-giao/").content.decode().count("<tr data-href") == 30
