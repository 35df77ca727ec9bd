"""Dated rows: on no day two catchments for one hamlet, whatever is done in whatever order."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.errors import Refused
from apps.facilities import services
from apps.facilities.models import Catchment, Facility, FacilityLink, Hamlet
from tests.factories.facilities import a_point, a_station

pytestmark = pytest.mark.django_db

FIRST = dt.date(2026, 1, 1)
days = st.integers(0, 30).map(lambda number: FIRST + dt.timedelta(days=number))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 2), st.none() | days), max_size=6))
def test_a_hamlet_has_one_station_on_every_day(
    system_scope: object, moves: list[tuple[int, dt.date | None]]
) -> None:
    with transaction.atomic():
        station = a_station(hamlets=0)
        places = [station, a_point(station), a_point(station, "Điểm trạm Ba Cung")]
        hamlet = Hamlet.objects.create(commune=station.unit, code="H", name="Thôn H")
        last: tuple[dt.date | None, Facility] | None = None
        for number, day in moves:
            try:
                services.catchment_open(facility=places[number], hamlet=hamlet, valid_from=day)
                last = (day, places[number])
            except Refused:
                continue
        for offset in range(-1, 35):
            day = FIRST + dt.timedelta(days=offset)
            assert Catchment.objects.on(day).filter(hamlet=hamlet).count() <= 1
        rows = Catchment.objects.filter(hamlet=hamlet)
        assert rows.filter(valid_to__isnull=True).count() == (1 if last else 0)
        if last:
            assert rows.get(valid_to__isnull=True).facility == last[1]
        transaction.set_rollback(True)


def test_the_first_and_last_day_count(system_scope: object) -> None:
    station = a_station(hamlets=0)
    point = a_point(station)
    hamlet = services.hamlet_create(commune=station.unit, name="Thôn A", facility=station)
    day = dt.date(2026, 5, 10)
    services.catchment_open(facility=point, hamlet=hamlet, valid_from=day)
    rows = Catchment.objects.filter(hamlet=hamlet)
    assert rows.on(day - dt.timedelta(days=1)).get().facility == station
    assert rows.on(day).get().facility == point


def test_the_database_itself_refuses_two_open_rows(system_scope: object) -> None:
    station = a_station()
    hamlet = Hamlet.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Catchment.objects.create(facility=station, hamlet=hamlet)


def test_a_link_is_not_told_twice_nor_to_itself(system_scope: object) -> None:
    station = a_station()
    centre = Facility.objects.create(name="TTYT", kind="regional_centre", unit=station.unit)
    link = {"facility": station, "kind": "reporting", "valid_from": FIRST}
    FacilityLink.objects.create(**link, parent=centre)
    for parent, word in ((centre, "trùng"), (station, "chính mình")):
        with pytest.raises(ValidationError, match=word):
            FacilityLink(**link, parent=parent).full_clean()
