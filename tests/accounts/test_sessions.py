"""One's own open sessions and the log of sign-ins."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.dateparse import parse_date

from apps.accounts.devices import device_words
from apps.accounts.models import OpenSession, SignInEvent, User
from apps.core.ids import uuid7
from apps.facilities.models import Facility, Post
from tests.factories.accounts import PASSWORD, a_member, a_post, a_user, client_of
from tests.factories.facilities import a_station

pytestmark = pytest.mark.django_db

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def nurse(station: Facility) -> User:
    return a_member("nurse", station, "hoa.nt")


def signed_in(username: str = "hoa.nt", agent: str = CHROME) -> Client:
    client = Client(headers={"user-agent": agent})
    assert client.post("/dang-nhap/", {"username": username, "password": PASSWORD}).status_code == 302
    client.get("/")  # the workplace is chosen by itself
    return client


def end(client: Client, **data: str) -> Any:
    return client.post("/phien-cua-toi/ket-thuc/", {"form_key": str(uuid7()), **data})


def lines(client: Client) -> list[Any]:
    return [line for line, _ in client.get("/phien-cua-toi/").context["rows"]]


def test_it_works(nurse: User) -> None:
    here, there = signed_in(), signed_in(agent=PHONE)
    page = here.get("/phien-cua-toi/")
    text = page.content.decode()
    assert "Chrome trên Windows" in text and "Chrome trên điện thoại Android" in text
    assert "Trạm Y tế xã Ba Tơ" in text and "127.0.0.1" in text
    assert [line.is_this for line in lines(here)] == [True, False]
    assert end(here, ref=lines(here)[1].ref).status_code == 302
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)
    assert SignInEvent.objects.filter(kind="ended", user=nurse).count() == 1


def test_no_session_key_stands_in_the_page(nurse: User) -> None:
    client = signed_in()
    signed_in()
    text = client.get("/phien-cua-toi/").content.decode()
    assert not [key for key in OpenSession.objects.values_list("session_key", flat=True) if key in text]


def test_all_the_others_end_at_once(nurse: User) -> None:
    here, two, three = signed_in(), signed_in(), signed_in()
    end(here, all="1")
    assert [client.get("/").status_code for client in (here, two, three)] == [200, 302, 302]
    assert len(lines(here)) == 1


def test_this_session_and_anybody_elses_are_not_ended_there(nurse: User, station: Facility) -> None:
    a_member("nurse", station, "lan.tt")
    mine, hers = signed_in(), signed_in("lan.tt")
    for ref in (lines(hers)[0].ref, lines(mine)[0].ref, "", "x" * 500, "é"):
        end(mine, ref=ref)
    assert (mine.get("/").status_code, hers.get("/").status_code) == (200, 200)


def test_a_session_that_ended_by_itself_is_not_listed(nurse: User) -> None:
    here, there = signed_in(), signed_in()
    Session.objects.filter(session_key=there.session.session_key).update(expire_date=timezone.now())
    assert len(lines(here)) == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome trên Windows"),
        (CHROME + " Edg/130.0", "Edge trên Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17 Safari/604",
            "Safari trên iPhone",
        ),
        ("<script>alert(1)</script>", "Trình duyệt không rõ"),
        ("", "Trình duyệt không rõ"),
    ],
)
def test_a_browser_in_words(agent: str, words: str) -> None:
    assert device_words(agent) == words


# --- the log


def test_the_head_reads_the_log_of_her_station_alone(nurse: User, station: Facility) -> None:
    a_member("nurse", a_station("21490", "Ba Vì"), "xa.nt", "Lê Thị Xa")
    signed_in()
    signed_in("xa.nt")
    Client().post("/dang-nhap/", {"username": "hoa.nt", "password": "sai-mat-khau"})
    head = client_of(a_member("station_head", station, "truong.pv", "Phạm Văn Trưởng"))
    text = head.get("/tai-khoan/nhat-ky/").content.decode()
    assert "Nguyễn Thị Hòa" in text and "Lê Thị Xa" not in text and "Chrome trên Windows" in text
    wrong = head.get("/tai-khoan/nhat-ky/?viec=wrong").context["page"].items
    assert [event.kind for event in wrong] == ["wrong"]
    assert head.get("/tai-khoan/nhat-ky/?viec=%27").status_code == 200


def test_the_log_costs_the_same_at_2_and_at_20_rows(nurse: User, station: Facility) -> None:
    head = client_of(a_member("station_head", station, "truong.pv"))
    costs = []
    for _ in (2, 20):
        for _ in range(9 if costs else 2):
            SignInEvent.objects.create(user=nurse, kind="success")
            SignInEvent.objects.create(user=nurse, kind="wrong")
        head.get("/tai-khoan/nhat-ky/")
        with CaptureQueriesContext(connection) as asked:
            head.get("/tai-khoan/nhat-ky/")
        costs.append(len(asked))
    assert costs[0] == costs[1]


# --- who has left


def test_with_the_last_post_every_session_ends_at_once(nurse: User) -> None:
    here, there = signed_in(), signed_in()
    post = Post.objects.get(user=nurse)
    post.revoked_at = timezone.now()
    post.save()
    answer = here.get("/nguoi/", follow=True)
    assert "Vị trí công tác của anh/chị đã hết" in answer.content.decode()
    assert there.get("/", headers={"HX-Request": "true"}).status_code == 401
    assert not OpenSession.objects.filter(user=nurse).exists()
    refused = Client().post("/dang-nhap/", {"username": "hoa.nt", "password": PASSWORD})
    assert refused.status_code == 422 and "đã hết" in refused.content.decode()
    assert SignInEvent.objects.filter(user=nurse, kind="left").count() == 2


def test_a_post_that_ends_by_its_date_ends_the_sessions_too(nurse: User) -> None:
    client = signed_in()
    Post.objects.filter(user=nurse).update(valid_to=parse_date("2026-01-01"))
    assert client.get("/").url.startswith("/dang-nhap/")


def test_one_of_two_posts_leaves_the_session_alive(nurse: User, station: Facility) -> None:
    a_post(nurse, "population", station)
    client = signed_in()
    Post.objects.filter(user=nurse, role__code="nurse").update(revoked_at=timezone.now())
    assert client.get("/").status_code == 200


def test_revoking_the_last_post_ends_sessions_in_the_same_moment(nurse: User, station: Facility) -> None:
    signed_in()
    head = client_of(a_member("station_head", station, "truong.pv"))
    post = Post.objects.get(user=nurse)
    data = {"form_key": str(uuid7()), "version": post.version}
    assert head.post(f"/tai-khoan/vi-tri/{post.pk}/thu-hoi/", data).status_code == 302
    assert not OpenSession.objects.filter(user=nurse).exists()


def test_a_post_that_begins_tomorrow_is_no_leaving(station: Facility) -> None:
    user = a_user("moi.nt")
    a_post(user, "nurse", station, valid_from=timezone.localdate() + dt.timedelta(days=1))
    client = Client()
    assert client.post("/dang-nhap/", {"username": "moi.nt", "password": PASSWORD}).status_code == 302
    assert "Chưa có nơi làm việc" in client.get("/noi-lam-viec/").content.decode()
