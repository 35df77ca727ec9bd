"""Tasks with a legal clock: opened once, done once, told to whom they concern."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core import todo
from apps.core.clocks import VIETNAM
from apps.core.errors import Refused
from apps.core.models import AuditEntry, Holiday, Parameter, ReadEntry, Task
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre, a_station
from tests.factories.patients import a_person, scope_at
from tests.factories.tasks import a_task

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=VIETNAM)


@pytest.fixture
def station():
    return a_station()


@pytest.fixture
def nurse(station):
    with enter(scope_at(station)) as scope:
        yield scope


@pytest.fixture
def client(station):
    return client_of(a_member("nurse", station, "y.ta"))


@pytest.fixture
def head(station):
    return client_of(a_member("station_head", station, "truong.tram"))


def opened(station, **fields):
    values = {"facility_id": station.pk, "object_id": uuid4(), "happened_at": NOON} | fields
    return todo.task_open("case.report", **values)


def test_it_works(nurse, station):
    task = opened(station, title="Bệnh sởi")
    assert (task.due_at, task.escalate_at) == (NOON + dt.timedelta(hours=24),) * 2
    done = todo.task_done(task_id=task.pk, expected_version=1, result="Đã báo cáo trên hệ thống")
    assert (done.state, done.outcome, done.closed_by_name) == (
        "done",
        "Đã báo cáo trên hệ thống",
        nurse.username,
    )
    assert [entry.action for entry in AuditEntry.objects.order_by("at")] == ["task.opened", "task.done"]


def test_the_same_event_twice_is_one_task(nurse, station):
    record = uuid4()
    first, again = opened(station, object_id=record), opened(station, object_id=record, title="khác")
    assert (first.pk, Task.unscoped.count(), again.title) == (again.pk, 1, "")
    todo.settle("case.report", object_id=record, result="Đã gửi")
    assert opened(station, object_id=record).pk != first.pk


def test_a_clock_of_working_days_knows_the_holidays(nurse, station):
    Parameter.objects.create(key="tasks.five", value={"working_days": 5}, source="thử")
    Holiday.objects.create(on=dt.date(2026, 11, 24), name="Ngày Văn hóa", source="thử")
    task = opened(station, clock="tasks.five")
    assert timezone.localdate(task.due_at) == dt.date(2026, 11, 30)


def test_a_clock_is_that_of_its_day(nurse, station):
    Parameter.objects.filter(key="tasks.case_24h").update(valid_to=dt.date(2026, 11, 20))
    Parameter.objects.create(
        key="tasks.case_24h", value={"hours": 12}, valid_from=dt.date(2026, 11, 21), source="thử"
    )
    assert opened(station).due_at == NOON + dt.timedelta(hours=24)
    later = NOON + dt.timedelta(days=1)
    assert opened(station, happened_at=later).due_at == later + dt.timedelta(hours=12)


def test_a_task_that_is_rolled_back_was_never_there(nurse, station):
    with pytest.raises(RuntimeError, match="fell"), transaction.atomic():
        opened(station)
        raise RuntimeError("fell")
    assert not Task.unscoped.exists()


def test_done_twice_is_a_sentence(nurse, station):
    task = opened(station)
    todo.task_done(task_id=task.pk, expected_version=1, result="Đã báo")
    with pytest.raises(Refused, match=r"đã được .* ghi là đã làm lúc \d\d:\d\d"):
        todo.task_cancel(task_id=task.pk, expected_version=1, reason="Thôi")
    task.refresh_from_db()
    assert task.outcome == "Đã báo"


def test_an_end_needs_its_words(nurse, station):
    task = opened(station)
    with pytest.raises(Refused, match="Ghi kết quả"):
        todo.task_done(task_id=task.pk, expected_version=1, result=" \u200b ")
    with pytest.raises(Refused, match="Ghi lý do"):
        todo.task_cancel(task_id=task.pk, expected_version=1, reason="")
    with pytest.raises(StaleVersion):
        todo.task_done(task_id=task.pk, expected_version=2, result="x")


def test_another_stations_task_is_not_there(nurse):
    task = a_task(a_station("21490", "Ba Vì").pk)
    with pytest.raises(Task.DoesNotExist):
        todo.task_done(task_id=task.pk, expected_version=1, result="x")


def test_a_record_withdraws_what_it_no_longer_asks(nurse, station):
    task = opened(station)
    todo.withdraw("case.report", object_id=task.object_id, reason="Chẩn đoán đã sửa")
    todo.withdraw("case.report", object_id=uuid4(), reason="không có gì")
    task.refresh_from_db()
    assert (task.state, task.outcome, task.version) == ("cancelled", "Chẩn đoán đã sửa", 2)


# ---- the pages


def test_the_home_page_tells_the_overdue_first(client, station):
    person = a_person(station)
    a_task(station.pk, title="Bệnh quai bị", due_in=5)
    a_task(station.pk, title="Bệnh sởi", due_in=-5, person_id=person.pk)
    page = client.get("/").content.decode()
    assert page.index("Bệnh sởi") < page.index("Bệnh quai bị")
    assert "Quá hạn" in page
    assert person.full_name in page
    assert ReadEntry.objects.filter(screen="task.list", person_ids=[person.pk]).exists()


def post(client, task, **values):
    data = {"form_key": uuid4(), "version": task.version, "outcome": "Đã báo cáo", "action": "done"} | values
    return client.post(reverse("core:task", args=[task.pk]), data)


def test_a_task_is_closed_from_its_page(client, station):
    task = a_task(station.pk)
    assert "Bệnh sởi" in client.get(reverse("core:task", args=[task.pk])).content.decode()
    assert post(client, task).status_code == 302
    task.refresh_from_db()
    assert (task.state, task.outcome) == ("done", "Đã báo cáo")
    assert "Đã báo cáo" in client.get(reverse("core:tasks"), {"muc": "done"}).content.decode()


def test_the_second_to_close_it_reads_who_was_first(client, head, station):
    task = a_task(station.pk)
    post(client, task)
    answer = post(head, task, action="cancel", outcome="Không phải sởi")
    page = head.get(answer.url).content.decode()
    assert "Việc này đã được Nguyễn Thị Hòa ghi là đã làm" in page
    task.refresh_from_db()
    assert task.state == "done"


@pytest.mark.parametrize("wrong", [{"outcome": ""}, {"outcome": "x" * 301}, {"version": "0"}])
def test_bad_input_closes_nothing(client, station, wrong):
    task = a_task(station.pk)
    assert post(client, task, **wrong).status_code in (409, 422)
    task.refresh_from_db()
    assert task.state == "open"


def test_a_filter_that_is_none_shows_what_is_open(client, station):
    a_task(station.pk)
    for query in ({"muc": "'"}, {"loai": "none"}, {"c": "x"}):
        answer = client.get(reverse("core:tasks"), query)
        assert (answer.status_code, "Bệnh sởi" in answer.content.decode()) == (200, True)
    assert "Bệnh sởi" not in client.get(reverse("core:tasks"), {"muc": "overdue"}).content.decode()


def test_who_lacks_the_right_is_told_nothing(station):
    task = a_task(station.pk)
    population = client_of(a_member("population", station, "dan.so"))
    assert population.get(reverse("core:task", args=[task.pk])).status_code == 404
    assert "Bệnh sởi" not in population.get(reverse("core:tasks")).content.decode()
    reviewer = client_of(a_member("region_reviewer", a_centre(station), "duyet"))
    assert reviewer.get(reverse("core:tasks")).status_code == 403


def test_another_stations_list_is_empty(station):
    task = a_task(station.pk)
    stranger = client_of(a_member("station_head", a_station("21490", "Ba Vì"), "xa"))
    assert stranger.get(reverse("core:task", args=[task.pk])).status_code == 404
    assert post(stranger, task).status_code == 404
    assert "Bệnh sởi" not in stranger.get(reverse("core:tasks")).content.decode()


def test_a_restricted_task_tells_only_its_kind(station):
    person = a_person(station)
    task = a_task(station.pk, title="Bệnh do HIV", restricted=True, person_id=person.pk)
    reader = client_of(a_member("nurse", station, "dieu.duong"))
    for address in ("/", reverse("core:tasks"), reverse("core:task", args=[task.pk])):
        page = reader.get(address).content.decode()
        assert "Báo cáo ca bệnh truyền nhiễm" in page
        assert "HIV" not in page
        assert person.full_name not in page
        assert str(task.object_id) not in page


def test_who_reads_restricted_records_reads_such_a_task(station):
    person = a_person(station)
    a_task(station.pk, title="Bệnh do HIV", restricted=True, person_id=person.pk)
    pharmacist = client_of(a_member("pharmacist", station, "duoc"))
    assert "Bệnh do HIV" in pharmacist.get(reverse("core:tasks")).content.decode()


def test_the_head_is_told_what_is_overdue(head, station):
    a_task(station.pk, due_in=-1)
    assert "Bệnh sởi" in head.get(reverse("core:tasks"), {"muc": "escalated"}).content.decode()


def test_the_paper_lists_what_is_open(client, station):
    a_task(station.pk)
    answer = client.get(reverse("core:tasks_printed"))
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


def test_the_same_queries_at_2_and_20_tasks(client, station):
    def queries(address):
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        return len(found)

    def more(count):
        for number in range(count):
            a_task(station.pk, due_in=number, person_id=a_person(station, f"Đinh Thị {number}").pk)

    more(2)
    client.get("/")
    few = [queries(address) for address in ("/", reverse("core:tasks"))]
    more(18)
    assert [queries(address) for address in ("/", reverse("core:tasks"))] == few
