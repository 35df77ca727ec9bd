"""A former station's stock goes on at its successor: places, items with their lots, papers.

The ledger itself is never changed: its rows follow their lots and places. Unscoped: a reform is the
province's, approved by a second person; its stations were checked there.
"""

import datetime as dt
from itertools import chain, count
from uuid import UUID

from django.db.models import QuerySet

from apps.core.journal import Journal
from apps.core.registry import Succession
from apps.stock.models import Lot, StockDocument, StockItem, StockLocation, StockMovement

BATCH = 200


def _places(step: Succession) -> QuerySet[StockLocation]:
    return StockLocation.unscoped.filter(station_id__in=step.stations)


def places(step: Succession) -> int:
    return _places(step).count()


def move_places(step: Succession, journal: Journal) -> int:
    """Each place says of which former station it was; the former station itself is a point now."""
    rows = list(_places(step).select_for_update(of=("self",)).order_by("pk")[:BATCH])
    for row in rows:
        former, heir = row.station_id, step.stations[row.station_id]
        name = row.name
        if StockLocation.unscoped.filter(station_id=heir, name__iexact=name).exists():
            name = f"{row.name} – {step.names.get(former, 'trạm cũ')}"[:100]
        journal.change(
            row,
            station_id=heir,
            point_id=row.point_id or former,
            name=name,
        )
    return len(rows)


def newer(step: Succession, since: dt.datetime) -> int:
    """What was moved at the successors since: it would not be there any more."""
    rows = StockMovement.unscoped.filter(location__station_id__in=step.successors, recorded_at__gt=since)
    return rows.count()


def _items(step: Succession) -> QuerySet[StockItem]:
    return StockItem.unscoped.filter(station_id__in=step.stations, is_active=True)


def items(step: Succession) -> int:
    return _items(step).count()


def move_items(step: Succession, journal: Journal) -> int:
    """An item goes over; where the successor keeps the same in the same unit, its lots go under that one.

    The emptied item stays at the former station, not in use.
    """
    rows = list(_items(step).select_for_update(of=("self",)).order_by("pk")[:BATCH])
    for row in rows:
        heir = step.stations[row.station_id]
        same = StockItem.unscoped.filter(
            station_id=heir, kind=row.kind, programme=row.programme, unit=row.unit, code=row.code
        )
        same = same if row.code else same.filter(name__iexact=row.name)
        twin = same.order_by("-is_active", "pk").first()
        if twin is None:
            journal.change(row, station_id=heir, label=_free_label(heir, row))
            continue
        lots = list(Lot.unscoped.filter(item=row).values_list("pk", flat=True))
        journal.repoint("stock.Lot", "item_id", row.pk, twin.pk, ids=lots)
        known = {name for name, _ in twin.packs}
        more = [pack for pack in row.packs if pack[0] not in known]
        if more:
            journal.change(twin, packs=[*twin.packs, *more])
        if not twin.is_active:
            journal.change(twin, is_active=True)
        journal.change(row, is_active=False)
    return len(rows)


def _free_label(heir: UUID, row: StockItem) -> str:
    taken = set(StockItem.unscoped.filter(station_id=heir).values_list("label", flat=True))
    others = (f"{row.label}-{number}"[:100] for number in count(2))
    return next(wish for wish in chain([row.label], others) if wish not in taken)


def _papers(step: Succession) -> QuerySet[StockDocument]:
    return StockDocument.unscoped.filter(station_id__in=step.stations)


def papers(step: Succession) -> int:
    return _papers(step).count()


def move_papers(step: Succession, journal: Journal) -> int:
    rows = list(_papers(step).select_for_update(of=("self",)).order_by("pk")[:BATCH])
    for row in rows:
        journal.change(row, station_id=step.stations[row.station_id])
    return len(rows)
