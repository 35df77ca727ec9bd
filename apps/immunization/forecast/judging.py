"""Which doses of a history count in a series (profile VN-EPI-REF-1, points 5 to 11). Pure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from apps.immunization.forecast.schedule import Series, Slot
from apps.immunization.forecast.spans import Span, after

Reason = Literal["too_young", "too_soon", "too_old", "live_conflict"]
REPEAT = Span(days=28)  # after an invalid dose, and between injected live vaccines


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose of a history. `vaccine`: its code in the schedule's table of vaccines."""

    on: dt.date
    vaccine: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """A dose that does not count in a series, and why: all reasons, in the order of the profile."""

    series: str
    dose: Dose
    reasons: tuple[Reason, ...]


@dataclass(slots=True)
class Judged:
    """A series so far. `filled`: its valid doses; `refused`: the day of the latest invalid one; `to_repeat`:
    whether the latest dose of all was it.
    """

    filled: int = 0
    valid_on: dt.date | None = None
    refused: dt.date | None = None
    to_repeat: bool = False
    invalid: list[Invalid] = field(default_factory=list)


def live_conflicts(live: Sequence[dt.date]) -> frozenset[dt.date]:
    """The days on which an injected live vaccine came less than 28 days after another one, of whatever kind
    and whether that one counted or not. `live`: the days in order.
    """
    return frozenset(later for one, later in pairwise(live) if one < later < after(one, REPEAT))


def judge(
    series: Series,
    doses: Sequence[Dose],
    born: dt.date,
    conflicts: frozenset[dt.date] = frozenset(),
    interval_from: Sequence[dt.date] = (),
) -> Judged:
    """Judge the doses of a series, in order of their days. `interval_from`: the days from which an interval
    runs where it is not that of the last valid dose (Series.interval_antigen).

    Two doses on one day are one; what comes after the last slot is not looked at.
    """
    found = Judged()
    other_doses, other_on, seen = 0, None, None
    for dose in doses:
        if found.filled == len(series.slots):
            break
        if dose.on == seen:
            continue
        seen = dose.on
        if (way := series.other_way) and dose.on >= after(born, way.age):
            if other_on is None or dose.on >= after(other_on, way.interval):
                other_doses, other_on = other_doses + 1, dose.on
            if other_doses == way.doses:
                found.filled, found.valid_on, found.to_repeat = len(series.slots), dose.on, False
                break
        slot = series.slots[found.filled]
        too_young = slot.earliest_age is not None and dose.on < after(born, slot.earliest_age)
        if too_young and series.ignores_young:
            continue
        since = last_before(interval_from, dose.on) if series.interval_antigen else found.valid_on
        reasons: list[Reason] = []
        if too_young:
            reasons.append("too_young")
        if dose.on < not_before(slot, since, found.refused):
            reasons.append("too_soon")
        if slot.latest_age and dose.on >= after(born, slot.latest_age):
            reasons.append("too_old")
        if series.live and dose.on in conflicts:
            reasons.append("live_conflict")
        if reasons:
            found.invalid.append(Invalid(series.code, dose, tuple(reasons)))
            found.refused, found.to_repeat = dose.on, "too_old" not in reasons
        else:
            found.filled, found.valid_on, found.to_repeat = found.filled + 1, dose.on, False
    return found


def not_before(slot: Slot, since: dt.date | None, refused: dt.date | None) -> dt.date:
    """The first day that keeps the intervals of a slot: from the dose before it, and from an invalid one."""
    first = dt.date.min
    if since and slot.min_interval:
        first = after(since, slot.min_interval)
    if refused:
        again = after(refused, REPEAT)
        if slot.min_interval:
            again = min(again, after(refused, slot.min_interval))
        first = max(first, again)
    return first


def last_before(days: Sequence[dt.date], day: dt.date) -> dt.date | None:
    """The latest of some days, in order, that is earlier than `day`."""
    return max((each for each in days if each < day), default=None)
