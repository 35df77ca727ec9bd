"""A person's whole forecast: every series that concerns her, in the order of the schedule. Pure."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.immunization.forecast.coming import Coming, coming
from apps.immunization.forecast.judging import Dose, Invalid, judge, live_conflicts
from apps.immunization.forecast.schedule import Schedule, Series
from apps.immunization.forecast.spans import Span, after

TETANUS = "TET"
CHILDHOOD = Span(months=7 * 12)  # doses with tetanus before it are basic or booster doses of childhood
ADULT = Span(months=15 * 12)  # from it on they protect her pregnancies
GROWN_UP = Span(
    months=18 * 12
)  # childhood is over: its series are told of no more, but where they are for adults too
BASIC = 3  # doses of childhood that are proven: fewer, and a pregnancy begins at its first dose
BOOSTER = "TD"  # between the two ages a booster of childhood


@dataclass(frozen=True, slots=True)
class Pregnancy:
    """An open one. `confirmed_on`: the first day on which a dose for it may be told of."""

    confirmed_on: dt.date


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a forecast is for. `sex`: 'M', 'F' or '' where it is not known. Her age is always counted from the
    day of birth, never from the day she should have been born.
    """

    born: dt.date
    sex: str = ""
    pregnancy: Pregnancy | None = None


@dataclass(frozen=True)
class Forecast:
    """How each series stands, and the doses that do not count, by series and day."""

    coming: tuple[Coming, ...]
    invalid: tuple[Invalid, ...]


def forecast(
    schedule: Schedule,
    person: Person,
    history: Iterable[Dose],
    on: dt.date,
    options: frozenset[str] = frozenset(),
) -> Forecast:
    """How the series of a schedule stand for a person on `on`. `options`: what the province has switched on.

    The order of the history does not matter; what was given after `on`, and what is no dose (antitoxin,
    immunoglobulin), is passed over. Raises KeyError for a vaccine that the schedule does not know.
    """
    doses = sorted(
        (dose for dose in history if dose.on <= on and schedule.antigens[dose.vaccine]),
        key=lambda dose: (dose.on, dose.vaccine),
    )
    live = [dose.on for dose in doses if dose.vaccine in schedule.injected_live]
    conflicts = live_conflicts(live)
    told, invalid = [], []
    for series in _listed(schedule, person, doses, on, options):
        own = _own(schedule, series, doses, person.born)
        interval_from: list[dt.date] = []
        if series.interval_antigen:
            interval_from = [
                dose.on for dose in doses if series.interval_antigen in schedule.antigens[dose.vaccine]
            ]
        judged = judge(series, own, person.born, conflicts, interval_from)
        since = judged.valid_on
        if series.interval_antigen and interval_from:
            since = interval_from[-1]
        for_pregnancy = series.path == "pregnancy" and person.pregnancy
        told.append(
            coming(
                series,
                judged,
                on,
                born=person.born,
                since=since,
                last_live=live[-1] if live else None,
                confirmed=for_pregnancy.confirmed_on if for_pregnancy else None,
            )
        )
        invalid += judged.invalid
    return Forecast(tuple(told), tuple(invalid))


def _listed(
    schedule: Schedule, person: Person, doses: Sequence[Dose], on: dt.date, options: frozenset[str]
) -> list[Series]:
    """The series that concern the person on that day."""
    given = {dose.vaccine for dose in doses}
    grown_up = on >= after(person.born, GROWN_UP)
    path = pregnancy_path(schedule, person.born, doses) if person.pregnancy else ""
    listed = []
    for series in schedule.series:
        if series.path == "pregnancy":
            fits = series.code == path
        elif series.instead_of:
            fits = not grown_up and not series.vaccines.isdisjoint(given)
        else:
            other = schedule.replaced_by.get(series.code)
            fits = (
                (not series.option or series.option in options)
                and (not series.sex or series.sex == person.sex)
                and (series.listed_from is None or on >= series.listed_from)
                and (not grown_up or series.adults)
                and (other is None or other.vaccines.isdisjoint(given))
            )
        if fits:
            listed.append(series)
    return listed


def _own(schedule: Schedule, series: Series, doses: Sequence[Dose], born: dt.date) -> list[Dose]:
    """The doses that a series judges."""
    own = [dose for dose in doses if dose.vaccine in series.vaccines]
    if not own:
        return own
    if series.path == "pregnancy":
        return [dose for dose in own if dose.on >= after(born, ADULT)]
    for other in schedule.series:
        ends = other.slots[0].latest_age
        if other.claims and ends and not other.vaccines.isdisjoint(series.vaccines):
            until, is_it = after(born, ends), other is series
            own = [dose for dose in own if dose.vaccine not in other.vaccines or (dose.on < until) == is_it]
    return own


def pregnancy_path(schedule: Schedule, born: dt.date, doses: Iterable[Dose]) -> str:
    """The series of a pregnancy by what childhood proves: fewer than three doses with tetanus before the
    seventh birthday, exactly three, or three and a booster (a fourth, or Td before the fifteenth birthday).
    Several doses on a day are one.
    """
    tetanus = {dose for dose in doses if TETANUS in schedule.antigens[dose.vaccine]}
    child, adult = after(born, CHILDHOOD), after(born, ADULT)
    basic = len({dose.on for dose in tetanus if dose.on < child})
    if basic < BASIC:
        return "VAT_A"
    booster = any(dose.vaccine == BOOSTER and child <= dose.on < adult for dose in tetanus)
    return "VAT_C" if basic > BASIC or booster else "VAT_B"
