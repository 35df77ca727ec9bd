"""How long a session lives and how many an account may have."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from apps.core import parameters

# What holds until an administrator sets the parameter; reasons stand in fixtures/parameters/accounts.csv.
DEFAULTS = {
    "accounts.idle_minutes": 10,
    "accounts.session_hours": 12,
    "accounts.max_sessions": 3,
    "accounts.slip_hours": 24,
    "accounts.pin_days": 7,
    "accounts.workstation_days": 90,
}


# A session's row is written at most once in this many seconds, however busy the morning: 'seen' may be that
# much too early. The page itself locks to the second (static/js/lock.js).
SEEN_EVERY = 60


@dataclass(frozen=True)
class Limits:
    """Idle in minutes until the screen locks, longest session and life of a slip in hours, sessions at a time
    for one account, days for which a PIN lasts after a full sign-in at its computer, days after which
    a computer forgets who has not signed in there.
    """

    idle_minutes: int
    session_hours: int
    max_sessions: int
    slip_hours: int
    pin_days: int
    workstation_days: int


def limits_now() -> Limits:
    """The limits in force today: one query, at sign-in and when a slip is made."""
    found = DEFAULTS | parameters.values(list(DEFAULTS), on=timezone.localdate())
    return Limits(*(int(found[key]) for key in DEFAULTS))


@dataclass(frozen=True)
class Clock:
    """The times a session carries along, in seconds since 1970, so that a request asks no table for them."""

    signed_in: int
    seen: int
    idle_seconds: int
    longest_seconds: int

    @classmethod
    def start(cls, now: dt.datetime, limits: Limits) -> "Clock":
        at = int(now.timestamp())
        return cls(at, at, limits.idle_minutes * 60, limits.session_hours * 3600)

    def over(self, now: dt.datetime) -> str | None:
        """'idle' or 'too_long' when the session has ended by itself, else None."""
        at = int(now.timestamp())
        if at - self.signed_in >= self.longest_seconds:
            return "too_long"
        return "idle" if at - self.seen >= self.idle_seconds + SEEN_EVERY else None

    def as_list(self) -> list[int]:
        return [self.signed_in, self.seen, self.idle_seconds, self.longest_seconds]
