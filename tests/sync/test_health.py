"""What the health of an installation says of its receivers."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.models import Parameter
from apps.core.scope import system
from apps.sync import health, worker
from apps.sync.models import BREAKER_AT, OutboxRow, Receiver, SyncAnswer
from apps.sync.receivers import judging
from apps.sync.receivers.base import Answer
from tests.factories.sync import row_of, visit, warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alarms():
    Parameter.objects.filter(key=health.ALARMS).delete()
    said = {"waits_hours": 24, "lag_minutes": 60, "rejects": 3, "rejects_percent": 50}
    Parameter.objects.create(key=health.ALARMS, value=said, source="thử")


def said_by(check):
    with system("test"):
        found = check()
    return found.state, found.sentence


def ago(**span):
    return timezone.now() - dt.timedelta(**span)


def test_it_works(book, receiver, liar, clock):
    book.save(visit())
    worker.drain(clock=clock)
    for check in (health.receivers, health.rejects, health.lag):
        assert said_by(check)[0] == "ok"


def test_without_a_receiver_records_stay_here(db):
    assert said_by(health.receivers)[0] == "warn"
    assert said_by(health.rejects)[0] == said_by(health.lag)[0] == "ok"


def test_a_pause_and_a_silence_are_told(receiver):
    Receiver.objects.update(failures=BREAKER_AT)
    assert said_by(health.receivers) == ("warn", "Nơi nhận Kho dữ liệu tỉnh không trả lời.")
    Receiver.objects.update(paused_at=timezone.now(), pause_reason="Mã truy cập bị từ chối.")
    assert said_by(health.receivers)[0] == "bad"


def test_an_account_that_is_refused_is_told_though_the_others_send(book, receiver):
    row = row_of(book.save(visit()))
    verdict = judging.lost(Answer(error="account", body=b"x"))
    issues = [vars(issue) for issue in verdict.issues]
    OutboxRow.unscoped.filter(pk=row.pk).update(state="rejected", need=verdict.need, issues=issues)
    state, words = said_by(health.receivers)
    assert (state, words.startswith("1 hồ sơ dừng vì tài khoản gửi")) == ("warn", True)
    OutboxRow.unscoped.filter(pk=row.pk).update(state="superseded")
    assert said_by(health.receivers)[0] == "ok"


def test_what_waits_for_a_day_is_bad(book, receiver):
    row = row_of(book.save(visit()))
    OutboxRow.unscoped.filter(pk=row.pk).update(created_at=ago(hours=23))
    assert said_by(health.receivers)[0] == "ok"
    OutboxRow.unscoped.filter(pk=row.pk).update(created_at=ago(hours=25))
    assert said_by(health.receivers)[0] == "bad"
    Receiver.objects.update(failures=BREAKER_AT)
    assert said_by(health.receivers)[0] == "bad", "a receiver that is silent for days is more than silent"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "warn"),
        ({"failures": BREAKER_AT}, "ok"),  # the receiver's silence is told by itself
        ({"paused_at": timezone.now()}, "ok"),
        ({"is_on": False}, "ok"),
    ],
    ids=["open", "down", "paused", "off"],
)
def test_what_is_due_and_lies_is_told(book, receiver, changes, state):
    row = row_of(book.save(visit()))
    OutboxRow.unscoped.filter(pk=row.pk).update(next_at=ago(minutes=50))
    assert said_by(health.lag)[0] == "ok"
    OutboxRow.unscoped.filter(pk=row.pk).update(next_at=ago(minutes=70))
    Receiver.objects.update(**changes)
    found, sentence = said_by(health.lag)
    assert found == state
    assert ("1 hồ sơ đến hạn gửi từ" in sentence) == (state == "warn")


def test_a_wait_that_is_not_over_is_no_lag(book, receiver):
    row = row_of(book.save(visit()))
    OutboxRow.unscoped.filter(pk=row.pk).update(created_at=ago(hours=5), next_at=ago(minutes=-10))
    assert said_by(health.lag)[0] == "ok"


def refused(book, liar, clock, refusals, taken):
    liar.faults.add("422", times=refusals, contains="bị từ chối")
    for _ in range(refusals):
        book.save(visit(reason="bị từ chối"))
    for _ in range(taken):
        book.save(visit())
    worker.drain(clock=clock)


@pytest.mark.parametrize(
    ("refusals", "taken", "state"), [(2, 0, "ok"), (3, 1, "bad"), (3, 3, "bad"), (3, 4, "ok")]
)
def test_many_refusals_of_a_day_are_told(book, receiver, liar, clock, refusals, taken, state):
    refused(book, liar, clock, refusals, taken)
    found, sentence = said_by(health.rejects)
    assert found == state
    if state == "bad":
        assert f"không nhận {refusals} trong {refusals + taken} hồ sơ" in sentence


def test_refusals_of_last_week_are_not(book, receiver, liar, clock):
    refused(book, liar, clock, 3, 0)
    SyncAnswer.unscoped.all().delete()  # they hold the rows by their keys
    old = int(ago(days=7).timestamp() * 1000)
    for number, row in enumerate(OutboxRow.unscoped.all()):
        OutboxRow.unscoped.filter(pk=row.pk).update(id=health.uuid7(at_ms=old + number))
    assert said_by(health.rejects)[0] == "ok"


def test_each_receiver_is_looked_at_alone(book, receiver, liar, clock):
    refused(book, liar, clock, 3, 0)
    warehouse(liar.base_url, code="kho-hai", name="Kho thứ hai")
    for _ in range(9):
        book.save(visit())
    worker.drain(clock=clock)
    Receiver.objects.filter(code="kho-tinh").update(is_on=False)
    assert said_by(health.rejects)[0] == "ok"
