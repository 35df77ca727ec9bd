"""Stations merged from a day on: what goes over, without touching a clinical row."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.care.models import Appointment, Measurement
from apps.core import numbering, scope
from apps.core.errors import Refused
from apps.core.models import Draft, GivenNumber, Job, NumberBook, PendingChange, Task
from apps.encounters.models import Visit
from apps.facilities import asof, queries
from apps.facilities.models import (
    Facility,
    ReformState,
)
from apps.facilities.reforming import running
from apps.households.models import Household
from apps.households.search import search as household_search
from apps.patients.models import Identifier, Person
from apps.patients.queries import find_people
from tests.factories.accounts import a_member
from tests.factories.facilities import a_practitioner
from tests.factories.households import a_household
from tests.factories.patients import a_person
from tests.factories.reform import (
    BEFORE,
    CHANGE,
    World,
    seen,
)

pytestmark = pytest.mark.django_db


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
