"""What a receiver asks of its senders: requests a minute, bytes of a body, how many at once."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from apps.sync import verifying, worker
from apps.sync.models import OutboxRow
from apps.sync.receivers import adapter_for
from apps.sync.receivers.base import Telling
from apps.sync.receivers.fhir import reading
from apps.sync.receivers.limits import Limits, limits_of
from tests.factories.sync import row_of, visit

pytestmark = pytest.mark.django_db


def limited(receiver, **limits):
    receiver.settings = {"limits": limits}
    receiver.save()


def test_no_minute_has_more_requests_than_its_number(book, receiver, liar, clock):
    limited(receiver, per_minute=120)
    for _ in range(12):
        book.save(visit())
    times, began = [], clock()
    for _ in range(40):  # a worker that looks twice a second
        before = len(liar.requests)
        worker.run_once(clock=lambda: began + clock.ahead)
        times += [clock.ahead] * (len(liar.requests) - before)
        clock.forward(0.5)
    assert len(times) == 12
    for at in times:  # 120 a minute are at most ten in five seconds
        assert sum(at <= other < at + timedelta(seconds=5) for other in times) <= 10
    assert times[-1] > timedelta(seconds=4)


def test_rest_is_not_saved_up(book, receiver, liar, clock):
    limited(receiver, per_minute=60)
    book.save(visit())
    worker.run_once(clock=clock)
    clock.forward(3600)
    for _ in range(5):
        book.save(visit())
    worker.run_once(clock=clock)
    assert len(liar.requests) == 2


def test_parts_count_as_what_they_are(book, receiver, liar, clock):
    """A body beyond the limit goes in parts; the requests they take are taken from the minute."""
    record = book.save(visit())
    adapter = adapter_for(receiver)
    whole = adapter.prepare(Telling(record)).parts[0].body
    parts = adapter.prepare(Telling(record, in_parts=True)).parts
    assert len(parts) > 1 and max(len(part.body) for part in parts) < len(whole)
    limited(receiver, per_minute=60, bytes=len(whole) - 1)
    worker.run_once(clock=clock)
    assert row_of(record).state == "accepted"
    assert len(liar.requests) == len(parts)
    book.save(visit())
    clock.forward(len(parts) - 1)
    worker.run_once(clock=clock)
    assert len(liar.requests) == len(parts)
    clock.forward(2)
    worker.run_once(clock=clock)
    assert len(liar.requests) > len(parts)


def test_what_was_not_needed_is_not_used_up(book, receiver, liar, clock):
    """A look at an empty queue takes nothing from the minute."""
    limited(receiver, per_minute=60)
    worker.run_once(clock=clock)
    book.save(visit())
    assert dict(worker.run_once(clock=clock)) == {"stored": 1}


def test_questions_count_as_requests(book, receiver, liar, clock):
    limited(receiver, per_minute=60)
    for _ in range(4):
        book.save(visit())
    for _ in range(6):
        worker.run_once(clock=clock)
        clock.forward(1.1)
    assert len(liar.requests) == 4
    clock.forward(700)
    times, began = [], clock() - clock.ahead  # time passes as it is put forward, however slow the machine
    for _ in range(24):  # a worker that looks four times a second
        before = len(liar.requests)
        worker.run_once(clock=lambda: began + clock.ahead)
        verifying.verify_due(clock=lambda: began + clock.ahead)
        times += [clock.ahead] * (len(liar.requests) - before)
        clock.forward(0.25)
    assert len(times) == 4
    assert times[-1] - times[0] >= timedelta(seconds=2)  # at most one is made up
    assert set(OutboxRow.unscoped.values_list("state", flat=True)) == {"verified"}


def test_a_question_that_took_two_requests_is_paid_for(book, receiver, liar, clock, monkeypatch):
    limited(receiver, per_minute=60)
    monkeypatch.setattr(reading, "MOST", 4)  # of seven resources
    book.save(visit())
    worker.run_once(clock=clock)
    clock.forward(700)
    assert verifying.verify_due(clock=clock) == {"same": 1}
    assert len(liar.requests) == 3
    receiver.refresh_from_db()
    assert receiver.paced_until > clock() + timedelta(seconds=0.5)


def test_what_is_too_large_in_parts_too_is_stopped_here(book, receiver, liar, clock):
    limited(receiver, bytes=300)
    record = book.save(visit())
    worker.run_once(clock=clock)
    row = row_of(record)
    assert (row.state, row.need) == ("rejected", "admin")
    assert "300 byte" in json.dumps(row.issues, ensure_ascii=False)
    assert not liar.requests


@pytest.mark.parametrize(
    "said", [[], {"per_hour": 1}, {"bytes": 0}, {"bytes": "9"}, {"in_flight": True}, {"per_minute": 1.5}]
)
def test_a_limit_that_is_none_pauses_the_receiver(book, receiver, liar, clock, said):
    receiver.settings = {"limits": said}
    receiver.save()
    record = book.save(visit())
    worker.run_once(clock=clock, parallel=1)
    assert row_of(record).state == "paused"
    receiver.refresh_from_db()
    assert "limits" in receiver.pause_reason
    assert not liar.requests


def test_it_reads_what_is_said():
    assert limits_of({}) == Limits()
    assert limits_of({"limits": {"in_flight": 2}}) == replace(Limits(), in_flight=2)
