"""What was charged for medicines that came back, or were never given: named for refund by the till."""

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from apps.encounters.dispensing import states
from apps.encounters.dispensing.charging import SOURCE
from apps.encounters.dispensing.reading import with_back
from apps.encounters.models import DispensingLot, ReceiptLine, ReceiptState, Visit
from apps.encounters.money import receipts
from apps.encounters.money.benefit import whole

REASON = "Thuốc đã trả lại hoặc hủy cấp"


def name(visit: Visit) -> None:
    """Tell the till what of each receipt of the visit is the patient's again. Two queries where nothing was
    charged. Unscoped: of a visit that was taken through the scope.
    """
    charged = list(
        ReceiptLine.unscoped.filter(
            receipt__visit=visit,
            receipt__state__in=(ReceiptState.WAITING, ReceiptState.PAID),
            source=SOURCE,
        ).select_related("receipt")
    )
    if not charged:
        return
    given = DispensingLot.unscoped.filter(pk__in=[line.object_id for line in charged])
    kept = {
        str(lot.pk): 0 if lot.line.dispensing.state == states.CANCELLED else lot.quantity - lot.back
        for lot in with_back(given).select_related("line__dispensing")
    }
    wanted: dict[UUID, Decimal] = defaultdict(Decimal)
    for line in charged:
        over = line.quantity - kept.get(line.key, 0)
        receipt = line.receipt
        if over > 0:
            share = Decimal(line.patient) * over / line.quantity
            wanted[receipt.pk] += share * receipt.payable / receipt.patient if receipt.patient else 0
    receipts.came_back(visit.pk, {key: whole(amount) for key, amount in wanted.items()}, REASON)
