"""The family stands in the banner of every page about a person, and leads to the family's page."""

import pytest
from django.utils import timezone

from apps.patients.models import TreatingAccess
from tests.factories.accounts import a_member, client_of
from tests.factories.care import a_measurement, an_appointment, an_enrolment
from tests.factories.deaths import a_death
from tests.factories.households import a_household
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    station = a_station()
    return a_household(station, a_person(station, "Đinh Thị Vân", birth_date=None))


def pages(person):
    enrolment = an_enrolment(person)
    appointment = an_appointment(person, timezone.localdate())
    a_measurement(person, "weight", "51")
    return [
        f"/nguoi/{person.pk}/",
        f"/nguoi/{person.pk}/ho-so/",
        f"/nguoi/{person.pk}/chi-so/",
        f"/nguoi/{person.pk}/chi-so/can-nang/",
        f"/nguoi/{person.pk}/chi-so/them/",
        f"/nguoi/{person.pk}/hen/",
        f"/nguoi/{person.pk}/tu-vong/",
        f"/lich-hen/{appointment.pk}/doi/",
        f"/chuong-trinh/{enrolment.pk}/",
    ]


def banner(answer):
    content = answer.content.decode()
    assert answer.status_code == 200, content[-1500:]
    return content.split('<section class="banner"')[1].split("</section>")[0]


def test_every_page_leads_to_the_family(home):
    person = home.memberships(manager="unscoped").get().person
    who = client_of(a_member("station_head", home.station))
    for path in pages(person):
        assert f"/ho/{home.pk}/" in banner(who.get(path)), path


def test_the_pages_of_a_death(home):
    died = a_death(home.memberships(manager="unscoped").get().person)
    who = client_of(a_member("station_head", home.station))
    for page in ("", "sua-doi/", "ghi-nham/"):
        assert f"/ho/{home.pk}/" in banner(who.get(f"/tu-vong/{died.pk}/{page}")), page


def test_whoever_only_treats_her_is_not_told(home):
    person = home.memberships(manager="unscoped").get().person
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    TreatingAccess.objects.create(person=person, facility=other, until="2099-01-01")
    who = client_of(a_member("station_head", other))
    assert f"/ho/{home.pk}/" not in who.get(f"/nguoi/{person.pk}/chi-so/").content.decode()
