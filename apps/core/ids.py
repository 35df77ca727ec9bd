"""Identities made where a record is made."""

import os
import threading
import time
import uuid

_turn = threading.Lock()
_last = 0  # the last moment given by this process, in ticks


def uuid7(at_ms: int | None = None, random_bytes: bytes | None = None) -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7).

    `at_ms` is milliseconds since 1970 (now when absent) and `random_bytes` ten bytes (from the
    system when absent): both are given only where identities must be repeatable. Without them
    a later call of the same process always sorts behind an earlier one: rows wait in the order
    of their keys, and two may be made within a millisecond. Needed here because Python 3.11
    and PostgreSQL before 18 make none.
    """
    tail = int.from_bytes(random_bytes if random_bytes is not None else os.urandom(10), "big")
    if at_ms is None:
        at_ms, rand_a = divmod(_next_tick(), 4096)
    else:
        rand_a = (tail >> 62) & 0xFFF
    rand_b = tail & 0x3FFF_FFFF_FFFF_FFFF
    value = (at_ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return uuid.UUID(int=value)


def _next_tick() -> int:
    """Now in 4096ths of a millisecond (RFC 9562, 6.2, method 3), later than every one given before.

    A clock that is set back does not turn the order round: the process counts on from its last tick.
    """
    global _last
    with _turn:
        _last = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        return _last
