"""What no single account does: a way to patients, and a way by which their records leave."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.core import approvals, guarding, scope
from apps.core.errors import Refused
from apps.core.models import AuditEntry, Parameter, PendingChange
from apps.facilities import posting, staffing
from apps.facilities.models import Facility, Post
from apps.facilities.posts import scope_for
from apps.sync.models import Receiver
from tests.factories.accounts import a_member, a_post, a_role, a_user, client_of
from tests.factories.facilities import a_centre, a_department, a_station
from tests.security.conftest import Attacker

pytestmark = pytest.mark.django_db
GOOD, EVIL = "https://kho.tinh.vn/fhir", "https://xau.invalid/fhir"


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def department(station: Facility) -> Facility:
    return a_department(a_centre(station))


@pytest.fixture
def first(department: Facility) -> Attacker:
    return Attacker(client_of(a_member("province_admin", department, "quan.tri", "Võ Thị Quản")))


@pytest.fixture
def second(department: Facility) -> Attacker:
    return Attacker(client_of(a_member("province_admin", department, "nguoi.hai", "Lê Văn Hai")))


def waiting() -> PendingChange:
    return PendingChange.objects.get(state="waiting")


def decide(who: Attacker, change: PendingChange, act: str = "approve") -> Any:
    return who.post(f"/cho-duyet/{change.pk}/", act=act)


# --- where records go


def receiver_form(**more: Any) -> dict[str, Any]:
    return {"code": "kho", "name": "Kho", "kind": "fhir", "base_url": EVIL, "settings": "{}", **more}


def test_one_admin_does_not_open_a_way_out(first: Attacker, second: Attacker) -> None:
    first.client.post("/quan-tri/sync/receiver/add/", receiver_form(is_on="on"))
    receiver = Receiver.objects.get()
    assert (receiver.is_on, receiver.base_url) == (False, EVIL)
    change = waiting()
    assert decide(first, change).status_code == 302, "asking and approving is not for one person"
    receiver.refresh_from_db()
    assert not receiver.is_on and waiting() == change
    page = second.get("/cho-duyet/").content.decode()
    assert EVIL in page and "Võ Thị Quản" in page
    decide(second, change)
    receiver.refresh_from_db()
    assert receiver.is_on
    assert list(AuditEntry.objects.order_by("at").values_list("action", flat=True)) == [
        *("sync.receiver_saved", "change.asked", "sync.receiver_on", "change.approved")
    ]


def test_nor_turns_an_open_one_elsewhere(first: Attacker, second: Attacker) -> None:
    receiver = Receiver.objects.create(code="kho", name="Kho", base_url=GOOD, is_on=True)
    path = f"/quan-tri/sync/receiver/{receiver.pk}/change/"
    first.client.post(path, receiver_form(is_on="on", name="Kho mới", allow_private="on"))
    receiver.refresh_from_db()
    assert (receiver.base_url, receiver.allow_private, receiver.name) == (GOOD, False, "Kho mới")
    decide(second, waiting())
    receiver.refresh_from_db()
    assert (receiver.base_url, receiver.allow_private, receiver.is_on) == (EVIL, True, True)


def test_an_approval_is_of_what_was_seen(first: Attacker, second: Attacker) -> None:
    receiver = Receiver.objects.create(code="kho", name="Kho", base_url=GOOD)
    first.post(f"/dong-bo/noi-nhan/{receiver.pk}/bat-tat/", on="1")
    first.client.post(f"/quan-tri/sync/receiver/{receiver.pk}/change/", receiver_form())
    decide(second, waiting())
    receiver.refresh_from_db()
    assert (receiver.base_url, receiver.is_on) == (EVIL, False)
    assert PendingChange.objects.get().state == "waiting"


def test_nor_chooses_the_codes_of_an_open_one(first: Attacker, second: Attacker) -> None:
    receiver = Receiver.objects.create(code="kho", name="Kho", base_url=GOOD, is_on=True)
    path = f"/dong-bo/noi-nhan/{receiver.pk}/ma/"
    asked = first.post(f"{path}loai/", kind="drug")
    assert asked.status_code == 302
    receiver.refresh_from_db()
    assert receiver.settings == {}
    decide(second, waiting())
    receiver.refresh_from_db()
    assert receiver.settings == {"mapped": ["drug"]}
    Receiver.objects.update(is_on=False)
    first.post(f"{path}loai/", kind="icd10")
    receiver.refresh_from_db()
    assert receiver.settings == {"mapped": ["icd10"]}


def test_off_is_one_press(first: Attacker) -> None:
    receiver = Receiver.objects.create(code="kho", name="Kho", base_url=GOOD, is_on=True)
    first.post(f"/dong-bo/noi-nhan/{receiver.pk}/bat-tat/", on="0")
    receiver.refresh_from_db()
    assert not receiver.is_on and not PendingChange.objects.exists()


def test_the_wish_stands_on_the_pages_of_sync(first: Attacker, second: Attacker, station: Facility) -> None:
    receiver = Receiver.objects.create(code="kho", name="Kho", base_url=GOOD)
    first.post(f"/dong-bo/noi-nhan/{receiver.pk}/bat-tat/", on="1")
    for path in ("/dong-bo/noi-nhan/", f"/dong-bo/noi-nhan/{receiver.pk}/"):
        assert "Chờ người thứ hai duyệt" in second.get(path).content.decode()
    assert "Bật nơi nhận Kho" in second.get("/").content.decode()
    head = client_of(a_member("station_head", station, "truong.tram"))
    assert "Bật nơi nhận Kho" not in head.get("/cho-duyet/").content.decode()
    assert decide(Attacker(head), waiting()).status_code == 404


# --- a way to patients


def give(who: Attacker, user: User, role: str, facility: Facility) -> Any:
    return who.post(
        f"/tai-khoan/{user.pk}/vi-tri/moi/",
        role=str(a_role(role).pk),
        facility=str(facility.pk),
        valid_from=f"{timezone.localdate():%d/%m/%Y}",
    )


def an_account(who: Attacker, facility: Facility, role: str = "nurse", name: str = "Ma Văn Giả") -> User:
    who.post("/tai-khoan/moi/", full_name=name, role=str(a_role(role).pk), facility=str(facility.pk))
    return User.objects.get(full_name=name)


def test_the_province_makes_no_nurse_alone(first: Attacker, second: Attacker, station: Facility) -> None:
    made = an_account(first, station)
    assert not made.posts.exists()
    assert first.client.post(f"/tai-khoan/{made.pk}/phieu/").status_code == 302, "no slip before the yes"
    decide(first, waiting())
    assert not made.posts.exists()
    decide(second, waiting())
    assert made.posts.get().role.code == "nurse"
    assert first.client.post(f"/tai-khoan/{made.pk}/phieu/").status_code == 200


def test_the_one_who_gains_is_not_the_second(first: Attacker, second: Attacker, station: Facility) -> None:
    gains = User.objects.get(username="nguoi.hai")
    give(first, gains, "nurse", station)
    assert decide(second, waiting()).status_code == 404
    assert gains.posts.count() == 1


@pytest.mark.parametrize("role", ["province_admin"])
def test_nobody_makes_her_own_second(first: Attacker, department: Facility, role: str) -> None:
    made = an_account(first, department, role)
    assert not made.posts.exists()
    assert waiting().object_id == made.pk


def test_a_reviewer_opens_no_way_and_needs_no_second(first: Attacker, department: Facility) -> None:
    centre = Facility.objects.get(kind="regional_centre")
    made = an_account(first, centre, "region_reviewer")
    assert made.posts.get().role.code == "region_reviewer"


def test_no_slip_of_a_clinical_account_alone(first: Attacker, second: Attacker, station: Facility) -> None:
    head = a_member("station_head", station, "truong.tram")
    for account in (head, User.objects.get(username="nguoi.hai")):
        before = account.password
        assert first.client.post(f"/tai-khoan/{account.pk}/phieu/").status_code == 302
        account.refresh_from_db()
        assert account.password == before
    change = PendingChange.objects.get(object_id=head.pk)
    decide(second, change)
    assert first.client.post(f"/tai-khoan/{head.pk}/phieu/").status_code == 200
    assert first.client.post(f"/tai-khoan/{head.pk}/phieu/").status_code == 302, "one yes, one slip"


def test_nor_the_first_slip_of_an_account_that_a_head_has_made(
    first: Attacker, second: Attacker, station: Facility
) -> None:
    made = an_account(Attacker(client_of(a_member("station_head", station, "truong.tram"))), station)
    assert made.posts.exists()
    assert first.client.post(f"/tai-khoan/{made.pk}/phieu/").status_code == 302
    made.refresh_from_db()
    assert not made.has_usable_password()
    decide(second, waiting())
    assert first.client.post(f"/tai-khoan/{made.pk}/phieu/").status_code == 200


def test_what_two_gave_is_the_first_slip_of_who_asked(
    first: Attacker, second: Attacker, station: Facility
) -> None:
    made = an_account(first, station)
    decide(second, waiting())
    assert second.client.post(f"/tai-khoan/{made.pk}/phieu/").status_code == 302
    head = Attacker(client_of(a_member("station_head", station, "truong.tram")))
    give(head, made, "doctor", station)
    assert made.posts.count() == 2
    assert first.client.post(f"/tai-khoan/{made.pk}/phieu/").status_code == 302, "one post nobody saw"


def test_an_allowance_ends_after_a_day(first: Attacker, second: Attacker, station: Facility) -> None:
    head = a_member("station_head", station, "truong.tram")
    first.client.post(f"/tai-khoan/{head.pk}/phieu/")
    decide(second, waiting())
    PendingChange.objects.update(decided_at=timezone.now() - dt.timedelta(hours=25))
    assert first.client.post(f"/tai-khoan/{head.pk}/phieu/").status_code == 302


def test_another_does_not_use_it(first: Attacker, second: Attacker, station: Facility) -> None:
    head = a_member("station_head", station, "truong.tram")
    first.client.post(f"/tai-khoan/{head.pk}/phieu/")
    decide(second, waiting())
    assert second.client.post(f"/tai-khoan/{head.pk}/phieu/").status_code == 302


def test_a_head_gives_posts_and_slips_alone(station: Facility) -> None:
    head = Attacker(client_of(a_member("station_head", station, "truong.tram")))
    made = an_account(head, station)
    assert made.posts.get().role.code == "nurse"
    assert head.client.post(f"/tai-khoan/{made.pk}/phieu/").status_code == 200


def test_a_head_gives_somebody_of_the_province_no_clinical_post(
    station: Facility, department: Facility
) -> None:
    head = a_member("station_head", station, "truong.tram")
    above = a_member("cdc", department, "tu.cdc")
    with scope.enter(scope_for(head, station.pk)):
        given = posting.post_open(user=above, role=a_role("nurse"), facility=station)
        assert isinstance(given, PendingChange)
        with pytest.raises(Refused):
            approvals.approve(change_id=given.pk)


# --- bounds on which other rules stand


def parameter_form(row: Parameter, **more: Any) -> dict[str, Any]:
    return {"key": row.key, "value": json.dumps(row.value), "unit": row.unit, "source": row.source, **more}


GUARDED = sorted(guarding.GUARDED)


@pytest.mark.parametrize("key", GUARDED)
def test_nobody_moves_such_a_bound_alone(first: Attacker, second: Attacker, key: str) -> None:
    row = Parameter.objects.get(key=key)
    before, wanted = row.value, {"sign": ["nurse"]} if isinstance(row.value, dict) else 10**9
    path = f"/quan-tri/core/parameter/{row.pk}/change/"
    first.client.post(path, parameter_form(row, value=json.dumps(wanted)))
    row.refresh_from_db()
    assert row.value == before
    decide(first, waiting())
    row.refresh_from_db()
    assert row.value == before
    assert key in second.get("/cho-duyet/").content.decode()
    decide(second, waiting())
    row.refresh_from_db()
    assert (row.value, row.confidence) == (wanted, "local")
    assert AuditEntry.objects.get(action="parameter.changed").data == {"key": key, "fields": ["value"]}


def test_nor_by_another_day_or_under_another_name(first: Attacker, second: Attacker) -> None:
    row = Parameter.objects.get(key="exports.second_person_above")
    page = Parameter.objects.get(key="visits.page_size")
    fresh = parameter_form(row, value="1000000", valid_from="01/01/2026")
    first.client.post("/quan-tri/core/parameter/add/", fresh)
    assert Parameter.objects.filter(key=row.key).count() == 1
    decide(second, waiting())
    added = Parameter.objects.get(key=row.key, valid_from__isnull=False)
    assert (added.value, added.valid_from) == (1_000_000, dt.date(2026, 1, 1))
    for one, key in ((row, "khac"), (page, row.key)):
        path = f"/quan-tri/core/parameter/{one.pk}/change/"
        first.client.post(path, parameter_form(one, key=key, valid_from="02/01/2026"))
        was = one.key
        one.refresh_from_db()
        assert one.key == was


def test_an_approved_bound_is_the_one_that_was_seen(first: Attacker, second: Attacker) -> None:
    row = Parameter.objects.get(key="rights.most_hours")
    first.client.post(f"/quan-tri/core/parameter/{row.pk}/change/", parameter_form(row, value="24"))
    Parameter.objects.filter(pk=row.pk).update(value=12)
    decide(second, waiting())
    row.refresh_from_db()
    assert row.value == 12 and waiting()


# --- the mechanism


@pytest.fixture
def asked(first: Attacker, station: Facility) -> PendingChange:
    an_account(first, station)
    return waiting()


def test_a_change_is_decided_once(asked: PendingChange, second: Attacker) -> None:
    for _ in range(3):
        decide(second, asked)
    assert Post.objects.filter(user_id=asked.object_id).count() == 1
    assert AuditEntry.objects.filter(action="change.approved").count() == 1


def test_what_was_refused_or_withdrawn_stays_so(
    asked: PendingChange, first: Attacker, second: Attacker
) -> None:
    decide(first, asked, "withdraw")
    decide(second, asked)
    asked.refresh_from_db()
    assert (asked.state, Post.objects.filter(user_id=asked.object_id).exists()) == ("withdrawn", False)


def test_only_who_asked_takes_it_back(asked: PendingChange, second: Attacker) -> None:
    decide(second, asked, "withdraw")
    asked.refresh_from_db()
    assert asked.state == "waiting"


def test_a_wish_ends_after_its_days(asked: PendingChange, second: Attacker) -> None:
    PendingChange.objects.update(expires_at=timezone.now())
    decide(second, asked)
    asked.refresh_from_db()
    assert asked.state == "waiting" and not Post.objects.filter(user_id=asked.object_id).exists()
    assert "Ma Văn Giả" not in second.get("/cho-duyet/").content.decode()


@pytest.mark.parametrize("act", ["", "xoa", "use", "__class__"])
def test_no_other_act(asked: PendingChange, second: Attacker, act: str) -> None:
    assert decide(second, asked, act).status_code == 404


@pytest.mark.parametrize("role", ["nurse", "station_head", "cdc", "auditor", "region_head"])
def test_a_stranger_decides_nothing(
    asked: PendingChange, station: Facility, department: Facility, role: str
) -> None:
    place = {"station": a_station("21490", "Ba Vì"), "region": Facility.objects.get(kind="regional_centre")}
    level = a_role(role).level
    who = Attacker(client_of(a_member(role, place.get(level, department), "nguoi.la")))
    assert decide(who, asked).status_code == 404
    assert "Ma Văn Giả" not in who.get("/cho-duyet/").content.decode()


def test_the_second_gives_only_what_she_might_give(asked: PendingChange, department: Facility) -> None:
    role = a_role("province_admin")
    role.hands_on = []
    role.save()
    who = a_member("province_admin", department, "bi.bot.quyen")
    with scope.enter(scope_for(who, department.pk)), pytest.raises(PermissionDenied):
        approvals.approve(change_id=asked.pk)


def test_the_installation_makes_the_first_accounts(department: Facility) -> None:
    root = User.objects.create_superuser("goc", "mot-mat-khau-dai", full_name="Gốc")
    with scope.enter(scope_for(root, None)):
        assert isinstance(
            posting.post_open(user=a_user("moi"), role=a_role("province_admin"), facility=department), Post
        )
        made = a_user("moi.hai")
        a_post(made, "province_admin", department)
        assert isinstance(staffing.slip_issue(user=made), tuple)


def test_who_has_not_signed_in_is_asked_to(client: Client) -> None:
    assert client.get("/cho-duyet/").url.startswith("/dang-nhap/")
