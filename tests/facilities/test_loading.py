"""The shipped units and demo facilities: complete, in order of days, and the same after a second load."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, Q
from django.test.utils import CaptureQueriesContext

from apps.core.registry import LoadReport
from apps.facilities import queries
from apps.facilities.load.demo import load_demo, load_demo_when_demo
from apps.facilities.load.units import CHANGE, LAST_BEFORE, load_units
from apps.facilities.models import AdminUnit, Facility, FacilityLink, UnitSuccession
from tests.factories.accounts import ROOT

pytestmark = pytest.mark.django_db
UNITS, DEMO = ROOT / "fixtures/admin_units", ROOT / "fixtures/demo"


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[LoadReport]:
    """The units, loaded once for all tests of this module and taken away afterwards."""
    report = LoadReport()
    with django_db_blocker.unblock():
        with CaptureQueriesContext(connection) as found:
            load_units(UNITS, report)
        assert len(found) < 60
    yield report
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM facilities_unitsuccession; DELETE FROM facilities_adminunit")


@pytest.fixture
def units(loaded: LoadReport, db: None) -> LoadReport:
    return loaded


def test_it_works(units: LoadReport) -> None:
    now = AdminUnit.objects.on(CHANGE)
    assert now.filter(level="province").count() == 34
    assert now.filter(level="commune").count() == 3321
    assert now.filter(level="district").count() == 0
    kinds = dict(now.filter(level="commune").values_list("kind").annotate(Count("pk")))
    assert kinds == {"xã": 2611, "phường": 697, "đặc khu": 13}
    before = AdminUnit.objects.on(LAST_BEFORE)
    assert before.filter(level="province").count() == 63
    assert before.filter(level="district").count() == 696
    assert before.filter(level="commune").count() == 10035


def test_loading_twice_changes_nothing(units: LoadReport) -> None:
    versions = set(AdminUnit.objects.values_list("pk", "version"))
    report = LoadReport()
    load_units(UNITS, report)
    assert (report.added, report.changed) == (0, 0)
    assert report.unchanged == units.added
    assert set(AdminUnit.objects.values_list("pk", "version")) == versions


def test_a_changed_unit_is_brought_back(units: LoadReport) -> None:
    commune = queries.unit_on("commune", "21484", CHANGE)
    AdminUnit.objects.filter(pk=commune.pk).update(name="Sai")
    report = LoadReport()
    load_units(UNITS, report)
    assert (report.added, report.changed) == (0, 1)
    assert queries.unit_on("commune", "21484", CHANGE).name == commune.name


def test_no_code_stands_for_two_units_on_one_day(units: LoadReport) -> None:
    for day in (dt.date(2024, 6, 11), LAST_BEFORE, CHANGE, dt.date(2026, 11, 22)):
        twice = AdminUnit.objects.on(day).values("level", "code").annotate(n=Count("pk")).filter(n__gt=1)
        assert not twice.exists()


def test_a_code_means_something_with_a_date(units: LoadReport) -> None:
    assert queries.unit_on("province", "52", LAST_BEFORE).full_name == "Tỉnh Bình Định"
    assert queries.unit_on("province", "52", CHANGE).full_name == "Tỉnh Gia Lai"
    assert queries.unit_on("commune", "00004", LAST_BEFORE).full_name == "Phường Trúc Bạch"
    assert queries.unit_on("commune", "00004", CHANGE).full_name == "Phường Ba Đình"
    assert queries.unit_on("commune", "00000", CHANGE) is None


def test_a_unit_keeps_its_earlier_name_and_kind(units: LoadReport) -> None:
    dong_nai = queries.unit_on("province", "75", CHANGE)
    assert dong_nai.full_name_on(dt.date(2026, 4, 29)) == "Tỉnh Đồng Nai"
    assert dong_nai.full_name_on(dt.date(2026, 4, 30)) == "Thành phố Đồng Nai"


def test_every_unit_has_its_parent(units: LoadReport) -> None:
    assert not AdminUnit.objects.filter(parent=None).exclude(level="province").exists()
    now = AdminUnit.objects.on(CHANGE).filter(level="commune")
    assert not now.exclude(parent__level="province", parent__valid_from=CHANGE).exists()
    before = AdminUnit.objects.on(LAST_BEFORE).filter(level="commune")
    assert not before.exclude(parent__level="district").exists()


def test_every_unit_of_june_2025_has_one_usual_successor(units: LoadReport) -> None:
    usual = Count("became", filter=Q(became__is_default=True))
    old = AdminUnit.objects.on(LAST_BEFORE).filter(level__in=["commune", "province"]).annotate(n=usual)
    assert not old.exclude(n=1).exists()
    assert not AdminUnit.objects.on(CHANGE).filter(came_from=None).exists()
    assert not UnitSuccession.objects.filter(old__valid_to__gte=F("new__valid_from")).exists()
    ba_to = queries.unit_on("province", "62", LAST_BEFORE).became.get()
    assert ba_to.new.full_name == "Tỉnh Quảng Ngãi"


@pytest.mark.parametrize("typed", ["ba to", "Ba Tơ", "BA TO", "xã ba tơ", "to ba", "21484"])
def test_a_unit_is_found_without_accents(units: LoadReport, typed: str) -> None:
    assert "Xã Ba Tơ" in [unit.full_name for unit in queries.find_units(typed, CHANGE, limit=50)]


@pytest.mark.parametrize("typed", ["hoa", "hòa", "hoà"])
def test_both_tone_places_find_the_same(units: LoadReport, typed: str) -> None:
    found = queries.find_units(typed, CHANGE, limit=200)
    assert found == queries.find_units("hoa", CHANGE, limit=200)
    assert len(found) > 20


def test_old_units_are_found_on_their_days_only(units: LoadReport) -> None:
    assert queries.find_units("truc bach", LAST_BEFORE)
    assert not queries.find_units("truc bach", CHANGE)
    assert not queries.find_units("khong co xa nao ten nhu vay", CHANGE)
    assert len(queries.find_units("", CHANGE, limit=7)) == 7
    assert len(queries.find_units("%_'", CHANGE)) <= 20


def test_the_demo_province_is_whole_and_marked(units: LoadReport) -> None:
    report = LoadReport()
    load_demo(DEMO, report)
    assert Facility.objects.filter(kind="station").count() == 96
    assert Facility.objects.count() == 300
    assert not Facility.objects.exclude(is_demo=True).exists()
    assert not FacilityLink.objects.filter(facility__kind="point").exists()
    invented = Facility.objects.exclude(kcb_code="").values_list("kcb_code", flat=True)
    assert all(code[:2] == "51" and code[2].isalpha() for code in invented)


def test_the_demo_loads_twice_and_keeps_its_ids(units: LoadReport) -> None:
    load_demo(DEMO, LoadReport())
    ids = set(Facility.objects.values_list("pk", "version"))
    report = LoadReport()
    load_demo(DEMO, report)
    assert (report.added, report.changed) == (0, 0)
    assert set(Facility.objects.values_list("pk", "version")) == ids


def test_an_installation_that_is_no_demo_gets_no_demo_facility(units: LoadReport, settings: object) -> None:
    settings.DEMO = False
    report = LoadReport()
    load_demo_when_demo(DEMO, report)
    assert not Facility.objects.exists() and report.notes
    settings.DEMO = True
    load_demo_when_demo(DEMO, report)
    assert Facility.objects.exists()
