"""What the receiver can be told to do wrong, and the queue that decides when."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

# Answers with a status and a refusal in the manner's own form, nothing is stored.
STATUS_KINDS = (
    "400",
    "401",
    "403",
    "404",
    "409",
    "410",
    "412",
    "412-none",
    "413",
    "422",
    "429",
    "500",
    "502",
    "503",
    "504",
)
# Broken in another way. Those ending in `after_commit` have stored the Bundle before they break.
OTHER_KINDS = (
    "timeout",  # says nothing for `seconds`, then closes; not stored
    "timeout_after_commit",  # the same, stored
    "drop",  # closes at once; not stored
    "drop_after_commit",  # stored, closes without an answer
    "html",  # 200 with a proxy's page; not stored
    "html_after_commit",  # stored, the answer replaced by a page
    "partial",  # stored, but half of the answer's entries, or the tracking id, are missing
    "entry_refused",  # 200 that does not say so of everything; not stored
    "cut_json",  # stored, the answer breaks off in the middle
    "huge",  # 200 with `bytes` of blanks
    "redirect",  # 302 to `location`
    "drip",  # a byte each 0.2 s for `seconds`
    "hostile",  # 422 whose text carries markup and control characters
)
KINDS = STATUS_KINDS + OTHER_KINDS
# Of chaos: every way but those that take seconds or megabytes; what stops a receiver until a person has
# looked is rarer than the rest.
STOPPING = ("401", "403", "404", "redirect")
WAYS = tuple(
    kind for kind in KINDS for _ in range(1 if kind in STOPPING else 3) if kind not in ("huge", "drip", "410")
)


@dataclass
class Fault:
    """One thing to do wrong, `times` times (None: until cleared), only for bodies that hold `contains`."""

    kind: str
    times: int | None = 1
    contains: str = ""
    retry_after: str = ""
    expression: str = ""  # '': the reason for coming, as each manner calls it
    text: str = "Giá trị không được chấp nhận"
    seconds: float = 2.0
    bytes: int = 6_000_000
    location: str = "http://127.0.0.1:9/"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; one of {', '.join(KINDS)}")


@dataclass
class Chaos:
    """Picks a fault at random for a share of the requests; the same seed gives the same faults."""

    rate: float
    seed: int = 1
    kinds: tuple[str, ...] = WAYS
    seconds: float = 0.02  # that it says nothing, before it closes the line
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def pick(self) -> Fault | None:
        if self._random.random() >= self.rate:
            return None
        return Fault(self._random.choice(self.kinds), retry_after="1", seconds=self.seconds)


class Faults:
    """A queue of faults; thread safe. The first that fits the request is taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []
        self.chaos: Chaos | None = None

    def add(self, kind: str, **options: Any) -> Fault:
        fault = Fault(kind, **options)
        with self._lock:
            self._queue.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()
            self.chaos = None

    def next_for(self, body: str, *, named: bool = False) -> Fault | None:
        """The fault for a request; `named`: only one that names what stands in it, and no chaos."""
        with self._lock:
            for fault in self._queue:
                if fault.contains not in body or (named and not fault.contains):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._queue.remove(fault)
                return fault
            return self.chaos.pick() if self.chaos and not named else None
