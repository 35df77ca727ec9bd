"""The worker's round, one function for `manage.py sync_worker` and for Celery."""

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection
from django.utils import timezone

from apps.core import scope
from apps.sync.claims import allowance, claim, release, release_expired
from apps.sync.models import OutboxRow, Receiver
from apps.sync.push import push
from apps.sync.receivers.base import Outcome

log = logging.getLogger("tramyte.sync")
Clock = Callable[[], datetime]
BATCH = 20  # rows claimed at once: small, so that a lease covers them and two workers share


def run_once(
    *,
    clock: Clock = timezone.now,
    batch: int = BATCH,
    parallel: int = 1,
    stop: Callable[[], bool] = lambda: False,
) -> Counter[str]:
    """One round over all receivers: what became of each row sent, by outcome; empty when nothing was due.

    `parallel` people at once. `stop()` true ends the round: what was claimed and not begun is given back.
    """
    done: Counter[str] = Counter()
    with scope.system("gửi bản ghi lên tuyến trên"):
        release_expired(clock())
        for receiver in Receiver.objects.filter(is_on=True, paused_at__isnull=True):
            if stop():
                break
            allowed = allowance(receiver, batch, clock())
            rows = claim(receiver, allowed, clock()) if allowed else []
            if parallel > 1 and len(rows) > 1:
                connection.close()  # given back: the threads have their own
                with ThreadPoolExecutor(parallel, "sync") as pool:
                    outcomes = list(pool.map(lambda row: _alone(row, clock, stop), rows))
            else:
                outcomes = [_push(row, clock, stop) for row in rows]
            done.update(str(outcome) if outcome else "unsent" for outcome in outcomes)
    if done:
        log.info("sync.round", extra={"done": dict(done)})
    return done


def drain(*, clock: Clock = timezone.now, parallel: int = 1, rounds: int = 10_000) -> Counter[str]:
    """Rounds until nothing is due."""
    total: Counter[str] = Counter()
    for _ in range(rounds):
        done = run_once(clock=clock, parallel=parallel)
        if not done:
            break
        total += done
    return total


def _alone(row: OutboxRow, clock: Clock, stop: Callable[[], bool]) -> Outcome | None:
    """A row in a thread of its own: its own scope and its own connection, closed at the end."""
    try:
        with scope.system("gửi bản ghi lên tuyến trên"):
            return _push(row, clock, stop)
    finally:
        connection.close()


def _push(row: OutboxRow, clock: Clock, stop: Callable[[], bool]) -> Outcome | None:
    """Push, or give the row back when the worker has been told to stop."""
    if stop():
        release(row, clock())
        return None
    return push(row, clock)
