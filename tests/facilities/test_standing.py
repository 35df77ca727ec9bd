"""What those above the stations find on their home page: figures of stations, never a person."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import SignInEvent, SignInKind
from apps.catalogues import queries as catalogues_queries
from apps.core import readlog, registry
from apps.core.models import ReadEntry
from apps.core.scope import enter
from apps.facilities import standing
from apps.facilities.models import Facility
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import a_person, a_station, scope_at
from tests.factories.sync import warehouse

pytestmark = pytest.mark.django_db
HOME, ALL = reverse("core:home"), reverse("facilities:standing")


@pytest.fixture
def station():
    catalogues()
    return a_station()


@pytest.fixture
def other():
    return a_station("21490", "Trạm Y tế xã Khác")


@pytest.fixture
def centre(station):
    return a_centre(station)


@pytest.fixture
def department(centre):
    return a_department(centre)


def home_of(role, facility, name="nguoi.xem"):
    client = client_of(a_member(role, facility, name))
    client.get(HOME)  # the first click of a session chooses the workplace
    return client


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def cells(response, station):
    (row,) = (row for row in response.context["rows"] if row.station == station)
    return {cell.figure.key: cell.value for cell in row.cells}


def test_it_works(station, centre, other):
    warehouse("https://kho.example.vn/fhir")
    a_person(station, "Đinh Văn Khác")
    a_finished_visit(a_person(station, "Phạm Thị Riêng"), a_practitioner(station))
    reviewer = home_of("region_reviewer", centre)
    page = reviewer.get(ALL)
    assert cells(page, station) == {
        "people": 2,
        "visits": 1,
        "last_visit": timezone.localdate(),
        "unsent": 1,
        "stuck": None,
    }
    for shown in (text(page), text(reviewer.get(HOME))):
        assert station.name in shown
        assert other.name not in shown
        assert "Riêng" not in shown


def test_a_death_and_last_months_visits_do_not_count(station, centre):
    a_person(station, life_status="dead")
    last_month = timezone.now().replace(day=1) - dt.timedelta(days=3)
    a_finished_visit(a_person(station), a_practitioner(station), at=last_month)
    found = cells(home_of("cdc", a_department(centre)).get(ALL), station)
    assert (found["people"], found["visits"]) == (1, None)
    assert found["last_visit"] == timezone.localdate(last_month)


def test_a_station_has_its_own_work_instead(station, centre):
    assert "Tình hình các trạm" not in text(home_of("nurse", station).get(HOME))


def test_the_page_costs_the_same_at_2_and_20_stations(station, centre, department):
    a_centre(a_station("21491", "Trạm Y tế xã Hai"), name="Trung tâm Y tế khu vực Hai")
    client = home_of("cdc", department)
    counts = []
    for number in (1, 18):
        for _ in range(number):
            code = f"3{Facility.objects.count():04d}"
            made = a_station(code, f"Trạm Y tế xã {code}")
            made.links.create(parent=centre, kind="reporting")
        client.get(HOME)
        with CaptureQueriesContext(connection) as queries:
            rows = client.get(ALL).context["rows"]
        counts.append((len(queries), len(rows)))
    assert counts[0][0] == counts[1][0]
    assert counts[1][1] > counts[0][1]


def test_every_figure_answers_for_no_station_and_an_unknown_one(db):
    for figure in registry.station_figures:
        assert not figure.provide([])


def test_the_province_sees_who_cannot_sign_in(station, centre, department):
    admin = home_of("province_admin", department, "quan.tri")
    page = text(admin.get(HOME))
    assert "chưa ai đăng nhập được" in page
    assert f"{reverse('accounts:new')}?co-so={station.pk}" in page
    assert station.name in text(admin.get(reverse("facilities:list"), {"thieu": "tai-khoan"}))
    a_member("nurse", station, "hoa.nt")
    assert "chưa ai đăng nhập được" not in text(admin.get(HOME))
    assert station.name not in text(admin.get(reverse("facilities:list"), {"thieu": "tai-khoan"}))


def test_the_province_sees_a_receiver_that_is_off(station, department):
    warehouse("https://kho.example.vn/fhir", is_on=False)
    page = text(home_of("province_admin", department).get(HOME))
    assert "Kho dữ liệu tỉnh" in page
    assert "Đang tắt" in page


def test_the_province_sees_what_ends_soon(station, department):
    on = timezone.localdate()
    a_code("ethnic_groups", "98", "Sắp hết", valid_to=on + dt.timedelta(days=10))
    a_code("ethnic_groups", "99", "Còn lâu", valid_to=on + dt.timedelta(days=400))
    ((table, many, first),) = catalogues_queries.ending(on)
    assert (table.key, many, first) == ("ethnic_groups", 1, on + dt.timedelta(days=10))
    assert "1 dòng hết hiệu lực" in text(home_of("province_admin", department).get(HOME))


def test_the_auditor_sees_how_much_was_looked_at_and_who_fails_to_sign_in(station, other, centre, department):
    nurse = a_member("nurse", station, "hoa.nt", "Nguyễn Thị Hòa")
    stranger = a_member("nurse", other, "nguoi.la", "Trần Thị Lạ")
    for user in (nurse, nurse, stranger):
        SignInEvent.objects.create(user=user, kind=SignInKind.WRONG)
    for place in (station, station, other):
        with enter(scope_at(place)):
            readlog.record("person.page", [])
    auditor = home_of("auditor", department, "kiem.toan")
    page = auditor.get(HOME)
    panels = {panel["key"]: panel["context"] for panel in page.context["panels"]}
    assert ("Lượt xem thông tin người dân", 2, 2) in panels["audit"]["lines"]
    assert ("Sai mật khẩu", 2, 2) in panels["sign_ins"]["lines"]
    assert [(one["user__username"], one["failed"]) for one in panels["sign_ins"]["worst"]] == [("hoa.nt", 2)]
    assert "Trần Thị Lạ" not in text(page)
    assert ReadEntry.objects.count() == 3  # figures are no look at anybody


def test_nobody_else_sees_the_auditors_figures(station, centre, department):
    for role, place in (("province_admin", department), ("region_head", centre), ("station_head", station)):
        page = text(home_of(role, place, role.replace("_", ".")).get(HOME))
        assert "Hoạt động trên hệ thống" not in page


def test_a_home_without_work_offers_the_menu(station, monkeypatch):
    monkeypatch.setattr(registry, "home_panels", registry.Registry("home_panels"))
    page = text(home_of("population", station).get(HOME))
    assert "Hôm nay chưa có việc nào chờ bạn" in page
    assert reverse("households:list") in page


def test_a_closed_station_is_not_counted(station, centre, department):
    station.valid_to = timezone.localdate() - dt.timedelta(days=1)
    station.save()
    assert standing.stations(scope_at(station)).count() == 0


def test_the_doubtful_rows_open_from_the_home_page(station, department):
    admin = home_of("province_admin", department)
    a_code("ethnic_groups", "98", "Cần xem", confidence="low")
    a_code("ethnic_groups", "99", "Chắc chắn")
    shown = text(admin.get(reverse("catalogues:browse", args=["ethnic_groups"]), {"show": "doubtful"}))
    assert "Cần xem" in shown
    assert "Chắc chắn" not in shown
