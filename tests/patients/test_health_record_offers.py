"""What the household's survey offers to a form of the health record."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.patients.models import RiskFactors
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import shipped_once
from tests.factories.households import a_household, a_survey
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db


lists = shipped_once("code_lists", "restricted_data")


@pytest.fixture
def nurse(station):
    return client_of(a_member("nurse", station))


@pytest.fixture
def person(station):
    return a_person(station, "Đinh Thị Vân Kiều", birth_date=dt.date(1986, 5, 1))


def toilet(client, person):
    return client.get(f"/nguoi/{person.pk}/ho-so/nguy-co/").context["form"]


@pytest.mark.parametrize(
    ("latrine", "offered"), [("1", "1"), ("2", "1"), ("3", "2"), ("0", "4"), ("5", None)]
)
def test_it_works(nurse, person, latrine, offered):
    home = a_household(person.station, person)
    a_survey(home, on=dt.date(2025, 1, 1), latrine="3" if latrine != "3" else "0")
    a_survey(home, on=dt.date(2026, 3, 1), latrine=latrine)
    a_survey(home, on=dt.date(2026, 4, 1), latrine="0" if latrine != "0" else "1", state="entered_in_error")
    form = toilet(nurse, person)
    assert form.initial.get("toilet") == offered
    assert ("xem ngày 01/03/2026" in form.fields["toilet"].help_text) is (offered is not None)


def test_what_was_written_is_not_overwritten_by_an_offer(nurse, person):
    a_survey(a_household(person.station, person), latrine="1")
    RiskFactors.unscoped.create(person=person, toilet="3", said_at=timezone.now(), said_by_name="Cô Thu")
    form = toilet(nurse, person)
    assert form.initial["toilet"] == "3" and not form.fields["toilet"].help_text


def test_without_a_household_nothing_is_offered(nurse, person):
    assert "toilet" not in toilet(nurse, person).initial


def test_another_stations_survey_is_not_offered(nurse, person):
    a_survey(a_household(a_station("21490", "Trạm Y tế xã Ba Vì"), person), latrine="1")
    assert "toilet" not in toilet(nurse, person).initial
