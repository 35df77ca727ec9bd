"""Identities made where a record is made."""

import os
import time
import uuid


def uuid7(at_ms: int | None = None, random_bytes: bytes | None = None) -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7).

    `at_ms` is milliseconds since 1970 (now when absent) and `random_bytes` ten bytes (from the
    system when absent): both are given only where identities must be repeatable. Needed here
    because Python 3.11 and PostgreSQL before 18 make none.
    """
    if at_ms is None:
        at_ms = time.time_ns() // 1_000_000
    tail = int.from_bytes(random_bytes if random_bytes is not None else os.urandom(10), "big")
    rand_a = (tail >> 62) & 0xFFF
    rand_b = tail & 0x3FFF_FFFF_FFFF_FFFF
    value = (at_ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return uuid.UUID(int=value)
