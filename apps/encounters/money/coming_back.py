"""What was charged and does not stand any more: medicines that came back, an order that was cancelled. The
till names how much of each receipt is the patient's again.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.core.registry import Registry
from apps.encounters.events import VisitPartChanged
from apps.encounters.models import ReceiptLine, ReceiptState
from apps.encounters.money import receipts
from apps.encounters.money.benefit import whole

REASON = "Khoản đã thu được trả lại hoặc hủy"


@dataclass(frozen=True)
class BackSource:
    """What of a FeeSource of the same key may come back. `kept(lines)` says how much of each line still
    stands, by the line's key; what is not named does not stand at all. A fixed number of queries.
    """

    key: str
    kept: Callable[[Sequence[ReceiptLine]], Mapping[str, Decimal]]


sources: Registry[BackSource] = Registry("what may come back")


def name(visit_id: UUID) -> None:
    """Tell the till what of each receipt of the visit is the patient's again, whatever it was charged for.
    One query where nothing was charged. Unscoped: of a visit that was taken through the scope.
    """
    charged: dict[str, list[ReceiptLine]] = defaultdict(list)
    rows = ReceiptLine.unscoped.filter(
        receipt__visit=visit_id,
        receipt__state__in=(ReceiptState.WAITING, ReceiptState.PAID),
        source__in=[source.key for source in sources],
    )
    for line in rows.select_related("receipt"):
        charged[line.source].append(line)
    wanted: dict[UUID, Decimal] = defaultdict(Decimal)
    for source in sources:
        lines = charged[source.key]
        kept = source.kept(lines) if lines else {}
        for line in lines:
            over = line.quantity - kept.get(line.key, 0)
            receipt = line.receipt
            if over > 0:
                share = Decimal(line.patient) * over / line.quantity
                wanted[receipt.pk] += share * receipt.payable / receipt.patient if receipt.patient else 0
    if wanted:
        receipts.came_back(visit_id, {key: whole(amount) for key, amount in wanted.items()}, REASON)


def part_changed(event: VisitPartChanged) -> None:
    """An order was cancelled or taken back, perhaps one that was paid for."""
    name(event.visit_id)
