"""A demo that is started on a later day shows the morning of that day: once, and nothing is lost."""

import datetime as dt
from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Min
from django.utils import timezone

from apps.accounts.models import Role
from apps.encounters.models import Dispensing, HerbalFormula, Room, Visit
from apps.encounters.models import Order as Ordered
from apps.facilities.models import Facility
from apps.population import demo, herbs, morning
from apps.population.desk import desk
from apps.population.making import Order, make
from apps.population.waiting_room import waiting_room
from apps.stock.models import StockItem
from tests.factories import dispensing as give
from tests.factories.catalogues import a_code
from tests.factories.facilities import a_centre, a_department
from tests.factories.population import ground


@pytest.fixture
def station(db):
    """A demo that was made yesterday, with its accounts and its waiting room."""
    give.rules()
    for code in ("YH022", "YH063", "YH023", "YH006"):
        a_code("yhct_herb", code, f"Vị {code}")
    a_code("yhct_diseases", "U62.392.5", "Yêu thống")
    ground("21484")
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    station = make(Order(people=120, seed=3, on=yesterday, stations=1, years=1)).stations[0]
    a_department(a_centre(station))
    Facility.objects.create(name="CDC", kind="cdc", unit=station.unit, is_demo=True)
    demo.accounts(station)
    return station


def todays():
    return Visit.unscoped.filter(on=timezone.localdate())


def test_it_works(station, settings, capsys):
    settings.DEMO = True
    before = Visit.unscoped.count()
    call_command("make_morning")
    states = Counter(todays().values_list("state", flat=True))
    assert states["finalised"] >= 4 and states["waiting"] >= 5
    assert states["awaiting_signature"] and states["in_progress"]
    assert f"{todays().count()} lượt khám" in capsys.readouterr().out
    assert todays().filter(call="called").exists()
    assert todays().filter(state="finalised", prescriptions__isnull=False).exists()
    insured = todays().filter(payer="bhyt")
    assert insured and not insured.filter(card=None).exists()
    assert todays().aggregate(first=Min("occurred_at"))["first"] <= timezone.now()
    assert Visit.unscoped.count() == before + todays().count()
    # once
    call_command("make_morning")
    assert capsys.readouterr().out == ""
    assert Visit.unscoped.count() == before + todays().count()


def test_what_yesterday_left_open_is_closed_first(station, settings):
    """Who still waited has gone home, who was being seen and what waited for its signature is signed."""
    settings.DEMO = True
    earlier = Visit.unscoped.filter(on__lt=timezone.localdate())
    were = Counter(earlier.values_list("state", flat=True))
    assert were["waiting"] and were["in_progress"] and were["awaiting_signature"]
    call_command("make_morning")
    now = Counter(earlier.values_list("state", flat=True))
    assert not now.keys() & {"waiting", "in_progress", "awaiting_signature"}
    assert now["left"] == were["left"] + were["waiting"]
    assert now["finalised"] == were["finalised"] + were["in_progress"] + were["awaiting_signature"]
    assert not earlier.filter(state="finalised", doctor=None).exists()
    assert not Ordered.unscoped.filter(visit__in=earlier, state="ordered").exclude(kind="course").exists()


def test_a_day_on_which_somebody_came_is_left_alone(station):
    waiting_room(station)
    came = todays().count()
    assert came and morning.morning(station) == 0
    assert todays().count() == came


def test_the_waiting_room_of_a_later_day(station):
    """The rooms are there, nobody comes a second time without a name, another family comes."""
    waiting_room(station)
    first = set(todays().values_list("person_id", flat=True))
    unknown = todays().filter(priority_for__contains=["emergency"]).count()
    waiting_room(station)
    assert Room.unscoped.filter(facility=station).count() == 2
    assert todays().filter(priority_for__contains=["emergency"]).count() == unknown == 1
    assert set(todays().values_list("person_id", flat=True)) > first


def test_a_demo_that_was_changed_starts_all_the_same(station, settings, capsys):
    settings.DEMO = True
    waiting_room(station)
    Room.unscoped.update(is_active=False)
    todays().update(on=timezone.localdate() - dt.timedelta(days=1))
    call_command("make_morning")  # nobody calls into a room that is not used any more
    assert todays().filter(call="called", room=None).exists()
    todays().update(on=timezone.localdate() - dt.timedelta(days=1))
    Role.objects.filter(code="nurse").update(rights=[])
    call_command("make_morning")
    assert "Không thêm được" in capsys.readouterr().out and not todays().exists()


def test_only_where_all_is_invented(station, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="TRAMYTE_DEMO"):
        call_command("make_morning")
    assert not todays().exists()


def test_a_station_without_the_demos_accounts_has_no_morning(db):
    assert morning.station_of_demo() is None


def test_one_formula_is_given_out_and_one_waits(station):
    desk(station)
    assert StockItem.unscoped.filter(station=station, kind="herb").count() == 4
    assert herbs.formulas(station) == 2
    given, waits = HerbalFormula.unscoped.order_by("pk")
    assert given.lines(manager="unscoped").count() >= 3
    act = Dispensing.unscoped.get(visit=given.visit_id)
    assert {row.herb for row in act.lines(manager="unscoped").all()} <= {"YH022", "YH063", "YH023", "YH006"}
    assert not Dispensing.unscoped.filter(visit=waits.visit_id).exists()
    give.agrees()
    assert herbs.formulas(station) == 0, "a second time changes nothing"
