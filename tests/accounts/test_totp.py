"""The code app: enrolled, asked for at the door, replayed, tried too often, lost."""

import datetime as dt
from typing import Any

import pyotp
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts import second_factor, totp
from apps.accounts.models import OpenSession, RecoveryCode, SignInEvent, Totp, TotpReset, User
from apps.accounts.second_factor import Answer
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.core.scope import system
from apps.facilities.models import Facility
from tests.factories.accounts import PASSWORD, a_member, a_post, client_of
from tests.factories.facilities import a_centre, a_department, a_station

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 22, 8, 0, 10, tzinfo=dt.UTC)


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def department(station: Facility) -> Facility:
    return a_department(a_centre(station))


@pytest.fixture
def nurse(station: Facility) -> User:
    return a_member("nurse", station, "hoa.nt")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Django's clock stands still and is moved on by hand."""
    at = [NOW]
    monkeypatch.setattr("django.utils.timezone.now", lambda: at[0])

    def move(**by: int) -> None:
        at[0] += dt.timedelta(**by)

    return move


def app_of(user: User) -> pyotp.TOTP:
    return pyotp.TOTP(totp.secret_of(user.pk, Totp.objects.get(user=user).nonce))


def code_of(user: User, steps: int = 0) -> str:
    return app_of(user).at(timezone.now() + dt.timedelta(seconds=30 * steps))


def enrolled(user: User) -> list[str]:
    """Give the account an app; its recovery codes. The code of this half minute is spent."""
    nonce = totp.fresh_nonce()
    code = pyotp.TOTP(totp.secret_of(user.pk, nonce)).at(timezone.now())
    with system("test"):
        return second_factor.enrol(user=user, nonce=nonce, code=code)


def door(client: Client, username: str = "hoa.nt", **more: str) -> Any:
    return client.post("/dang-nhap/", {"username": username, "password": PASSWORD, **more})


def step_two(client: Client, code: str) -> Any:
    return client.post("/dang-nhap/ma/", {"code": code})


# --- enrolling


def test_it_works(nurse: User, clock: Any) -> None:
    client = Client()
    door(client)
    page = client.get("/ma-xac-thuc/")
    assert "<svg" in page.content.decode() and "otpauth" not in page.content.decode()
    app = pyotp.TOTP(page.context["key"].replace(" ", ""))
    answer = client.post("/ma-xac-thuc/", {"code": app.at(timezone.now())})
    codes = answer.context["codes"]
    assert len(set(codes)) == 10 and "no-store" in answer.headers["Cache-Control"]
    assert "Đang bật" in client.get("/ma-xac-thuc/").content.decode()

    clock(minutes=1)
    again = Client()
    assert door(again, next="/co-so/").url == "/dang-nhap/ma/"
    assert again.get("/").status_code == 302, "a password alone opens nothing"
    assert step_two(again, app.at(timezone.now())).url == "/co-so/"
    assert again.get("/").status_code == 200


def test_a_wrong_first_code_enrols_nothing_and_keeps_the_picture(nurse: User) -> None:
    client = client_of(nurse)
    key = client.get("/ma-xac-thuc/").context["key"]
    answer = client.post("/ma-xac-thuc/", {"code": "000000"})
    assert answer.status_code == 422 and answer.context["key"] == key
    assert not Totp.objects.exists()


def test_neither_secret_nor_codes_stand_in_any_table(nurse: User) -> None:
    from django.core import serializers

    codes = enrolled(nurse)
    rows = [*Totp.objects.all(), *RecoveryCode.objects.all(), *AuditEntry.objects.all()]
    kept = serializers.serialize("json", rows)
    assert totp.secret_of(nurse.pk, Totp.objects.get().nonce) not in kept
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


def test_the_demo_mark_is_the_only_way_around(station: Facility, department: Facility, settings: Any) -> None:
    a_member("province_admin", department, "quan.tri")
    settings.DEMO = True
    client = Client()
    assert door(client, "quan.tri").url == "/"
    assert client.get("/co-so/").status_code == 200


@pytest.mark.parametrize("role", ["region_head", "region_reviewer", "cdc", "province_admin", "auditor"])
def test_above_the_station_nothing_opens_before_an_app(
    role: str, station: Facility, department: Facility
) -> None:
    place = department if role not in ("region_head", "region_reviewer") else a_centre(station)
    user = a_member(role, place, "cap.tren")
    client = Client()
    door(client, "cap.tren")
    for path in ("/", "/co-so/", "/tai-khoan/", "/quan-tri/", "/phien-cua-toi/", "/noi-lam-viec/"):
        assert client.get(path).url == "/ma-xac-thuc/", path
    app = pyotp.TOTP(client.get("/ma-xac-thuc/").context["key"].replace(" ", ""))
    assert client.post("/ma-xac-thuc/", {"code": app.now()}).status_code == 200
    assert client.get("/co-so/").status_code == 200
    assert Totp.objects.filter(user=user).exists()


def test_a_nurse_may_do_without(nurse: User) -> None:
    client = Client()
    assert door(client).url == "/"
    assert client.get("/").status_code == 200


# --- the code


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_the_telephone_may_be_one_step_wrong(nurse: User, clock: Any, steps: int, taken: bool) -> None:
    enrolled(nurse)
    clock(minutes=5)
    answer = second_factor.check(user=nurse, code=code_of(nurse, steps))
    assert (answer is Answer.RIGHT) == taken


def test_a_code_is_taken_once(nurse: User, clock: Any) -> None:
    enrolled(nurse)
    clock(minutes=5)
    here, there = Client(), Client()
    door(here), door(there)
    code = code_of(nurse)
    assert step_two(here, code).status_code == 302
    replayed = step_two(there, code)
    assert replayed.status_code == 422 and "đã dùng rồi" in replayed.content.decode()
    assert second_factor.check(user=nurse, code=code_of(nurse, -1)) is Answer.WRONG, "nor one before it"
    assert second_factor.check(user=nurse, code=code_of(nurse, 1)) is Answer.RIGHT


def test_five_wrong_codes_block_even_the_right_one(nurse: User, clock: Any) -> None:
    enrolled(nurse)
    clock(minutes=5)
    client = Client()
    door(client)
    for _ in range(5):
        assert step_two(client, "000000").status_code == 422
    answer = step_two(client, code_of(nurse))
    assert "thử lại sau 15 phút" in answer.content.decode()
    assert SignInEvent.objects.filter(user=nurse, kind="code_wrong").count() == 5
    clock(minutes=16)
    again = Client()
    door(again)
    assert step_two(again, code_of(nurse)).status_code == 302


@pytest.mark.parametrize("code", ["", " ", "12345", "1234567", "abcdef", "\x00", "٣٣٣٣٣٣", "x" * 500])
def test_bad_input_is_a_sentence(nurse: User, code: str) -> None:
    enrolled(nurse)
    client = Client()
    door(client)
    assert step_two(client, code).status_code == 422


def test_a_recovery_code_opens_once(nurse: User) -> None:
    codes = enrolled(nurse)
    here, there = Client(), Client()
    door(here), door(there)
    assert step_two(here, codes[3].upper().replace("-", " ")).status_code == 302
    assert step_two(there, codes[3]).status_code == 422
    assert step_two(there, codes[4]).status_code == 302
    assert SignInEvent.objects.filter(user=nurse, kind="recovery").count() == 2


def test_anothers_recovery_code_opens_nothing(nurse: User, station: Facility) -> None:
    enrolled(nurse)
    hers = enrolled(a_member("nurse", station, "lan.tt"))
    assert second_factor.check(user=nurse, code=hers[0]) is Answer.WRONG


# --- between the two steps


def test_the_second_step_waits_five_minutes(nurse: User, clock: Any) -> None:
    enrolled(nurse)
    client = Client()
    door(client)
    clock(minutes=6)
    assert step_two(client, code_of(nurse)).url == "/dang-nhap/"
    assert client.get("/").status_code == 302


def test_a_slip_or_an_end_between_the_steps_stops_it(nurse: User, clock: Any) -> None:
    enrolled(nurse)
    clock(minutes=1)
    client, other = Client(), Client()
    door(client), door(other)
    nurse.set_password("mot mat khau khac")
    nurse.save()
    assert step_two(client, code_of(nurse)).url == "/dang-nhap/"
    User.objects.filter(pk=nurse.pk).update(is_active=False)
    assert step_two(other, code_of(nurse)).url == "/dang-nhap/"


def test_the_session_changes_at_the_second_step(nurse: User, clock: Any) -> None:
    enrolled(nurse)
    clock(minutes=1)
    client = Client()
    door(client)
    before = client.session.session_key
    step_two(client, code_of(nurse))
    assert client.session.session_key != before
    planted = Client()
    planted.cookies["tramyte"] = before
    assert planted.get("/").status_code == 302


def test_without_a_first_step_there_is_no_second(nurse: User) -> None:
    enrolled(nurse)
    assert Client().get("/dang-nhap/ma/").url == "/dang-nhap/"
    assert step_two(Client(), code_of(nurse)).url == "/dang-nhap/"


# --- one's own page


def test_fresh_recovery_codes_end_the_old_ones(nurse: User, clock: Any) -> None:
    old = enrolled(nurse)
    clock(minutes=1)
    client = client_of(nurse)
    assert client.post("/ma-xac-thuc/", {"password": "sai", "code": code_of(nurse)}).status_code == 422
    assert client.post("/ma-xac-thuc/", {"password": PASSWORD, "code": "000000"}).status_code == 422
    fresh = client.post("/ma-xac-thuc/", {"password": PASSWORD, "code": code_of(nurse)}).context["codes"]
    assert not set(old) & set(fresh)
    assert second_factor.check(user=nurse, code=old[0]) is Answer.WRONG
    assert second_factor.check(user=nurse, code=fresh[0]) is Answer.RECOVERY


def test_taking_it_off_needs_password_and_code(nurse: User, clock: Any) -> None:
    enrolled(nurse)
    clock(minutes=1)
    client = client_of(nurse)
    data = {"password": PASSWORD, "code": code_of(nurse), "act": "drop"}
    assert client.post("/ma-xac-thuc/", {**data, "code": "000000"}).status_code == 422
    assert client.post("/ma-xac-thuc/", data).status_code == 302
    assert not Totp.objects.exists() and not RecoveryCode.objects.exists()


# --- lost


def ask(client: Client, username: str = "hoa.nt", reason: str = "rơi điện thoại") -> Any:
    return client.post(
        "/ma-xac-thuc/bao-mat/", {"form_key": str(uuid7()), "username": username, "reason": reason}
    )


def confirm(client: Client, user: User) -> Any:
    return client.post(f"/tai-khoan/{user.pk}/ma-xac-thuc/", {"form_key": str(uuid7())})


@pytest.fixture
def head(station: Facility) -> Client:
    return client_of(a_member("station_head", station, "truong.pv", "Phạm Văn Trưởng"))


@pytest.fixture
def colleague(station: Facility) -> Client:
    return client_of(a_member("nurse", station, "lan.tt", "Trần Thị Lan"))


def test_a_colleague_asks_and_the_head_confirms(
    nurse: User, head: Client, colleague: Client, clock: Any
) -> None:
    enrolled(nurse)
    clock(minutes=1)
    hers = Client()
    door(hers)
    step_two(hers, code_of(nurse))
    assert ask(colleague).status_code == 302
    assert Totp.objects.exists(), "one person alone changes nothing"
    assert "Trần Thị Lan báo mất" in head.get(f"/tai-khoan/{nurse.pk}/").content.decode()
    confirm(head, nurse)
    assert not Totp.objects.exists() and not RecoveryCode.objects.exists()
    assert not OpenSession.objects.filter(user=nurse).exists()
    assert door(Client()).url == "/"
    actions = set(AuditEntry.objects.filter(object_id=nurse.pk).values_list("action", flat=True))
    assert {"user.totp_reset_asked", "user.totp_reset_confirmed"} <= actions


def test_the_same_person_twice_is_refused(nurse: User, head: Client) -> None:
    enrolled(nurse)
    ask(head)
    confirm(head, nurse)
    assert Totp.objects.exists()
    assert TotpReset.objects.get().confirmed_at is None
    assert "Xác nhận mất" not in head.get(f"/tai-khoan/{nurse.pk}/").content.decode()


def test_the_database_refuses_one_person_too(nurse: User, station: Facility) -> None:
    other = a_member("nurse", station, "lan.tt")
    reset = TotpReset.objects.create(user=nurse, asked_by=other, reason="x", expires_at=timezone.now())
    for one in (other, nurse):
        with pytest.raises(IntegrityError), transaction.atomic():
            TotpReset.objects.filter(pk=reset.pk).update(confirmed_by=one)


def test_nobody_asks_for_herself(nurse: User) -> None:
    enrolled(nurse)
    assert ask(client_of(nurse)).status_code == 422
    assert not TotpReset.objects.exists()


def test_a_colleague_does_not_confirm_and_a_foreign_head_sees_nothing(
    nurse: User, head: Client, colleague: Client
) -> None:
    enrolled(nurse)
    stranger = client_of(a_member("station_head", a_station("21490", "Ba Vì"), "xa.pv"))
    assert ask(stranger).status_code == 422
    ask(colleague)
    assert confirm(client_of(User.objects.get(username="lan.tt")), nurse).status_code == 403
    assert confirm(stranger, nurse).status_code == 404
    assert Totp.objects.exists()


def test_a_request_is_over_after_24_hours(nurse: User, head: Client, colleague: Client) -> None:
    enrolled(nurse)
    ask(colleague)
    TotpReset.objects.update(expires_at=timezone.now())
    confirm(head, nurse)
    assert Totp.objects.exists()
    assert ask(colleague).status_code == 302, "and may be asked anew"


def test_it_is_confirmed_once(nurse: User, station: Facility) -> None:
    enrolled(nurse)
    one, two = (a_member("station_head", station, name) for name in ("mot.pv", "hai.pv"))
    with system("test"):
        reset = second_factor.reset_ask(
            user=nurse, asked_by=a_member("nurse", station, "lan.tt"), reason="mất"
        )
        second_factor.reset_confirm(reset_id=reset.pk, confirmed_by=one)
        with pytest.raises(Refused):
            second_factor.reset_confirm(reset_id=reset.pk, confirmed_by=two)


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_asked_for(nurse: User, colleague: Client, reason: str) -> None:
    enrolled(nurse)
    assert ask(colleague, reason=reason).status_code == 422


def test_a_pin_of_before_opens_nothing_above_the_station_without_an_app(
    nurse: User, department: Facility
) -> None:
    from apps.accounts.models import WorkstationUser

    client, pin = Client(), "204816"
    door(client)
    client.post("/ma-pin/", {"password": PASSWORD, "pin": pin, "again": pin})
    a_post(nurse, "cdc", department)
    door(client)
    assert client.get("/").url == "/ma-xac-thuc/"
    client.post("/dang-xuat/")
    assert WorkstationUser.objects.get(user=nurse).pin
    assert client.post("/khoa/mo/", {"person": str(nurse.pk), "pin": pin}).status_code == 422
    assert "_auth_user_id" not in client.session
