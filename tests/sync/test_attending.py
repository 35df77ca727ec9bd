"""A province's half of sending: beat's tick, the queue, one worker that attends for a while."""

import re
from contextlib import closing

import pytest
import yaml
from celery.beat import Scheduler
from celery.contrib.testing.worker import start_worker
from django.conf import settings

from apps.sync import attending, tasks
from apps.sync.models import OutboxRow
from config.celery import app
from tests.sync.test_workers import real_visit, until

pytestmark = pytest.mark.django_db(transaction=True)
SENDING = settings.CELERY_BEAT_SCHEDULE["sending"]


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(tasks, "PIECE", 0.8)


@pytest.fixture
def others_lock():
    with closing(attending._line()) as line:
        assert line.execute("SELECT pg_try_advisory_lock(%s)", [attending.ALONE]).fetchone() == (True,)
        yield line


def test_it_works(receiver, liar):
    real_visit()
    assert tasks.attend.apply().get() is True
    assert OutboxRow.unscoped.get().state == "accepted"
    assert len(liar.store.of_type("Encounter")) == 1


def test_where_somebody_attends_another_goes_home_at_once(receiver, liar, others_lock):
    real_visit()
    assert tasks.attend.apply().get() is False
    assert OutboxRow.unscoped.get().state == "pending" and not liar.requests


def test_the_lock_of_a_worker_that_died_is_free(receiver, others_lock):
    others_lock.close()
    until(lambda: tasks.attend.apply().get(), seconds=5)


def test_a_database_that_goes_away_ends_nothing(receiver, liar, monkeypatch):
    """A round that fails is followed by the next."""
    really, tries = attending.Worker.turn, []

    def turn(self):
        tries.append(1)
        if len(tries) == 1:
            raise attending.DatabaseError
        if len(tries) == 2:
            raise ValueError
        return really(self)

    monkeypatch.setattr(attending.Worker, "turn", turn)
    monkeypatch.setattr(attending, "POLL", 0.05)
    real_visit()
    assert tasks.attend.apply().get() is True
    assert OutboxRow.unscoped.get().state == "accepted"


def test_beats_tick_goes_through_the_broker_to_the_queue_of_sending(receiver, liar, monkeypatch):
    """With a broker in memory: the entry of the schedule, its route, a worker that takes this queue alone."""
    monkeypatch.setattr(app.conf, "broker_url", "memory://")
    real_visit()
    with start_worker(app, pool="solo", queues=["sync"], perform_ping_check=False):
        scheduler = Scheduler(app)
        scheduler.apply_async(scheduler.schedule["sending"], advance=False)
        until(lambda: OutboxRow.unscoped.get().state == "accepted")
    assert len(liar.store.of_type("Encounter")) == 1


def test_every_queue_that_beat_fills_has_a_worker():
    """A queue that nobody takes from would fill the broker."""
    compose = yaml.safe_load((settings.BASE_DIR / "compose.yaml").read_text())
    commands = " ".join(" ".join(each.get("command", [])) for each in compose["services"].values())
    taken = {name for names in re.findall(r"-Q (\S+)", commands) for name in names.split(",")}
    filled = set()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks, entry
        filled.add(app.amqp.router.route({}, entry["task"])["queue"].name)
    assert filled == taken == {"celery", "sync"}
    # what waits while its worker is down is dropped later, not done a hundred times
    assert SENDING["options"]["expires"] <= SENDING["schedule"]
