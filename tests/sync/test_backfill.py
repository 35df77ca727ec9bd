"""Visits that ended before a receiver was there are sent when the province says from which day."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Job, PendingChange
from apps.facilities.models import Facility, Post
from apps.sync import worker
from apps.sync.models import OutboxRow, Receiver
from tests.factories.accounts import a_member, client_of
from tests.factories.encounters import a_finished_visit, a_practitioner, an_examined_visit, catalogues
from tests.factories.facilities import a_centre, a_department
from tests.factories.patients import a_person, a_station
from tests.factories.sync import warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(settings, django_capture_on_commit_callbacks):
    settings.TRAMYTE_JOBS = "inline"


@pytest.fixture
def station():
    catalogues()
    return a_station()


@pytest.fixture
def doctor(station):
    return a_practitioner(station)


@pytest.fixture
def admin(station):
    return client_of(a_member("province_admin", a_department(a_centre(station)), "quan.tri"))


@pytest.fixture
def finished(station, doctor):
    """Two visits that ended when nobody was there to be told, and one that has not ended."""
    an_examined_visit(a_person(station, "Đinh Văn Chờ"), doctor)
    return [a_finished_visit(a_person(station, f"Phạm Văn {n}"), doctor) for n in ("An", "Bình")]


@pytest.fixture
def second(station, admin):
    department = Facility.objects.get(kind="department")
    return client_of(a_member("province_admin", department, "nguoi.hai", "Lê Văn Hai"))


def page(receiver):
    return reverse("sync:earlier", args=[receiver.pk])


def today():
    return f"{timezone.localdate():%d/%m/%Y}"


def ask(client, receiver, since=None, key=None):
    return client.post(page(receiver), {"since": since or today(), "form_key": key or uuid7()})


def approve(second, capture):
    change = PendingChange.objects.get(state="waiting")
    with capture(execute=True):
        return second.post(f"/cho-duyet/{change.pk}/", {"act": "approve", "form_key": uuid7()})


def test_it_works(finished, liar, clock, admin, second, django_capture_on_commit_callbacks):
    receiver = warehouse(liar.base_url)
    assert not OutboxRow.unscoped.exists()
    preview = admin.get(page(receiver), {"since": today()})
    assert (preview.context["counted"].visits, preview.context["counted"].stations) == (2, 1)
    assert ask(admin, receiver).url == reverse("sync:receiver", args=[receiver.pk])
    assert not OutboxRow.unscoped.exists() and not Job.objects.exists(), "one alone sends nothing"
    waiting = second.get("/cho-duyet/").content.decode()
    assert receiver.base_url in waiting and "Lượt khám" in waiting
    approve(second, django_capture_on_commit_callbacks)
    job = Job.objects.get()
    assert (job.state, job.done, job.total) == ("done", 2, 2)
    assert set(OutboxRow.unscoped.values_list("aggregate_id", flat=True)) == {v.pk for v in finished}
    clock.forward(5)
    worker.drain(clock=clock)
    assert set(OutboxRow.unscoped.values_list("state", flat=True)) == {"accepted"}
    assert AuditEntry.objects.get(action="sync.backfill_started").data["receiver"] == receiver.code


def test_one_alone_does_not_send(finished, liar, admin, django_capture_on_commit_callbacks):
    receiver = warehouse(liar.base_url)
    ask(admin, receiver)
    assert (
        "Chờ người thứ hai duyệt" in admin.get(reverse("sync:receiver", args=[receiver.pk])).content.decode()
    )
    approve(admin, django_capture_on_commit_callbacks)
    assert not OutboxRow.unscoped.exists() and not Job.objects.exists()


@pytest.mark.parametrize("changed", [{"is_on": False}, {"base_url": "https://xau.invalid/fhir"}])
def test_what_was_seen_no_longer_holds(
    finished, liar, admin, second, changed, django_capture_on_commit_callbacks
):
    receiver = warehouse(liar.base_url)
    ask(admin, receiver)
    Receiver.objects.update(**changed)
    approve(second, django_capture_on_commit_callbacks)
    assert not OutboxRow.unscoped.exists()
    assert PendingChange.objects.get().state == "waiting"


def test_who_asked_must_still_hold_it(finished, liar, admin, second, django_capture_on_commit_callbacks):
    ask(admin, warehouse(liar.base_url))
    Post.objects.filter(user__username="quan.tri").update(revoked_at=timezone.now())
    approve(second, django_capture_on_commit_callbacks)
    assert not OutboxRow.unscoped.exists()


def test_a_second_time_nothing_is_left(finished, liar, admin, second, django_capture_on_commit_callbacks):
    receiver = warehouse(liar.base_url)
    key = uuid7()
    for _ in range(2):  # a double click
        ask(admin, receiver, key=key)
    assert PendingChange.objects.count() == 1
    approve(second, django_capture_on_commit_callbacks)
    assert OutboxRow.unscoped.count() == 2
    again = ask(admin, receiver)
    assert again.status_code == 422
    assert "Không còn lượt khám nào" in again.content.decode()
    assert Job.objects.count() == 1


def test_only_from_the_day_on(station, doctor, liar, admin):
    long_ago = timezone.now() - dt.timedelta(days=40)
    a_finished_visit(a_person(station), doctor, at=long_ago)
    receiver = warehouse(liar.base_url)
    assert admin.get(page(receiver), {"since": today()}).context["counted"].visits == 0
    before = timezone.localdate() - dt.timedelta(days=41)
    counted = admin.get(page(receiver), {"since": f"{before:%d/%m/%Y}"}).context["counted"]
    assert (counted.visits, counted.first) == (1, timezone.localdate(long_ago))


def test_what_another_receiver_has_does_not_count(finished, liar, admin, station, doctor):
    first = warehouse(liar.base_url)
    a_finished_visit(a_person(station, "Lê Thị Mới"), doctor)  # told to the first receiver by itself
    second = warehouse(liar.base_url, code="kho-hai", name="Kho thứ hai")
    assert admin.get(page(first), {"since": today()}).context["counted"].visits == 2
    assert admin.get(page(second), {"since": today()}).context["counted"].visits == 3


def test_visits_of_another_province_are_not_counted(finished, liar):
    receiver = warehouse(liar.base_url)
    other = a_department(a_centre(a_station("21490", "Trạm Y tế xã Khác"), name="Trung tâm Y tế khác"))
    stranger = client_of(a_member("province_admin", other, "nguoi.la"))
    assert stranger.get(page(receiver), {"since": today()}).context["counted"].visits == 0


def test_the_oldest_goes_first_and_new_visits_do_not_wait(
    station, doctor, liar, admin, second, django_capture_on_commit_callbacks
):
    person = a_person(station)
    days = [timezone.now() - dt.timedelta(days=n) for n in (3, 9, 6)]
    made = {a_finished_visit(person, doctor, at=at).pk: at for at in days}
    receiver = warehouse(liar.base_url)
    since = f"{timezone.localdate() - dt.timedelta(days=10):%d/%m/%Y}"
    ask(admin, receiver, since=since)
    approve(second, django_capture_on_commit_callbacks)
    rows = list(OutboxRow.unscoped.order_by("id"))
    assert [made[row.aggregate_id] for row in rows] == sorted(days)
    assert [row.next_at for row in rows] == sorted(row.next_at for row in rows)
    assert rows[-1].next_at > rows[0].next_at


@pytest.mark.parametrize("since", ["", "31/02/2026", "hôm qua", "01/01/2199"])
def test_a_wrong_day_is_said_beside_the_field(station, liar, admin, since):
    answer = admin.get(page(warehouse(liar.base_url)), {"since": since})
    assert answer.status_code == 422
    assert answer.context["form"].errors["since"]


def test_a_receiver_that_is_off_sends_nothing(finished, liar, admin):
    receiver = warehouse(liar.base_url, is_on=False)
    answer = ask(admin, receiver)
    assert answer.status_code == 422
    assert "Nơi nhận đang tắt" in answer.content.decode()
    assert not OutboxRow.unscoped.exists()


def test_a_station_may_not(station, liar):
    head = client_of(a_member("station_head", station, "truong.tram"))
    receiver = warehouse(liar.base_url)
    assert head.get(page(receiver)).status_code == 403
    assert "trước đó" not in head.get(reverse("sync:receiver", args=[receiver.pk])).content.decode()
