"""Fills the house with invented communes: plans, grounds, then the rows, commune by commune."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from typing import Any

from django.db import connection, transaction

from apps.core.errors import Refused
from apps.core.scope import system
from apps.facilities.models import Facility, FacilityKind
from apps.patients.models import Person
from apps.population import (
    commune,
    process,
    stores,
    write_care,
    write_conditions,
    write_happenings,
    write_money,
    write_ncd,
    write_people,
    write_records,
)
from apps.population.ahead import ahead
from apps.population.bulk import Sheet
from apps.population.commune import Plan
from apps.population.ground import Ground, grounds
from apps.population.numbers import SLOTS
from apps.population.shelf import Shelf, shelf
from apps.population.write_visits import Writer

FIRST_COMMUNE = "21484"  # Ba Tơ: both peoples of the plain and of the hills, so the demo shows both
USUAL_COMMUNE = 8_000  # people of a station where their number is left open
PROVINCE = "51"

MANY_PEOPLE = (
    200_000  # beyond it a visit a person is history enough: a million people in a quarter of an hour
)

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Order:
    """What is asked for: `people` shared among `stations` (0: one for each 8,000), `years` of visits
    before `on`, of which `minute` minutes have gone, `intensity` 1 for a usual number of visits; `processes`
    above 1 writes several communes at once."""

    people: int
    seed: int
    on: date
    stations: int = 0
    years: int = 3
    intensity: float = 1.0
    processes: int = 1
    minute: int = commune.MORNING


@dataclass(frozen=True)
class Made:
    """What was made: rows by table, and the stations that have people now."""

    rows: dict[str, int]
    stations: list[Facility]


def usual_intensity(people: int) -> float:
    """How many visits to make where nobody says: 1 gives about 3.5 a person in three years, 0.3 one."""
    return 0.3 if people > MANY_PEOPLE else 1.0


def make(order: Order, tell: Tell = lambda done, total: None) -> Made:
    """Fill the stations that have nobody yet. `tell(people done, people in all)` is called after each
    commune.

    Raises Refused when the catalogues or facilities are not loaded or too few stations are free.
    """
    with system("make a synthetic population"):
        stations = _stations(order)
        made_grounds = grounds(stations, order.seed, order.on - timedelta(days=int(order.years * 365.25)))
        books = shelf(order.on)
    plans = [_plan(order, ground, place, len(stations)) for place, ground in enumerate(made_grounds)]
    rows: dict[str, int] = {}
    done = 0
    for plan, counts in _written(order, plans, made_grounds, books):
        done += plan.people
        for table, count in counts.items():
            rows[table] = rows.get(table, 0) + count
        tell(done, order.people)
    for slot, station in stations:
        stores.fill(station, seed=order.seed, slot=slot, on=order.on)
    _analyze(rows)
    return Made(rows, [station for _, station in stations])


def _stations(order: Order) -> list[tuple[int, Facility]]:
    """The stations to fill with their slots, the demo's own first."""
    count = order.stations or max(1, min(96, order.people // USUAL_COMMUNE))
    if order.people < count:
        raise Refused("Mỗi trạm cần ít nhất một người.")
    stations = list(
        Facility.objects.on(order.on)
        .filter(kind=FacilityKind.STATION, unit__parent__code=PROVINCE)
        .select_related("unit__parent")
        .order_by("kcb_code")
    )
    # unscoped: a command that fills empty stations, before anybody works there.
    taken = set(Person.unscoped.filter(station__in=stations).values_list("station_id", flat=True).distinct())
    # The place in the province's list is the slot: a later population never meets the numbers of an earlier.
    free = [(slot, station) for slot, station in enumerate(stations[:SLOTS]) if station.pk not in taken]
    found = sorted(free, key=lambda pair: pair[1].unit.code != FIRST_COMMUNE)[:count]
    if len(found) < count:
        raise Refused(
            f"Cần {count} trạm chưa có dân, chỉ thấy {len(found)}. Hãy chạy manage.py load_catalogues với "
            "TRAMYTE_DEMO=1, hoặc dùng cơ sở dữ liệu mới."
        )
    return found


def _plan(order: Order, ground: Ground, place: int, stations: int) -> Plan:
    people = order.people // stations + (place < order.people % stations)
    return Plan(
        seed=order.seed,
        slot=ground.slot,
        people=people,
        on=order.on,
        province_code=ground.province_code,
        commune_code=ground.commune_code,
        urban=ground.urban,
        years=order.years,
        intensity=order.intensity,
        live=True,
        minute=order.minute,
    )


def _written(
    order: Order, plans: list[Plan], made_grounds: list[Ground], books: Shelf
) -> Iterator[tuple[Plan, dict[str, int]]]:
    """Each plan when its commune is in the database."""
    if order.processes <= 1 or len(plans) == 1:
        for plan, ground in zip(plans, made_grounds, strict=True):
            yield plan, write(plan, ground, books)
        return
    count, database = min(order.processes, len(plans)), str(connection.settings_dict["NAME"])
    with ProcessPoolExecutor(count, get_context("spawn"), process.begin, (database,)) as pool:
        running = {
            pool.submit(process.write, plan, ground, books): plan
            for plan, ground in zip(plans, made_grounds, strict=True)
        }
        try:
            for each in as_completed(running):
                yield running[each], each.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # the first failure is told, not the last
            raise


def write(plan: Plan, ground: Ground, books: Shelf) -> dict[str, int]:
    """Make one commune and send its rows in one transaction. Rows by table."""
    counts: dict[str, int] = {}
    with transaction.atomic(), _unchecked():
        for sheet, rows in ahead(_rows(plan, ground, books), depth=8):
            sheet.send(rows)
            table = sheet.model._meta.db_table
            counts[table] = counts.get(table, 0) + len(rows)  # several sheets may fill one table
    return counts


def _rows(plan: Plan, ground: Ground, books: Shelf) -> Iterator[tuple[Sheet, list[str]]]:
    made = commune.make(plan)
    for sheet in (
        *write_people.write(made, ground),
        *write_records.write(made, ground),
        *write_conditions.write(made),
        *write_happenings.write(made, ground),
    ):
        yield sheet, sheet.cut()
    for sheets in Writer(made, ground, books).write():
        for sheet in sheets:
            yield sheet, sheet.cut()
    for sheet in (
        *write_care.write(made, ground),
        *write_money.write(made, ground, books),
        *write_ncd.write(made, ground),
    ):
        yield sheet, sheet.cut()


@contextmanager
def _unchecked() -> Iterator[None]:
    """Foreign keys are not looked up row by row where the server lets us say so (the embedded one does): the
    rows are true by construction, and a test looks every one up afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        row: Any = cursor.fetchone()
        if row and row[0]:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        if row and row[0]:
            cursor.execute("SET LOCAL session_replication_role = origin")


def _analyze(tables: dict[str, int]) -> None:
    """The planner must know of the rows at once, not after the next autovacuum."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
