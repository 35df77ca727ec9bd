"""What was ordered on a visit as lines of its bill: at the price of the day, a course by its sessions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When
from django.db.models.functions import Least

from apps.encounters.models import Order, OrderKind, Payer, ReceiptLine, Visit
from apps.encounters.money import coming_back
from apps.encounters.money.coming_back import BackSource
from apps.encounters.money.sharing import FeeItem
from apps.encounters.money.sources import FeeSource, sources
from apps.encounters.ordering import states as order_states

HIDDEN = (
    "Xét nghiệm, dịch vụ kỹ thuật"  # of a restricted order: a bill is read by more than who reads the order
)


def items(visits: Sequence[Visit]) -> dict[UUID, list[FeeItem]]:
    """The orders that stand, with what the fund pays of the insured's. One query."""
    insured = {visit.pk for visit in visits if visit.payer == Payer.BHYT}
    found: dict[UUID, list[FeeItem]] = {}
    # unscoped: of visits that were found through the scope
    rows = _counted(Order.unscoped.filter(visit__in=visits))
    for row in rows.order_by("occurred_at", "id"):
        item = FeeItem(
            "orders",
            str(row.pk),
            HIDDEN if row.restricted else row.name,
            row.price,
            quantity=Decimal(row.stands),
            insured=row.price if row.visit_id in insured else None,
            code="" if row.restricted else row.code,
            object_id=row.pk,
        )
        found.setdefault(row.visit_id, []).append(item)
    return found


def kept(lines: Sequence[ReceiptLine]) -> Mapping[str, Decimal]:
    """The orders of these lines that stand, by their sessions. One query."""
    # unscoped: of a visit that was taken through the scope
    rows = _counted(Order.unscoped.filter(pk__in=[line.object_id for line in lines]))
    return {str(pk): Decimal(stands) for pk, stands in rows.values_list("pk", "stands")}


def _counted(orders: QuerySet[Order]) -> QuerySet[Any]:
    """Those of the orders that stand, with what of each is paid for as `stands`: its sessions, of a course
    that has ended those that were held.
    """
    ended = Q(kind=OrderKind.COURSE, state=order_states.RESULTED)
    held = Least(
        Count("sittings", filter=Q(sittings__in_error=False)), F("sessions"), output_field=IntegerField()
    )
    return (
        orders.filter(state__in=order_states.LIVE)
        .annotate(stands=Case(When(ended, then=held), default=F("sessions"), output_field=IntegerField()))
        .filter(stands__gt=0)
    )


def may_owe() -> Q:
    """Nobody besides those who pay for the examination: of the insured the fund pays what has its price."""
    return Q(pk__in=())


coming_back.sources.add(BackSource("orders", kept))
sources.add(FeeSource("orders", "Dịch vụ đã chỉ định", items, may_owe, 50))
