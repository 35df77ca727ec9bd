"""The worker's round, one function for `manage.py sync_worker` and for Celery."""

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection
from django.utils import timezone

from apps.core import scope
from apps.sync import hours
from apps.sync.claims import allowance, claim, release, release_expired
from apps.sync.models import OutboxRow, Receiver
from apps.sync.push import push, read_ahead
from apps.sync.receivers.base import Outcome
from apps.sync.receivers.limits import Limits, limits_of

log = logging.getLogger("tramyte.sync")
Clock = Callable[[], datetime]
BATCH = 20  # rows claimed at once for each in flight: a lease covers them, and two workers share


def run_once(
    *,
    clock: Clock = timezone.now,
    batch: int = BATCH,
    parallel: int = 1,
    stop: Callable[[], bool] = lambda: False,
) -> Counter[str]:
    """One round over all receivers: what became of each row sent, by outcome; empty when nothing was due.

    `parallel` people at once, fewer where a receiver asks so. `stop()` true ends the round: what was claimed
    and not begun is given back.
    """
    done: Counter[str] = Counter()
    with scope.system("gửi bản ghi lên tuyến trên"):
        release_expired(clock())
        hours.count_if_due(clock())
        for receiver in Receiver.objects.filter(is_on=True, paused_at__isnull=True):
            if stop():
                break
            at_once = min(parallel, _limits(receiver).in_flight or parallel)
            allowed = allowance(receiver, batch * at_once, clock())
            rows = claim(receiver, allowed, clock()) if allowed else []
            shares = [rows[number::at_once] for number in range(min(at_once, len(rows)))]
            if len(shares) > 1:
                connection.close()  # given back: the threads have their own
                with ThreadPoolExecutor(at_once, "sync") as pool:
                    outcomes = [
                        each for some in pool.map(lambda s: _alone(s, clock, stop), shares) for each in some
                    ]
            else:
                outcomes = [each for share in shares for each in _push(share, clock, stop)]
            done.update(str(outcome) if outcome else "unsent" for outcome in outcomes)
    if done:
        log.info("sync.round", extra={"done": dict(done)})
    return done


def _limits(receiver: Receiver) -> Limits:
    """A receiver's limits; none where they cannot be read: its first row then tells so."""
    try:
        return limits_of(receiver.settings)
    except ValueError:
        return Limits()


def drain(*, clock: Clock = timezone.now, parallel: int = 1, rounds: int = 10_000) -> Counter[str]:
    """Rounds until nothing is due."""
    total: Counter[str] = Counter()
    for _ in range(rounds):
        done = run_once(clock=clock, parallel=parallel)
        if not done:
            break
        total += done
    return total


def _alone(share: list[OutboxRow], clock: Clock, stop: Callable[[], bool]) -> list[Outcome | None]:
    """Rows in a thread of its own: its own scope and its own connection, closed at the end."""
    try:
        with scope.system("gửi bản ghi lên tuyến trên"):
            return _push(share, clock, stop)
    finally:
        connection.close()


def _push(share: list[OutboxRow], clock: Clock, stop: Callable[[], bool]) -> list[Outcome | None]:
    """Push one after the other, read together; what is left when the worker is told to stop is given back."""
    ahead = read_ahead(share, clock) if len(share) > 1 else None
    outcomes: list[Outcome | None] = []
    for row in share:
        if stop():
            release(row, clock())
            outcomes.append(None)
        else:
            outcomes.append(push(row, clock, ahead))
    return outcomes
