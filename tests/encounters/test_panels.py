"""What visits show on other pages: the person's page and the home page."""

import datetime as dt
from dataclasses import replace

from django.urls import reverse
from django.utils import timezone

from apps.core.models import ReadEntry
from apps.core.scope import enter
from apps.encounters import services
from tests.factories import encounters as make
from tests.factories.patients import a_person


def test_a_finished_visit_stands_on_the_persons_page_once(client, hoa, doctor):
    make.a_finished_visit(hoa, doctor, at=timezone.now() - dt.timedelta(days=3))

    page = client.get(reverse("patients:person", args=[hoa.pk])).content.decode()

    assert page.count("J06.9") == 1
    assert "Lượt khám chưa xong" not in page


def test_an_open_visit_is_taken_up_from_the_persons_page(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor, reason="Đau bụng")

    page = client.get(reverse("patients:person", args=[hoa.pk])).content.decode()

    assert "Lượt khám chưa xong" in page
    assert reverse("encounters:visit", args=[visit.pk]) in page


def test_who_is_expected_today_stands_on_the_home_page(client, station, hoa, doctor):
    asked_back = replace(make.USUAL, fields={"reason": "Ho", "follow_up_on": timezone.localdate()})
    visit = make.an_examined_visit(hoa, doctor, asked_back, at=timezone.now() - dt.timedelta(days=7))
    with enter(make.scope_of(doctor)):
        services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    a_person(station, "Phạm Văn Hrê")

    page = client.get("/").content.decode()

    assert "Hẹn khám lại hôm nay" in page
    assert ReadEntry.objects.filter(screen="visit.day", person_ids__contains=[hoa.pk]).exists()
    assert hoa.full_name in page
    assert reverse("encounters:open", args=[hoa.pk]) in page
    assert "Phạm Văn Hrê" not in page


def test_home_says_nothing_of_appointments_when_there_are_none(client, hoa):
    assert "Hẹn khám lại hôm nay" not in client.get("/").content.decode()


def test_the_persons_page_begins_with_her_open_visit_of_today(client, hoa, doctor):
    where = reverse("patients:person", args=[hoa.pk])
    old = make.a_visit(hoa, doctor, at=timezone.now() - dt.timedelta(days=1))
    first = '<a class="button button-primary" href="{}" autofocus'
    assert first.format(reverse("encounters:open", args=[hoa.pk])) in client.get(where).content.decode()
    visit = make.a_visit(hoa, doctor)
    page = client.get(where).content.decode()
    assert first.format(reverse("encounters:visit", args=[visit.pk])) in page
    assert "Mở lượt khám đang dở" in page and "Tiếp nhận khám" in page and page.count(" autofocus") == 1
    assert reverse("encounters:visit", args=[old.pk]) in page
