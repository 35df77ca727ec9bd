"""Who is due for the yearly review of the health record: the list, the paper, the due item, the act."""

import datetime as dt
import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core.ids import uuid7
from apps.core.models import ReadEntry
from apps.core.scope import enter, system
from apps.facilities.models import Catchment, Hamlet
from apps.patients.health_record import due, saving
from apps.patients.models import DueItem, HealthRecord, Surgery
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_hamlet, a_person, a_station, scope_at

pytestmark = pytest.mark.django_db

RIGHTS = frozenset({"people.view", "records.view", "records.edit"})


@pytest.fixture
def nurse(station):
    return client_of(a_member("nurse", station))


def reviewed(person, days_ago):
    """A record with something in it, gone through so long ago."""
    Surgery.unscoped.create(person=person, text="Cắt ruột thừa")
    on = timezone.localdate() - dt.timedelta(days=days_ago)
    return HealthRecord.unscoped.create(person=person, reviewed_on=on, reviewed_by_name="Cô Thu")


def listed(client, query=""):
    return client.get(f"/nguoi/ho-so/den-han/{query}").content.decode()


def test_it_works(nurse, station):
    a_person(station, "Chưa Lần Nào")
    reviewed(a_person(station, "Quá Hạn Rồi"), 400)
    reviewed(a_person(station, "Vừa Rà Soát"), 20)
    a_person(station, "Đã Mất Rồi", life_status="dead")
    shown = listed(nurse)
    assert "Chưa Lần Nào" in shown and "Quá Hạn Rồi" in shown
    assert "Vừa Rà Soát" not in shown and "Đã Mất Rồi" not in shown
    assert "Cô Thu" in shown
    assert "Quá Hạn Rồi" not in listed(nurse, "?muc=chua")
    assert "Chưa Lần Nào" not in listed(nurse, "?muc=qua")
    assert ReadEntry.objects.filter(screen="record.due").first().person_ids


def test_one_hamlet(nurse, station):
    first = Hamlet.objects.get()
    other = a_hamlet(first.commune, "Thôn Kà Khu")
    Catchment.objects.create(facility=station, hamlet=other)
    a_person(station, "Người Làng Teng", hamlet=first)
    a_person(station, "Người Kà Khu", hamlet=other)
    shown = listed(nurse, f"?thon={other.pk}")
    assert "Người Kà Khu" in shown and "Người Làng Teng" not in shown
    for nonsense in ("x", "%00", str(uuid7())):
        assert "Người Làng Teng" in listed(nurse, f"?thon={nonsense}&muc=x")


def test_a_stranger_is_not_in_it(nurse):
    a_person(a_station("23293", "Trạm Y tế xã Đăk Cấm"), "Hồ Thị Bảy Lạ")
    assert "Hồ Thị Bảy Lạ" not in listed(nurse)


def test_it_pages_by_key_at_the_same_cost(nurse, station):
    def cost():
        with CaptureQueriesContext(connection) as found:
            listed(nurse)
        return len(found)

    for number in range(2):
        a_person(station, f"Người Số {number}")
    listed(nurse)
    few = cost()
    for number in range(2, 70):
        reviewed(a_person(station, f"Người Số {number:03d}"), 500)
    assert cost() == few
    answer = nurse.get("/nguoi/ho-so/den-han/")
    first = [person.pk for person in answer.context["page"]]
    again = nurse.get("/nguoi/ho-so/den-han/", {"c": answer.context["page"].next_cursor})
    second = [person.pk for person in again.context["page"]]
    assert len(first) == 50 and len(second) == 20
    assert not set(first) & set(second)


def test_the_paper(nurse, station):
    a_person(station, "Chưa Lần Nào")
    answer = nurse.get("/nguoi/ho-so/den-han/in.pdf?muc=chua")
    assert answer.content.startswith(b"%PDF")
    assert ReadEntry.objects.filter(screen="record.due_paper").exists()


# --- the act


def test_a_review_is_one_act(nurse, station):
    person = a_person(station)
    reviewed(person, 400)
    for _ in range(2):
        nurse.post(f"/nguoi/{person.pk}/ho-so/ra-soat/", {"form_key": str(uuid7())})
    record = HealthRecord.unscoped.get()
    assert (record.reviewed_on, record.reviewed_by_name) == (timezone.localdate(), "Nguyễn Thị Hòa")
    assert person.full_name not in listed(nurse)


def test_an_empty_record_is_not_reviewed(nurse, station):
    person = a_person(station)
    path = f"/nguoi/{person.pk}/ho-so/ra-soat/"
    answer = nurse.post(path, {"form_key": str(uuid7())}, follow=True)
    assert "chưa ghi mục nào" in answer.content.decode()
    assert not HealthRecord.unscoped.exists()


def test_a_review_does_not_outrun_who_is_writing(nurse, station):
    person = a_person(station)
    with enter(scope_at(station, RIGHTS)):
        from apps.patients.health_record.parts import PARTS

        row = saving.section_save(
            person=person, part=PARTS["hanh-chinh"], values={"home_phone": "0255123456"}, expected_version=0
        )
        saving.record_review(person=person)
        saving.section_save(
            person=person,
            part=PARTS["hanh-chinh"],
            values={"home_phone": "0255123457"},
            expected_version=row.version,
        )
    assert HealthRecord.unscoped.get().reviewed_on == timezone.localdate()


# --- the due item


def test_the_night_says_who_comes_up(station, nurse):
    soon, late = a_person(station, "Sắp Đến Hạn"), a_person(station, "Quá Hạn Rồi")
    reviewed(soon, 340)
    reviewed(late, 800)
    reviewed(a_person(station, "Vừa Rà Soát"), 20)
    reviewed(a_person(station, "Đã Mất Rồi", life_status="dead"), 800)
    with system("test"):
        said = due.due_tonight(timezone.localdate())
        assert said.startswith("2 ")
        assert due.due_tonight(timezone.localdate()).startswith("0 ")
    assert {item.person_id for item in DueItem.unscoped.all()} == {soon.pk, late.pk}
    assert "Rà soát hồ sơ sức khỏe hằng năm" in nurse.get(f"/nguoi/{late.pk}/").content.decode()
    nurse.post(f"/nguoi/{late.pk}/ho-so/ra-soat/", {"form_key": str(uuid7())})
    assert DueItem.unscoped.get(person=late).state == "done"
    with system("test"):
        assert due.due_tonight(timezone.localdate() + dt.timedelta(days=340)).startswith("2 ")
    assert DueItem.unscoped.get(person=late).state == "open"


# --- months


@given(st.dates(dt.date(1950, 1, 1), dt.date(2090, 12, 31)), st.integers(0, 60))
def test_months_before_goes_back_and_keeps_the_order(day, months):
    earlier = due.months_before(day, months)
    assert (day.year * 12 + day.month) - (earlier.year * 12 + earlier.month) == months
    assert earlier.day <= day.day
    assert due.months_before(day - dt.timedelta(days=1), months) <= earlier


def test_the_end_of_a_month():
    leap, usual = dt.date(2024, 2, 29), dt.date(2023, 2, 28)
    assert due.months_before(leap, 12) == usual
    assert due.months_before(dt.date(2026, 3, 31), 1) == dt.date(2026, 2, 28)
    assert due.months_before(dt.date(2026, 1, 15), -12) == dt.date(2027, 1, 15)
    assert len({due.months_before(leap, months) for months in range(24)}) == 24
    assert all(a > b for a, b in itertools.pairwise(due.months_before(leap, n) for n in range(24)))
