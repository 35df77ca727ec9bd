"""The go-live list: what can be counted is counted, the rest is ticked with name and date."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from apps.core import golive
from apps.core.errors import Refused
from apps.core.models import AuditEntry, GoLiveTick
from apps.core.scope import enter
from apps.facilities.posts import scope_for
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_practitioner, a_station
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def station():
    return a_station()


@pytest.fixture
def head(station):
    return a_member("station_head", station, "lan.tt", "Trần Thị Lan")


@pytest.fixture
def here(head, station):
    with enter(scope_for(head, station.pk)) as scope:
        yield scope


def line(scope, key):
    return next(each for each in golive.lines(scope) if each.item.key == key)


def test_it_works(head):
    client = client_of(head)
    page = client.get(reverse("core:golive"))
    posted = {"form_key": page.context["form_key"], "note": "Máy in Brother"}
    shown = client.post(reverse("core:golive_tick", args=["printers"]), posted, follow=True)
    assert "Trần Thị Lan" in shown.content.decode()
    assert "Máy in Brother" in shown.content.decode()
    again = {"form_key": shown.context["form_key"], "undo": "1"}
    client.post(reverse("core:golive_tick", args=["printers"]), again)
    assert not GoLiveTick.objects.exists()
    assert set(AuditEntry.objects.filter(action__startswith="golive").values_list("action", flat=True)) == {
        "golive.ticked",
        "golive.unticked",
    }


def test_what_the_rooms_have_is_counted(here, station):
    assert line(here, "hamlets").progress.done == 1
    assert line(here, "catchment").complete
    assert not line(here, "practitioners").complete
    assert not line(here, "population").complete
    a_practitioner(station, licence_no="001/QNg-GPHN", can_sign=True)
    a_person(station)
    assert line(here, "practitioners").complete
    assert line(here, "population").complete


def test_another_stations_ticks_and_people_are_not_counted(here):
    other = a_station("21490", "Ba Vì")
    a_person(other)
    today = timezone.localdate()
    GoLiveTick.objects.create(facility_id=other.pk, key="printers", done_on=today, by_name="x")
    assert line(here, "printers").tick is None
    assert line(here, "population").progress.done == 0


def test_a_second_tick_keeps_the_first_ones_name(here):
    first = golive.tick(key="printers", on=timezone.localdate(), note="một")
    assert golive.tick(key="printers", on=timezone.localdate(), note="hai").note == "một"
    assert GoLiveTick.objects.get() == first


@pytest.mark.parametrize("key", ["no-such-item", "population"])
def test_only_what_cannot_be_counted_is_ticked(here, key):
    with pytest.raises(Refused):
        golive.tick(key=key, on=timezone.localdate())


def test_a_nurse_ticks_nothing(station):
    nurse = a_member("nurse", station, "hoa.nt")
    with enter(scope_for(nurse, station.pk)), pytest.raises(PermissionDenied):
        golive.tick(key="printers", on=timezone.localdate())


def test_the_list_costs_the_same_with_many_rows(here, station):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost():
        with CaptureQueriesContext(connection) as seen:
            golive.lines(here)
        return len(seen)

    before = cost()
    for number in range(20):
        a_practitioner(station, f"Đinh Văn {number}", licence_no=f"{number}/QNg")
    assert cost() == before
