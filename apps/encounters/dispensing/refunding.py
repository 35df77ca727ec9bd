"""What of the medicines that were charged she has kept: the rest is named for refund by the till."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from apps.encounters.dispensing import states
from apps.encounters.dispensing.charging import SOURCE
from apps.encounters.dispensing.reading import with_back
from apps.encounters.models import DispensingLot, ReceiptLine
from apps.encounters.money.coming_back import BackSource, sources


def kept(lines: Sequence[ReceiptLine]) -> Mapping[str, Decimal]:
    """How much of each lot that was charged has not come back. One query.

    Unscoped: of a visit that was taken through the scope.
    """
    given = DispensingLot.unscoped.filter(pk__in=[line.object_id for line in lines])
    return {
        str(lot.pk): Decimal(0 if lot.line.dispensing.state == states.CANCELLED else lot.quantity - lot.back)
        for lot in with_back(given).select_related("line__dispensing")
    }


sources.add(BackSource(SOURCE, kept))
