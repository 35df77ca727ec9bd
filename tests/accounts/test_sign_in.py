"""The door: who comes in, who does not, and what she is told."""

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import OpenSession, SignInEvent, User
from tests.factories.accounts import PASSWORD, a_member, a_post, a_user
from tests.factories.facilities import a_point, a_station

pytestmark = pytest.mark.django_db

SIGN_IN = "/dang-nhap/"


def sign_in(client: Client, username: str = "hoa.nt", password: str = PASSWORD, **more: str) -> Any:
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


@pytest.fixture
def nurse() -> User:
    return a_member("nurse", a_station(), "hoa.nt")


@pytest.fixture
def time_machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves Django's clock on, step by step."""
    real, gone = timezone.now, [dt.timedelta()]
    monkeypatch.setattr("django.utils.timezone.now", lambda: real() + gone[0])

    def move(**by: int) -> None:
        gone[0] += dt.timedelta(**by)

    return move


def kinds() -> list[str]:
    return list(SignInEvent.objects.order_by("at", "id").values_list("kind", flat=True))


def test_it_works(client: Client, nurse: User) -> None:
    assert client.get(SIGN_IN).status_code == 200
    response = sign_in(client)
    assert response.status_code == 302 and response.url == "/"
    assert client.get("/").status_code == 200
    assert kinds() == ["success"]


@pytest.mark.parametrize("typed", ["HOA.NT", "Hoa.NT", "hòa.nt", " hoa.nt "])
def test_accents_case_and_blanks_do_not_matter(client: Client, nurse: User, typed: str) -> None:
    assert sign_in(client, typed).status_code == 302


def test_a_wrong_password_is_told_in_vietnamese(client: Client, nurse: User) -> None:
    response = sign_in(client, password="sai-mat-khau")
    assert response.status_code == 422
    assert "Tên đăng nhập hoặc mật khẩu không đúng" in response.content.decode()
    assert kinds() == ["wrong"]


def test_an_unknown_name_is_answered_the_same_and_not_kept(client: Client, nurse: User) -> None:
    known = sign_in(client, password="sai-mat-khau")
    unknown = sign_in(client, "khong.co.ai", "sai-mat-khau")
    assert known.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()
    assert SignInEvent.objects.order_by("-at").first().user is None


@pytest.mark.parametrize(
    ("username", "password"),
    [
        *[("", ""), ("hoa.nt", ""), ("", "x"), ("\x00", "x"), ("🙂", "x")],
        *[("x" * 500, "x"), ("hoa.nt", "x" * 500)],
    ],
)
def test_bad_input_is_a_sentence(client: Client, nurse: User, username: str, password: str) -> None:
    assert sign_in(client, username, password).status_code == 422


def test_the_password_never_comes_back(client: Client, nurse: User) -> None:
    assert "bi-mat-12345" not in sign_in(client, password="bi-mat-12345").content.decode()


def test_no_csrf_token_is_refused(nurse: User) -> None:
    assert sign_in(Client(enforce_csrf_checks=True)).status_code == 403


def test_it_goes_where_she_wanted(client: Client, nurse: User) -> None:
    assert sign_in(client, next="/co-so/").url == "/co-so/"


@pytest.mark.parametrize("wanted", ["https://example.com/", "//example.com", "javascript:alert(1)", "/\\x"])
def test_it_never_leads_outside(client: Client, nurse: User, wanted: str) -> None:
    assert sign_in(client, next=wanted).url in ("/", "/\\x")
    assert "example.com" not in sign_in(Client(), next=wanted).url


def test_a_disabled_account_is_told_so_only_with_its_password(client: Client, nurse: User) -> None:
    User.objects.filter(pk=nurse.pk).update(is_active=False)
    assert "đã ngừng sử dụng" in sign_in(client).content.decode()
    assert "đã ngừng sử dụng" not in sign_in(client, password="sai").content.decode()
    assert kinds() == ["disabled", "wrong"]


def test_five_wrong_tries_lock_and_say_until_when(client: Client, nurse: User) -> None:
    for _ in range(5):
        response = sign_in(client, password="sai-mat-khau")
    assert response.status_code == 429
    text = response.content.decode()
    assert "Xin thử lại sau" in text and "phút" in text
    assert sign_in(client).status_code == 429, "the right password does not open a locked door"
    assert "locked" in kinds()


def test_a_lock_of_one_does_not_lock_her_colleagues(client: Client, nurse: User) -> None:
    a_member("nurse", nurse.posts.get().facility, "lan.tt")
    for _ in range(6):
        sign_in(client, password="sai-mat-khau")
    assert sign_in(client, "lan.tt").status_code == 302


def test_other_spellings_do_not_get_around_the_lock(client: Client, nurse: User) -> None:
    for typed in ("hoa.nt", "HOA.nt", "hòa.nt", "hoa .nt", "Hoa.Nt"):
        sign_in(client, typed, "sai-mat-khau")
    assert sign_in(client, "HÒA.NT").status_code == 429


def test_no_password_stands_in_any_table(client: Client, nurse: User) -> None:
    from axes.models import AccessAttempt

    sign_in(client, password="bi-mat-12345")
    assert AccessAttempt.objects.count() == 1
    assert not AccessAttempt.objects.filter(post_data__contains="bi-mat").exists()


def test_signing_out_is_a_post(client: Client, nurse: User) -> None:
    sign_in(client)
    assert client.get("/dang-xuat/").status_code == 405
    assert client.post("/dang-xuat/").url == SIGN_IN
    assert client.get("/").status_code == 302
    assert kinds() == ["success", "sign_out"]
    assert not OpenSession.objects.exists()


def test_a_session_ends_when_nobody_uses_it(client: Client, nurse: User, time_machine: Any) -> None:
    sign_in(client)
    time_machine(minutes=9)
    assert client.get("/").status_code == 200
    time_machine(minutes=9)
    assert client.get("/").status_code == 200
    time_machine(minutes=12)
    assert client.get("/co-so/").url == "/khoa/"
    assert kinds()[-1] == "idle"


def test_a_page_that_asks_again_by_itself_keeps_no_session_awake(
    client: Client, nurse: User, time_machine: Any
) -> None:
    sign_in(client)
    asks = {"HX-Request": "true", "Asks-Again": "1"}
    time_machine(minutes=9)
    assert client.get("/", headers=asks).status_code == 200
    time_machine(minutes=9)
    assert client.get("/", headers=asks).status_code == 401
    assert kinds()[-1] == "idle"


def test_in_a_browser_that_is_not_known_it_asks_for_the_password(
    client: Client, nurse: User, time_machine: Any
) -> None:
    sign_in(client)
    del client.cookies["tramyte_may"]
    time_machine(minutes=12)
    response = client.get("/co-so/")
    assert response.url == f"{SIGN_IN}?next=%2Fco-so%2F"
    assert "lâu không thao tác" in client.get(response.url).content.decode()


def test_a_session_ends_after_a_shift(client: Client, nurse: User, time_machine: Any) -> None:
    sign_in(client)
    for _ in range(71):
        time_machine(minutes=10)
        assert client.get("/").status_code == 200
    time_machine(minutes=10)
    assert client.get("/").status_code == 302
    assert kinds()[-1] == "too_long"


def test_an_ended_session_answers_a_part_of_a_page_with_401(
    client: Client, nurse: User, time_machine: Any
) -> None:
    sign_in(client)
    time_machine(minutes=45)
    assert client.get("/co-so/", headers={"HX-Request": "true"}).status_code == 401


def test_a_fourth_session_ends_the_first(nurse: User) -> None:
    clients = [Client() for _ in range(4)]
    for each in clients:
        sign_in(each)
    assert [each.get("/").status_code for each in clients] == [302, 200, 200, 200]
    assert OpenSession.objects.filter(user=nurse).count() == 3


def test_an_account_may_have_its_own_number_of_sessions(nurse: User) -> None:
    User.objects.filter(pk=nurse.pk).update(max_sessions=1)
    first, second = Client(), Client()
    sign_in(first)
    sign_in(second)
    assert (first.get("/").status_code, second.get("/").status_code) == (302, 200)
    assert "replaced" in kinds()


def test_signing_in_makes_a_new_session(client: Client, nurse: User) -> None:
    client.get(SIGN_IN)
    session = client.session
    session["planted"] = "x"
    session.save()
    before = session.session_key
    client.cookies["tramyte"] = before
    sign_in(client)
    assert client.session.session_key != before
    assert "planted" not in client.session


def test_an_old_costly_hash_is_renewed_at_the_next_sign_in(
    client: Client, nurse: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [
        "apps.accounts.hashers.StationArgon2",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    nurse.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    nurse.save()
    assert sign_in(client).status_code == 302
    nurse.refresh_from_db()
    assert nurse.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_one_workplace_is_chosen_by_itself(client: Client, nurse: User) -> None:
    sign_in(client)
    assert "Trạm Y tế xã Ba Tơ" in client.get("/").content.decode()


def test_several_workplaces_are_asked_for(client: Client) -> None:
    user = a_user()
    here, there = a_station(), a_station("21490", "Ba Vì")
    a_post(user, "nurse", here)
    a_post(user, "midwife", here)
    a_post(user, "nurse", there)
    sign_in(client)
    assert client.get("/").url == reverse("accounts:workplace")
    page = client.get("/noi-lam-viec/").content.decode()
    assert "Điều dưỡng, Hộ sinh/Y sĩ" in page
    assert client.post("/noi-lam-viec/", {"place": f"{there.pk}/"}).url == "/"
    assert "Trạm Y tế xã Ba Vì" in client.get("/").content.decode()


def test_a_workplace_of_somebody_else_is_not_taken(client: Client, nurse: User) -> None:
    other = a_station("21490", "Ba Vì")
    sign_in(client)
    for place in (f"{other.pk}/", "x", "", f"{nurse.posts.get().facility_id}/{other.pk}"):
        assert client.post("/noi-lam-viec/", {"place": place}).status_code == 200
    assert "Trạm Y tế xã Ba Tơ" in client.get("/").content.decode()


def test_a_point_with_a_post_of_its_own_is_offered_once_and_the_choice_has_the_focus(client: Client) -> None:
    user, station = a_user(), a_station()
    point = a_point(station)
    a_post(user, "nurse", station)
    a_post(user, "midwife", point)
    sign_in(client)
    client.post("/noi-lam-viec/", {"place": f"{point.pk}/"})
    page = client.get("/noi-lam-viec/").content.decode()
    assert page.count(f'value="{point.pk}/"') == 1
    assert f'value="{station.pk}/{point.pk}"' not in page
    focused = re.search(r'<button[^>]*name="place" value="([^"]*)"[^>]* autofocus', page)
    assert focused is not None
    assert focused[1] == f"{point.pk}/"


def test_a_point_and_outreach_can_be_chosen(client: Client, nurse: User) -> None:
    station = nurse.posts.get().facility
    point = a_point(station)
    sign_in(client)
    client.post("/noi-lam-viec/", {"place": f"{station.pk}/{point.pk}"})
    assert "Điểm trạm Ba Chùa" in client.get("/").content.decode()
    client.post("/noi-lam-viec/", {"place": f"{station.pk}/luu-dong"})
    assert "lưu động" in client.get("/").content.decode()


def test_an_account_without_a_post_is_told_whom_to_ask(client: Client) -> None:
    a_user()
    sign_in(client)
    assert client.get("/").url == "/noi-lam-viec/"
    assert "chưa có vị trí công tác" in client.get("/noi-lam-viec/").content.decode()
