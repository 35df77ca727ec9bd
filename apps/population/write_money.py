"""What patients without a good card have paid: receipts, and the cash book that was closed over them each
day.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from apps.encounters import states
from apps.encounters.models import (
    CashBox,
    CashDay,
    CashMove,
    DayState,
    Method,
    MoveKind,
    Receipt,
    ReceiptLine,
    ReceiptState,
)
from apps.population.bulk import Sheet
from apps.population.chance import day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.ground import Ground
from apps.population.history import TILL_AFTER
from apps.population.history import Visit as MadeVisit
from apps.population.shelf import Shelf
from apps.population.write_visits import payer_of

STAMPS = ("created_at", "updated_at")
CLOSING = 17 * 60  # the minute of the day on which the cash is counted
TRANSFERS, UNPAID = 0.15, 0.3  # shares; the second of the last days alone
OPEN_DAYS = 10


def write(commune: Commune, ground: Ground, books: Shelf) -> Iterator[Sheet]:
    """Receipts by visit, and for each day before the last its cash handed over, its book closed,
    confirmed.
    """
    rng = source(commune.plan.seed, commune.plan.slot, "receipts")
    receipts = Sheet(
        Receipt,
        ["id", "facility_id", "visit_id", "person_id", "number", "on", "state", "total", "patient", "payable",
         "made_by_name", "method", "paid_at", "paid_by_name", "book_at_id", "book_on", *STAMPS],
    )  # fmt: skip
    lines = Sheet(
        ReceiptLine,
        ["id", "receipt_id", "position", "source", "key", "code", "text", "quantity", "price", "amount",
         "patient", *STAMPS],
    )  # fmt: skip
    numbers: dict[int, int] = defaultdict(int)
    cash: dict[date, int] = defaultdict(int)
    transfers: dict[date, int] = defaultdict(int)
    last = commune.plan.on
    cashier = ground.staff[-1].full_name
    for visit in commune.visits:
        price = _price(books, visit.on)
        if not price or not _pays(commune, visit):
            continue
        if visit.on > last - timedelta(days=OPEN_DAYS) and rng.random() < UNPAID:
            continue
        numbers[visit.on.year] += 1
        method = Method.TRANSFER if rng.random() < TRANSFERS else Method.CASH
        (transfers if method == Method.TRANSFER else cash)[visit.on] += price
        at = moment(visit.on, visit.minute + TILL_AFTER)
        receipt = made_id(rng, day_ms(visit.on, visit.minute + TILL_AFTER))
        number = f"{visit.on.year}-{numbers[visit.on.year]:06d}"
        receipts.add(
            receipt, ground.station_id, visit.id, visit.person.id, number, visit.on, str(ReceiptState.PAID),
            price, price, price, cashier, str(method), at, cashier, ground.station_id, visit.on, at, at,
        )  # fmt: skip
        lines.add(
            made_id(rng, day_ms(visit.on, visit.minute + TILL_AFTER)),
            receipt, 1, "exam", "exam", "KB.TYT", "Khám bệnh", 1, price, price, price, at, at,
        )  # fmt: skip
    yield receipts
    yield lines
    closed = sorted(day for day in {*cash, *transfers} if day < last)
    if closed:
        yield from _book(ground, rng, closed, cash, transfers)


def _pays(commune: Commune, visit: MadeVisit) -> bool:
    ended = visit.state in (states.FINALISED, states.AWAITING_SIGNATURE)
    return ended and not payer_of(commune, visit)


def _price(books: Shelf, on: date) -> int:
    return next((price for since, price in reversed(books.exams) if since <= on), 0)


def _book(
    ground: Ground, rng: Random, closed: list[date], cash: dict[date, int], transfers: dict[date, int]
) -> Iterator[Sheet]:
    """Each day's cash is handed over in the evening: the box begins and ends empty."""
    moves = Sheet(CashMove, ["id", "facility_id", "kind", "amount", "reason", "book_on", "by_name", *STAMPS])
    days = Sheet(
        CashDay,
        ["id", "facility_id", "on", "opening", "cash_in", "cash_out", "closing", "transfers", "counted",
         "state", "closed_at", "closed_by_name", "confirmed_count", "confirmed_at", "confirmed_by_name",
         *STAMPS],
    )  # fmt: skip
    box = Sheet(CashBox, ["id", "facility_id", "closed_until", *STAMPS])
    closer, taker = ground.staff[-1].full_name, ground.staff[0].full_name
    for on in closed:
        at, taken = moment(on, CLOSING), cash.get(on, 0)
        if taken:
            moves.add(
                made_id(rng, day_ms(on, CLOSING)), ground.station_id, str(MoveKind.HANDED_OVER), taken,
                "Nộp về trung tâm y tế khu vực", on, closer, at, at,
            )  # fmt: skip
        days.add(
            made_id(rng, day_ms(on, CLOSING)), ground.station_id, on, 0, taken, taken, 0,
            transfers.get(on, 0), 0, str(DayState.CONFIRMED), at, closer, 0, at, taker, at, at,
        )  # fmt: skip
    at = moment(closed[-1], CLOSING)
    box.add(made_id(rng, day_ms(closed[-1], CLOSING)), ground.station_id, closed[-1], at, at)
    yield from (moves, days, box)
