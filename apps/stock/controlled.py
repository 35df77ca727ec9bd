"""The book of controlled drugs: of each, every movement of a period with the balance after it."""

from dataclasses import dataclass
from itertools import groupby

from apps.core.scope import Scope
from apps.stock import periods, sources
from apps.stock.models import StockItem, StockMovement
from apps.stock.reading import CardLine

MOST = 2_000  # lines of one book on paper: about fifty pages


@dataclass(frozen=True)
class Part:
    """One drug's pages: what was there, each line, what is there."""

    item: StockItem
    opening: int
    lines: list[CardLine]
    closing: int


def book(scope: Scope, asked: periods.Asked) -> list[Part]:
    """Every controlled drug that was there or moved in the period. As many queries for one line as for many.

    An opening balance counted in within the period is its first line, as it is on the card of cardboard.
    """
    sums = {row.item.pk: row for row in periods.rows(scope, asked)}
    rows = StockMovement.visible(scope).filter(
        lot__item__in=list(sums), on__gte=asked.since, on__lte=asked.until
    )
    if asked.location is not None:
        rows = rows.filter(location=asked.location)
    ordered = rows.select_related("lot", "location").order_by("lot__item", "on", "id")[:MOST]
    by_item = {item_id: list(each) for item_id, each in groupby(ordered, lambda row: row.lot.item_id)}
    parts = []
    for item_id, row in sums.items():
        moved = by_item.get(item_id, [])
        there = opening = row.sums.closing - sum(each.quantity for each in moved)
        lines = []
        for each in moved:
            there += each.quantity
            lines.append(CardLine(each, there))
        parts.append(Part(row.item, opening, lines, there))
    sources.tell(scope, [line for part in parts for line in part.lines])
    return parts
