"""How a copy's age is judged, which old copies may go. Times are given, never asked."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

AHEAD = dt.timedelta(minutes=10)  # a copy from further in the future means that a clock was wrong


@dataclass(frozen=True)
class Age:
    """`state`: good, none, old, or clock (the newest copy is from the future)."""

    state: str
    hours: float | None = None


def age(now: dt.datetime, last_good: dt.datetime | None, *, at_most_hours: float) -> Age:
    """How the newest good copy stands."""
    if last_good is None:
        return Age("none")
    if last_good > now + AHEAD:
        return Age("clock")
    hours = max(0.0, (now - last_good).total_seconds() / 3600)
    return Age("old" if hours > at_most_hours else "good", hours)


@dataclass(frozen=True)
class Copy:
    name: str
    taken_at: dt.datetime


def kept(
    copies: Iterable[Copy], *, just_made: str, now: dt.datetime, daily: int, weekly: int, monthly: int
) -> set[str]:
    """The names that stay: the newest of each of the last days, weeks and months that have one.

    Days without a copy do not count, so a station closed for a month loses nothing. The one just made and
    those from the future (the clock was wrong once; nobody knows which) always stay.
    """
    newest_first = sorted(copies, key=lambda copy: (copy.taken_at, copy.name), reverse=True)
    stays = {copy.name for copy in newest_first if copy.name == just_made or copy.taken_at > now + AHEAD}
    for number, form in ((daily, "%Y-%m-%d"), (weekly, "%G-%V"), (monthly, "%Y-%m")):
        found: dict[str, str] = {}
        for copy in newest_first:
            if copy.taken_at <= now + AHEAD:
                found.setdefault(copy.taken_at.strftime(form), copy.name)
        stays.update(list(found.values())[: max(1, number)])
    return stays
