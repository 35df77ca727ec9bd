"""Whose number books a former station writes into as a point: its successor's, or its own with a mark."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.care.enrolling import enrol
from apps.core import numbering, scope
from apps.core.ids import uuid7
from apps.core.models import GivenNumber, NumberBook, Parameter
from apps.encounters.desk import queue
from apps.encounters.inputs import Opening
from apps.encounters.models import Visit
from apps.encounters.services import visit_entered_in_error, visit_open
from apps.facilities import books
from apps.facilities.models import Facility, Reform, ReformState
from apps.facilities.reforming import plan, running
from apps.facilities.reforming.plan import Decisions
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.encounters import a_practitioner, a_visit, scope_of
from tests.factories.facilities import a_point
from tests.factories.patients import a_person
from tests.factories.reform import CHANGE, REF, World, approve_and_run

pytestmark = pytest.mark.django_db


def decided(world: World, own: bool, **more: Any) -> Reform:
    """The plan of both stations; Ba Thành keeps its own books or not."""
    reform = world.planned()
    row = reform.stations.get(facility=world.thanh)
    said = {key: {row.pk: value} for key, value in more.items()}
    with world.as_(world.admin):
        plan.reform_update(
            reform=reform,
            decisions=Decisions(CHANGE, REF, books={row.pk: own}, **said),
            expected_version=reform.version,
        )
    reform.refresh_from_db()
    return reform


def visits_of_this_year(world: World, count: int) -> None:
    """Visits at Ba Thành before the reform runs."""
    doctor = a_practitioner(world.thanh)
    for number in range(count):
        a_visit(a_person(world.thanh, f"Người {number}"), doctor)


def at_the_point(world: World) -> Any:
    """The scope of a doctor who works at the point that Ba Thành has become."""
    here = scope_of(a_practitioner(world.thanh))
    reach = frozenset({world.new.pk, world.thanh.pk})
    return scope.enter(replace(here, facility_ids=reach, workplace_id=world.new.pk, point_id=world.thanh.pk))


def received(world: World) -> Visit:
    """A visit today at that point."""
    person = a_person(world.new, "Lê Thị Mới", hamlet=None)
    with at_the_point(world):
        return visit_open(person=person, opening=Opening(reason="Ho"))


def test_it_works(world: World) -> None:
    """The point's own book goes on where it stood; its numbers are never those of the successor."""
    visits_of_this_year(world, 2)
    approve_and_run(world, decided(world, own=True))
    today = timezone.localdate()
    assert Facility.objects.get(pk=world.thanh.pk).book_mark == "BT"
    assert received(world).number == f"BT.{today.year}-000003"
    with scope.system("test"):
        number = numbering.take("visit", facility_id=world.new.pk, on=today, object_id=uuid7())
    assert number == f"{today.year}-000001"
    book = NumberBook.unscoped.get(facility_id=world.thanh.pk, kind="visit")
    assert (book.last, book.mark, book.closed_from) == (3, "BT", None)


def test_without_the_choice_it_writes_into_the_successors(world: World) -> None:
    visits_of_this_year(world, 2)
    approve_and_run(world, decided(world, own=False))
    assert received(world).number == f"{timezone.localdate().year}-000001"
    book = NumberBook.unscoped.get(facility_id=world.thanh.pk, kind="visit")
    assert (book.last, book.mark) == (2, "")
    assert book.closed_from is not None


def test_a_parameter_says_what_is_proposed(world: World) -> None:
    assert not books.kept_by_points(CHANGE)
    assert set(world.planned().stations.values_list("book_mark", flat=True)) == {""}
    Parameter.objects.filter(key=books.RULE).update(value="own")
    assert sorted(world.planned().stations.values_list("was_name", "book_mark")) == [
        ("Trạm Y tế xã Ba Thành", "BT"),
        ("Trạm Y tế xã Ba Vinh", ""),
        ("Trạm Y tế xã Ba Vinh cũ", "BVC"),
    ]


def test_two_points_of_one_station_have_two_marks(world: World) -> None:
    a_point(world.new, "Điểm trạm Ba Trang", book_mark="BT")
    assert decided(world, own=True).stations.get(facility=world.thanh).book_mark == "BT2"


def test_a_station_that_is_closed_keeps_no_book(world: World) -> None:
    reform = decided(world, own=True, becomes="closed")
    assert reform.stations.get(facility=world.thanh).book_mark == ""


def test_the_year_after_the_point_begins_its_own_book_anew(world: World) -> None:
    approve_and_run(world, decided(world, own=True))
    book = books.book_at(world.new.pk, world.thanh.pk)
    later = dt.date(timezone.localdate().year + 1, 1, 2)
    with scope.system("test"):
        number = numbering.take(
            "visit", facility_id=book.facility_id, on=later, object_id=uuid7(), mark=book.mark
        )
    assert number == f"BT.{later.year}-000001"


def test_programmes_are_numbered_in_the_points_book_too(world: World) -> None:
    a_code("care_programme", "tang_huyet_ap", "Tăng huyết áp")
    approve_and_run(world, decided(world, own=True))
    person = a_person(world.new, "Lê Thị Mới", hamlet=None)
    with at_the_point(world):
        row = enrol(person=person, programme="tang_huyet_ap", since=timezone.localdate())
    assert row.number == f"BT.{timezone.localdate().year}-0001"


def test_a_mistaken_visit_voids_the_number_in_the_points_book(world: World) -> None:
    approve_and_run(world, decided(world, own=True))
    visit = received(world)
    with at_the_point(world):
        visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="nhầm người")
    book = NumberBook.unscoped.get(facility_id=world.thanh.pk, kind="visit")
    voided = GivenNumber.unscoped.filter(book=book)
    assert list(voided.values_list("number", "state")) == [(1, "void")]


def test_who_is_sent_to_the_station_keeps_the_number_of_the_points_book(world: World) -> None:
    """And when it was a mistake, that number is voided in the book that gave it."""
    approve_and_run(world, decided(world, own=True))
    visit = received(world)
    with at_the_point(world):
        sent = queue.transfer(visit_id=visit.pk, point_id=world.new.pk)
        assert (sent.number, sent.point_id) == (visit.number, None)
        visit_entered_in_error(visit_id=sent.pk, expected_version=sent.version, reason="nhầm người")
    book = NumberBook.unscoped.get(facility_id=world.thanh.pk, kind="visit")
    voided = GivenNumber.unscoped.filter(book=book)
    assert list(voided.values_list("number", "state")) == [(1, "void")]


def test_the_head_sees_both_books(world: World) -> None:
    visits_of_this_year(world, 1)
    approve_and_run(world, decided(world, own=True))
    head = a_member("station_head", world.new, "truong.moi")
    shown = client_of(head).get(reverse("core:numbers")).content.decode()
    assert "Sổ riêng của điểm trạm, ký hiệu BT" in shown
    assert f"BT.{timezone.localdate().year}-000002" in shown


def test_numbers_of_before_are_shown_as_they_were_written(world: World) -> None:
    """Of this year and of the last: the mark stands before those that were given with it alone."""
    this, last = timezone.localdate().year, timezone.localdate().year - 1
    visits_of_this_year(world, 1)
    old = NumberBook.unscoped.create(facility_id=world.thanh.pk, kind="visit", period=str(last), last=8)
    approve_and_run(world, decided(world, own=True))
    with scope.system("test"):
        for number in (8, 9):
            numbering.void(
                "visit",
                facility_id=world.thanh.pk,
                on=dt.date(last, 12, 31),
                number=number,
                object_id=uuid7(),
                reason="nhầm người",
            )
            if number == 8:
                given = numbering.take(
                    "visit",
                    facility_id=world.thanh.pk,
                    on=dt.date(last, 12, 31),
                    object_id=uuid7(),
                    mark="BT",
                )
    assert given == f"BT.{last}-000009"
    head = client_of(a_member("station_head", world.new, "truong.moi"))
    shown = head.get(reverse("core:numbers")).content.decode()
    assert f">{this}-000001<" in shown and f">BT.{this}-000002<" in shown
    assert f">BT.{last}-000009<" in shown and f">BT.{last}-000010<" in shown
    page = head.get(reverse("core:number_book", args=[old.pk])).content.decode()
    assert f"BT.{last}-000009" in page and f"BT.{last}-000008" not in page and f"{last}-000008" in page


def test_it_is_chosen_on_the_plans_page(world: World) -> None:
    reform = world.planned()
    row = reform.stations.get(facility=world.thanh)
    client = client_of(world.admin)
    address = reverse("facilities:reform", args=[reform.pk])
    form = client.get(address).context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    said |= {"form_key": str(uuid7()), f"books-{row.pk}": "own", "on": "01/07/2025"}
    assert client.post(address, said).status_code == 302
    row.refresh_from_db()
    assert row.book_mark == "BT"
    assert "Giữ sổ riêng, ký hiệu BT" in client.get(address).content.decode()


def test_it_is_taken_back_with_the_reform(world: World) -> None:
    visits_of_this_year(world, 1)
    reform = decided(world, own=True)
    approve_and_run(world, reform)
    Reform.objects.filter(pk=reform.pk).update(state=ReformState.UNDOING)
    with scope.system("test"):
        running.work(reform.pk, lambda message: None)
    reform.refresh_from_db()
    assert (reform.state, reform.problem) == (ReformState.UNDONE, "")
    assert Facility.objects.get(pk=world.thanh.pk).book_mark == ""
    assert NumberBook.unscoped.get(facility_id=world.thanh.pk, kind="visit").mark == ""


def test_no_number_of_before_is_changed(world: World) -> None:
    visits_of_this_year(world, 1)
    before = list(Visit.unscoped.values_list("number", flat=True))
    approve_and_run(world, decided(world, own=True))
    assert list(Visit.unscoped.values_list("number", flat=True)) == before
