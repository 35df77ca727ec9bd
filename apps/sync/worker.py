"""The worker's round, and what it asks about between rounds: one for `manage.py sync_worker` and for Celery
(attending.py).
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from apps.core import scope
from apps.sync import ahead, hours, verifying
from apps.sync.claims import allowance, claim, release_expired, spend_more
from apps.sync.models import OutboxRow, Receiver
from apps.sync.receivers.limits import Limits, limits_of
from apps.sync.sending import send_all

log = logging.getLogger("tramyte.sync")
Clock = Callable[[], datetime]
BATCH = 20  # rows claimed at once for each in flight: a lease covers them, and two workers share
TURN = 10  # claims one after the other, so that a long queue is no pause of the line after each
SPELL = timedelta(seconds=15)  # after which a slow receiver claims no more in its turn: others wait
SHARE = 10  # so many records are sent for each one that is asked about, while both wait
MOST = 40  # questions at once, after a long time of nothing to ask


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
        ahead.receivers_back(clock())
        if hours.count_if_due(clock()):
            ahead.rows_back(clock())
        for receiver in Receiver.objects.filter(is_on=True, paused_at__isnull=True):
            if stop():
                break
            at_once = min(parallel, _limits(receiver).in_flight or parallel)
            claims = _claims(receiver, batch * at_once, clock)
            rows = next(claims, [])
            more = partial(next, claims, ())
            outcomes = send_all(rows, clock, at_once=at_once, stop=stop, more=more) if rows else []
            done.update(str(outcome) if outcome else "unsent" for outcome in outcomes)
    if done:
        log.info("sync.round", extra={"done": dict(done)})
    return done


class Worker:
    """Round after round. Later checks come when nothing waits to be sent; while something always does they
    have their share, before the next round, whose requests would take all of a receiver's minute.
    """

    def __init__(
        self,
        *,
        clock: Clock = timezone.now,
        parallel: int = 1,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.clock, self.parallel, self.stop = clock, parallel, stop
        self._sent = 0  # since as many were asked about as their share is

    def turn(self) -> bool:
        """One round and its share of questions. False when there was nothing to do."""
        asked = 0
        if share := self._sent // SHARE:
            asked = self._ask(share)
            self._sent = max(self._sent - SHARE * asked, 0)
        done = run_once(clock=self.clock, parallel=self.parallel, stop=self.stop).total()
        self._sent = min(self._sent + done, SHARE * MOST)
        return bool(done or asked or self.stop() or self._ask(verifying.BATCH))

    def _ask(self, limit: int) -> int:
        return verifying.verify_due(clock=self.clock, limit=limit, stop=self.stop).total()


def _claims(receiver: Receiver, limit: int, clock: Clock) -> Iterator[list[OutboxRow]]:
    """What is due, `limit` rows at a time, until nothing is or another receiver is to have its turn."""
    ends = clock() + SPELL
    for number in range(TURN):
        if number and clock() >= ends:
            break
        allowed = allowance(receiver, limit, clock())
        rows = claim(receiver, allowed, clock()) if allowed else []
        if len(rows) < allowed:
            spend_more(receiver, len(rows) - allowed, clock())
        if rows:
            yield rows
        if len(rows) < limit:
            break


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
