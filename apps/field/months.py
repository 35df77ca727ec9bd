"""Months and ages of the population book. Pure."""

import datetime as dt
import re


def first_of(day: dt.date) -> dt.date:
    return day.replace(day=1)


def last_of(month: dt.date) -> dt.date:
    return add_months(month, 1) - dt.timedelta(days=1)


def add_months(month: dt.date, many: int) -> dt.date:
    """The first day of the month so many months away."""
    count = month.year * 12 + month.month - 1 + many
    return dt.date(count // 12, count % 12 + 1, 1)


def months_of(year: int) -> list[dt.date]:
    return [dt.date(year, number, 1) for number in range(1, 13)]


def read_month(text: str) -> dt.date | None:
    """'2026-11' as the first of that month; None for anything else."""
    match = re.fullmatch(r"((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])", text)
    return dt.date(int(match[1]), int(match[2]), 1) if match else None


def years_before(day: dt.date, years: int) -> dt.date:
    """That day so many years earlier; the 29th of February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def is_minor(born: dt.date | None, month: dt.date, adult_age: int) -> bool:
    """Whether she was under age on any day of that month. An unknown birth counts as grown up: she is of a
    list by age, where the unknown are not.
    """
    return born is not None and born > years_before(month, adult_age)
