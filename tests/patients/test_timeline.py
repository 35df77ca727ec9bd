"""The timeline of a person's page: filters by kind and year, pages by key, the same cost for all kinds."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.ids import uuid7
from apps.patients import projections
from apps.patients.queries import TimelineFilter
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db

KINDS = ("visit", "dose")


@pytest.fixture
def person(station):
    return a_person(station, birth_date=dt.date(1990, 3, 5))


@pytest.fixture
def nurse(station):
    return client_of(a_member("nurse", station))


@pytest.fixture(autouse=True)
def dose_kind(monkeypatch):
    """A second kind of entry, as a room of immunization would bring it."""
    from apps.core import registry

    monkeypatch.setattr(registry.timeline_kinds, "_items", dict(registry.timeline_kinds._items))
    registry.timeline_kinds.add(
        registry.TimelineKind("dose", "Tiêm chủng", None, "syringe", "visits.approve")
    )


def an_entry(person, at, title, kind="visit", **fields):
    projections.put_timeline(
        person_id=person.pk, at=at, kind=kind, title=title, object_id=uuid7(), facility_id=person.station_id,
        **fields,
    )  # fmt: skip


def year(number, month=6, day=15, hour=12):
    return dt.datetime(number, month, day, hour, tzinfo=timezone.get_default_timezone())


def shown(nurse, person, **query):
    return nurse.get(f"/nguoi/{person.pk}/", query).context["timeline"]


def titles(nurse, person, **query):
    return [line["title"] for line in shown(nurse, person, **query)]


def test_it_works(nurse, person):
    an_entry(person, year(2024), "Khám năm 2024")
    an_entry(person, year(2025), "Khám năm 2025")
    an_entry(person, year(2025, 7), "Mũi tiêm", kind="dose")
    assert titles(nurse, person) == ["Tiêm chủng", "Khám năm 2025", "Khám năm 2024"]
    assert titles(nurse, person, loai="visit") == ["Khám năm 2025", "Khám năm 2024"]
    assert titles(nurse, person, nam="2025") == ["Tiêm chủng", "Khám năm 2025"]
    assert titles(nurse, person, nam="2025", loai="visit") == ["Khám năm 2025"]
    assert titles(nurse, person, nam="2020") == []


def test_a_kind_without_the_right_is_told_by_its_title_alone(nurse, person):
    an_entry(person, year(2025), "Vắc xin dại sau khi bị cắn", kind="dose")
    assert titles(nurse, person, loai="dose") == ["Tiêm chủng"]


def test_a_restricted_entry_is_not_told_whatever_is_asked(nurse, person, station):
    an_entry(person, year(2025), "Điều riêng", restricted=True)
    for query in ({}, {"loai": "visit"}, {"nam": "2025"}, {"loai": "visit", "nam": "2025"}):
        assert titles(nurse, person, **query) == []
    doctor = client_of(a_member("doctor", station))
    assert titles(doctor, person, nam="2025") == ["Điều riêng"]


def test_the_borders_of_a_year_are_local(nurse, person):
    an_entry(person, year(2025, 1, 1, 0), "Giao thừa")
    an_entry(person, year(2024, 12, 31, 23), "Trước giao thừa")
    assert titles(nurse, person, nam="2025") == ["Giao thừa"]
    assert titles(nurse, person, nam="2024") == ["Trước giao thừa"]


def test_pages_by_key_keep_the_filter(nurse, person):
    for number in range(25):
        an_entry(person, year(2025) + dt.timedelta(days=number), f"Khám {number}")
        an_entry(person, year(2025) + dt.timedelta(days=number, hours=1), f"Mũi {number}", kind="dose")
    first = nurse.get(f"/nguoi/{person.pk}/", {"loai": "visit"})
    words = first.content.decode()
    assert "loai=visit" in words.split('rel="next"')[1][:200].replace("&amp;", "&")
    cursor = first.context["page"].timeline.next_cursor
    rest = titles(nurse, person, loai="visit", c=cursor)
    seen = [line["title"] for line in first.context["timeline"]] + rest
    assert seen == [f"Khám {number}" for number in reversed(range(25))]


@pytest.mark.parametrize("query", [{}, {"loai": "visit"}, {"nam": "2025"}])
def test_it_costs_the_same_at_2_and_20_of_two_kinds(nurse, person, query):
    def cost():
        with CaptureQueriesContext(connection) as found:
            shown(nurse, person, **query)
        return len(found)

    for number in range(2):
        an_entry(person, year(2025, 6, 1 + number), "Khám", kind=KINDS[number])
    shown(nurse, person)
    few = cost()
    for number in range(20):
        an_entry(person, year(2025, 7, 1 + number), "Khám", kind=KINDS[number % 2])
    assert cost() == few


@pytest.mark.parametrize(
    ("kind", "number"), [("x", "x"), ("\x00", "20255"), ("visit'--", "-2025"), ("😀", "2025.5"), ("", "1234")]
)
def test_nonsense_asks_for_everything(kind, number):
    assert TimelineFilter.read(kind, number) == TimelineFilter()
