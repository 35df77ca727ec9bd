"""What the stock tells other rooms: which items, how much may be used, from where."""

import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from apps.core.scope import Scope
from apps.stock.models import ItemKind, LocationKind, LotState, StockBalance, StockItem, StockLocation
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
    """Where one dispenses from here: the places of the point one works at first, else the station's own. One
    query.
    """
    return near(scope, list(places_that_dispense(scope)))


def places_of(scope: Scope) -> QuerySet[StockLocation]:
    """All of the workplace's in use, as a query that others may add to."""
    rows = StockLocation.visible(scope).filter(station_id=scope.workplace_id, is_active=True)
    return rows.order_by("created_at", "pk")


def places_that_dispense(scope: Scope) -> QuerySet[StockLocation]:
    return places_of(scope).filter(dispenses=True)


def near(scope: Scope, places: Sequence[StockLocation]) -> Sequence[StockLocation]:
    """Of places that dispense those of the point one works at, else all: a counter before the store that it
    is filled from.
    """
    here = [place for place in places if place.point_id == scope.point_id] or places
    return sorted(here, key=lambda place: place.kind != LocationKind.POINT)


def elsewhere(scope: Scope, place: StockLocation, codes: Collection[str], on: dt.date) -> dict[str, str]:
    """What may be used of each catalogue code in the station's places beside this one, in words: '2 hộp (Kho
    chính)'. One query.
    """
    rows = StockBalance.visible(scope).filter(
        may_be_used(on),
        quantity__gt=0,
        location__station_id=place.station_id,
        location__is_active=True,
        lot__item__code__in=codes,
        lot__item__is_active=True,
    )
    there = rows.exclude(location=place).select_related("lot__item", "location").order_by("location__name")
    found: dict[str, dict[tuple[str, UUID], int]] = {}
    items: dict[UUID, StockItem] = {}
    for row in there:
        item = items.setdefault(row.lot.item_id, row.lot.item)
        told = found.setdefault(item.code, {})
        key = (row.location.name, item.pk)
        told[key] = told.get(key, 0) + row.quantity
    return {
        code: "; ".join(f"{items[item].words(many)} ({name})" for (name, item), many in told.items())
        for code, told in found.items()
    }
