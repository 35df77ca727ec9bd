"""Stations split, plans decided and approved, stopped, repeated, taken back, refused."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core import approvals, scope
from apps.core.errors import Refused
from apps.core.models import NumberBook
from apps.encounters.models import Visit
from apps.facilities.models import (
    AdminUnit,
    Catchment,
    Facility,
    Hamlet,
    Post,
    ReformState,
    UnitSuccession,
)
from apps.facilities.posts import scope_for
from apps.facilities.reforming import plan, running
from apps.facilities.reforming.plan import Decisions
from apps.households.models import Household
from apps.patients.models import Identifier, Person
from apps.patients.queries import find_people
from tests.factories.accounts import a_member, a_post, a_user
from tests.factories.facilities import a_province
from tests.factories.households import a_household
from tests.factories.patients import a_person
from tests.factories.reform import (
    BEFORE,
    CHANGE,
    REF,
    World,
    a_split,
    approve_and_run,
    link_to_office,
    seen,
    self_unit,
)

pytestmark = pytest.mark.django_db


# --- 1 to n


def test_one_station_is_split_among_several(world: World) -> None:
    first = a_person(world.thanh, "Nguyễn Thị Hòa", hamlet=world.hamlet(world.thanh, 1))
    second = a_person(world.thanh, "Phạm Văn Xa", hamlet=world.hamlet(world.thanh, 2))
    reform, other = a_split(world)
    approve_and_run(world, reform)
    assert Person.unscoped.get(pk=first.pk).station == world.new
    assert Person.unscoped.get(pk=second.pk).station == other
    assert Person.unscoped.get(pk=second.pk).hamlet.commune == other.unit
    assert Facility.objects.get(pk=world.thanh.pk).part_of == world.new


def test_a_station_goes_on_and_hands_a_hamlet_to_another(world: World) -> None:
    """1 to n without an ending: no books are closed, nobody else moves."""
    stays = a_person(world.thanh, "Nguyễn Thị Ở", hamlet=world.hamlet(world.thanh, 1))
    goes = a_person(world.thanh, "Phạm Văn Đi", hamlet=world.hamlet(world.thanh, 2))
    AdminUnit.objects.filter(pk=world.thanh.unit_id).update(valid_to=None)
    AdminUnit.objects.filter(pk=world.vinh.unit_id).update(valid_to=None, code="21491")
    reform = world.planned(former=[world.thanh], successors=[world.thanh, world.vinh])
    rows = {row.hamlet.code: row.pk for row in reform.hamlets.all()}
    hamlets = {rows["001"]: world.thanh.pk, rows["002"]: world.vinh.pk}
    with world.as_(world.admin):
        plan.reform_update(
            reform=reform,
            decisions=Decisions(CHANGE, REF, hamlets=hamlets),
            expected_version=reform.version,
        )
    approve_and_run(world, reform)
    assert Person.unscoped.get(pk=stays.pk).station == world.thanh
    moved = Person.unscoped.get(pk=goes.pk)
    assert moved.station == world.vinh and moved.hamlet.came_from_id == goes.hamlet_id
    assert Facility.objects.get(pk=world.thanh.pk).kind == "station"


def test_a_split_commune_must_be_looked_through(world: World) -> None:
    other = self_unit("21520", "Ba Động")
    station = world.station("Trạm Y tế xã Ba Động", other, valid_from=CHANGE)
    link_to_office(world, station)
    UnitSuccession.objects.filter(old=world.thanh.unit).update(share=None)
    UnitSuccession.objects.create(old=world.thanh.unit, new=other, on=CHANGE)
    reform = world.planned(former=[world.thanh], successors=[world.new, station])
    assert set(reform.hamlets.values_list("doubtful", "station")) == {(True, world.new.pk)}
    with world.as_(world.admin), pytest.raises(Refused, match="xem lại"):
        plan.reform_ask(reform=reform)


# --- two people, days, places


def test_nobody_approves_her_own(world: World) -> None:
    reform = world.planned()
    with world.as_(world.admin):
        change = plan.reform_ask(reform=reform)
        with pytest.raises(Refused, match="người khác"):
            approvals.approve(change_id=change.pk)
    assert Facility.objects.get(pk=world.thanh.pk).kind == "station"


def test_a_head_of_a_station_neither_plans_nor_approves(world: World, client: Any) -> None:
    head = a_member("station_head", world.thanh, "truong")
    from django.core.exceptions import PermissionDenied

    with world.as_(head, world.thanh) as hers:
        with pytest.raises(PermissionDenied):
            plan.reform_create(on=CHANGE, legal_ref=REF, former=[world.thanh], successors=[world.new])
        assert not approvals.waiting_for(hers)


def test_a_day_to_come_changes_nothing_before_its_night(world: World, merged: Any) -> None:
    hoa = a_person(world.thanh)
    later = timezone.localdate() + dt.timedelta(days=3)
    AdminUnit.objects.filter(valid_to=BEFORE).update(valid_to=later - dt.timedelta(days=1))
    reform = merged(on=later)
    assert reform.state == ReformState.SCHEDULED
    assert Facility.objects.get(pk=world.thanh.pk).kind == "station"
    with scope.system("test"):
        running.night(timezone.localdate())
    assert Person.unscoped.get(pk=hoa.pk).station == world.thanh
    with world.as_(world.admin), pytest.raises(Refused, match="chưa tới ngày"):
        running.go_on(reform=reform)


def test_the_night_of_the_day_begins_it(world: World, merged: Any, monkeypatch: Any) -> None:
    later = timezone.localdate() + dt.timedelta(days=3)
    reform = merged(on=later)
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: later)
    with scope.system("test"):
        running.night(later)
    reform.refresh_from_db()
    assert reform.state == ReformState.DONE


def test_a_head_needs_a_place_before_it_is_asked(world: World) -> None:
    head = a_member("station_head", world.thanh, "truong", "Bùi Văn Trưởng")
    reform = world.planned()
    with world.as_(world.admin):
        with pytest.raises(Refused, match="Chọn vị trí mới cho 1 người"):
            plan.reform_ask(reform=reform)
        row = reform.posts.get()
        doctor = a_post(a_user("mau"), "doctor", world.new).role
        plan.reform_update(
            reform=reform,
            decisions=Decisions(CHANGE, REF, posts={row.pk: (world.new.pk, doctor.pk)}),
            expected_version=reform.version,
        )
    approve_and_run(world, reform)
    posts = Post.objects.current(timezone.localdate()).filter(user=head)
    assert [(post.role.code, post.facility_id) for post in posts] == [("doctor", world.new.pk)]


def test_who_has_no_place_any_more_sees_nothing(world: World) -> None:
    head = a_member("station_head", world.thanh, "truong")
    reform = world.planned()
    with world.as_(world.admin):
        plan.reform_update(
            reform=reform,
            decisions=Decisions(CHANGE, REF, posts={reform.posts.get().pk: (world.thanh.pk, None)}),
            expected_version=reform.version,
        )
    approve_and_run(world, reform)
    assert scope_for(User.objects.get(pk=head.pk), world.thanh.pk) is None


def test_a_closed_station_is_no_workplace_but_its_records_are_read(world: World) -> None:
    visit = seen(a_person(world.new, "Người Nơi Khác"))
    Visit.unscoped.filter(pk=visit.pk).update(facility=world.thanh)
    reform = world.planned()
    row = reform.stations.get(facility=world.thanh)
    with world.as_(world.admin):
        plan.reform_update(
            reform=reform,
            decisions=Decisions(CHANGE, REF, becomes={row.pk: "closed"}),
            expected_version=reform.version,
        )
    approve_and_run(world, reform)
    here = scope_for(User.objects.get(pk=world.nurse.pk), world.new.pk)
    assert here is not None and here.workplace_id == world.new.pk
    with scope.enter(here):
        assert Visit.objects.filter(pk=visit.pk).exists()
    assert scope_for(User.objects.get(pk=world.nurse.pk), world.thanh.pk) is None


# --- stops, repeats, corrections


def test_it_goes_on_after_it_stopped_in_the_middle(world: World, monkeypatch: Any) -> None:
    from apps.patients import succeeding

    for number in range(5):
        a_person(world.thanh, f"Người {number}")
    reform = world.planned()
    with world.as_(world.admin):
        change = plan.reform_ask(reform=reform)
    with world.as_(world.second):
        approvals.approve(change_id=change.pk)
    monkeypatch.setattr(succeeding, "BATCH", 2)
    batches = []

    def stop(message: str) -> None:
        batches.append(message)
        if len([each for each in batches if each.startswith("Người dân")]) == 2:
            raise RuntimeError("the machine went off")

    with scope.system("test"):
        with pytest.raises(RuntimeError):
            running.work(reform.pk, stop)
        assert Person.unscoped.filter(station=world.new).count() == 4
        running.work(reform.pk, lambda message: None)
        running.work(reform.pk, lambda message: None)
    reform.refresh_from_db()
    assert reform.state == ReformState.DONE
    assert Person.unscoped.filter(station=world.new).count() == 5
    step = reform.steps.get(key="people")
    assert (step.before, step.moved, step.left) == (5, 5, 0)


def everything(world: World) -> Any:
    """Where all stands, for before and after."""

    def rows(manager: Any, *names: str) -> list[Any]:
        return list(manager.order_by("pk").values_list("pk", *names))

    return (
        rows(Facility.objects, "kind", "name", "part_of", "unit", "valid_to"),
        rows(Person.unscoped, "station", "hamlet", "code", "tokens"),
        rows(Household.unscoped, "station", "hamlet", "code", "former_codes"),
        rows(Hamlet.objects, "commune", "valid_to"),
        rows(Catchment.objects, "facility", "hamlet", "valid_from", "valid_to"),
        rows(NumberBook.unscoped, "closed_from"),
        rows(Identifier.unscoped, "kind", "value"),
    )


def test_a_mistake_is_taken_back_whole(
    world: World, merged: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with scope.system("test"):
        a_household(world.thanh, a_person(world.thanh, "Nguyễn Thị Hòa"))
        a_household(world.vinh, a_person(world.vinh, "Phạm Văn Xa"))
    seen(Person.unscoped.get(full_name="Phạm Văn Xa"))
    before = everything(world)
    reform = merged()
    assert everything(world) != before
    with world.as_(world.admin):
        change = plan.undo_ask(reform=reform)
    with world.as_(world.second), django_capture_on_commit_callbacks(execute=True):
        approvals.approve(change_id=change.pk)
    reform.refresh_from_db()
    assert (reform.state, reform.problem) == (ReformState.UNDONE, "")
    assert everything(world) == before
    with world.as_(world.nurse, world.thanh) as her:
        assert her.workplace_id == world.thanh.pk
        assert [line.full_name for line in find_people(her, "P0000001")] == ["Nguyễn Thị Hòa"]


def test_nothing_is_taken_back_once_something_new_depends_on_it(world: World, merged: Any) -> None:
    reform = merged()
    a_person(world.new, "Người Mới")
    with world.as_(world.admin), pytest.raises(Refused, match="đã có 1 người mới"):
        plan.undo_ask(reform=reform)


def test_nothing_is_taken_back_over_a_row_that_was_edited_since(world: World, merged: Any) -> None:
    hoa = a_person(world.thanh)
    reform = merged()
    Person.unscoped.filter(pk=hoa.pk).update(station=world.vinh)
    with world.as_(world.admin):
        change = plan.undo_ask(reform=reform)
    with world.as_(world.second):
        approvals.approve(change_id=change.pk)
    with scope.system("test"):
        running.work(reform.pk, lambda message: None)
    reform.refresh_from_db()
    assert reform.state == ReformState.DONE
    assert "đã được sửa" in reform.problem
    assert Facility.objects.get(pk=world.thanh.pk).kind == "point"


# --- what is refused


def test_a_successor_of_a_unit_that_has_ended_is_refused(world: World) -> None:
    reform = world.planned(former=[world.thanh], successors=[world.vinh])
    with world.as_(world.admin), pytest.raises(Refused, match="không còn hiệu lực"):
        plan.reform_ask(reform=reform)


def test_a_station_stands_in_one_reform_at_a_time(world: World) -> None:
    one, two = world.planned(), world.planned()
    with world.as_(world.admin):
        plan.reform_ask(reform=one)
        with pytest.raises(Refused, match="phương án khác"):
            plan.reform_ask(reform=two)


def test_a_plan_that_changes_nothing_is_refused(world: World) -> None:
    with world.as_(world.admin), pytest.raises(Refused, match="Chưa có gì thay đổi"):
        plan.reform_create(on=CHANGE, legal_ref=REF, former=[world.new], successors=[world.new])


def test_a_plan_without_its_paper_is_refused(world: World) -> None:
    with world.as_(world.admin), pytest.raises(Refused, match="căn cứ"):
        plan.reform_create(on=CHANGE, legal_ref="​ ", former=[world.thanh], successors=[world.new])


def test_a_station_of_another_province_is_no_part_of_it(world: World) -> None:
    from django.core.exceptions import PermissionDenied

    unit = AdminUnit.objects.create(
        level="commune",
        code="00004",
        name="Ba Đình",
        kind="phường",
        parent=a_province("01", "Hà Nội"),
        valid_from=CHANGE,
    )
    strange = world.station("Trạm Y tế phường Ba Đình", unit)
    with world.as_(world.admin), pytest.raises(PermissionDenied):
        plan.reform_create(on=CHANGE, legal_ref=REF, former=[strange], successors=[world.new])
