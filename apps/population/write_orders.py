"""Rapid tests and a finger's glucose that a share of the visits has ordered, with what they have shown."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from apps.care.vitals import BY_KEY
from apps.encounters import states
from apps.encounters.models import Order, OrderKind, Result, ResultState, ResultValue
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.orders import SOURCE as RESULT
from apps.patients.models import TimelineEntry
from apps.population.bulk import Cells, Sheet, cells
from apps.population.chance import day_ms, made_id, moment, source
from apps.population.commune import Commune
from apps.population.ground import Ground, Worker
from apps.population.history import Visit as MadeVisit
from apps.population.prices import SOURCE

STAMPS = ("created_at", "updated_at")
ORDER_AFTER, RESULT_AFTER = 10, 16  # minutes after reception
LOW, HIGH, VERY_HIGH = Decimal("3.9"), Decimal("6.4"), Decimal(20)


@dataclass(frozen=True)
class Item:
    """A test as the catalogue names it, and its share among the visits for an illness ('' for any)."""

    code: str
    name: str
    test: str
    test_name: str
    share: dict[str, float]


GLUCOSE = Item(
    "01.0281.1510",
    "Xét nghiệm đường máu mao mạch tại giường (một lần)",
    "GLU_CAP",
    "Đường máu mao mạch",
    {"diabetes": 0.7, "hypertension": 0.15, "": 0.03},
)
DENGUE = Item(
    "24.0183.1637",
    "Dengue virus NS1Ag test nhanh",
    "DENG_NS1",
    "Dengue virus NS1Ag test nhanh",
    {"fever": 0.12},
)
PICTURE = Item("02.0314.0001", "Siêu âm ổ bụng", "", "", {"gastritis": 0.15, "reflux": 0.1})
ITEMS = (GLUCOSE, DENGUE, PICTURE)


class OrderWriter:
    """The sheets of one commune's orders, filled beside its visits."""

    def __init__(self, commune: Commune, ground: Ground, fact: tuple[str, ...], measurements: Sheet) -> None:
        self.ground, self.measurements = ground, measurements
        self.rng = source(commune.plan.seed, commune.plan.slot, "orders")
        self.orders = Sheet(
            Order,
            ["id", *fact, "visit_id", "version", "kind", "code", "name", "tests", "price", "price_source",
             "state", "summary", "flag"],
        )  # fmt: skip
        self.results = Sheet(
            Result,
            ["id", *STAMPS, "order_id", "at", "conclusion", "state", "performer_id", "performer_text",
             "entered_at", "verifier_id", "verified_at"],
        )  # fmt: skip
        self.values = Sheet(
            ResultValue,
            ["id", *STAMPS, "result_id", "test", "name", "loinc", "unit", "value", "word_code", "word",
             "range_text", "flag", "position"],
        )  # fmt: skip
        self.timeline = Sheet(
            TimelineEntry, ["id", "person_id", "at", "kind", "title", "object_id", "facility_id"]
        )
        self.sheets = [self.orders, self.results, self.values, self.timeline]

    def add(
        self,
        visit: MadeVisit,
        fact: Cells,
        worker: Worker,
        signer: Worker | None,
        prices: Mapping[str, int],
    ) -> None:
        """What was ordered on a visit that has begun; shown and verified where the visit is signed. `prices`
        by the codes of what has one.
        """
        for item in ITEMS:
            if self.rng.random() < _share(item, visit):
                price = prices.get(item.code)
                priced = cells(price, SOURCE if price is not None else "")
                self._order(item, visit, fact, worker, signer, priced)

    def _order(
        self, item: Item, visit: MadeVisit, fact: Cells, worker: Worker, signer: Worker | None, priced: Cells
    ) -> None:
        order, at = self._id(visit), moment(visit.on, visit.minute + RESULT_AFTER)
        kind = OrderKind.LAB if item.test else OrderKind.IMAGING
        tests = [item.test] if item.test else []
        if visit.state == states.IN_PROGRESS or signer is None:
            self.orders.add(
                order, fact, visit.id, 1, kind.value, item.code, item.name, tests, priced,
                order_states.ORDERED, "", "",
            )  # fmt: skip
            return
        value, word, flag, summary = _shown(item, visit, self.rng)
        self.orders.add(
            order, fact, visit.id, 2, kind.value, item.code, item.name, tests, priced,
            order_states.RESULTED, summary, flag,
        )  # fmt: skip
        result = self._id(visit)
        self.results.add(
            result, at, at, order, at, "" if item.test else summary, ResultState.FINAL.value, worker.id,
            worker.full_name, at, signer.id, at,
        )  # fmt: skip
        if item.test:
            unit, usual = ("mmol/L", "3,9–6,4") if value is not None else ("", "")
            loinc = "14743-9" if item is GLUCOSE else "75377-2"
            self.values.add(
                self._id(visit), at, at, result, item.test, item.test_name, loinc, unit, value,
                "neg" if word else "", word, usual, flag, 0,
            )  # fmt: skip
        if value is not None:
            vital = BY_KEY["glucose_random"]
            self.measurements.add(self._id(visit), fact, vital.code, value, vital.unit, RESULT, result)
        self.timeline.add(
            self._id(visit), visit.person.id, at, RESULT, f"{item.name}: {summary}", order,
            self.ground.station_id,
        )  # fmt: skip

    def _id(self, visit: MadeVisit) -> str:
        return made_id(self.rng, day_ms(visit.on, visit.minute + ORDER_AFTER))


def _share(item: Item, visit: MadeVisit) -> float:
    key = visit.illness.key
    if key in item.share:
        return item.share[key]
    return item.share.get("fever", 0.0) if visit.illness.fever else item.share.get("", 0.0)


def _shown(item: Item, visit: MadeVisit, rng: random.Random) -> tuple[Decimal | None, str, str, str]:
    """(figure, word, flag, summary) of a test."""
    if item is PICTURE:
        return None, "", "", "Chưa thấy bất thường trên siêu âm ổ bụng"
    if item is DENGUE:
        return None, "Âm tính", "", "Âm tính"
    mean, spread = (9.4, 2.6) if visit.illness.key == "diabetes" else (5.4, 0.7)
    value = Decimal(f"{min(max(rng.gauss(mean, spread), 3.2), 24):.1f}")
    flag = "critical_high" if value > VERY_HIGH else "high" if value > HIGH else "low" if value < LOW else ""
    words = {"critical_high": " cao nguy hiểm", "high": " cao", "low": " thấp", "": ""}
    shown = format(value.normalize(), "f").replace(".", ",")
    return value, "", flag, f"{shown} mmol/L{words[flag]}"
