"""The scope of a request: from the posts in force at that moment, in two queries."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.backends import AccountBackend
from apps.accounts.models import User
from apps.core.scope import Scope
from apps.facilities.models import Facility, Post
from apps.facilities.posts import held_posts, scope_for
from tests.factories.accounts import a_member, a_post, a_user, client_of
from tests.factories.facilities import a_centre, a_department, a_point, a_practitioner, a_station

pytestmark = pytest.mark.django_db


def scope_of(user: User, place: Facility, **more: Any) -> Scope | None:
    return scope_for(AccountBackend().get_user(user.pk), place.pk, **more)


def test_it_works() -> None:
    station = a_station()
    point = a_point(station)
    scope = scope_of(a_member("nurse", station), station)
    assert scope is not None
    assert scope.facility_ids == {station.pk, point.pk}
    assert (scope.workplace_id, scope.point_id, scope.level) == (station.pk, None, "station")
    assert scope.can("visits.enter") and not scope.can("visits.approve")
    assert scope.label == "Trạm Y tế xã Ba Tơ"


def test_a_point_sees_its_station_and_works_for_it() -> None:
    station = a_station()
    point, other = a_point(station), a_point(station, "Điểm trạm Ba Cung")
    scope = scope_of(a_member("nurse", point), point)
    assert scope.facility_ids == {station.pk, point.pk, other.pk}
    assert (scope.workplace_id, scope.point_id) == (station.pk, point.pk)


def test_todays_point_is_one_of_the_stations() -> None:
    station, stranger = a_station(), a_station("21490", "Ba Vì")
    point, foreign = a_point(station), a_point(stranger, "Điểm trạm xa")
    user = a_member("nurse", station)
    assert scope_of(user, station, point=point.pk, point_name=point.name).label == point.name
    assert scope_of(user, station, point=foreign.pk, point_name=foreign.name).point_id is None


def test_a_region_sees_what_reports_to_it_and_the_province_all() -> None:
    near, far = a_station(), a_station("21490", "Ba Vì")
    point = a_point(near)
    centre, other = a_centre(near), a_centre(far, name="Trung tâm Y tế khu vực Ba Vì")
    department = a_department(centre, other)
    region = scope_of(a_member("region_reviewer", centre), centre)
    assert region.facility_ids == {centre.pk, near.pk, point.pk}
    assert region.level == "region" and not region.can("people.view")
    province = scope_of(a_member("province_admin", department), department)
    assert province.facility_ids == {department.pk, centre.pk, other.pk, near.pk, far.pk, point.pk}
    assert province.level == "province" and not province.can("people.view")


def test_a_link_that_ended_gives_no_sight() -> None:
    station = a_station()
    centre = a_centre(station)
    station.links.update(valid_to=timezone.localdate() - dt.timedelta(days=1))
    assert scope_of(a_member("region_reviewer", centre), centre).facility_ids == {centre.pk}


def test_rights_of_one_workplace_do_not_count_at_another() -> None:
    user, here, there = a_user(), a_station(), a_station("21490", "Ba Vì")
    a_post(user, "nurse", here)
    a_post(user, "doctor", there)
    assert not scope_of(user, here).can("visits.approve")
    assert scope_of(user, there).can("visits.approve")
    assert there.pk not in scope_of(user, here).facility_ids


def test_three_posts_at_one_station_add_up() -> None:
    user, station = a_user(), a_station()
    doctor = a_practitioner(station, user=user)
    a_post(user, "nurse", station)
    a_post(user, "doctor", station, practitioner=doctor)
    a_post(user, "population", station)
    scope = scope_of(user, station)
    assert scope.can("visits.approve") and scope.can("households.export")
    assert scope.practitioner_id == doctor.pk


@pytest.mark.parametrize(
    "fields",
    [
        {"valid_to": dt.date(2020, 1, 1)},
        {"valid_from": dt.date(2999, 1, 1)},
        {"revoked_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
    ],
)
def test_a_post_not_in_force_opens_nothing(fields: dict[str, Any]) -> None:
    user, station = a_user(), a_station()
    a_post(user, "nurse", station, **fields)
    assert held_posts(AccountBackend().get_user(user.pk)) == []
    assert scope_of(user, station) is None


def test_a_closed_facility_opens_nothing() -> None:
    station = a_station(valid_to=dt.date(2020, 1, 1))
    assert scope_of(a_member("nurse", station), station) is None


def test_a_post_holds_on_its_first_and_last_day() -> None:
    today, user, station = timezone.localdate(), a_user(), a_station()
    a_post(user, "nurse", station, valid_from=today, valid_to=today)
    assert scope_of(user, station) is not None


def test_a_revoked_post_bites_at_the_next_request(client: Client) -> None:
    user = a_member("nurse", a_station())
    client = client_of(user)
    assert client.get("/co-so/").status_code == 200
    Post.objects.update(revoked_at=timezone.now())
    response = client.get("/co-so/")
    assert response.status_code == 302 and response.url.startswith("/dang-nhap/")


def test_a_right_taken_from_the_role_bites_at_the_next_request() -> None:
    user = a_member("nurse", a_station())
    client = client_of(user)
    assert client.get("/co-so/").status_code == 200
    role = user.posts.get().role
    role.rights = ["people.view"]
    role.save()
    assert client.get("/co-so/").status_code == 403


def test_a_forged_workplace_in_the_session_opens_nothing() -> None:
    stranger = a_station("21490", "Ba Vì")
    client = client_of(a_member("nurse", a_station()))
    client.get("/")
    session = client.session
    session["workplace_id"] = str(stranger.pk)
    session.save()
    assert client.get(f"/co-so/{stranger.pk}/").status_code in (302, 404)
    session["workplace_id"] = "not-a-uuid"
    session.save()
    assert client.get("/co-so/").status_code == 200, "the only workplace is chosen again"


@pytest.mark.parametrize("posts", [1, 12])
def test_session_account_and_posts_cost_two_queries(posts: int) -> None:
    user, centre = a_user(), a_centre(a_station())
    a_post(user, "region_reviewer", centre)
    for number in range(posts - 1):
        a_post(user, "nurse", a_station(f"215{number:02d}", f"Ba {number}"))
    client = client_of(user)
    client.post("/noi-lam-viec/", {"place": f"{centre.pk}/"})
    client.get("/khoe-khong-co/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/trang-khong-co/").status_code == 404
    assert len(queries) == 2, [query["sql"] for query in queries]


def test_a_superuser_sets_up_and_sees_no_patient() -> None:
    user = User.objects.create_superuser("Quản.Trị", "mot-mat-khau-dai", full_name="Quản trị")
    scope = scope_for(AccountBackend().get_user(user.pk), None)
    assert scope.level == "system" and scope.can("facilities.edit") and scope.can("audit.view")
    assert not scope.everything and not scope.can("people.view") and not scope.facility_ids
    assert user.username == "quan.tri"


def test_the_admin_opens_for_the_province_from_that_workplace_only() -> None:
    station = a_station()
    department = a_department(a_centre(station))
    user = a_user()
    a_post(user, "province_admin", department)
    a_post(user, "nurse", station)
    client = client_of(user)
    client.post("/noi-lam-viec/", {"place": f"{department.pk}/"})
    assert client.get("/quan-tri/").status_code == 200
    client.post("/noi-lam-viec/", {"place": f"{station.pk}/"})
    assert client.get("/quan-tri/").status_code == 302
