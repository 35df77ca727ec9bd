"""Roles of the province: copied from shipped ones, never more than those, approved by a second person."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.loading import load_roles
from apps.accounts.models import Role, User
from apps.core import approvals, registry, scope
from apps.core.models import AuditEntry, PendingChange
from apps.core.registry import LoadReport
from apps.facilities import roles
from apps.facilities.models import Facility, Post
from apps.facilities.posting import HARMLESS
from apps.facilities.posts import scope_for
from apps.facilities.practice import Holder, why_not
from tests.factories.accounts import ROOT, a_member, a_post, a_role, a_user, client_of
from tests.factories.facilities import a_centre, a_department, a_station
from tests.security.conftest import Attacker

pytestmark = pytest.mark.django_db

BASE = "/tai-khoan/vai-tro/"
PLAIN = {"facilities": ["facilities.view"], "catalogues": ["catalogues.view"]}


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


def made(who: Attacker, source: str = "nurse", name: str = "Điều dưỡng tiêm chủng") -> Role:
    who.post(f"{BASE}moi/", source=str(a_role(source).pk), name=name)
    return Role.objects.get(name=name)


def tick(who: Attacker, role: Role, name: str = "", version: int = 0, **sections: list[str]) -> Any:
    said = {"name": name or role.name, "version": str(version or role.version)}
    answer = who.post(f"{BASE}{role.pk}/sua/", **said, **sections)
    role.refresh_from_db()
    return answer


def switch(who: Attacker, role: Role, on: bool) -> Any:
    answer = who.post(f"{BASE}{role.pk}/bat-tat/", on="1" if on else "0")
    role.refresh_from_db()
    return answer


def approve(who: Attacker) -> Any:
    return who.post(f"/cho-duyet/{PendingChange.objects.get(state='waiting').pk}/", act="approve")


def in_use(first: Attacker, second: Attacker, source: str = "nurse") -> Role:
    role = made(first, source)
    switch(first, role, True)
    approve(second)
    role.refresh_from_db()
    assert role.is_active
    return role


def test_it_works(first: Attacker, second: Attacker, station: Facility) -> None:
    role = made(first)
    assert (role.is_active, role.based_on, role.rights) == (False, a_role("nurse"), a_role("nurse").rights)
    tick(first, role, **PLAIN, visits=["visits.view"])
    assert role.rights == ["catalogues.view", "facilities.view", "reports.view", "visits.view"]
    assert 'name="form_key"' in first.get(f"{BASE}{role.pk}/").content.decode(), "the button's own key"
    assert switch(first, role, True).status_code == 302 and not role.is_active
    seen = second.get("/cho-duyet/").content.decode()
    assert "Bật vai trò Điều dưỡng tiêm chủng" in seen and "Khám bệnh" in seen
    approve(second)
    role.refresh_from_db()
    assert role.is_active
    page = first.get(f"{BASE}{role.pk}/").content.decode()
    assert "lập từ Điều dưỡng" in page and "Chưa ai giữ vai trò này" in page
    words = AuditEntry.objects.filter(object_id=role.pk, action__startswith="role.").order_by("seq")
    assert [entry.action for entry in words] == ["role.created", "role.changed", "role.switched_on"]
    assert "Khám bệnh: nhập mới, sửa" in words[1].data["removed"]


@pytest.mark.parametrize("right", ["records.view", "dispensing.enter", "tasks.view", "outage.view"])
def test_nobody_alone_opens_any_way_to_patients(right: str, first: Attacker, station: Facility) -> None:
    """Neither the role, nor a post of one that is in use already, nor a slip for who holds it."""
    role = made(first)
    section = right.split(".")[0]
    tick(first, role, **{section: [right]})
    assert role.rights == sorted(["reports.view", right])
    switch(first, role, True)
    assert not role.is_active and PendingChange.objects.get().state == "waiting"
    Role.objects.filter(pk=role.pk).update(is_active=True)
    fields = {"full_name": "Ma Văn Giả", "role": str(role.pk), "facility": str(station.pk)}
    first.post("/tai-khoan/moi/", **fields)
    new = User.objects.get(full_name="Ma Văn Giả")
    assert not new.posts.exists() and PendingChange.objects.count() == 2
    a_post(new, role.code, station)
    first.post(f"/tai-khoan/{new.pk}/phieu/")
    new.refresh_from_db()
    assert new.slip_expires_at is None


def test_every_section_tells_of_people_or_is_named_harmless() -> None:
    sections = {section.key for section in registry.sections}
    assert HARMLESS - sections == {"reports"}, "whose room is still to come"
    assert not HARMLESS & {"people", "records", "dispensing", "tasks", "sync", "exports", "looks", "audit"}


def test_a_post_of_it_opens_its_rights_and_no_others(
    first: Attacker, second: Attacker, station: Facility
) -> None:
    role = made(first)
    tick(first, role, **PLAIN)
    switch(first, role, True)
    assert role.is_active, "nothing about patients or accounts: one person is enough"
    holder = a_user("lan", "Bùi Thị Lan")
    Post.objects.create(user=holder, role=role, facility=station)
    client = client_of(holder)
    assert client.get("/danh-muc/").status_code == 200
    assert client.get("/ho/").status_code == 403
    assert "Bùi Thị Lan" in first.get(f"{BASE}{role.pk}/").content.decode()


def test_a_change_bites_at_the_next_click(first: Attacker, second: Attacker, station: Facility) -> None:
    role = in_use(first, second)
    holder = a_user("lan")
    Post.objects.create(user=holder, role=role, facility=station)
    client = client_of(holder)
    assert client.get("/ho/").status_code == 200
    tick(first, role, **PLAIN)
    assert client.get("/ho/").status_code == 200, "waits for the second"
    approve(second)
    assert client.get("/ho/").status_code == 403
    switch(first, role, False)
    assert not role.is_active, "off is one press"
    assert client.get("/").status_code == 302, "her last post: the session ends"
    assert client.get("/").url.startswith("/dang-nhap/")


def test_a_role_that_is_off_is_not_given(first: Attacker, station: Facility) -> None:
    role = made(first)
    head = Attacker(client_of(a_member("station_head", station, "truong.tram")))
    assert role.name not in head.get("/tai-khoan/moi/").content.decode()
    head.post("/tai-khoan/moi/", full_name="Ma Văn Giả", role=str(role.pk), facility=str(station.pk))
    assert not User.objects.filter(full_name="Ma Văn Giả").exists()


# --- nobody comes by more


def test_a_shipped_role_is_never_changed(first: Attacker) -> None:
    nurse = a_role("nurse")
    assert first.get(f"{BASE}{nurse.pk}/sua/").status_code == 404
    assert tick(first, nurse, **PLAIN).status_code == 404
    assert switch(first, nurse, False).status_code == 404
    assert nurse.is_active and "visits.enter" in nurse.rights


@pytest.mark.parametrize(
    ("source", "section", "right"),
    [
        ("nurse", "audit", "audit.view"),  # of the auditor, who is of another level
        ("nurse", "parameters", "parameters.edit"),
        ("cdc", "visits", "visits.view"),  # no clinical right above the station
        ("cdc", "audit", "audit.export"),  # of that level, but neither held nor handed on
        ("nurse", "visits", "visits.erase"),
        ("nurse", "khong", "khong.co"),
    ],
)
def test_a_foreign_function_is_not_taken(first: Attacker, source: str, section: str, right: str) -> None:
    role = made(first, source)
    tick(first, role, **{**PLAIN, section: [right]})
    assert right not in role.rights
    with scope.enter(scope_for(User.objects.get(username="quan.tri"), _workplace())):
        with pytest.raises(PermissionDenied):
            roles.role_update(
                role=role, name=role.name, rights={*role.rights, right}, expected_version=role.version
            )


def _workplace() -> Any:
    return Facility.objects.get(kind="department").pk


def test_a_copy_leaves_out_what_its_maker_may_not_grant(first: Attacker) -> None:
    copy = made(first, "auditor", "Xem cơ sở")
    assert copy.rights == ["facilities.view", "looks.view", "users.view"]
    assert copy.hands_on == []


def test_what_may_be_handed_on_follows_the_shipped_role(first: Attacker) -> None:
    copy = made(first, "province_admin", "Quản trị tài khoản")
    assert copy.hands_on == a_role("province_admin").hands_on
    tick(first, copy, facilities=["facilities.view"])
    assert copy.hands_on == [], "who manages no accounts hands nothing on"


def test_nobody_raises_or_approves_a_role_that_she_holds(
    first: Attacker, second: Attacker, department: Facility
) -> None:
    role = made(first, "province_admin", "Quản trị hạn chế")
    tick(first, role, users=["users.view", "users.enter", "users.edit", "users.approve"])
    switch(first, role, True)
    approve(second)
    third = a_user("nguoi.ba")
    Post.objects.create(user=third, role=role, facility=department)
    holder = Attacker(client_of(third))
    role.refresh_from_db()
    before = role.rights
    everything = {"users": ["users.view"], "facilities": ["facilities.view"]}
    assert tick(holder, role, **everything).status_code == 422
    tick(first, role, **everything)
    change = PendingChange.objects.get(state="waiting")
    holder.post(f"/cho-duyet/{change.pk}/", act="approve")
    role.refresh_from_db()
    assert role.rights == before and role.is_active
    assert switch(holder, role, False).status_code == 302 and role.is_active


def test_who_lacks_a_function_neither_adds_nor_approves_it(
    first: Attacker, second: Attacker, department: Facility
) -> None:
    narrow = made(first, "province_admin", "Quản trị hạn chế")
    tick(first, narrow, users=["users.view", "users.enter", "users.edit", "users.approve"])
    switch(first, narrow, True)
    approve(second)
    third = a_user("nguoi.ba")
    Post.objects.create(user=third, role=narrow, facility=department)
    holder = Attacker(client_of(third))
    copy = made(holder, "province_admin", "Rộng hơn")
    assert "sync.edit" not in copy.rights and "parameters.edit" not in copy.rights
    wide = made(first, "province_admin", "Rộng")
    switch(first, wide, True)
    assert approve(holder).status_code == 403
    wide.refresh_from_db()
    assert not wide.is_active


def test_one_person_does_not_do_it_alone(first: Attacker) -> None:
    role = made(first)
    switch(first, role, True)
    approve(first)
    role.refresh_from_db()
    assert not role.is_active


def test_an_approval_is_of_what_was_seen(first: Attacker, second: Attacker) -> None:
    role = made(first)
    tick(first, role, **PLAIN, visits=["visits.view"])
    switch(first, role, True)
    tick(first, role, **PLAIN, visits=["visits.view", "visits.approve"])
    approve(second)
    role.refresh_from_db()
    assert not role.is_active and PendingChange.objects.get().state == "waiting"


@pytest.mark.parametrize("code", ["nurse", "station_head", "region_head", "cdc", "auditor"])
def test_only_the_province_makes_roles(
    first: Attacker, station: Facility, department: Facility, code: str
) -> None:
    role = made(first)
    places = {"station": station, "region": Facility.objects.get(kind="regional_centre")}
    who = Attacker(client_of(a_member(code, places.get(a_role(code).level, department), "nguoi.la")))
    assert who.get(f"{BASE}moi/").status_code == 403
    assert who.post(f"{BASE}moi/", source=str(a_role("nurse").pk), name="Của tôi").status_code == 403
    assert tick(who, role, **PLAIN).status_code == 403
    assert switch(who, role, True).status_code == 403


def test_a_head_sees_holders_of_her_own_station_alone(station: Facility, first: Attacker) -> None:
    a_member("nurse", station, "lan", "Bùi Thị Lan")
    a_member("nurse", a_station("21490", "Ba Vì"), "xa", "Hồ Thị Xa")
    head = client_of(a_member("station_head", station, "truong.tram"))
    page = head.get(f"{BASE}{a_role('nurse').pk}/").content.decode()
    assert "Bùi Thị Lan" in page and "Hồ Thị Xa" not in page and "Lập vai trò" not in page


# --- what holds beside the role


def test_no_role_signs_for_who_has_no_licence() -> None:
    rights = {"visits.approve"}
    assert why_not("sign", rights=rights, holder=None, grades={})
    assert why_not("sign", rights=rights, holder=Holder("doctor", "Bác sĩ", False, True), grades={})


def test_a_release_takes_back_what_it_no_longer_gives(first: Attacker) -> None:
    role = made(first)
    Role.objects.filter(pk=role.pk).update(rights=[*role.rights, "audit.view"], hands_on=["audit.view"])
    report = LoadReport()
    load_roles(ROOT / "fixtures/roles.csv", report)
    role.refresh_from_db()
    assert "audit.view" not in role.rights and role.hands_on == [] and len(report.notes) == 1
    load_roles(ROOT / "fixtures/roles.csv", report)
    assert len(report.notes) == 1


# --- forms


@pytest.mark.parametrize("name", ["", "   ", "điều dưỡng", "DIEU DUONG", "\x00", "x" * 121])
def test_a_bad_name_is_a_sentence(first: Attacker, name: str) -> None:
    a_role("nurse")
    answer = first.post(f"{BASE}moi/", source=str(a_role("nurse").pk), name=name)
    assert answer.status_code == 422
    assert Role.objects.exclude(based_on=None).count() == 0


@pytest.mark.parametrize("source", ["", "khong-phai", "00000000-0000-0000-0000-000000000000"])
def test_a_bad_source_is_a_sentence(first: Attacker, source: str) -> None:
    assert first.get(f"{BASE}moi/?tu={source}").status_code == 200
    assert first.post(f"{BASE}moi/", source=source, name="Mới").status_code == 422


def test_two_who_change_one_role(first: Attacker, second: Attacker) -> None:
    role = made(first)
    seen = role.version
    tick(first, role, **PLAIN)
    answer = tick(second, role, version=seen, tasks=["tasks.view"])
    assert answer.status_code == 422 and "vừa được người khác đổi" in answer.content.decode()
    assert set(role.rights) >= {"catalogues.view"}
    assert f'name="version" value="{role.version}"' in answer.content.decode()


def test_an_empty_role_is_not_taken_into_use(first: Attacker) -> None:
    role = made(first, "cdc", "Không làm gì")
    Role.objects.filter(pk=role.pk).update(rights=[])
    switch(first, role, True)
    assert not role.is_active and not PendingChange.objects.exists()


# --- lists


def queries_of(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as found:
        assert act().status_code == 200
    return len(found)


def test_the_list_costs_the_same_at_2_and_20(first: Attacker) -> None:
    made(first)
    few = queries_of(lambda: first.get(BASE))
    for number in range(18):
        made(first, name=f"Vai trò {number}")
    assert queries_of(lambda: first.get(BASE)) == few


def test_a_role_costs_the_same_with_2_and_20_holders(first: Attacker, station: Facility) -> None:
    a_member("nurse", station, "a0")
    path = f"{BASE}{a_role('nurse').pk}/"
    first.get(path)  # the first page of a session also keeps its workplace
    few = queries_of(lambda: first.get(path))
    for number in range(18):
        a_member("nurse", station, f"b{number}")
    assert queries_of(lambda: first.get(path)) == few


def test_the_service_asks_for_a_scope_of_the_province(station: Facility) -> None:
    head = a_member("station_head", station, "truong.tram")
    with scope.enter(scope_for(head, station.pk)), pytest.raises(PermissionDenied):
        roles.role_copy(source=a_role("nurse"), name="Của tôi")
    with scope.enter(scope_for(head, station.pk)):
        assert approvals.waiting_for(scope.current()) == []
