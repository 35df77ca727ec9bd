"""What the stock tells other rooms: which items, how much may be used, from where."""

import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from apps.core.scope import Scope
from apps.stock.models import ItemKind, LotState, StockBalance, StockItem, StockLocation
from apps.stock.models.items import ORDINARY


def items_of(
    scope: Scope, codes: Collection[str], *, kind: str = ItemKind.DRUG, programme: str = ORDINARY
) -> dict[str, StockItem]:
    """The workplace's item of each catalogue code, those in use first; without what it does not keep."""
    rows = StockItem.visible(scope).filter(
        station_id=scope.workplace_id, kind=kind, code__in=codes, programme=programme
    )
    found: dict[str, StockItem] = {}
    for row in rows.order_by("is_active", "-pk"):
        found[row.code] = row
    return found


def may_be_used(on: dt.date, prefix: str = "lot__") -> Q:
    """Balances of lots that may be used on that day: what the rule of fefo.why_not says, for a query."""
    return Q(**{f"{prefix}state": LotState.USABLE}) & (
        Q(**{f"{prefix}expiry__isnull": True}) | Q(**{f"{prefix}expiry__gte": on})
    )


def usable(
    scope: Scope, item_ids: Collection[UUID], *, location_id: UUID | None = None, on: dt.date
) -> dict[UUID, int]:
    """How much of each item may be used on that day, in one place or all of the station's. One query."""
    rows = StockBalance.visible(scope).filter(may_be_used(on), lot__item_id__in=item_ids, quantity__gt=0)
    if location_id is not None:
        rows = rows.filter(location_id=location_id)
    found = dict.fromkeys(item_ids, 0)
    found.update(rows.order_by().values_list("lot__item_id").annotate(all=Sum("quantity")))
    return found


def dispensing_places(scope: Scope) -> Sequence[StockLocation]:
    """Where one dispenses from here: the places of the point one works at first, else the station's own."""
    return here(scope, places_that_dispense(scope))


def places_that_dispense(scope: Scope) -> QuerySet[StockLocation]:
    """All of the workplace's, as a query that others may add to."""
    rows = StockLocation.visible(scope).filter(station_id=scope.workplace_id, is_active=True, dispenses=True)
    return rows.order_by("created_at", "pk")


def here(scope: Scope, rows: QuerySet[StockLocation]) -> Sequence[StockLocation]:
    """Of places that dispense those of the point one works at, else all. One query."""
    places = list(rows)
    near = [place for place in places if place.point_id == scope.point_id]
    return near or places
