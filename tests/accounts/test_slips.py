"""Accounts made by a head, the one-time slip, the forced change of its password."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import SignInEvent, User
from apps.core.models import AuditEntry
from apps.facilities.models import Facility
from tests.factories.accounts import PASSWORD, a_member, client_of
from tests.factories.facilities import a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def head(station: Facility) -> Client:
    return client_of(a_member("station_head", station, "truong.tram", "Phạm Văn Trưởng"))


@pytest.fixture
def nurse(station: Facility) -> User:
    return a_member("nurse", station, "hoa.nt")


def make_slip(head: Client, user: User) -> str:
    response = head.post(f"/tai-khoan/{user.pk}/phieu/")
    assert response.status_code == 200
    return str(response.context["password"])


def sign_in(client: Client, password: str) -> object:
    return client.post("/dang-nhap/", {"username": "hoa.nt", "password": password})


def test_it_works(client: Client, head: Client, nurse: User) -> None:
    password = make_slip(head, nurse)
    assert sign_in(client, password).url == "/doi-mat-khau/"
    for path in ("/", "/co-so/", "/noi-lam-viec/"):
        assert client.get(path).url == "/doi-mat-khau/", "nothing else opens before the change"
    assert "lần đăng nhập đầu tiên" in client.get("/doi-mat-khau/").content.decode()
    changed = client.post("/doi-mat-khau/", form(password, "nuoc chay da mon"))
    assert changed.url == "/"
    assert client.get("/co-so/").status_code == 200
    nurse.refresh_from_db()
    assert (nurse.must_change_password, nurse.slip_expires_at) == (False, None)
    assert sign_in(Client(), "nuoc chay da mon").url == "/"


def form(old: str, new: str, again: str | None = None) -> dict[str, str]:
    from apps.core.ids import uuid7

    return {"old": old, "new": new, "again": new if again is None else again, "form_key": str(uuid7())}


def test_a_slip_ends_the_password_before_it_and_open_sessions(head: Client, nurse: User) -> None:
    hers = Client()
    sign_in(hers, PASSWORD)
    make_slip(head, nurse)
    assert hers.get("/").status_code == 302
    assert sign_in(Client(), PASSWORD).status_code == 422


def test_a_second_slip_ends_the_first(head: Client, nurse: User) -> None:
    first, second = make_slip(head, nurse), make_slip(head, nurse)
    assert sign_in(Client(), first).status_code == 422
    assert sign_in(Client(), second).status_code == 302


def test_a_slip_is_over_after_24_hours(client: Client, head: Client, nurse: User) -> None:
    password = make_slip(head, nurse)
    nurse.refresh_from_db()
    left = nurse.slip_expires_at - timezone.now()
    assert dt.timedelta(hours=23, minutes=59) < left < dt.timedelta(hours=24)
    User.objects.filter(pk=nurse.pk).update(slip_expires_at=timezone.now())
    response = sign_in(client, password)
    assert response.status_code == 422
    assert "quá hạn" in response.content.decode()
    assert client.get("/").status_code == 302
    assert SignInEvent.objects.filter(kind="slip_over").count() == 1


def test_the_slip_is_shown_once_and_not_kept(head: Client, nurse: User) -> None:
    response = head.post(f"/tai-khoan/{nurse.pk}/phieu/")
    password = response.context["password"]
    assert "no-store" in response.headers["Cache-Control"]
    assert head.get(f"/tai-khoan/{nurse.pk}/phieu/").status_code == 405
    assert password not in head.get(f"/tai-khoan/{nurse.pk}/").content.decode()
    assert password not in str(list(AuditEntry.objects.values_list("data", flat=True)))
    assert AuditEntry.objects.filter(action="user.slip_issued", object_id=nurse.pk).count() == 1


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("sai", "nuoc chay da mon", None, "đang dùng không đúng"),
        (PASSWORD, PASSWORD, None, "phải khác"),
        (PASSWORD, "nuoc chay da mon", "nuoc chay", "không giống nhau"),
        (PASSWORD, "ngan", None, "ít nhất 10"),
        (PASSWORD, "1234567890123", None, "số"),
        (PASSWORD, "password123", None, "phổ biến|thông dụng|dễ đoán|quá"),
        (PASSWORD, "nguyễn thị hòa", None, "giống"),
        ("", "", None, "Cần nhập"),
    ],
)
def test_a_poor_password_is_refused_in_vietnamese(
    nurse: User, old: str, new: str, again: str | None, sentence: str
) -> None:
    client = client_of(nurse)
    response = client.post("/doi-mat-khau/", form(old, new, again))
    assert response.status_code == 422
    errors = " ".join(error for found in response.context["form"].errors.values() for error in found)
    assert re.search(sentence, errors), errors
    assert not re.search(r"\b(password|must|too|the)\b", errors), errors
    nurse.refresh_from_db()
    assert nurse.check_password(PASSWORD)


def test_changing_ends_the_other_sessions(nurse: User) -> None:
    here, there = Client(), Client()
    sign_in(here, PASSWORD)
    sign_in(there, PASSWORD)
    here.post("/doi-mat-khau/", form(PASSWORD, "nuoc chay da mon"))
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)


def test_a_nurse_makes_no_slip(nurse: User, station: Facility) -> None:
    colleague = a_member("nurse", station, "lan.tt")
    client = client_of(nurse)
    assert client.post(f"/tai-khoan/{colleague.pk}/phieu/").status_code == 403
    assert client.get("/tai-khoan/").status_code == 403


def test_the_head_of_another_station_gets_404(nurse: User) -> None:
    stranger = client_of(a_member("station_head", a_station("21490", "Ba Vì"), "khac"))
    for path in ("", "sua/", "vi-tri/moi/"):
        assert stranger.get(f"/tai-khoan/{nurse.pk}/{path}").status_code == 404
    for path in ("phieu/", "trang-thai/"):
        response = stranger.post(f"/tai-khoan/{nurse.pk}/{path}", {"form_key": str(nurse.pk)})
        assert response.status_code == 404
        assert "Hòa" not in response.content.decode()


def test_nobody_takes_over_an_account_that_may_more(head: Client, nurse: User, station: Facility) -> None:
    from tests.factories.accounts import a_post
    from tests.factories.facilities import a_centre, a_department

    a_post(nurse, "province_admin", a_department(a_centre(station)))
    assert head.get(f"/tai-khoan/{nurse.pk}/").status_code == 200
    assert head.post(f"/tai-khoan/{nurse.pk}/phieu/").status_code == 403
    key = "01890000-0000-7000-8000-000000000001"
    toggled = head.post(f"/tai-khoan/{nurse.pk}/trang-thai/", {"form_key": key, "is_active": "0"})
    assert toggled.status_code == 403


def test_a_disabled_account_ends_at_once_and_can_come_back(head: Client, nurse: User) -> None:
    hers = Client()
    sign_in(hers, PASSWORD)
    path = f"/tai-khoan/{nurse.pk}/trang-thai/"
    head.post(path, {"form_key": "01890000-0000-7000-8000-000000000001", "is_active": "0"})
    assert hers.get("/").status_code == 302
    assert sign_in(Client(), PASSWORD).status_code == 422
    assert head.post(f"/tai-khoan/{nurse.pk}/phieu/").status_code == 302, "no slip for an ended account"
    head.post(path, {"form_key": "01890000-0000-7000-8000-000000000002", "is_active": "1"})
    assert sign_in(Client(), PASSWORD).status_code == 302
