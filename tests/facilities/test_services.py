"""What may be changed, by whom, and what is said when not."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from apps.accounts.models import User
from apps.core import scope
from apps.core.errors import Refused
from apps.core.models import AuditEntry, PendingChange
from apps.core.versions import StaleVersion
from apps.facilities import posting, queries, services, staffing
from apps.facilities.models import Facility, Hamlet, Post
from apps.facilities.posts import scope_for
from tests.factories.accounts import a_member, a_post, a_role, a_user
from tests.factories.facilities import (
    a_centre,
    a_commune,
    a_department,
    a_point,
    a_practitioner,
    a_province,
    a_station,
)

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 3, 1)


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def head(station: Facility) -> User:
    return a_member("station_head", station, "truong.tram", "Phạm Văn Trưởng")


@pytest.fixture
def as_head(head: User, station: Facility) -> Iterator[None]:
    with scope.enter(scope_for(head, station.pk)):
        yield


@pytest.fixture
def as_admin(station: Facility) -> Iterator[None]:
    department = a_department(a_centre(station))
    admin = a_member("province_admin", department, "quan.tri", "Võ Thị Quản")
    with scope.enter(scope_for(admin, department.pk)):
        yield


# --- posts: nobody grants what she lacks, nor to herself


@pytest.mark.parametrize("role", ["nurse", "midwife", "doctor", "pharmacist", "population", "village_worker"])
def test_a_head_gives_the_posts_of_her_station(as_head: None, station: Facility, role: str) -> None:
    user = a_user()
    posting.post_open(user=user, role=a_role(role), facility=station)
    assert queries.posts_at(station, DAY).get(user=user).role.code == role
    entry = AuditEntry.objects.get(action="post.opened")
    assert (entry.object_id, entry.facility_id, entry.data) == (
        user.pk,
        station.pk,
        {"role": a_role(role).name},
    )


def test_a_head_gives_nothing_at_another_station(as_head: None) -> None:
    with pytest.raises(PermissionDenied):
        posting.post_open(user=a_user(), role=a_role("nurse"), facility=a_station("21490", "Ba Vì"))


def test_a_nurse_gives_no_post(station: Facility) -> None:
    with scope.enter(scope_for(a_member("nurse", station), station.pk)):
        with pytest.raises(PermissionDenied):
            posting.post_open(user=a_user("lan"), role=a_role("nurse"), facility=station)


def test_a_right_the_head_has_lost_is_not_handed_on(head: User, station: Facility) -> None:
    role = a_role("station_head")
    role.rights = [right for right in role.rights if right != "visits.approve"]
    role.save()
    with scope.enter(scope_for(head, station.pk)):
        posting.post_open(user=a_user("lan"), role=a_role("nurse"), facility=station)
        with pytest.raises(PermissionDenied):
            posting.post_open(user=a_user(), role=a_role("doctor"), facility=station)


def test_the_province_gives_clinical_roles_without_holding_them(as_admin: None, station: Facility) -> None:
    assert not scope.current().can("visits.view")
    asked = posting.post_open(user=a_user(), role=a_role("station_head"), facility=station)
    assert isinstance(asked, PendingChange), "a second person says yes: tests/security/test_two_people.py"


def test_the_province_does_not_make_auditors(as_admin: None) -> None:
    department = Facility.objects.get(kind="department")
    with pytest.raises(PermissionDenied):
        posting.post_open(user=a_user(), role=a_role("auditor"), facility=department)


@pytest.mark.parametrize("role", ["station_head", "nurse"])
def test_nobody_gives_a_post_to_herself(as_head: None, head: User, station: Facility, role: str) -> None:
    with pytest.raises(Refused, match="tự giao"):
        posting.post_open(user=head, role=a_role(role), facility=station)


def test_what_rights_one_holds_elsewhere_does_not_count_here(head: User, station: Facility) -> None:
    other = a_station("21490", "Ba Vì")
    a_post(head, "nurse", other)
    with scope.enter(scope_for(head, other.pk)):
        with pytest.raises(PermissionDenied):
            posting.post_open(user=a_user(), role=a_role("nurse"), facility=other)


def test_a_role_belongs_to_its_level(as_admin: None, station: Facility) -> None:
    with pytest.raises(Refused, match="không dùng ở"):
        posting.post_open(user=a_user(), role=a_role("region_head"), facility=station)


def test_one_post_is_not_told_twice_a_day(as_head: None, station: Facility) -> None:
    user = a_user()
    nurse = a_role("nurse")
    posting.post_open(user=user, role=nurse, facility=station, valid_from=DAY, valid_to=DAY)
    posting.post_open(user=user, role=nurse, facility=station, valid_from=DAY + dt.timedelta(days=1))
    with pytest.raises(Refused, match="trùng"):
        posting.post_open(user=user, role=nurse, facility=station, valid_from=DAY)


def test_a_post_ends_after_it_begins(as_head: None, station: Facility) -> None:
    with pytest.raises(Refused) as refused:
        posting.post_open(
            user=a_user(),
            role=a_role("nurse"),
            facility=station,
            valid_from=DAY,
            valid_to=DAY - dt.timedelta(days=1),
        )
    assert refused.value.field == "valid_to"


def test_a_revoked_post_can_be_given_again(as_head: None, station: Facility) -> None:
    user, nurse = a_user(), a_role("nurse")
    post = posting.post_open(user=user, role=nurse, facility=station)
    posting.post_revoke(post=post, expected_version=1)
    assert not queries.posts_at(station, DAY).filter(user=user).exists()
    posting.post_open(user=user, role=nurse, facility=station)
    with pytest.raises(Refused, match="đã được thu hồi"):
        posting.post_revoke(post=post, expected_version=2)


def test_nobody_revokes_her_own_post_or_one_above_her(as_head: None, head: User, station: Facility) -> None:
    with pytest.raises(Refused, match="của mình"):
        posting.post_revoke(post=head.posts.get(), expected_version=1)


def test_two_who_revoke_at_once_are_told(as_head: None, station: Facility) -> None:
    post = a_post(a_user(), "nurse", station)
    Post.objects.filter(pk=post.pk).update(version=2)
    with pytest.raises(StaleVersion):
        posting.post_revoke(post=post, expected_version=1)


def test_a_post_takes_its_practitioner_along(as_head: None, station: Facility) -> None:
    user, doctor = a_user(), a_practitioner(station)
    posting.post_open(user=user, role=a_role("doctor"), facility=station, practitioner=doctor)
    doctor.refresh_from_db()
    assert doctor.user == user
    with pytest.raises(Refused, match="tài khoản khác"):
        posting.post_open(user=a_user("lan"), role=a_role("doctor"), facility=station, practitioner=doctor)


def test_a_practitioner_of_elsewhere_is_not_taken(as_head: None, station: Facility) -> None:
    with pytest.raises(Refused, match="cơ sở khác"):
        posting.post_open(
            user=a_user(),
            role=a_role("doctor"),
            facility=station,
            practitioner=a_practitioner(a_station("21490", "Ba Vì")),
        )


# --- accounts


def test_an_account_begins_with_its_post(as_head: None, station: Facility) -> None:
    user = staffing.account_open(
        full_name="  Đinh  Văn Đức ", username="", phone="", role=a_role("nurse"), facility=station
    )
    assert (user.username, user.full_name) == ("duc.dv", "Đinh Văn Đức")
    assert not user.has_usable_password()
    assert staffing.may_manage(user)


def test_nothing_is_left_of_an_account_whose_post_is_refused(as_head: None) -> None:
    with pytest.raises(PermissionDenied):
        staffing.account_open(
            full_name="Đinh Văn Đức",
            username="",
            phone="",
            role=a_role("nurse"),
            facility=a_station("21490", "Ba Vì"),
        )
    assert not User.objects.filter(username="duc.dv").exists()


@pytest.mark.parametrize(
    ("full_name", "username", "sentence"),
    [
        ("", "", "họ và tên"),
        (" \u200b ", "", "họ và tên"),
        ("Đinh Văn Đức", "đ", "ít nhất 3"),
        ("Đinh Văn Đức", "🙂🙂🙂", "ít nhất 3"),
        ("Đinh Văn Đức", "TRUONG.tram", "đã có người dùng"),
    ],
)
def test_a_poor_name_is_refused(
    as_head: None, station: Facility, full_name: str, username: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        staffing.account_open(
            full_name=full_name, username=username, phone="", role=a_role("nurse"), facility=station
        )


def test_people_of_one_name_get_numbers(as_head: None, station: Facility) -> None:
    made = [
        staffing.account_open(
            full_name="Lê Thị Lan", username="", phone="", role=a_role("nurse"), facility=station
        ).username
        for _ in range(3)
    ]
    assert made == ["lan.lt", "lan.lt2", "lan.lt3"]


def test_an_account_is_managed_only_by_who_could_have_made_it(as_head: None, station: Facility) -> None:
    mine, both, none = a_user("mine"), a_user("both"), a_user("none")
    a_post(mine, "nurse", station)
    a_post(both, "nurse", station)
    a_post(both, "nurse", a_station("21490", "Ba Vì"))
    assert staffing.may_manage(mine)
    assert not staffing.may_manage(both)
    assert not staffing.may_manage(none)
    for refused in (both, none):
        with pytest.raises(PermissionDenied):
            staffing.slip_issue(user=refused)
        with pytest.raises(PermissionDenied):
            staffing.account_set_active(user=refused, is_active=False)


# --- hamlets, catchments, practitioners, facilities


def test_a_hamlet_comes_with_its_catchment(as_head: None, station: Facility) -> None:
    hamlet = services.hamlet_create(commune=station.unit, name="Thôn Nước Lui", facility=station)
    assert hamlet.code == "001"
    assert queries.station_of(hamlet.pk, DAY) == station
    assert services.hamlet_create(commune=station.unit, name="Thôn B", facility=station).code == "002"


def test_a_hamlet_of_another_commune_is_not_the_stations(as_head: None, station: Facility) -> None:
    with pytest.raises(PermissionDenied):
        services.hamlet_create(commune=a_commune("21490", "Ba Vì"), name="Thôn", facility=station)
    with pytest.raises(PermissionDenied):
        services.hamlet_create(commune=station.unit, name="Thôn")


def test_a_province_has_no_hamlet(as_admin: None) -> None:
    with pytest.raises(Refused, match="phải thuộc một xã"):
        services.hamlet_create(commune=a_province(), name="Thôn")


def test_two_hamlets_do_not_share_a_code(as_head: None, station: Facility) -> None:
    services.hamlet_create(commune=station.unit, name="Thôn A", code="A1", facility=station)
    with pytest.raises(Refused):
        services.hamlet_create(commune=station.unit, name="Thôn B", code="A1", facility=station)


@pytest.mark.parametrize("name", ["", "\u202e", "x" * 200])
def test_a_poor_hamlet_name_is_refused(as_head: None, station: Facility, name: str) -> None:
    with pytest.raises(Refused):
        services.hamlet_create(commune=station.unit, name=name, facility=station)


def test_a_hamlet_given_to_a_point_stays_the_stations(as_head: None, station: Facility) -> None:
    hamlet = Hamlet.objects.get()
    services.catchment_open(facility=a_point(station), hamlet=hamlet, valid_from=DAY)
    assert queries.station_of(hamlet.pk, DAY) == station


def test_a_hamlet_that_changes_station_keeps_its_past(as_admin: None, station: Facility) -> None:
    other = Facility.objects.create(name="Trạm Y tế Ba Vì", kind="station", unit=station.unit)
    with scope.system("test"):
        services.catchment_open(facility=other, hamlet=Hamlet.objects.get(), valid_from=DAY)
    hamlet = Hamlet.objects.get()
    assert queries.station_of(hamlet.pk, DAY - dt.timedelta(days=1)) == station
    assert queries.station_of(hamlet.pk, DAY) == other


def test_no_station_takes_a_hamlet_from_another(as_head: None, station: Facility) -> None:
    other = a_station("21490", "Ba Vì")
    foreign = other.catchments.get().hamlet
    with pytest.raises(PermissionDenied):
        services.catchment_open(facility=station, hamlet=foreign, valid_from=DAY)


def test_a_hamlet_without_catchment_follows_the_commune(station: Facility) -> None:
    hamlet = Hamlet.objects.create(commune=station.unit, code="X", name="Thôn X")
    assert queries.station_of(hamlet.pk, DAY) == station
    assert queries.station_of(None, DAY, commune=station.unit) == station
    assert queries.station_of(None, DAY) is None


def test_who_signs_has_a_licence(as_head: None, station: Facility) -> None:
    fields: dict[str, Any] = {"full_name": "Lê Lan", "facility": station, "grade": "doctor"}
    with pytest.raises(Refused) as refused:
        services.practitioner_create(**fields, can_sign=True)
    assert refused.value.field == "licence_no"
    services.practitioner_create(**fields, can_sign=True, licence_no="000456/QNG-CCHN")
    with pytest.raises(Refused, match="đã có người mang số giấy phép"):
        services.practitioner_create(**fields, licence_no="000456/QNG-CCHN")


def test_a_practitioner_of_another_station_is_out_of_reach(as_head: None) -> None:
    other = a_practitioner(a_station("21490", "Ba Vì"))
    with pytest.raises(PermissionDenied):
        services.practitioner_update(practitioner=other, expected_version=1, fields=[])


@pytest.mark.parametrize("field", services.PRACTICE)
def test_nobody_widens_her_own_practice(as_head: None, head: User, station: Facility, field: str) -> None:
    own = a_practitioner(station, user=head)
    with pytest.raises(Refused, match="người khác sửa") as refused:
        services.practitioner_update(practitioner=own, expected_version=1, fields=["full_name", field])
    assert refused.value.field == field
    services.practitioner_update(practitioner=own, expected_version=1, fields=["full_name"])


def test_a_station_makes_points_and_no_facilities(as_head: None, station: Facility) -> None:
    point = services.facility_create(name="Điểm trạm Mới", kind="point", unit=station.unit, part_of=station)
    assert point.station_id == station.pk
    with pytest.raises(PermissionDenied):
        services.facility_create(name="Trạm lậu", kind="station", unit=station.unit)
    with pytest.raises(Refused, match="thuộc một trạm"):
        services.facility_create(name="Điểm của điểm", kind="point", unit=station.unit, part_of=point)


@pytest.mark.parametrize(
    ("code", "fits"), [("51A01", True), ("5101", False), ("51a01", False), ("A1001", False)]
)
def test_a_facility_code_has_its_form(as_admin: None, station: Facility, code: str, fits: bool) -> None:
    fields = {"name": "Trạm mới", "kind": "station", "unit": station.unit, "kcb_code": code}
    if fits:
        assert services.facility_create(**fields).pk
    else:
        with pytest.raises(Refused):
            services.facility_create(**fields)


def test_a_station_does_not_turn_into_a_point(station: Facility) -> None:
    other, point = a_station("21490", "Ba Vì"), a_point(station)
    station.kind, station.part_of = "point", other
    point.kind, point.part_of = "station", None
    for changed in (station, point):
        with pytest.raises(ValidationError, match="không đổi thành"):
            changed.full_clean()
