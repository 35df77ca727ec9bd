"""A clock that stood ahead and was put right: what it wrote is not waited for."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from apps.core import scope
from apps.sync import ahead, claims, health, outbox, verifying, worker
from apps.sync.models import BREAKER_AT, Delivery, OutboxRow, Receiver
from apps.sync.receivers.limits import limits_of
from tests.factories.sync import row_of, visit

pytestmark = pytest.mark.django_db
HOURS = 7  # a wrong time zone


def run(clock):
    with scope.system("test"):
        return worker.run_once(clock=clock)


def written_ahead(monkeypatch, **span):
    """What is saved from here on is saved by a clock that is ahead."""
    late = SimpleNamespace(now=lambda: timezone.now() + timedelta(**span))
    monkeypatch.setattr(outbox, "timezone", late)


@pytest.mark.parametrize("span", [{"hours": HOURS}, {"days": 3000}], ids=["zone", "battery"])
def test_what_was_saved_ahead_leaves_now(book, receiver, clock, monkeypatch, span):
    with monkeypatch.context() as patch:
        written_ahead(patch, **span)
        saved = book.save(visit())
    with scope.system("test"):
        told = health.lag()
        assert told.state == "warn" and "1 hồ sơ được ghi khi đồng hồ máy chạy nhanh" in told.sentence
    run(clock)
    assert row_of(saved).state == "accepted"
    with scope.system("test"):
        assert health.lag().state == "ok"


def test_a_wait_goes_on_from_now(book, receiver, clock, liar):
    """Its length was true, its beginning was not."""
    liar.faults.add("429", retry_after=600)
    saved = book.save(visit())
    clock.forward(HOURS * 3600)
    run(clock)
    clock.ahead = timedelta()
    run(clock)
    row = row_of(saved)
    assert row.state == "pending"
    assert timedelta(minutes=9) < row.next_at - clock() < timedelta(minutes=11)
    clock.forward(660)
    run(clock)
    assert row_of(saved).state == "accepted"


def test_a_receiver_that_was_down_ahead_is_tried_now(book, receiver, clock, liar):
    liar.faults.add("503", times=BREAKER_AT)
    saved = [book.save(visit()) for _ in range(BREAKER_AT)]
    clock.forward(HOURS * 3600)
    run(clock)
    receiver.refresh_from_db()
    assert receiver.breaker_open and receiver.hold_until > clock()
    clock.ahead = timedelta()
    run(clock)  # the probe
    clock.forward(claims.PROBE.total_seconds() + 1)
    worker.drain(clock=clock)
    clock.forward(60)
    worker.drain(clock=clock)
    assert {row_of(each).state for each in saved} == {"accepted"}


def test_a_minute_that_was_used_ahead_is_not_waited_for(book, receiver, clock):
    Receiver.objects.update(settings={"limits": {"per_minute": 6}})
    receiver.refresh_from_db()
    assert limits_of(receiver.settings).interval
    book.save(visit())
    clock.forward(HOURS * 3600)
    run(clock)
    clock.ahead = timedelta()
    saved = book.save(visit())
    run(clock)
    assert row_of(saved).state == "accepted"
    receiver.refresh_from_db()
    assert receiver.last_accepted_at <= clock()


def test_a_lease_that_was_taken_ahead_is_over(book, receiver, clock):
    saved = book.save(visit())
    clock.forward(HOURS * 3600)
    with scope.system("test"):
        assert claims.claim(receiver, 1, clock())
    clock.ahead = timedelta()
    run(clock)
    assert row_of(saved).state == "accepted"


def test_what_was_accepted_ahead_is_asked_about(book, receiver, clock):
    Receiver.objects.update(settings={"verify": "content"})
    book.save(visit())
    clock.forward(HOURS * 3600)
    run(clock)
    clock.ahead = timedelta()
    run(clock)
    assert dict(verifying.verify_due(clock=clock, limit=10)) == {"same": 1}


def test_a_clock_that_was_right_moves_nothing(book, receiver, clock, liar):
    """A day's patience, a queue of hours: what was written before now is waited for."""
    liar.faults.add("429", retry_after=80_000)
    saved = book.save(visit())
    run(clock)
    waits = row_of(saved).next_at
    receiver.refresh_from_db()
    held = receiver.hold_until
    clock.forward(600)
    run(clock)
    receiver.refresh_from_db()
    assert (row_of(saved).next_at, receiver.hold_until) == (waits, held)
    with scope.system("test"):
        assert not ahead.waiting(clock()).exists()
    assert Delivery.unscoped.filter(check_at__isnull=False).count() == 0
    assert OutboxRow.unscoped.count() == 1
