"""The days that the province keeps decide which days are worked."""

import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings

from apps.core import holidays
from apps.core.clocks import due_on
from apps.core.models import AuditEntry, Holiday
from apps.core.registry import LoadReport
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_department

pytestmark = pytest.mark.django_db
FOLDER = Path(settings.BASE_DIR) / "fixtures"


def load():
    report = LoadReport()
    holidays.load_holidays(FOLDER, report)
    return report


def test_it_works():
    assert load().added == Holiday.objects.count() > 30
    # The five days of Tết 2026 between two weekends.
    calendar = holidays.calendar_from(dt.date(2026, 2, 13))
    assert due_on({"working_days": 1}, dt.date(2026, 2, 13), calendar) == dt.date(2026, 2, 23)
    # A compensating Saturday is worked.
    assert holidays.calendar_from(dt.date(2026, 8, 20)).is_working(dt.date(2026, 8, 22))


def test_loading_twice_changes_nothing():
    load()
    again = load()
    assert (again.added, again.changed) == (0, 0)


def test_a_day_of_the_province_stays():
    load()
    Holiday.objects.filter(on=dt.date(2026, 11, 24)).update(kind="ordinary", confidence="local")
    load()
    assert holidays.calendar_from(dt.date(2026, 11, 20)).is_working(dt.date(2026, 11, 24))


def test_a_day_shipped_anew_is_brought_up_to_date():
    load()
    Holiday.objects.filter(on=dt.date(2026, 11, 24)).update(name="Tên cũ")
    assert load().changed == 1


def test_a_year_without_tet_is_seen():
    load()
    assert holidays.has_tet(2026)
    assert not holidays.has_tet(2027)


def test_the_province_adds_a_day_and_the_station_does_not():
    department = a_department()
    day = {"on": "05/02/2027", "kind": "holiday", "name": "Tết Nguyên đán", "source": "Thông báo năm 2027"}
    path = "/quan-tri/core/holiday/add/"
    assert client_of(a_member("cdc", department)).post(path, day).status_code in (302, 403)
    assert not Holiday.objects.exists()
    admin = client_of(a_member("province_admin", department))
    assert admin.post(path, day | {"on": "31/02/2027"}).status_code == 200
    assert admin.post(path, day).status_code == 302
    assert (Holiday.objects.get().confidence, AuditEntry.objects.get().action) == ("local", "holiday.changed")
    assert admin.post(path, day).status_code == 200, "a day stands once"
