"""When stations are merged: whom the former one expects or follows goes on at the successor."""

import datetime as dt

from django.utils import timezone

from apps.care import succeeding
from apps.core.ids import uuid7
from apps.core.journal import Journal
from apps.core.registry import Succession
from tests.factories.care import an_appointment, an_enrolment
from tests.factories.patients import a_station


def test_it_works(station, hoa, system_scope):
    successor = a_station("21490", "Trạm Y tế xã Ba Vì")
    today = timezone.localdate()
    planned = an_appointment(hoa, today + dt.timedelta(days=3))
    came = an_appointment(hoa, today, state="came")
    followed = an_enrolment(hoa)
    ended = an_enrolment(hoa, "diabetes", state="ended", until=today, outcome="completed")
    step = Succession(uuid7(), today, {station.pk: successor.pk})
    assert (succeeding.planned(step), succeeding.followed(step)) == (1, 1)
    journal = Journal()
    assert succeeding.move_planned(step, journal) == succeeding.move_followed(step, journal) == 1
    for row, facility, point in (
        (planned, successor, station.pk),
        (followed, successor, station.pk),
        (came, station, None),
        (ended, station, None),
    ):
        row.refresh_from_db()
        assert (row.facility_id, row.point_id) == (facility.pk, point)
    assert followed.number.endswith("-0001"), "the number stays that of the former book"
    assert (succeeding.planned(step), succeeding.followed(step)) == (0, 0)
    journal.take_back()
    followed.refresh_from_db()
    assert followed.facility_id == station.pk
