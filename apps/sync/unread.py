"""What of a restricted record may leave the house is read here by right all the same."""

from typing import Any

from apps.core.errors import Refused
from apps.core.scope import current
from apps.encounters.models import Order, Visit
from apps.patients import restricted
from apps.sync import kinds
from apps.sync.models import OutboxRow

UNREAD = "Bản ghi này có thông tin hạn chế mà bạn không được xem."


def refuse_unread(row: OutboxRow) -> None:
    """Raises Refused where something in the record is read by right alone, and the reader has it not."""
    if current().can(restricted.RIGHT):
        return
    visit_id = kinds.visit_of(row.kind, row.aggregate_id)
    if visit_id is None:
        return
    # unscoped: whether anything restricted is in it; nothing of it is told
    visit = Visit.unscoped.filter(pk=visit_id, restricted=True)
    orders = Order.unscoped.filter(visit=visit_id, restricted=True)
    if visit.exists() or orders.exists():
        raise Refused(UNREAD)


def refuse_restricted(record: Any) -> None:
    """The same of a record that says of itself that something in it is read by right alone."""
    if getattr(record, "restricted", False) and not current().can(restricted.RIGHT):
        raise Refused(UNREAD)
