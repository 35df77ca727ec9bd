"""The staff pages: for those who may, 404 for strangers, the same queries at 2 and at 20 rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.core.ids import uuid7
from apps.facilities.models import Facility, Hamlet, Practitioner
from tests.factories.accounts import a_member, a_post, a_user, client_of
from tests.factories.facilities import (
    a_centre,
    a_department,
    a_hamlet,
    a_point,
    a_practitioner,
    a_station,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def head(station: Facility) -> Client:
    return client_of(a_member("station_head", station, "truong.tram", "Phạm Văn Trưởng"))


@pytest.fixture
def nurse(station: Facility) -> Client:
    return client_of(a_member("nurse", station, "hoa.nt"))


@pytest.fixture
def stranger() -> Client:
    return client_of(a_member("station_head", a_station("21490", "Ba Vì"), "khac", "Người Khác"))


@pytest.fixture
def admin(station: Facility) -> Client:
    return client_of(a_member("province_admin", a_department(a_centre(station)), "quan.tri"))


def post(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"form_key": str(uuid7()), **fields})


def queries_of(act: Callable[[], Any]) -> int:
    """The queries of a request after the first, which notes the session and the workplace."""
    act()
    with CaptureQueriesContext(connection) as found:
        assert act().status_code == 200
    return len(found)


def test_it_works(head: Client, station: Facility) -> None:
    a_point(station)
    a_practitioner(station)
    text = head.get(f"/co-so/{station.pk}/").content.decode()
    for word in ("Trạm Y tế xã Ba Tơ", "Điểm trạm Ba Chùa", "Thôn 1", "Trần Văn Bình", "Phạm Văn Trưởng"):
        assert word in text


def test_a_nurse_reads_and_changes_nothing(nurse: Client, station: Facility) -> None:
    text = nurse.get(f"/co-so/{station.pk}/").content.decode()
    assert "Thêm thôn" not in text and "Vị trí công tác" not in text
    for path in ("sua/", "thon/moi/", "nhan-luc/moi/", "diem-tram/moi/"):
        assert nurse.get(f"/co-so/{station.pk}/{path}").status_code == 403


def test_a_stranger_gets_404_and_no_name(stranger: Client, station: Facility) -> None:
    hamlet, person = Hamlet.objects.filter(commune=station.unit).get(), a_practitioner(station)
    paths = [f"/co-so/{station.pk}/{rest}" for rest in ("", "sua/", "thon/moi/", "nhan-luc/moi/")]
    paths += [f"/co-so/thon/{hamlet.pk}/{rest}" for rest in ("sua/", "dia-ban/")]
    paths += [f"/co-so/nhan-luc/{person.pk}/sua/", f"/tai-khoan/moi/?co-so={station.pk}"]
    for path in paths:
        response = stranger.get(path)
        assert response.status_code == 404, path
        assert not {"Ba Tơ", "Thôn 1", "Trần Văn Bình"} & set(response.content.decode().split("<")), path
        assert "Trần Văn Bình" not in response.content.decode()
    listed = stranger.get("/co-so/").content.decode()
    assert "Ba Vì" in listed and "Ba Tơ" not in listed


def test_anonymous_is_asked_to_sign_in(client: Client, station: Facility) -> None:
    for path in ("/co-so/", f"/co-so/{station.pk}/", "/tai-khoan/", "/noi-lam-viec/", "/doi-mat-khau/"):
        assert client.get(path).url.startswith("/dang-nhap/"), path


@pytest.mark.parametrize("typed", ["ba to", "BA TƠ", "tram ba to", "tơ ba"])
def test_a_facility_is_found_without_accents(admin: Client, station: Facility, typed: str) -> None:
    assert "Trạm Y tế xã Ba Tơ" in admin.post("/co-so/", {"q": typed}).content.decode()
    assert "Không có cơ sở nào" in admin.post("/co-so/", {"q": "khong co"}).content.decode()


@pytest.mark.parametrize("typed", ["\x00", "%", "'; --", "🙂", "x" * 3000])
def test_odd_searches_find_nothing_and_break_nothing(admin: Client, station: Facility, typed: str) -> None:
    assert admin.post("/co-so/", {"q": typed, "c": "forged"}).status_code == 200
    assert admin.post("/tai-khoan/", {"q": typed, "c": "forged"}).status_code == 200


def test_the_list_of_facilities_costs_the_same_at_2_and_20(admin: Client, station: Facility) -> None:
    few = queries_of(lambda: admin.get("/co-so/"))
    centre = Facility.objects.get(kind="regional_centre")
    for number in range(18):
        other = a_station(f"220{number:02d}", f"Xã {number}")
        other.links.create(parent=centre, kind="reporting")
    assert queries_of(lambda: admin.get("/co-so/")) == few


def test_the_list_of_accounts_costs_the_same_at_2_and_20(head: Client, station: Facility) -> None:
    a_member("nurse", station, "lan")
    few = queries_of(lambda: head.get("/tai-khoan/"))
    for number in range(18):
        a_post(a_user(f"u{number}"), "nurse", station)
    assert queries_of(lambda: head.get("/tai-khoan/")) == few


def test_a_facilitys_page_costs_the_same_at_2_and_20(head: Client, station: Facility) -> None:
    few = queries_of(lambda: head.get(f"/co-so/{station.pk}/"))
    for number in range(20):
        a_point(station, f"Điểm {number}")
        hamlet = a_hamlet(station.unit, f"Thôn {number}", code=f"H{number}")
        hamlet.catchments.create(facility=station)
        a_practitioner(station, f"Lê Lan {number}", licence_no=f"{number}")
        a_post(a_user(f"u{number}"), "nurse", station)
    assert queries_of(lambda: head.get(f"/co-so/{station.pk}/")) == few


def test_long_lists_have_pages(head: Client, station: Facility) -> None:
    for number in range(60):
        a_post(a_user(f"u{number:02d}", f"Lê Thị Lan {number:02d}"), "nurse", station)
    first = head.get("/tai-khoan/")
    assert len(first.context["page"].items) == 50
    second = head.get("/tai-khoan/", {"c": first.context["page"].next_cursor})
    assert len(second.context["page"].items) == 11
    assert not set(first.context["page"].items) & set(second.context["page"].items)


def test_an_account_is_made_and_found(head: Client, station: Facility) -> None:
    a_practitioner(station)
    role = User.objects.get(username="truong.tram").posts.get().role
    nurse_role = type(role).objects.get(code="nurse")
    made = post(head, "/tai-khoan/moi/", full_name="Đinh Thị Hương", facility=station.pk, role=nurse_role.pk)
    assert made.status_code == 302, made.context["form"].errors
    page = head.get(made.url).content.decode()
    assert "huong.dt" in page and "In phiếu đăng nhập" in page
    assert "Đinh Thị Hương" in head.post("/tai-khoan/", {"q": "dinh huong"}).content.decode()


def test_a_double_click_makes_one_account(head: Client, station: Facility) -> None:
    role = User.objects.get(username="truong.tram").posts.get().role
    fields = {
        "form_key": str(uuid7()),
        "full_name": "Đinh Thị Hương",
        "facility": station.pk,
        "role": type(role).objects.get(code="nurse").pk,
    }
    first, again = (head.post("/tai-khoan/moi/", fields) for _ in range(2))
    assert first.url == again.url
    assert User.objects.filter(full_name="Đinh Thị Hương").count() == 1


def test_roles_and_facilities_beyond_reach_are_not_taken(head: Client, station: Facility) -> None:
    role = User.objects.get(username="truong.tram").posts.get().role
    other = a_station("21490", "Ba Vì")
    nurse, admin = (type(role).objects.get(code=code) for code in ("nurse", "province_admin"))
    refused = post(head, "/tai-khoan/moi/", full_name="Lê Lan", facility=other.pk, role=nurse.pk)
    assert "facility" in refused.context["form"].errors
    refused = post(head, "/tai-khoan/moi/", full_name="Lê Lan", facility=station.pk, role=admin.pk)
    assert "role" in refused.context["form"].errors
    assert not User.objects.filter(full_name="Lê Lan").exists()


def test_a_post_is_given_and_revoked_on_the_page(head: Client, station: Facility) -> None:
    user = a_member("nurse", station, "lan")
    role = type(user.posts.get().role).objects.get(code="population")
    given = post(
        head,
        f"/tai-khoan/{user.pk}/vi-tri/moi/",
        facility=station.pk,
        role=role.pk,
        valid_from="1/3/2026",
        valid_to="",
    )
    assert given.status_code == 302, given.context["form"].errors
    row = user.posts.get(role=role)
    assert str(row.valid_from) == "2026-03-01"
    assert post(head, f"/tai-khoan/vi-tri/{row.pk}/thu-hoi/", version=row.version).status_code == 302
    row.refresh_from_db()
    assert row.revoked_at is not None


@pytest.mark.parametrize("day", ["31/02/2026", "hôm qua", "2026-13-01", ""])
def test_an_impossible_date_is_a_sentence(head: Client, station: Facility, day: str) -> None:
    user = a_member("nurse", station, "lan")
    role = user.posts.get().role
    response = post(
        head, f"/tai-khoan/{user.pk}/vi-tri/moi/", facility=station.pk, role=role.pk, valid_from=day
    )
    assert response.status_code == 422
    assert response.context["form"].errors["valid_from"]
    assert user.posts.count() == 1


def test_a_hamlet_is_made_changed_and_given_to_a_point(head: Client, station: Facility) -> None:
    point = a_point(station)
    made = post(
        head,
        f"/co-so/{station.pk}/thon/moi/",
        name="  Thôn  Nước Lui ",
        kind="thôn",
        sort_order=2,
        facility=station.pk,
    )
    assert made.status_code == 302, made.context["form"].errors
    hamlet = Hamlet.objects.get(name="Thôn Nước Lui")
    changed = post(
        head,
        f"/co-so/thon/{hamlet.pk}/sua/",
        version=1,
        name="Thôn Nước Lui 2",
        kind="thôn",
        code=hamlet.code,
        sort_order=3,
    )
    assert changed.status_code == 302, changed.context["form"].errors
    given = post(head, f"/co-so/thon/{hamlet.pk}/dia-ban/", facility=point.pk, valid_from="01/09/2026")
    assert given.status_code == 302, given.context["form"].errors
    hamlet.refresh_from_db()
    assert (hamlet.name, hamlet.version) == ("Thôn Nước Lui 2", 2)


def test_two_who_change_one_hamlet_are_shown_both(head: Client, station: Facility) -> None:
    hamlet = Hamlet.objects.get(commune=station.unit)
    fields = {"kind": "thôn", "code": hamlet.code, "sort_order": 1, "version": 1}
    assert post(head, f"/co-so/thon/{hamlet.pk}/sua/", name="Thôn A", **fields).status_code == 302
    second = post(head, f"/co-so/thon/{hamlet.pk}/sua/", name="Thôn B", **fields)
    assert second.status_code == 409
    text = second.content.decode()
    assert "Thôn A" in text and "Thôn B" in text
    hamlet.refresh_from_db()
    assert hamlet.name == "Thôn A"


def test_a_practitioner_is_made_and_ended(head: Client, station: Facility) -> None:
    fields = {
        "full_name": "Trần Văn Bình",
        "grade": "doctor",
        "facility": station.pk,
        "licence_no": "000123/QNG-CCHN",
        "can_sign": "on",
    }
    made = post(head, f"/co-so/{station.pk}/nhan-luc/moi/", **fields)
    assert made.status_code == 302, made.context["form"].errors
    person = Practitioner.objects.get()
    assert person.can_sign and person.version == 1
    ended = post(head, f"/co-so/nhan-luc/{person.pk}/sua/", version=1, **fields | {"valid_to": "31/10/2026"})
    assert ended.status_code == 302, ended.context["form"].errors
    assert "Đã nghỉ" in head.get(f"/co-so/{station.pk}/").content.decode()


def test_who_signs_without_a_licence_is_told_at_the_field(head: Client, station: Facility) -> None:
    response = post(
        head,
        f"/co-so/{station.pk}/nhan-luc/moi/",
        full_name="Lê Lan",
        grade="doctor",
        facility=station.pk,
        can_sign="on",
    )
    assert response.status_code == 422
    assert "licence_no" in response.context["form"].errors


def test_a_point_is_made(head: Client, station: Facility) -> None:
    made = post(head, f"/co-so/{station.pk}/diem-tram/moi/", name="Điểm trạm Ba Cung")
    assert made.status_code == 302, made.context["form"].errors
    point = Facility.objects.get(kind="point")
    assert (point.part_of, point.unit) == (station, station.unit)


def test_a_station_corrects_its_phone(head: Client, station: Facility) -> None:
    saved = post(head, f"/co-so/{station.pk}/sua/", version=1, phone="02553 123 456", address="Thôn 1")
    assert saved.status_code == 302
    station.refresh_from_db()
    assert station.phone == "02553 123 456"


def test_no_form_saves_without_its_key(head: Client, station: Facility) -> None:
    response = head.post(f"/co-so/{station.pk}/diem-tram/moi/", {"name": "Điểm trạm"})
    assert response.status_code == 400
    assert not Facility.objects.filter(kind="point").exists()


# --- the admin


@pytest.mark.parametrize(
    "path",
    [
        *("adminunit/", "unitsuccession/", "facility/", "facility/add/", "hamlet/", "catchment/"),
        *("practitioner/", "post/", "facility/export/", "hamlet/import/", "practitioner/import/"),
    ],
)
def test_the_province_opens_the_admin_and_nobody_else(
    admin: Client, head: Client, nurse: Client, path: str
) -> None:
    assert admin.get(f"/quan-tri/facilities/{path}").status_code == 200
    for other in (head, nurse, Client()):
        assert other.get(f"/quan-tri/facilities/{path}").status_code in (302, 403)


def test_the_admin_deletes_nothing(admin: Client, station: Facility) -> None:
    path = f"/quan-tri/facilities/facility/{station.pk}/"
    assert admin.get(f"{path}change/").status_code == 200
    assert admin.get(f"{path}delete/").status_code == 403


def test_the_admins_door_is_the_one_door(client: Client) -> None:
    response = client.get("/quan-tri/")
    assert response.status_code == 302
    assert client.get(response.url).url.startswith("/dang-nhap/")
    assert client.post("/quan-tri/login/", {"username": "x", "password": "y"}).status_code == 302
