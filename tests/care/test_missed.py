"""Who did not come: the appointment is missed, what was due is dropped."""

import dataclasses
import datetime as dt

import pytest

from apps.care.models import Appointment
from apps.care.services import appointments_missed
from apps.patients.models import DueItem
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def expected():
    """An appointment made in a visit of the first of August, for the tenth."""
    make.catalogues()
    doctor = make.a_practitioner(a_station())
    at = dt.datetime(2026, 8, 1, 9, tzinfo=dt.UTC)
    on = dt.date(2026, 8, 10)
    data = dataclasses.replace(make.USUAL, fields={**make.USUAL.fields, "follow_up_on": on})
    make.a_finished_visit(a_person(doctor.facility), doctor, at=at, data=data)
    return Appointment.unscoped.get()


def test_who_does_not_come_for_a_month_has_missed(expected, system_scope):
    assert appointments_missed(on=dt.date(2026, 9, 9)) == 0
    assert appointments_missed(on=dt.date(2026, 9, 10)) == 1
    expected.refresh_from_db()
    assert expected.state == "missed"
    assert DueItem.objects.get(object_id=expected.pk).state == "dropped"
    assert appointments_missed(on=dt.date(2026, 9, 11)) == 0


@pytest.mark.parametrize("state", ["came", "cancelled"])
def test_what_has_ended_otherwise_stays(expected, system_scope, state):
    Appointment.unscoped.update(state=state)
    assert appointments_missed(on=dt.date(2027, 1, 1)) == 0
    expected.refresh_from_db()
    assert expected.state == state
