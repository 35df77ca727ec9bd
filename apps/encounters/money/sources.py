"""Where the lines of a visit's bill come from. A source is asked for a batch of visits and costs one query.

What can be charged registers here in its plugs, `sources.add(FeeSource("orders", ...))`; nothing else of the
till needs to know of it.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from apps.catalogues.models import ServicePrice
from apps.core import parameters
from apps.core.registry import Registry
from apps.core.text import fold
from apps.encounters import states
from apps.encounters.models import FeeLine, FeeState, Payer, Visit, Way
from apps.encounters.money.sharing import FeeItem

EXAM_SERVICE, EXAM_KINDS, PRICE_OF = "fees.exam_service", "fees.exam_kinds", "fees.price_of"
COUNTRY = ""


@dataclass(frozen=True)
class FeeSource:
    """`items(visits)` gives what of them is to be charged, by visit; the visits come with their facility's
    unit. `may_owe` is a condition on visits for which the patient may have to pay something of this source,
    whoever pays for the rest.
    """

    key: str
    title: str
    items: Callable[[Sequence[Visit]], Mapping[UUID, Sequence[FeeItem]]]
    may_owe: Callable[[], Q]
    order: int = 100


sources: Registry[FeeSource] = Registry("fee sources")


def items_of(visits: Sequence[Visit]) -> dict[UUID, list[FeeItem]]:
    """All that is to be charged on these visits, in the order of the sources."""
    found: dict[UUID, list[FeeItem]] = {visit.pk: [] for visit in visits}
    for source in sources:
        for visit_id, items in source.items(visits).items():
            found[visit_id].extend(items)
    return found


def may_owe() -> Q:
    """The visits of which a patient may have to pay something."""
    return reduce(or_, (source.may_owe() for source in sources))


# ---- prices of the dated catalogue


@dataclass(frozen=True)
class PriceRow:
    """A row in force: `area` is a province's name, empty for the whole country."""

    price: int
    payer: str
    area: str
    since: dt.date | None


def price_of(rows: Sequence[PriceRow], payers: Sequence[str], province: str) -> int | None:
    """What holds in a province for the first of `payers` that has a price: the province's own before the
    country's, the latest first. None: nothing is known. Pure.
    """
    place = fold(province)
    for payer in payers:
        fits = [row for row in rows if row.payer == payer and (not row.area or fold(row.area) == place)]
        if fits:
            return max(fits, key=lambda row: (bool(row.area), row.since or dt.date.min)).price
    return None


def price_rows(codes: Collection[str], since: dt.date, until: dt.date) -> dict[str, list[ServicePrice]]:
    """The prices of some services that hold on any day of a span, by code. One query."""
    rows = ServicePrice.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=until),
        Q(valid_to__isnull=True) | Q(valid_to__gte=since),
        service_id__in=list(codes),
    ).defer("tokens", "folded", "search")
    found: dict[str, list[ServicePrice]] = {}
    for row in rows:
        found.setdefault(row.service_id, []).append(row)
    return found


def rows_on(rows: Sequence[ServicePrice], on: dt.date) -> list[PriceRow]:
    return [PriceRow(row.price, row.payer, row.area, row.valid_from) for row in rows if row.in_force(on)]


def province_of(visit: Visit) -> str:
    """The name of the province whose prices hold at the visit's station."""
    unit = visit.facility.unit
    return unit.parent.name if unit.parent else unit.name


def payer_of(visit: Visit) -> str:
    """Who pays for it; a visit of which nobody said it is paid by the patient."""
    return visit.payer or Payer.FEE


# ---- the examination


def exam_items(visits: Sequence[Visit]) -> dict[UUID, list[FeeItem]]:
    """The examination fee of each visit whose kind has one, by the prices of its day and station; who left
    was not examined. Three queries.
    """
    if not visits:
        return {}
    days = [visit.on for visit in visits]
    rules = parameters.values([EXAM_SERVICE, EXAM_KINDS, PRICE_OF], on=max(days))
    code, by_payer = rules[EXAM_SERVICE], rules[PRICE_OF]
    rows = price_rows([code], min(days), max(days)).get(code, [])
    found = {}
    for visit in visits:
        if visit.state == states.LEFT or visit.kind not in rules[EXAM_KINDS]:
            continue
        here, province = rows_on(rows, visit.on), province_of(visit)
        payer = payer_of(visit)
        insured = price_of(here, [Payer.BHYT], province)
        paid = price_of(here, by_payer.get(payer, by_payer[Payer.FEE]), province)
        found[visit.pk] = [
            FeeItem("exam", "exam", "Khám bệnh", paid, insured=insured, code=code, group="exam")
        ]
    return found


# ---- what is typed


def typed_items(visits: Sequence[Visit]) -> dict[UUID, list[FeeItem]]:
    """What was charged by hand; outside what the fund pays. One query."""
    found: dict[UUID, list[FeeItem]] = {}
    # unscoped: of visits that were found through the scope
    rows = FeeLine.unscoped.filter(visit__in=visits, state=FeeState.FINAL)
    for row in rows.order_by("created_at", "id"):
        item = FeeItem(
            "typed", str(row.pk), row.text, row.price, quantity=row.quantity, group="other", object_id=row.pk
        )
        found.setdefault(row.visit_id, []).append(item)
    return found


def exam_may_owe() -> Q:
    """Who pays herself, and the insured whose card says what the fund pays (medicines of an upper level)."""
    return ~Q(payer__in=[Payer.BHYT, Payer.FREE, "programme"]) | Q(payer=Payer.BHYT, fees__way=Way.REFILL)


def typed_may_owe() -> Q:
    # unscoped: a condition on visits that are found through the scope
    typed = FeeLine.unscoped.filter(visit=OuterRef("pk"), state=FeeState.FINAL)
    return ~Q(payer__in=[Payer.FREE, "programme"]) & Q(Exists(typed))


sources.add(
    FeeSource("exam", "Công khám", exam_items, exam_may_owe, 10),
    FeeSource("typed", "Khoản thu khác", typed_items, typed_may_owe, 90),
)
