"""Where Enter stops in the visit's form, and what a key leads on to."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.care import a_measurement
from tests.factories.dispensing import in_days
from tests.factories.patients import a_person


def box(client, visit, name):
    page = client.get(at("visit", visit.pk)).content.decode()
    return re.search(rf'<(?:input|textarea)[^>]*name="{name}"[^>]*>', page)[0]


@pytest.mark.parametrize(
    ("days_old", "measured", "passed"),
    [(2700, False, False), (2700, True, False), (16000, False, False), (16000, True, True)],
)
def test_the_height_is_asked_of_school_children_and_once_of_grown_ups(
    client, station, doctor, days_old, measured, passed
):
    person = a_person(station, "Nguyễn Thị Lan", birth_date=in_days(-days_old))
    if measured:
        a_measurement(person, "height", "120")
    assert ("data-enter-skip" in box(client, make.a_visit(person, doctor), "height")) is passed


def test_the_example_of_a_day_to_come_back_lies_ahead(client, hoa, doctor):
    soon = timezone.localdate() + dt.timedelta(days=7)
    assert f'placeholder="7 hoặc {soon:%d/%m}"' in box(client, make.a_visit(hoa, doctor), "follow_up_on")


@pytest.mark.parametrize(
    ("then", "leads"),
    [
        ("/man-tinh/", True),
        ("https://elsewhere.example/", False),
        ("//elsewhere.example", False),
        ("", False),
    ],
)
def test_a_link_that_saves_first_leads_on_within_the_site(client, hoa, doctor, then, leads):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, then=then))
    assert answer.url == (then if leads else at("visit", visit.pk))
    visit.refresh_from_db()
    assert visit.advice == "Uống nhiều nước"


def test_what_cannot_be_saved_leads_nowhere(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, then="/man-tinh/", temperature="375"))
    assert answer.status_code == 422


def test_the_one_field_of_a_template_is_saved_by_enter(client, hoa, doctor):
    page = client.get(at("visit", make.a_finished_visit(hoa, doctor).pk)).content.decode()
    form = re.search(r'<form[^>]*action="[^"]*"[^>]*>(?=(?:(?!</form>).)*id="template-name")', page, re.S)
    assert "data-enter-submits" in form[0]


def test_no_disease_says_that_it_has_no_code(client, hoa, doctor):
    visit = make.an_examined_visit(hoa, doctor)
    assert "bệnh chưa có mã ICD-10" not in client.get(at("visit", visit.pk)).content.decode()
