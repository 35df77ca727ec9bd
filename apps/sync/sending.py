"""A batch of claimed rows on its way to one receiver.

This thread reads, builds, notes and settles, some records at a time, and is the only one that speaks to the
database; the threads that speak to the receiver touch none. So the next records are made ready while the
receiver takes its time, and no lock and no transaction is held meanwhile.

Trouble stops the rest: who hears of it lets nobody else begin, until it has been settled and the receiver
was looked at anew.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

from apps.sync import noting
from apps.sync.claims import release, spend_more
from apps.sync.models import OutboxRow, Receiver
from apps.sync.push import Clock, Ready, Told, make_ready, send, time_left
from apps.sync.receivers import adapter_for
from apps.sync.receivers.base import Adapter, Outcome, Verdict, wrong_settings
from apps.sync.settle import Attempt, Done, settle

FRESH = timedelta(seconds=5)  # that a record which was made ready may lie before it is sent
LOOK = timedelta(seconds=1)  # how often a receiver is looked at: whether somebody has paused it
POLL = 0.2  # seconds: how soon a wish to stop is heard while nothing is answered
# What was answered is settled together: so many, or what has waited so many seconds.
SETTLED, SOON = 24, 0.25
# Made ready together for each that is sent at once: what is read for all of them is shared.
TOGETHER, FEWEST, MOST = 5, 16, 40
AT = ("kind", "base_url", "token_key", "allow_private", "settings")  # how a receiver is spoken to
TROUBLE = frozenset({Outcome.RETRY, Outcome.LIMITED, Outcome.TOKEN, Outcome.PAUSE})


def send_all(
    rows: Sequence[OutboxRow],
    clock: Clock,
    *,
    at_once: int = 1,
    stop: Callable[[], bool] = lambda: False,
    more: Callable[[], Sequence[OutboxRow]] = lambda: (),
) -> list[Outcome | None]:
    """Send claimed rows of one receiver and store what came of each. None for each that was not sent: given
    back, or there was nothing to tell. Never raises for one bad record.

    `more` claims the next ones while the last are on their way, until it gives none.
    """
    try:
        adapter = adapter_for(rows[0].receiver)
    except ValueError as wrong:  # its settings: no row's fault, and every row's trouble
        verdict = Verdict(Outcome.PAUSE, wrong_settings(wrong), receiver_fault=True)
        settle([(rows[0], Attempt(verdict))], clock())
        for row in rows[1:]:
            release(row, clock())
        return [Outcome.PAUSE, *(None for _ in rows[1:])]
    at_once = min(at_once, len(rows))
    with ThreadPoolExecutor(at_once, "sync") if len(rows) > 1 else _Here() as pool:
        try:
            return _Batch(rows, adapter, clock, pool, stop, more).run(at_once)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # of a batch that broke off nobody else begins


class _Here(Executor):
    """Does what it is given at once, in this thread: one record needs no other."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **more))
        return done


class _Batch:
    """What is left of the rows (`waiting`), and what the other threads have (`flying`)."""

    def __init__(
        self,
        rows: Sequence[OutboxRow],
        adapter: Adapter,
        clock: Clock,
        pool: Executor,
        stop: Callable[[], bool],
        more: Callable[[], Sequence[OutboxRow]],
    ) -> None:
        self.receiver = rows[0].receiver
        self.adapter, self.clock, self.pool, self.stop, self.more = adapter, clock, pool, stop, more
        self.waiting = deque(rows)
        self.flying: dict[Future[Told | None], Ready] = {}
        self.unsent: list[Ready] = []
        self.done: list[Done] = []
        self._since = 0.0  # of time.monotonic(): when the first of them was answered
        self.outcomes: list[Outcome | None] = []
        self.ended = False  # nothing of this batch leaves any more
        self._looked: datetime | None = None
        self._lock = threading.Lock()
        self._heard = 0  # troubles that the other threads were told of
        self._settled = 0  # those of them after which the receiver was looked at

    def run(self, at_once: int) -> list[Outcome | None]:
        self.together = min(max(TOGETHER * at_once, FEWEST), MOST)
        while self.waiting or self.flying or self.unsent:
            self._look()
            if self.ended:
                self._give_back()
            elif len(self.flying) <= self.together and not self._troubled:
                self.waiting.extend(() if self.waiting else self.more())
                self._make_ready()
            room = len(self.flying) <= self.together and not self.ended
            self._collect(0 if room and self.waiting else POLL)
        self._settle()
        return self.outcomes

    # -- this thread

    def _look(self) -> None:
        """Whether the rest may leave: the worker goes on, and nobody has stopped the receiver."""
        if self.ended:
            return
        if self._looked is None or self.clock() - self._looked >= LOOK:
            self.ended = not self._may_go()
        self.ended = self.ended or self.stop()

    def _may_go(self) -> bool:
        """Whether nothing has stopped the receiver since the claim, nor changed how it is spoken to. The
        probe of a receiver that is down goes on: its own claim has moved `hold_until`.
        """
        self._looked = self.clock()
        now, claimed = Receiver.objects.get(pk=self.receiver.pk), self.receiver
        if not now.is_on or now.paused_at or any(getattr(now, at) != getattr(claimed, at) for at in AT):
            return False
        return now.hold_until in (None, claimed.hold_until) or now.hold_until <= self.clock()

    def _make_ready(self) -> None:
        rows = [self.waiting.popleft() for _ in range(min(self.together, len(self.waiting)))]
        rows = [row for row in rows if self._in_time(row)]
        if not rows:
            return
        ready, done = make_ready(rows, self.adapter, self.clock)
        self._keep(done)
        for each in ready:
            self._begin(each)

    def _in_time(self, row: OutboxRow) -> bool:
        """Whether the lease still covers an attempt; else it is given back."""
        if time_left(row, self.clock):
            return True
        self._release(row)
        return False

    def _begin(self, ready: Ready) -> None:
        self.flying[self.pool.submit(self._tell, ready)] = ready

    def _collect(self, seconds: float) -> None:
        """Settle what has come to an end; wait for the first where nothing has."""
        ended, _ = wait(self.flying, seconds, FIRST_COMPLETED)
        told = [(self.flying.pop(future), future.result()) for future in ended]
        self.unsent += [ready for ready, came in told if came is None]
        sent = [(ready.row, came) for ready, came in told if came]
        spend_more(self.receiver, sum(came.requests - 1 for _, came in sent), self.clock())
        self._keep([(row, came.attempt) for row, came in sent])
        troubles = sum(came.attempt.verdict.outcome in TROUBLE for _, came in sent)
        if troubles or len(self.done) >= SETTLED or time.monotonic() - self._since > SOON:
            self._settle()
        if troubles:
            self.ended = self.ended or not self._may_go()
            self._settled += troubles
        if not self.ended and not self._troubled:
            self._try_again()

    def _keep(self, done: Sequence[Done]) -> None:
        if not self.done:
            self._since = time.monotonic()
        self.done += done

    def _settle(self) -> None:
        done, self.done = self.done, []
        settle(done, self.clock())
        self.outcomes += [attempt.verdict.outcome if attempt else None for _, attempt in done]

    def _try_again(self) -> None:
        """Those that could not begin: read anew what has lain too long."""
        unsent, self.unsent = self.unsent, []
        for ready in unsent:
            if not time_left(ready.row, self.clock):
                self._return(ready)
            elif self._fresh(ready):
                self._begin(ready)
            elif noting.take_back(ready.row, ready.note):
                self.waiting.appendleft(ready.row)
                self.together = max(self.together // 2, 1)  # a slow receiver
            else:
                self.outcomes.append(None)

    def _give_back(self) -> None:
        """What has not begun waits again, as if nobody had claimed it."""
        for row in self.waiting:
            self._release(row)
        for ready in self.unsent:
            self._return(ready)
        self.waiting.clear()
        self.unsent.clear()

    def _return(self, ready: Ready) -> None:
        if noting.take_back(ready.row, ready.note):
            self._release(ready.row)
        else:  # it is another worker's
            self.outcomes.append(None)

    def _release(self, row: OutboxRow) -> None:
        release(row, self.clock())
        self.outcomes.append(None)

    # -- the other threads

    def _tell(self, ready: Ready) -> Told | None:
        """Send one; None where it may not begin."""
        if self.ended or self._troubled:
            return None
        if not self._fresh(ready) or not time_left(ready.row, self.clock):
            return None
        told = send(self.adapter, ready, self.clock)
        if told.attempt.verdict.outcome in TROUBLE:
            with self._lock:
                self._heard += 1
        return told

    @property
    def _troubled(self) -> bool:
        return self._heard != self._settled

    def _fresh(self, ready: Ready) -> bool:
        return self.clock() - ready.read_at <= FRESH
