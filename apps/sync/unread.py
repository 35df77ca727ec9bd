"""What of a restricted record may leave the house is read here by right all the same."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from apps.core.errors import Refused
from apps.core.scope import current
from apps.encounters.models import Order, Visit
from apps.patients import restricted
from apps.sync import kinds
from apps.sync.models import OutboxRow

UNREAD = "Bản ghi này có thông tin hạn chế mà bạn không được xem."


def of_visits(visit_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of which something is read by right alone. One query."""
    # unscoped, both: whether anything restricted is in it; nothing of it is told
    orders = Order.unscoped.filter(visit=OuterRef("pk"), restricted=True)
    few = Visit.unscoped.filter(Q(restricted=True) | Exists(orders), pk__in=visit_ids)
    return frozenset(few.values_list("pk", flat=True))


def among(rows: Sequence[OutboxRow]) -> frozenset[UUID]:
    """The rows whose record the reader may not read. A fixed number of queries for each kind of record."""
    if current().can(restricted.RIGHT):
        return frozenset()
    found: set[UUID] = set()
    for kind in {row.kind for row in rows}:
        here = [row for row in rows if row.kind == kind]
        few = kinds.few(kind, [row.aggregate_id for row in here])
        found |= {row.pk for row in here if row.aggregate_id in few}
    return frozenset(found)


def refuse_unread(row: OutboxRow) -> None:
    """Raises Refused where something in the record is read by right alone, and the reader has it not."""
    if among([row]):
        raise Refused(UNREAD)
