"""A schedule: series with their slots, and the vaccines they take. Read from tables, never from code."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from apps.immunization.forecast.spans import Span, span

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Slot:
    """One dose of a series: ages since birth, intervals since the last valid dose. `latest_age` is not of it
    any more.
    """

    dose: int
    recommended_age: Span | None
    earliest_age: Span | None
    latest_age: Span | None
    min_interval: Span | None
    recommended_interval: Span | None
    overdue_after: Span


@dataclass(frozen=True, slots=True)
class OtherWay:
    """A series is complete too once `doses` were given from `age` on, each `interval` after the last."""

    doses: int
    age: Span
    interval: Span


@dataclass(frozen=True, slots=True)
class Series:
    """Doses against one disease, or several at once, judged by themselves.

    `option`: the choice of the province that switches it on; '' always. `instead_of`: the series whose place
    it takes, and it is told of only once a dose of it was given. `adults`: told of after childhood too.
    `live`: of injected live vaccines. `ignores_young`: a dose below the earliest age served another series,
    and is none of this one. `claims`: its vaccine belongs to no other series while its only slot is open (the
    birth dose). `interval_antigen`: the interval runs from the last dose that holds it, of whatever vaccine.
    """

    code: str
    antigens: str
    vaccines: frozenset[str]
    slots: tuple[Slot, ...]
    path: Literal["child", "pregnancy"]
    option: str
    instead_of: str
    sex: str
    adults: bool
    listed_from: dt.date | None
    live: bool
    ignores_young: bool
    claims: bool
    interval_antigen: str
    other_way: OtherWay | None


@dataclass(frozen=True)
class Schedule:
    """One version. `antigens`: vaccine -> what it holds ('' for what protects without being a dose)."""

    series: tuple[Series, ...]
    antigens: Mapping[str, frozenset[str]]
    injected_live: frozenset[str]
    options: frozenset[str]
    replaced_by: Mapping[str, Series]  # the series whose place is taken -> the one that takes it


def read(series: Iterable[Row], slots: Iterable[Row], vaccines: Iterable[Row]) -> Schedule:
    """The schedule of three tables (fixtures/immunization). Raises ValueError for what contradicts itself."""
    vaccines = list(vaccines)
    antigens = {row["vaccine"]: frozenset(filter(None, row["antigens"].split("|"))) for row in vaccines}
    live = frozenset(row["vaccine"] for row in vaccines if row["injected_live"])
    of_series: dict[str, list[Slot]] = {}
    for row in slots:
        of_series.setdefault(row["series"], []).append(_slot(row))
    every = tuple(_series(row, of_series.pop(row["series"], []), live) for row in series)
    if of_series:
        raise ValueError(f"slots of unknown series: {', '.join(sorted(of_series))}")
    if unknown := {vaccine for each in every for vaccine in each.vaccines} - antigens.keys():
        raise ValueError(f"unknown vaccines: {', '.join(sorted(unknown))}")
    return Schedule(
        series=every,
        antigens=antigens,
        injected_live=live,
        options=frozenset(each.option for each in every) - {""},
        replaced_by={each.instead_of: each for each in every if each.instead_of},
    )


def _slot(row: Row) -> Slot:
    overdue_after = span(row["overdue_after"])
    if overdue_after is None:
        raise ValueError(f"{row['series']} {row['dose']}: nothing says when it is overdue")
    return Slot(
        dose=int(row["dose"]),
        recommended_age=span(row["recommended_age"]),
        earliest_age=span(row["earliest_age"]),
        latest_age=span(row["latest_age"]),
        min_interval=span(row["min_interval"]),
        recommended_interval=span(row["recommended_interval"]),
        overdue_after=overdue_after,
    )


def _series(row: Row, slots: list[Slot], live: frozenset[str]) -> Series:
    code, path = row["series"], row["path"]
    vaccines = frozenset(row["vaccines"].split("|"))
    if [slot.dose for slot in slots] != list(range(1, len(slots) + 1)) or not slots:
        raise ValueError(f"{code}: its slots are not 1, 2, 3 ...")
    if path not in ("child", "pregnancy"):
        raise ValueError(f"{code}: unknown path {path!r}")
    age, interval = span(row["other_age"]), span(row["other_interval"])
    return Series(
        code=code,
        antigens=row["antigens"],
        vaccines=vaccines,
        slots=tuple(slots),
        path=path,  # type: ignore[arg-type]  # one of the two, see above
        option=row["option"],
        instead_of=row["instead_of"],
        sex=row["sex"],
        adults=bool(row["adults"]),
        listed_from=dt.date.fromisoformat(row["listed_from"]) if row["listed_from"] else None,
        live=bool(vaccines & live),
        ignores_young=row["too_young"] == "ignored",
        claims=bool(row["claims"]),
        interval_antigen=row["interval_antigen"],
        other_way=OtherWay(int(row["other_doses"]), age, interval) if age and interval else None,
    )
