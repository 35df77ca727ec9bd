"""The bill of a visit as it now is: what is open, what receipts have charged already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from apps.catalogues import codes
from apps.core import parameters
from apps.encounters.models import Receipt, ReceiptLine, ReceiptState, Visit, VisitFees, Way
from apps.encounters.money import benefit, sharing, sources
from apps.encounters.money.sharing import Bill, Relief

SALARY, SMALL = "insurance.base_salary", "insurance.small_visit_percent"
OBJECT_TYPES = "kcb_object_type"


@dataclass(frozen=True)
class VisitBill:
    """What is open on a visit. `charged` are the receipts that stand, oldest first. `question` says what is
    missing to compute the fund's part; nothing can be charged then.
    """

    visit: Visit
    bill: Bill
    fees: VisitFees | None = None
    charged: list[Receipt] = field(default_factory=list)
    question: str = ""

    @property
    def payable(self) -> int:
        return self.bill.payable

    @property
    def outrun(self) -> Receipt | None:
        """A receipt in which the fund pays another part than it pays of the whole visit now: what was given
        since has lifted it over the bound of a small visit, or the terms were changed.
        """
        if self.question or self.visit.payer != sharing.BHYT:
            return None
        return next((each for each in self.charged if each.fund and each.level != self.bill.level), None)


def bill_of(visit: Visit) -> VisitBill:
    """The bill of one visit, which was found through the scope."""
    return bills_of([visit])[visit.pk]


def bills_of(visits: Sequence[Visit]) -> dict[UUID, VisitBill]:
    """The bills of several visits, with their facility's unit and card; the same number of queries for
    any. Unscoped: the visits were found through the scope.
    """
    items = sources.items_of(visits)
    fees = {row.visit_id: row for row in VisitFees.unscoped.filter(visit__in=visits)}
    receipts: dict[UUID, list[Receipt]] = {}
    for receipt in (
        Receipt.unscoped.filter(visit__in=visits).exclude(state=ReceiptState.VOID).order_by("created_at")
    ):
        receipts.setdefault(receipt.visit_id, []).append(receipt)
    keys: dict[UUID, set[tuple[str, str]]] = {}
    lines = ReceiptLine.unscoped.filter(receipt__visit__in=visits).exclude(receipt__state=ReceiptState.VOID)
    for visit_id, source, key in lines.values_list("receipt__visit_id", "source", "key"):
        keys.setdefault(visit_id, set()).add((source, key))
    thresholds: dict[object, Decimal] = {}
    found = {}
    for visit in visits:
        if visit.on not in thresholds:
            thresholds[visit.on] = _threshold(visit) if visit.payer == sharing.BHYT else Decimal(0)
        found[visit.pk] = _bill(
            visit,
            items[visit.pk],
            fees.get(visit.pk),
            receipts.get(visit.pk, []),
            keys.get(visit.pk, set()),
            thresholds[visit.on],
        )
    return found


def _bill(
    visit: Visit,
    items: list[sharing.FeeItem],
    fees: VisitFees | None,
    charged: list[Receipt],
    keys: set[tuple[str, str]],
    threshold: Decimal,
) -> VisitBill:
    payer = sources.payer_of(visit)
    waiting = [item for item in items if (item.source, item.key) not in keys]
    question, level = "", Decimal(0)
    if payer == sharing.BHYT:
        try:
            # The whole visit says whether it is a small one, also what was charged before.
            level = level_of(visit, fees, sharing.insured_total(items, payer), threshold)
        except benefit.NoBenefit as no:
            question = no.message
    relief = None
    if fees is not None and (fees.relief_percent or fees.relief_amount):
        relief = Relief(fees.relief_percent, fees.relief_amount, fees.relief_reason)
    used = sum(receipt.relief for receipt in charged)
    made = sharing.bill(waiting, payer=payer, level=level, relief=relief, used=used)
    return VisitBill(visit, made, fees, charged, question)


def level_of(visit: Visit, fees: VisitFees | None, total: Decimal, threshold: Decimal) -> Decimal:
    """The fund's part in percent at a station. Raises NoBenefit where the card must say it and does not."""
    row = codes.get(OBJECT_TYPES, benefit.STATION, visit.on)
    kind = benefit.ObjectType(
        benefit.STATION,
        Decimal(row.extra["rate"]) if row and row.extra.get("rate") else None,
        ignores_card=True,
    )
    refill = fees is not None and fees.way == Way.REFILL
    return benefit.level(
        kind=kind,
        card_level=benefit.level_of_card(visit.card.number) if visit.card else None,
        total=total,
        threshold=threshold,
        at_station=True,
        reason=benefit.REFILL if refill else None,
    )


def _threshold(visit: Visit) -> Decimal:
    values = parameters.values([SALARY, SMALL], on=visit.on)
    return Decimal(str(values[SALARY])) * Decimal(str(values[SMALL])) / 100
