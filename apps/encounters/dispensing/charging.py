"""Medicines given at the station as lines of the bill: each lot at its own price, less what came back.

The price is what the lot was bought for, with the station's markup (parameter fees.medicines); nobody is
charged for a programme's medicines or for lots that came free (its `free_sources`).
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from apps.catalogues import codes
from apps.core import parameters
from apps.encounters.dispensing import states
from apps.encounters.dispensing.reading import with_back
from apps.encounters.herbs import UNPAID, herb_on
from apps.encounters.insured import SENTENCES
from apps.encounters.models import DispensingLot, Payer, Visit
from apps.encounters.money.benefit import whole
from apps.encounters.money.sharing import FeeItem
from apps.encounters.money.sources import FeeSource, payer_of, sources
from apps.stock.models.items import ORDINARY

SOURCE = "medicines"
RULES = "fees.medicines"
HIDDEN = "Thuốc theo đơn"  # of a restricted visit: a bill is read, printed and shown by more than its doctor


def price_of(cost: Decimal | None, markup: Any) -> int | None:
    """Đồng a base unit: what it was bought for and the station's part in percent. Pure."""
    if cost is None:
        return None
    return whole(cost * (100 + Decimal(str(markup))) / 100)


def items(visits: Sequence[Visit]) -> dict[UUID, list[FeeItem]]:
    """What was given on these visits and not brought back. Two queries."""
    if not visits:
        return {}
    rules = parameters.value(RULES, on=max(visit.on for visit in visits))
    by_id = {visit.pk: visit for visit in visits}
    found: dict[UUID, list[FeeItem]] = {}
    # unscoped: of visits that were found through the scope
    given = DispensingLot.unscoped.filter(
        line__dispensing__visit__in=list(by_id), line__dispensing__state=states.COMPLETED
    )
    rows = with_back(given).filter(quantity__gt=F("back")).select_related("line__dispensing", "line__drug")
    for lot in rows.order_by("line__dispensing__occurred_at", "line__position", "pk"):
        visit = by_id[lot.line.dispensing.visit_id]
        found.setdefault(visit.pk, []).append(_item(lot, visit, rules))
    return found


def _item(lot: Any, visit: Visit, rules: Any) -> FeeItem:
    line, payer = lot.line, payer_of(visit)
    markup = rules["markup"].get(payer, rules["markup"].get(Payer.FEE, 0))
    insured = payer == Payer.BHYT and _bhyt_code(line, visit)
    return FeeItem(
        SOURCE,
        str(lot.pk),
        HIDDEN if visit.restricted else line.item_name,
        price_of(lot.price, markup),
        quantity=Decimal(lot.quantity - lot.back),
        insured=price_of(lot.price, 0) if insured else None,
        code="" if visit.restricted else line.drug.code if line.drug else line.herb,
        group="drug",
        why_not="" if insured or payer != Payer.BHYT else SENTENCES["code"] if line.drug else UNPAID,
        free_for=_free_for(lot, rules),
        object_id=lot.pk,
    )


def _bhyt_code(line: Any, visit: Visit) -> str:
    """The code under which the fund pays; without one the patient does."""
    return str(line.drug.bhyt_code) if line.drug else herb_on(line.herb, visit.on).bhyt_code


def _free_for(lot: DispensingLot, rules: Any) -> str:
    """Why nobody is charged; empty when somebody is."""
    if lot.line.programme not in ("", ORDINARY):
        return codes.label("stock_programme", lot.line.programme)
    if lot.source in rules["free_sources"]:
        return codes.label("stock_source", lot.source)
    return ""


def may_owe() -> Q:
    """Besides those who pay for the examination: the insured who got what the fund does not pay."""
    # unscoped: a condition on visits that are found through the scope
    given = DispensingLot.unscoped.filter(
        Q(line__drug__bhyt_code="") | Q(line__drug__isnull=True),
        line__dispensing__visit=OuterRef("pk"),
        line__dispensing__state=states.COMPLETED,
        line__programme=ORDINARY,
        price__gt=0,
    )
    return Q(payer=Payer.BHYT) & Q(Exists(given))


sources.add(FeeSource(SOURCE, "Thuốc cấp tại trạm", items, may_owe, 60))
