"""Attending to the outbox, the same for `manage.py sync_worker` and for Celery: one round after the other
while something is due, else a wait until something is put in, at most a second.
"""

import logging
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import psycopg
from django.db import DatabaseError, connection

from apps.sync.outbox import CHANNEL
from apps.sync.worker import Worker

log = logging.getLogger("tramyte.sync")
NOT_PSYCOPG = {"cursor_factory", "context", "pool", "prepare_threshold"}  # Django's own wishes
POLL = 1.0  # seconds: what no notification tells of (waits that end, leases that run out)
ALONE = 0x73796E63  # an advisory lock of PostgreSQL: 'sync'


def attend(*, parallel: int, stop: Callable[[], bool]) -> None:
    """Until `stop()`. No trouble ends it: what a round had claimed returns when its lease runs out."""
    switching = sys.getswitchinterval()
    sys.setswitchinterval(0.001)  # who waits for an answer is heard while another record is being built
    worker = Worker(parallel=parallel, stop=stop)
    listener: psycopg.Connection[Any] | None = None
    try:
        while not stop():
            try:
                if worker.turn() or stop():
                    continue
                listener = _wait(listener)
            except (DatabaseError, psycopg.Error):
                # the database is away: look again, and keep nothing of the old lines
                log.exception("sync.database_away")
                connection.close()
                listener = None
                time.sleep(POLL)
            except Exception:
                log.exception("sync.round_failed")
                time.sleep(POLL)
    finally:
        sys.setswitchinterval(switching)
        if listener is not None:
            listener.close()


def attend_alone(*, parallel: int, seconds: float) -> bool:
    """For so long, where nobody else does under the same lock; False where somebody does.

    Two at once would share the work and do no harm; the lock keeps beat's ticks from filling a pool of
    workers. It is a line's own, so it goes with a worker that is killed.
    """
    with closing(_line()) as held:
        row = held.execute("SELECT pg_try_advisory_lock(%s)", [ALONE]).fetchone()
        if not (row and row[0]):
            return False
        until = time.monotonic() + seconds
        attend(parallel=parallel, stop=lambda: time.monotonic() >= until)
        with suppress(psycopg.Error):  # the server has gone, and the lock with it
            held.execute("SELECT pg_advisory_unlock(%s)", [ALONE])
    return True


def _wait(listener: psycopg.Connection[Any] | None) -> psycopg.Connection[Any]:
    """Until something is put into the outbox, at most a second. The listening line is kept between waits."""
    if listener is None or listener.closed:
        listener = _line()
        listener.execute(f"LISTEN {CHANNEL}")
    for _ in listener.notifies(timeout=POLL, stop_after=1):
        pass
    return listener


def _line() -> psycopg.Connection[Any]:
    """A line of our own to the database, beside Django's."""
    params = {k: v for k, v in connection.get_connection_params().items() if k not in NOT_PSYCOPG}
    return psycopg.connect(**params, autocommit=True)
