"""The worker counts hours; pages and the monitor show them and count nothing themselves."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core import scope
from apps.core.scope import Scope
from apps.sync import hours, watching, worker
from apps.sync.models import OutboxRow, Receiver, SyncAnswer, SyncHour
from apps.sync.receivers.base import Found
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import a_station
from tests.factories.sync import visit, warehouse

pytestmark = pytest.mark.django_db
STATIONS = reverse("sync:stations")
FIGURES = reverse("sync:figures")


@pytest.fixture
def station():
    return a_station()


@pytest.fixture
def admin(station):
    return client_of(a_member("province_admin", a_department(a_centre(station)), "quan.tri"))


def an_hour(receiver, facility, hour, **figures):
    return SyncHour.unscoped.create(receiver=receiver, facility_id=facility.pk, hour=hour, **figures)


def counted(receiver, now):
    """The hours as the worker counts them."""
    Receiver.objects.filter(pk=receiver.pk).update(counted_at=None)
    with scope.system("test"):
        hours.count_if_due(now)


def text(response):
    return response.content.decode()


def test_it_works(book, receiver, liar, clock, station):
    for _ in range(3):
        book.save(visit(), facility_id=station.pk)
    liar.faults.add("422")
    liar.faults.add("500")
    clock.forward(7)
    worker.run_once(clock=clock)
    found_later = OutboxRow.unscoped.filter(state="accepted").get()
    SyncAnswer.unscoped.create(row=found_later, attempt=1, at=clock(), outcome=Found.CHANGED)  # no attempt
    book.save(visit(), facility_id=station.pk)
    counted(receiver, clock())
    row = SyncHour.unscoped.get(hour__gte=clock() - dt.timedelta(hours=1))
    assert (row.accepted, row.refused, row.failed) == (1, 1, 1)
    assert (row.waiting, row.stuck) == (2, 1)
    assert 7 <= row.lag_most <= 60 and row.lag_total == row.lag_most
    assert row.oldest is not None


def test_counting_twice_says_the_same(book, receiver, liar, clock, station):
    book.save(visit(), facility_id=station.pk)
    worker.drain(clock=clock)
    for _ in range(2):
        counted(receiver, clock())
    assert [row.accepted for row in SyncHour.unscoped.all() if row.accepted] == [1]


def test_who_waits_no_longer_is_told_so(book, receiver, liar, clock, station):
    book.save(visit(), facility_id=station.pk)
    counted(receiver, clock())
    assert SyncHour.unscoped.get().waiting == 1
    worker.drain(clock=clock)
    counted(receiver, clock())
    assert [row.waiting for row in SyncHour.unscoped.all()][-1] == 0


def test_one_worker_counts_every_five_minutes(receiver, clock):
    with scope.system("test"):
        assert hours.count_if_due(clock())
        assert not hours.count_if_due(clock())
        clock.forward(301)
        assert hours.count_if_due(clock())


def test_old_hours_become_their_day(receiver, station):
    zone = timezone.get_current_timezone()
    day = dt.datetime(2026, 11, 3, tzinfo=zone)
    for number in range(3):
        an_hour(receiver, station, day + dt.timedelta(hours=8 * number), accepted=2, lag_most=number)
    an_hour(receiver, station, day + dt.timedelta(days=10), accepted=5)
    with scope.system("test"):
        for _ in range(2):
            hours.fold(dt.date(2026, 11, 15))
    told = [(row.hour, row.accepted, row.lag_most) for row in SyncHour.unscoped.order_by("hour")]
    assert told == [(day, 6, 2), (day + dt.timedelta(days=10), 5, 0)]


def test_the_provinces_page(receiver, station, admin):
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    an_hour(receiver, station, hour, accepted=40, lag_total=80, stuck=3, waiting=2, oldest=now)
    Receiver.objects.update(counted_at=now, failures=5)
    page = text(admin.get(STATIONS))
    for said in (station.name, ">40<", "2 giây", "Không trả lời", "Bản ghi được tiếp nhận mỗi ngày", "<svg"):
        assert said in page
    assert station.name in text(admin.get(STATIONS + "?muc=truc-trac"))
    SyncHour.unscoped.update(stuck=0)
    assert "Không trạm nào có trục trặc" in text(admin.get(STATIONS + "?muc=truc-trac"))


def test_figures_that_grew_old_are_said_to_be(receiver, station, admin):
    Receiver.objects.update(counted_at=timezone.now() - dt.timedelta(hours=1))
    assert "Tiến trình gửi không chạy" in text(admin.get(STATIONS))


def test_it_costs_the_same_at_2_and_20_stations(receiver, station, admin):
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    Receiver.objects.update(counted_at=now)

    def cost(many):
        places = [station, *(a_station(str(30000 + n), f"Trạm Y tế xã {n}") for n in range(many - 1))]
        SyncHour.unscoped.all().delete()
        for place in places:
            an_hour(receiver, place, hour, accepted=4, stuck=1)
        everywhere = Scope(
            None, "t", "t", frozenset(p.pk for p in places), rights=frozenset({"sync.view"}), level="province"
        )
        with (
            scope.enter(everywhere),
            CaptureQueriesContext(
                connection,
            ) as caught,
        ):
            _, lines = watching.station_page(everywhere, cursor="", trouble=False, now=now)
            watching.totals(everywhere)
            watching.pictures(everywhere, now)
            watching.receiver_states(now)
        assert len(lines) == many
        return len(caught)

    assert cost(2) == cost(20) == 6


def test_a_station_has_no_such_page(receiver, station):
    head = client_of(a_member("station_head", station, "truong.tram"))
    assert head.get(STATIONS).status_code == 404


def test_strangers_figures_are_not_shown(receiver, station, admin):
    other = a_station("21490", "Trạm Y tế xã Khác")
    now = timezone.now()
    an_hour(receiver, other, now.replace(minute=0, second=0, microsecond=0), accepted=77, stuck=77)
    Receiver.objects.update(counted_at=now)
    with scope.enter(Scope(None, "t", "t", frozenset({station.pk}), level="region")) as here:
        assert watching.totals(here)["stuck"] == 0
        assert not watching.pictures(here, now)
        _, lines = watching.station_page(here, cursor="", trouble=False, now=now)
    assert [line.station.pk for line in lines] == [station.pk]


def test_the_monitor_needs_its_token(client, receiver, monkeypatch):
    assert client.get(FIGURES).status_code == 404  # off, until a token is set
    monkeypatch.setenv("TRAMYTE_METRICS_TOKEN", "mật mã")
    assert client.get(FIGURES).status_code == 404
    assert client.get(FIGURES, headers={"Authorization": "Bearer khác"}).status_code == 404
    monkeypatch.setenv("TRAMYTE_METRICS_TOKEN", "abc")
    assert client.get(FIGURES, headers={"Authorization": "Bearer abc"}).status_code == 200


def test_the_monitor_reads_figures_of_receivers_alone(client, station, monkeypatch):
    monkeypatch.setenv("TRAMYTE_METRICS_TOKEN", "abc")
    receiver = warehouse("https://kho.example.vn/fhir", name='Kho "tỉnh"\n', failures=6)
    now = timezone.now()
    an_hour(receiver, station, now.replace(minute=0, second=0, microsecond=0), accepted=9, waiting=4)
    Receiver.objects.update(counted_at=now)
    with CaptureQueriesContext(connection) as caught:
        page = text(client.get(FIGURES, headers={"Authorization": "Bearer abc"}))
    lines = page.splitlines()
    assert 'tramyte_sync_waiting{receiver="kho-tinh"} 4.0' in lines
    assert 'tramyte_sync_accepted_this_hour{receiver="kho-tinh"} 9.0' in lines
    assert 'tramyte_sync_breaker_open{receiver="kho-tinh"} 1.0' in lines
    assert str(station.pk) not in page and station.name not in page and "example.vn" not in page
    assert len(caught) <= 5
