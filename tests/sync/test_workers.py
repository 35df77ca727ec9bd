"""Several workers, workers that die, workers that are told to stop: nothing lost, nothing twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction

from apps.core import scope
from apps.sync import services, settle, worker
from apps.sync.claims import claim
from apps.sync.models import OutboxRow, Receiver
from apps.sync.receivers.base import Outcome, Verdict
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.patients import a_person, a_station
from tests.factories.sync import person, row_of, visit

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
ADMIN = scope.Scope(
    user_id=None, username="thu", label="Thử", facility_ids=frozenset(), rights=frozenset({"sync.edit"})
)


def in_threads(count, work):
    failed = []

    def run():
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []


def test_two_workers_share_the_work(book, receiver, liar):
    people = [person(f"Người {n}") for n in range(8)]
    visits = [book.save(visit(who, number=f"2026-{n}")) for n in range(3) for who in people]
    in_threads(2, worker.drain)
    worker.drain()
    assert {row_of(v).state for v in visits} == {"accepted"}
    assert len(liar.requests) == 24  # nobody sent anything twice
    assert len(liar.store.of_type("Encounter")) == 24
    assert len(liar.store.of_type("Patient")) == 8


def test_one_round_sends_several_people_at_once(book, receiver, liar):
    liar.delay = 0.1
    for number in range(6):
        book.save(visit(person(f"Người {number}")))
    worker.drain(parallel=3)
    assert 2 <= liar.most_in_flight <= 3
    assert set(OutboxRow.unscoped.values_list("state", flat=True)) == {"accepted"}


def test_many_claim_at_once_and_nobody_gets_the_same(book, receiver):
    people = [person(f"Người {n}") for n in range(10)]
    for number in range(3):
        for who in people:
            book.save(visit(who, number=f"2026-{number}"))
    taken, lock = [], threading.Lock()

    def take():
        with scope.system("test"):
            rows = claim(receiver, 4, worker.timezone.now())
        with lock:
            taken.extend(rows)

    in_threads(4, take)
    assert len({row.pk for row in taken}) == len(taken)
    assert len({row.person_id for row in taken}) == len(taken)


def test_an_edit_by_another_connection_while_in_flight(book, receiver, liar):
    """The save commits while the answer is under way: pending again, then accepted in its new version."""
    liar.delay = 0.3
    first = book.save(visit())
    sender = threading.Thread(target=lambda: in_threads(1, worker.run_once))
    sender.start()
    while not liar.in_flight:
        time.sleep(0.01)
    assert row_of(first).state == "in_flight"
    book.amend(first, reason="Sửa trong lúc gửi")
    sender.join(10)
    assert row_of(first).state == "pending"
    worker.drain()
    assert liar.store.of_type("Encounter")[0]["reasonCode"] == [{"text": "Sửa trong lúc gửi"}]
    assert OutboxRow.unscoped.count() == 1


@pytest.mark.parametrize(("was", "becomes"), [("in_flight", "rejected"), ("accepted", "differs")])
def test_a_record_that_changes_while_its_answer_is_settled_leaves_nothing_stuck(book, receiver, was, becomes):
    """The change waits for what is being written of its row, and sees what it has become."""
    first = book.save(visit())
    OutboxRow.unscoped.update(state=was)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            OutboxRow.unscoped.update(state=becomes)
            changing = pool.submit(in_threads, 1, lambda: book.amend(first, reason="Sửa"))
            until(somebody_waits)
        changing.result(10)
    assert list(OutboxRow.unscoped.order_by("pk").values_list("state", flat=True)) == [
        "superseded",
        "pending",
    ]


def test_a_row_that_stops_while_the_pause_is_ended_is_not_left_behind(book, receiver):
    """Whoever ends it has not seen the row: the receiver pauses again, and says why."""
    first = book.save(visit())
    now = worker.timezone.now()
    with scope.system("test"):
        rows = claim(receiver, 1, now)
    Receiver.objects.update(paused_at=now, pause_reason="Trước đó")

    def stop():
        with scope.system("test"):
            settle.settle([(rows[0], settle.Attempt(Verdict(Outcome.PAUSE, "Bị chặn")))], now)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), scope.enter(ADMIN):
            services.receiver_resume(receiver_id=receiver.pk)
            stopping = pool.submit(in_threads, 1, stop)
            until(lambda: somebody_waits() or stopping.done())
        stopping.result(10)
    receiver.refresh_from_db()
    assert row_of(first).state == "paused"
    assert receiver.paused_at and receiver.pause_reason == "Bị chặn"


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]


def on_this_database():
    """What a process is told so that it works on the test's database."""
    settings = connection.settings_dict
    host = settings["HOST"]
    user, port = settings["USER"] or "postgres", settings["PORT"] or ""
    url = f"postgresql:///{settings['NAME']}?host={host}&user={user}" + (f"&port={port}" if port else "")
    return {"DATABASE_URL": url, "TRAMYTE_TESTING": "1", "TRAMYTE_LOG_LEVEL": "ERROR"}


def started(*arguments):
    """`manage.py sync_worker` on the test's database."""
    environment = {**os.environ, **on_this_database()}
    command = [sys.executable, "manage.py", "sync_worker", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.05)


def real_visit():
    catalogues()
    station = a_station()
    return a_finished_visit(a_person(station), a_practitioner(station))


def test_a_worker_killed_in_flight_loses_and_doubles_nothing(receiver, liar, clock):
    finished = real_visit()
    liar.faults.add("timeout_after_commit", seconds=20)
    with started("--once") as process:
        until(lambda: liar.in_flight)
        process.send_signal(signal.SIGKILL)
    row = OutboxRow.unscoped.get()
    assert row.state == "in_flight"
    assert not worker.run_once(clock=clock)  # its lease still holds
    clock.forward(200)
    worker.run_once(clock=clock)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("accepted", 2)
    assert len(liar.store.of_type("Encounter")) == 1
    assert finished.pk == row.aggregate_id


def test_the_worker_sends_what_comes_and_stops_when_told(receiver, liar):
    with started() as process:
        try:
            assert process.stdout.readline().strip() == "sync worker started"
            real_visit()
            until(lambda: liar.store.of_type("Encounter"))
        finally:
            process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(10) == 0
