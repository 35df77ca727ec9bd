"""The arithmetic of the hamlets' pages. Pure."""

import datetime as dt


def week_end(day: dt.date) -> dt.date:
    """The Sunday of the week; from Friday on that of the next one, so that a weekend shows what comes."""
    sunday = day + dt.timedelta(days=6 - day.weekday())
    return sunday if day.weekday() < 4 else sunday + dt.timedelta(days=7)
