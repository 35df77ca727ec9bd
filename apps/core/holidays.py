"""The calendar of working days, from the days that the province keeps."""

import csv
import datetime as dt
from pathlib import Path

from apps.core.clocks import Calendar
from apps.core.models import Holiday, HolidayKind
from apps.core.registry import LoadReport

REACH = dt.timedelta(days=400)  # further no deadline counts working days


def calendar_from(day: dt.date) -> Calendar:
    """The days off and the compensating days that a deadline beginning on `day` may meet. One query."""
    rows = list(Holiday.objects.filter(on__gte=day, on__lte=day + REACH).values_list("on", "kind"))
    return Calendar(
        free=frozenset(on for on, kind in rows if kind == HolidayKind.HOLIDAY),
        worked=frozenset(on for on, kind in rows if kind == HolidayKind.COMPENSATION_WORK),
    )


def has_tet(year: int) -> bool:
    """Whether the days of Tết of `year` are known: the sign that its calendar has been entered."""
    # Lunar new year lies between 21 January and 20 February; New Year's Day alone does not count.
    return Holiday.objects.filter(
        kind=HolidayKind.HOLIDAY, on__gte=dt.date(year, 1, 18), on__lte=dt.date(year, 2, 25)
    ).exists()


def load_holidays(folder: Path, report: LoadReport) -> None:
    """Bring the shipped days in. A day that the province has made its own ('local') is left alone."""
    known = {row.on: row for row in Holiday.objects.all()}
    with (folder / "calendar/holidays.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            on = dt.date.fromisoformat(line.pop("on"))
            old = known.get(on)
            if old is None:
                Holiday.objects.create(on=on, **line)
                report.added += 1
            elif old.confidence == "local" or all(getattr(old, key) == line[key] for key in line):
                report.unchanged += 1
            else:
                Holiday.objects.filter(pk=old.pk).update(version=old.version + 1, **line)
                report.changed += 1
