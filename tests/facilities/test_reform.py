"""Stations merged and split from a day on, n to 1 and 1 to n, without touching a clinical row."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.care.models import Appointment, Measurement
from apps.core import approvals, numbering, scope
from apps.core.errors import Refused
from apps.core.models import Draft, GivenNumber, Job, NumberBook, PendingChange, Task
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Visit
from apps.encounters.services import visit_save
from apps.facilities import asof, queries
from apps.facilities.models import (
    AdminUnit,
    Catchment,
    Facility,
    Hamlet,
    Post,
    Reform,
    ReformState,
    UnitSuccession,
)
from apps.facilities.posts import scope_for
from apps.facilities.reforming import plan, running
from apps.facilities.reforming.plan import Decisions
from apps.households.models import Household
from apps.households.search import search as household_search
from apps.patients.models import Identifier, Person
from apps.patients.queries import find_people
from tests.factories.accounts import a_member, a_post, a_user
from tests.factories.encounters import a_practitioner as a_doctor
from tests.factories.encounters import a_visit, catalogues, scope_of
from tests.factories.facilities import a_centre, a_department, a_practitioner, a_province
from tests.factories.households import a_household
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db

BEFORE = dt.date(2025, 6, 30)
CHANGE = dt.date(2025, 7, 1)
REF = "NQ 1677/NQ-UBTVQH15"


def seen(person: Person, on: dt.date = dt.date(2025, 5, 5)) -> Visit:
    """A visit of that day at her station, with figures."""
    doctor = a_doctor(person.station)
    visit = a_visit(person, doctor, at=timezone.make_aware(dt.datetime.combine(on, dt.time(9))))
    with scope.enter(scope_of(doctor)):
        return visit_save(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=VisitInput(fields={"reason": "Ho"}, vitals={"pulse": Decimal(80)}),
        )


class World:
    """Two communes of before the reform, Ba Thành and Ba Vinh, each with its station, hamlets and people; the
    commune of now with the station that succeeds them; two administrators of the province.
    """

    def __init__(self) -> None:
        catalogues()
        old_province = AdminUnit.objects.create(
            level="province", code="51", name="Quảng Ngãi", kind="tỉnh", valid_to=BEFORE
        )
        district = AdminUnit.objects.create(
            level="district", code="535", name="Ba Tơ", kind="huyện", parent=old_province, valid_to=BEFORE
        )
        self.new_unit = AdminUnit.objects.create(
            level="commune", code="21490", name="Ba Vinh", kind="xã", parent=a_province(), valid_from=CHANGE
        )
        self.new = self.station("Trạm Y tế xã Ba Vinh", self.new_unit, valid_from=CHANGE)
        self.thanh = self.station("Trạm Y tế xã Ba Thành", self.unit("21500", "Ba Thành", district))
        self.vinh = self.station("Trạm Y tế xã Ba Vinh cũ", self.unit("21490", "Ba Vinh", district))
        for station in (self.thanh, self.vinh):
            for number in (1, 2):
                hamlet = Hamlet.objects.create(
                    commune=station.unit, code=f"00{number}", name=f"Thôn {number}"
                )
                Catchment.objects.create(facility=station, hamlet=hamlet)
        centre = a_centre(self.new, self.thanh, self.vinh)
        self.office = a_department(centre)
        self.admin = a_member("province_admin", self.office, "tinh1", "Lê Thị Lập")
        self.second = a_member("province_admin", self.office, "tinh2", "Trần Văn Duyệt")
        self.nurse = a_member("nurse", self.thanh, "thanh.dd", "Đinh Thị Điều Dưỡng")

    def unit(self, code: str, name: str, district: AdminUnit) -> AdminUnit:
        unit = AdminUnit.objects.create(
            level="commune", code=code, name=name, kind="xã", parent=district, valid_to=BEFORE
        )
        UnitSuccession.objects.create(old=unit, new=self.new_unit, on=CHANGE, share=1, is_default=True)
        return unit

    def station(self, name: str, unit: AdminUnit, **fields: Any) -> Facility:
        return Facility.objects.create(name=name, kind="station", unit=unit, **fields)

    def hamlet(self, station: Facility, number: int = 1) -> Hamlet:
        return Hamlet.objects.get(commune=station.unit, code=f"00{number}")

    def as_(self, user: User, place: Facility | None = None) -> Any:
        found = scope_for(User.objects.get(pk=user.pk), (place or self.office).pk)
        assert found is not None
        return scope.enter(found)

    def planned(self, on: dt.date = CHANGE, **more: Any) -> Reform:
        with self.as_(self.admin):
            return plan.reform_create(
                on=on,
                legal_ref=REF,
                former=more.get("former", [self.thanh, self.vinh]),
                successors=more.get("successors", [self.new]),
            )

    def approve(self, django_capture_on_commit_callbacks: Any, reform: Reform) -> Reform:
        with self.as_(self.admin):
            change = plan.reform_ask(reform=reform)
        with self.as_(self.second), django_capture_on_commit_callbacks(execute=True):
            approvals.approve(change_id=change.pk)
        reform.refresh_from_db()
        return reform


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def merged(world: World, django_capture_on_commit_callbacks: Any) -> Any:
    """`merged()` plans, asks, approves and runs the reform of both stations."""

    def run(**more: Any) -> Reform:
        return world.approve(django_capture_on_commit_callbacks, world.planned(**more))

    return run


def test_it_works(world: World, merged: Any) -> None:
    hoa = a_person(world.thanh, "Nguyễn Thị Hòa")
    with scope.system("test"):
        home = a_household(world.thanh, hoa)
    reform = merged()
    assert reform.state == ReformState.DONE and reform.approved_by_name == "Trần Văn Duyệt"
    point = Facility.objects.get(pk=world.thanh.pk)
    assert (point.kind, point.part_of, point.name) == ("point", world.new, "Điểm trạm Ba Thành")
    hoa = Person.unscoped.select_related("hamlet__commune").get(pk=hoa.pk)
    assert hoa.station == world.new
    assert hoa.hamlet.commune == world.new_unit and hoa.hamlet.came_from.commune.name == "Ba Thành"
    stored = Household.unscoped.get(pk=home.pk)
    assert stored.station == world.new and stored.hamlet == hoa.hamlet
    assert queries.station_of(hoa.hamlet_id, timezone.localdate()) == world.new
    assert {step.key: step.left for step in reform.steps.all() if step.moved} == {
        "stations": 0,
        "hamlets": 0,
        "catchments": 0,
        "people": 0,
        "households": 0,
    }


def test_a_nurse_of_before_sees_all_people_of_the_successor(world: World, merged: Any) -> None:
    a_person(world.thanh, "Nguyễn Thị Hòa")
    a_person(world.vinh, "Phạm Văn Xa")
    with world.as_(world.nurse, world.thanh) as her:
        assert [line.full_name for line in find_people(her, "nguyen thi hoa")] == ["Nguyễn Thị Hòa"]
        assert not find_people(her, "pham van xa")
    merged()
    with world.as_(world.nurse, world.thanh) as her:
        assert her.workplace_id == world.new.pk and her.point_id == world.thanh.pk
        assert [line.full_name for line in find_people(her, "pham van xa")] == ["Phạm Văn Xa"]
        assert [line.full_name for line in find_people(her, "nguyen thi hoa")] == ["Nguyễn Thị Hòa"]


def test_no_clinical_row_is_touched(world: World, merged: Any) -> None:
    person = a_person(world.thanh, "Nguyễn Thị Hòa")
    visit = seen(person)
    kept = Visit.unscoped.filter(pk=visit.pk).values().get()
    figures = list(Measurement.unscoped.values())
    merged()
    assert Visit.unscoped.filter(pk=visit.pk).values().get() == kept
    assert list(Measurement.unscoped.values()) == figures
    with world.as_(world.nurse, world.thanh):
        assert Visit.objects.get(pk=visit.pk).facility_id == world.thanh.pk


def test_two_people_of_one_code_are_both_found_by_it(world: World, merged: Any) -> None:
    hoa, xa = a_person(world.thanh, "Nguyễn Thị Hòa"), a_person(world.vinh, "Phạm Văn Xa")
    assert hoa.code == xa.code == "P0000001"
    merged()
    codes = dict(Person.unscoped.values_list("full_name", "code"))
    assert sorted(codes.values()) == ["P0000001", "P0000002"]
    former = Identifier.unscoped.get(kind="former")
    assert (former.value, former.valid_to) == ("P0000001", BEFORE)
    assert former.issuer in ("Trạm Y tế xã Ba Thành", "Trạm Y tế xã Ba Vinh cũ")
    with world.as_(world.nurse, world.thanh) as her:
        found = {line.full_name for line in find_people(her, "P0000001")}
    assert found == {"Nguyễn Thị Hòa", "Phạm Văn Xa"}


def test_the_next_code_follows_those_that_came(world: World, merged: Any) -> None:
    from apps.patients import codes

    for number in range(3):
        a_person(world.thanh, f"Người {number}")
    merged()
    assert codes.take(world.new.pk, "person") == ["P0000004"]


def test_households_of_one_code_are_both_found_by_it(world: World, merged: Any) -> None:
    with scope.system("test"):
        one = a_household(world.thanh, a_person(world.thanh, "Nguyễn Thị Hòa"))
        two = a_household(world.vinh, a_person(world.vinh, "Phạm Văn Xa"))
    assert one.code == two.code
    merged()
    assert len(set(Household.unscoped.values_list("code", flat=True))) == 2
    with world.as_(world.nurse, world.thanh) as her:
        assert len(household_search(her, one.code, 5)) == 2


def test_appointments_wait_at_the_successor(world: World, merged: Any) -> None:
    from apps.care.services import appointment_put

    visit = seen(a_person(world.thanh))
    on = timezone.localdate() + dt.timedelta(days=7)
    with scope.system("test"):
        appointment = appointment_put(fact=visit, on=on, reason="", source_kind="visit", source_id=visit.pk)
    merged()
    moved = Appointment.unscoped.get(pk=appointment.pk)
    assert (moved.facility_id, moved.point_id, moved.on) == (world.new.pk, world.thanh.pk, on)


def test_books_close_and_stay_readable(world: World, merged: Any) -> None:
    visit = seen(a_person(world.thanh))
    with scope.system("test"):
        numbering.take("visit", facility_id=world.thanh.pk, on=BEFORE, object_id=visit.pk)
    merged()
    book = NumberBook.unscoped.get(facility_id=world.thanh.pk, kind="visit")
    assert book.closed_from == timezone.localdate() and book.station_name == "Trạm Y tế xã Ba Thành"
    today = timezone.localdate()
    with scope.system("test"):
        NumberBook.unscoped.filter(pk=book.pk).update(period=str(today.year))
        with pytest.raises(Refused, match="đã khóa"):
            numbering.take("visit", facility_id=world.thanh.pk, on=today, object_id=visit.pk)
        earlier = today - dt.timedelta(days=1)
        if earlier.year == today.year:
            assert numbering.take("visit", facility_id=world.thanh.pk, on=earlier, object_id=visit.pk)
    assert not GivenNumber.unscoped.exists()
    head = a_member("station_head", world.new, "truong.moi")
    with world.as_(head, world.new) as hers:
        shown = [line for line in numbering.books(hers) if line.book and line.book.closed_from]
    assert shown and shown[0].book.station_name == "Trạm Y tế xã Ba Thành" and shown[0].following == ""


def test_drafts_and_tasks_go_along(world: World, merged: Any) -> None:
    now = timezone.now()
    draft = Draft.unscoped.create(
        user_id=world.nurse.pk,
        facility_id=world.thanh.pk,
        kind="person-new",
        object_id=world.thanh.pk,
        data={},
    )
    task = Task.unscoped.create(
        kind="case.report",
        facility_id=world.thanh.pk,
        object_id=world.thanh.pk,
        happened_at=now,
        due_at=now,
        escalate_at=now,
    )
    merged()
    draft.refresh_from_db()
    task.refresh_from_db()
    assert draft.facility_id == draft.object_id == task.facility_id == world.new.pk


def test_two_drafts_for_one_form_are_both_kept(world: World, merged: Any) -> None:
    for station in (world.thanh, world.vinh):
        Draft.unscoped.create(
            user_id=world.nurse.pk, facility_id=station.pk, kind="person-new", object_id=station.pk, data={}
        )
    merged()
    assert Draft.unscoped.filter(facility_id=world.new.pk).count() == 2


def test_what_was_written_before_bears_the_names_of_its_day(world: World, merged: Any) -> None:
    from apps.encounters import printing
    from apps.encounters.queries import visit_page

    person = a_person(world.thanh, address_text="Xóm Trên")
    visit = seen(person)
    merged()
    with world.as_(world.nurse, world.thanh):
        paper = printing.exam_slip(visit_page(visit.pk))
    assert paper["facility_name"] == "Trạm Y tế xã Ba Thành"
    assert paper["place_date"].startswith("Ba Thành, ngày 05 tháng 05 năm 2025")
    assert paper["address"] == "Xóm Trên, Thôn 1, xã Ba Thành, huyện Ba Tơ, tỉnh Quảng Ngãi"
    face = asof.face(Facility.objects.select_related("unit").get(pk=world.thanh.pk), CHANGE)
    assert (face.name, face.kind, face.unit_name) == ("Điểm trạm Ba Thành", "point", "Xã Ba Vinh")


def test_who_moved_away_is_printed_where_she_lived_then(world: World, merged: Any) -> None:
    from apps.encounters import printing
    from apps.encounters.queries import visit_page

    person = a_person(world.thanh, address_text="Xóm Trên")
    visit = seen(person)
    Person.unscoped.filter(pk=person.pk).update(hamlet=world.hamlet(world.vinh, 2), address_text="Xóm Dưới")
    merged()
    with world.as_(world.nurse, world.thanh):
        paper = printing.exam_slip(visit_page(visit.pk))
    assert paper["address"] == "Thôn 1, xã Ba Thành, huyện Ba Tơ, tỉnh Quảng Ngãi"


def test_an_act_of_before_that_is_entered_late_stays_the_former_stations(world: World, merged: Any) -> None:
    merged()
    with world.as_(world.nurse, world.thanh) as her:
        today = timezone.localdate()
        assert asof.working_place(her, BEFORE, today) == (world.thanh.pk, None)
        assert asof.working_place(her, today, today) == (world.new.pk, world.thanh.pk)
    assert queries.station_of(world.hamlet(world.thanh).pk, BEFORE).pk == world.thanh.pk


# --- 1 to n


def test_one_station_is_split_among_several(world: World, merged: Any) -> None:
    other = world.station("Trạm Y tế xã Ba Động", self_unit("21520", "Ba Động"), valid_from=CHANGE)
    a_centre(other)
    with scope.system("test"):
        Facility.objects.filter(pk=other.pk).update(unit=other.unit)
    link_to_office(world, other)
    first = a_person(world.thanh, "Nguyễn Thị Hòa", hamlet=world.hamlet(world.thanh, 1))
    second = a_person(world.thanh, "Phạm Văn Xa", hamlet=world.hamlet(world.thanh, 2))
    reform = world.planned(former=[world.thanh], successors=[world.new, other])
    rows = {row.hamlet.code: row for row in reform.hamlets.all()}
    station = reform.stations.get(facility=world.thanh)
    with world.as_(world.admin):
        plan.reform_update(
            reform=reform,
            decisions=Decisions(
                on=CHANGE,
                legal_ref=REF,
                successors={station.pk: world.new.pk},
                hamlets={rows["001"].pk: world.new.pk, rows["002"].pk: other.pk},
            ),
            expected_version=reform.version,
        )
    approve_and_run(world, reform)
    assert Person.unscoped.get(pk=first.pk).station == world.new
    assert Person.unscoped.get(pk=second.pk).station == other
    assert Person.unscoped.get(pk=second.pk).hamlet.commune == other.unit
    assert Facility.objects.get(pk=world.thanh.pk).part_of == world.new


def self_unit(code: str, name: str) -> AdminUnit:
    return AdminUnit.objects.create(
        level="commune", code=code, name=name, kind="xã", parent=a_province(), valid_from=CHANGE
    )


def link_to_office(world: World, station: Facility) -> None:
    from apps.facilities.models import FacilityLink

    FacilityLink.objects.create(facility=station, parent=world.office, kind="reporting", valid_from=CHANGE)


def approve_and_run(world: World, reform: Reform) -> None:
    """Without the second person's page: the night starts what is approved."""
    with world.as_(world.admin):
        change = plan.reform_ask(reform=reform)
    with world.as_(world.second):
        approvals.approve(change_id=change.pk)
    with scope.system("test"):
        running.night(timezone.localdate())
    reform.refresh_from_db()
    assert reform.state == ReformState.DONE


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


def test_the_job_is_the_houses_own(world: World, merged: Any) -> None:
    merged()
    job = Job.objects.get(kind=running.JOB)
    assert job.state == "done" and job.owner_id is None
    assert PendingChange.objects.get(kind="reform").state == "approved"


def test_the_practitioners_stay_at_the_point(world: World, merged: Any) -> None:
    doctor = a_practitioner(world.thanh)
    merged()
    assert list(queries.practitioners_of(world.new)) == [doctor]
    assert reverse("facilities:reforms") == "/co-so/sap-xep/"


def test_a_village_worker_keeps_her_hamlet(world: World, merged: Any) -> None:
    from apps.facilities.models import PostHamlet

    worker = a_member("village_worker", world.thanh, "ytt")
    PostHamlet.objects.filter(post__user=worker).delete()
    row = PostHamlet.objects.create(post=worker.posts.get(), hamlet=world.hamlet(world.thanh, 1))
    mine = a_person(world.thanh, "Nguyễn Thị Hòa", hamlet=world.hamlet(world.thanh, 1))
    a_person(world.thanh, "Phạm Thị Bên", hamlet=world.hamlet(world.thanh, 2))
    merged()
    row.refresh_from_db()
    assert row.valid_to == BEFORE
    with world.as_(worker, world.thanh):
        assert list(Person.objects.values_list("pk", flat=True)) == [mine.pk]


def test_what_is_still_to_be_looked_at_goes_along(world: World, merged: Any) -> None:
    """Possible duplicates and what village workers have told stand at the successor, under the new hamlet."""
    from apps.field.models import Proposal
    from apps.patients.models import DuplicatePair

    a, b = sorted([a_person(world.thanh, "Nguyễn Thị Hòa"), a_person(world.thanh, "Nguyễn Thị Hoà")], key=pk)
    pair = DuplicatePair.unscoped.create(a=a, b=b, station=world.thanh, score=90, facts="x")
    told = Proposal.unscoped.create(
        station=world.thanh,
        hamlet=world.hamlet(world.thanh, 1),
        kind="pregnancy",
        made_by=world.nurse.pk,
        made_by_name="Y Tế Thôn",
    )
    merged()
    pair.refresh_from_db()
    told.refresh_from_db()
    assert pair.station == told.station == world.new
    assert told.hamlet.came_from == world.hamlet(world.thanh, 1)


def pk(row: Any) -> Any:
    return row.pk
