"""The next dose of a series: from when it may be given, when it should, and how it stands on a day. Pure."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from apps.immunization.forecast.judging import REPEAT, Judged, not_before
from apps.immunization.forecast.schedule import Series
from apps.immunization.forecast.spans import after

Timing = Literal["due", "overdue", "not_yet"]
Status = Literal["due", "overdue", "not_yet", "complete", "too_old", "invalid_prior"]


@dataclass(frozen=True, slots=True)
class Coming:
    """How a series stands. `dose`, `earliest` and `recommended` are None where none comes any more; `timing`
    tells of `invalid_prior` (the dose has to be repeated) whether it is time for it.
    """

    series: str
    antigens: str
    status: Status
    dose: int | None = None
    earliest: dt.date | None = None
    recommended: dt.date | None = None
    timing: Timing | None = None


def coming(
    series: Series,
    judged: Judged,
    on: dt.date,
    *,
    born: dt.date,
    since: dt.date | None,
    last_live: dt.date | None,
    confirmed: dt.date | None = None,
) -> Coming:
    """The open slot on `on`. `since`: the dose from which its interval runs; `last_live`: the last injected
    live vaccine of any series; `confirmed`: the day on which the pregnancy was confirmed, for its series.

    The earliest day is never moved to today: who is late sees since when.
    """
    if judged.filled == len(series.slots):
        return Coming(series.code, series.antigens, "complete")
    slot = series.slots[judged.filled]
    earliest = max(born, not_before(slot, since, judged.refused))
    if slot.earliest_age:
        earliest = max(earliest, after(born, slot.earliest_age))
    if series.live and last_live:
        earliest = max(earliest, after(last_live, REPEAT))
    if confirmed and slot.dose == 1:
        earliest = max(earliest, confirmed)
    recommended = max(earliest, confirmed) if confirmed else earliest
    if slot.recommended_age:
        recommended = max(recommended, after(born, slot.recommended_age))
    if since and (interval := slot.recommended_interval or slot.min_interval):
        recommended = max(recommended, after(since, interval))
    if slot.latest_age:
        ended = after(born, slot.latest_age)
        if on >= ended or earliest >= ended:
            return Coming(series.code, series.antigens, "too_old")
        recommended = min(recommended, ended - dt.timedelta(days=1))
    timing: Timing = "not_yet"
    if on >= recommended:
        timing = "due" if on <= after(recommended, slot.overdue_after) else "overdue"
    stands = Coming(series.code, series.antigens, timing, slot.dose, earliest, recommended)
    return replace(stands, status="invalid_prior", timing=timing) if judged.to_repeat else stands
