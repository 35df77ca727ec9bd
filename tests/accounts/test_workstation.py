"""One computer and three nurses: locking, PINs, what is put aside for each."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts import workstation
from apps.accounts.models import OpenSession, SignInEvent, User, Workstation, WorkstationUser
from apps.facilities.models import Facility, Post
from tests.factories.accounts import PASSWORD, a_member, a_post
from tests.factories.facilities import a_station

PIN, OTHER = "204816", "739150"
pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def nurse(station: Facility) -> User:
    return a_member("nurse", station, "hoa.nt")


@pytest.fixture
def colleague(station: Facility) -> User:
    return a_member("midwife", station, "lan.tt", "Trần Thị Lan")


def full(client: Client, username: str = "hoa.nt") -> Any:
    return client.post("/dang-nhap/", {"username": username, "password": PASSWORD})


def set_pin(client: Client, pin: str = PIN, password: str = PASSWORD) -> Any:
    return client.post("/ma-pin/", {"password": password, "pin": pin, "again": pin})


def lock(client: Client, back: str = "/") -> Any:
    return client.post("/khoa/", {"back": back})


def enter(client: Client, user: User, pin: str = PIN) -> Any:
    return client.post("/khoa/mo/", {"person": str(user.pk), "pin": pin})


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


@pytest.fixture
def shared(client: Client, nurse: User, colleague: User) -> Client:
    """A computer at which both have signed in and set a PIN; locked."""
    for username, pin in (("lan.tt", OTHER), ("hoa.nt", PIN)):
        full(client, username)
        assert set_pin(client, pin).status_code == 302
        lock(client)
    return client


def test_it_works(shared: Client, nurse: User, colleague: User) -> None:
    page = shared.get("/khoa/").content.decode()
    assert "Nguyễn Thị Hòa" in page and "Trần Thị Lan" in page
    assert enter(shared, colleague, OTHER).url == "/"
    assert who(shared) == str(colleague.pk)
    lock(shared)
    assert who(shared) is None
    assert enter(shared, nurse).url == "/"
    assert who(shared) == str(nurse.pk)
    assert SignInEvent.objects.filter(kind="pin").count() == 2


def test_locking_ends_the_session_and_unlocking_makes_a_new_one(shared: Client, nurse: User) -> None:
    enter(shared, nurse)
    before = shared.session.session_key
    lock(shared)
    thief = Client()
    thief.cookies["tramyte"] = before
    assert thief.get("/").status_code == 302
    assert not OpenSession.objects.exists()
    enter(shared, nurse)
    assert shared.session.session_key != before


def test_each_gets_back_her_own_things_alone(
    shared: Client, nurse: User, colleague: User, station: Facility
) -> None:
    other = a_station("21490", "Ba Vì")
    a_post(nurse, "nurse", other)
    enter(shared, nurse)
    shared.post("/noi-lam-viec/", {"place": f"{other.pk}/"})
    lock(shared, "/co-so/")
    assert enter(shared, colleague, OTHER).url == "/"
    assert "Ba Tơ" in shared.get("/").content.decode()
    lock(shared, "/tai-khoan/")
    assert enter(shared, nurse).url == "/co-so/", "back to the page she was on"
    assert "Trạm Y tế xã Ba Vì" in shared.get("/co-so/").content.decode()
    assert WorkstationUser.objects.get(user=nurse).aside == {}


def test_a_session_planted_before_is_not_taken_over(client: Client, shared: Client, nurse: User) -> None:
    shared.get("/dang-nhap/")
    session = shared.session
    session["planted"] = "x"
    session.save()
    shared.cookies["tramyte"] = session.session_key
    enter(shared, nurse)
    assert shared.session.session_key != session.session_key and "planted" not in shared.session


@pytest.mark.parametrize("back", ["https://example.com/", "//example.com", "javascript:alert(1)"])
def test_the_way_back_leads_never_outside(shared: Client, nurse: User, back: str) -> None:
    enter(shared, nurse)
    lock(shared, back)
    assert "example" not in enter(shared, nurse).url


# --- trying


def test_after_five_wrong_tries_only_the_password_helps(shared: Client, nurse: User) -> None:
    sentences = [enter(shared, nurse, "111222").content.decode() for _ in range(5)]
    assert "Còn 4 lần thử" in sentences[0] and "Còn 1 lần thử" in sentences[3]
    assert "đăng nhập đầy đủ bằng mật khẩu" in sentences[4]
    for _ in range(5):
        assert enter(shared, nurse).status_code == 422, "the right PIN comes too late"
    assert SignInEvent.objects.filter(kind="pin_wrong", user=nurse).count() == 10
    full(shared)
    lock(shared)
    assert enter(shared, nurse).status_code == 302, "a full sign-in takes the PIN into use again"


def test_a_colleagues_tries_are_her_own(shared: Client, nurse: User, colleague: User) -> None:
    for _ in range(5):
        enter(shared, nurse, "111222")
    assert enter(shared, colleague, OTHER).status_code == 302


def test_a_pin_opens_nothing_elsewhere(shared: Client, nurse: User) -> None:
    other = Client()
    assert other.get("/khoa/").url == "/dang-nhap/"
    assert enter(other, nurse).status_code == 302 and who(other) is None
    other.cookies["tramyte_may"] = "x" * 43
    assert enter(other, nurse).url == "/dang-nhap/" and who(other) is None


def test_nor_for_another_person(shared: Client, nurse: User, station: Facility) -> None:
    stranger = a_member("nurse", station, "la.nt")
    for pin in (PIN, OTHER):
        assert enter(shared, stranger, pin).status_code == 422
    assert enter(shared, nurse, OTHER).status_code == 422


@pytest.mark.parametrize(
    "data",
    [{}, {"person": "x", "pin": PIN}, {"pin": PIN}, {"pin": "12345"}, {"pin": "\x00" * 6}, {"pin": "٣" * 6}],
)
def test_bad_input_is_a_sentence(shared: Client, nurse: User, data: dict[str, str]) -> None:
    if "pin" in data and "person" not in data and data["pin"] != PIN:
        data = {**data, "person": str(nurse.pk)}
    assert shared.post("/khoa/mo/", data).status_code == 422


@pytest.mark.parametrize(
    "pin", ["000000", "123456", "987654", "121212", "123123", "112112", "12345", "abcdef", "", "1234567"]
)
def test_a_plain_pin_is_refused(client: Client, nurse: User, pin: str) -> None:
    full(client)
    assert set_pin(client, pin).status_code == 422
    assert WorkstationUser.objects.get().pin == ""


def test_a_pin_needs_the_password_and_a_full_sign_in_here(client: Client, nurse: User) -> None:
    from tests.factories.accounts import client_of

    full(client)
    assert set_pin(client, password="sai").status_code == 422
    assert "chưa nhận ra" in set_pin(client_of(nurse)).content.decode()


def test_neither_pin_nor_cookie_stand_in_the_table(shared: Client) -> None:
    kept = str([row.__dict__ for row in [*WorkstationUser.objects.all(), *Workstation.objects.all()]])
    assert PIN not in kept and shared.cookies["tramyte_may"].value not in kept
    assert shared.cookies["tramyte_may"]["httponly"]


# --- when a PIN is over


def test_a_week_after_the_last_full_sign_in(shared: Client, nurse: User) -> None:
    week = timezone.now() - dt.timedelta(days=7)
    WorkstationUser.objects.filter(user=nurse).update(signed_in_at=week)
    assert enter(shared, nurse).status_code == 422
    assert "Nguyễn Thị Hòa" not in shared.get("/khoa/").content.decode()


def test_when_nobody_has_signed_in_for_a_shift_or_the_shift_was_ended(shared: Client, nurse: User) -> None:
    shared.post("/khoa/dong/")
    assert shared.get("/khoa/").url == "/dang-nhap/"
    assert enter(shared, nurse).url == "/dang-nhap/" and who(shared) is None
    assert "Vào bằng mã PIN" not in shared.get("/dang-nhap/").content.decode()
    full(shared, "lan.tt")
    lock(shared)
    assert enter(shared, nurse).status_code == 302


@pytest.mark.parametrize("change", ["disabled", "left", "slip"])
def test_who_is_out_stays_out(shared: Client, nurse: User, change: str) -> None:
    if change == "disabled":
        User.objects.filter(pk=nurse.pk).update(is_active=False)
    elif change == "left":
        Post.objects.filter(user=nurse).update(revoked_at=timezone.now())
    else:
        User.objects.filter(pk=nurse.pk).update(must_change_password=True)
    assert enter(shared, nurse).status_code == 422 and who(shared) is None


def test_a_slip_or_a_new_password_ends_the_pin(shared: Client, nurse: User) -> None:
    from apps.accounts import services
    from apps.core.scope import system

    with system("test"):
        services.slip_issue(user=User.objects.get(pk=nurse.pk))
    assert WorkstationUser.objects.get(user=nurse).pin == ""


def test_ten_idle_minutes_lock(client: Client, nurse: User, monkeypatch: pytest.MonkeyPatch) -> None:
    real, gone = timezone.now, [dt.timedelta()]
    monkeypatch.setattr("django.utils.timezone.now", lambda: real() + gone[0])
    full(client)
    set_pin(client)
    gone[0] += dt.timedelta(minutes=9)
    assert client.get("/co-so/").status_code == 200
    gone[0] += dt.timedelta(minutes=12)
    assert client.get("/co-so/").url == "/khoa/"
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401
    assert enter(client, nurse).url == "/co-so/"


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_are_ten_tries(client: Client, nurse: User) -> None:
    full(client)
    set_pin(client)
    lock(client)
    row = WorkstationUser.objects.get(user=nurse)
    station = row.workstation
    answers: list[workstation.Answer] = []

    def attempt() -> None:
        try:
            answers.append(workstation._pin_check(station, nurse.pk, "111222")[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row.refresh_from_db()
    assert row.tries == 5
    assert answers.count(workstation.Answer.WRONG) == 4


def test_where_nobody_has_a_pin_the_lock_page_offers_the_password(client: Client, nurse: User) -> None:
    full(client)
    lock(client)
    page = client.get("/khoa/").content.decode()
    assert "không ai có mã PIN" in page
    assert 'name="pin"' not in page
    assert 'href="/dang-nhap/" autofocus' in page


def test_the_lock_page_shows_nobody_to_a_strange_browser(shared: Client) -> None:
    request = RequestFactory().get("/khoa/")
    assert workstation.of(request) is None
    assert "Hòa" not in Client().get("/khoa/", follow=True).content.decode()


def test_the_night_forgets_who_no_longer_comes(shared: Client, nurse: User, colleague: User) -> None:
    def last_here(user: User, days: int) -> None:
        then = timezone.now() - dt.timedelta(days=days)
        WorkstationUser.objects.filter(user=user).update(signed_in_at=then)
        Workstation.objects.update(updated_at=then)

    last_here(colleague, 89)
    assert workstation.forget_unused(timezone.now()) == (0, 0)
    last_here(colleague, 91)
    assert workstation.forget_unused(timezone.now()) == (1, 0), "the nurse still comes to this computer"
    assert list(WorkstationUser.objects.values_list("user", flat=True)) == [nurse.pk]
    last_here(nurse, 91)
    assert workstation.forget_unused(timezone.now()) == (1, 1)
    assert full(shared).status_code == 302, "its cookie is a computer unknown again, and signs in"
    assert Workstation.objects.count() == 1


def test_the_night_spares_a_computer_that_has_just_been_met() -> None:
    Workstation.objects.create(digest="0" * 64)
    assert workstation.forget_unused(timezone.now()) == (0, 0)


def test_the_days_are_a_parameter_and_never_fewer_than_the_pin_lasts(shared: Client, nurse: User) -> None:
    from apps.core.models import Parameter

    Parameter.objects.update_or_create(
        key="accounts.workstation_days", defaults={"value": 2, "source": "test"}
    )
    for days, gone in ((6, 0), (8, 2)):
        WorkstationUser.objects.update(signed_in_at=timezone.now() - dt.timedelta(days=days))
        assert workstation.forget_unused(timezone.now())[0] == gone


def test_the_nights_list_holds_it() -> None:
    from apps.core import registry

    work = registry.nightly.get("accounts.workstations")
    assert work is not None and "máy dùng chung" in work.run(timezone.localdate())
