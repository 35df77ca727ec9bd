"""Money stays in the book of the station that took it: a reform counts what is still open there.

Unscoped: a reform is the province's; it is told numbers, nothing of any patient.
"""

from apps.core.registry import Succession
from apps.encounters.models import Receipt, ReceiptState
from apps.encounters.money import cash, queries


def open_money(step: Succession) -> int:
    """Receipts that wait at the former stations, and stations with a day whose book is not closed."""
    waiting = Receipt.unscoped.filter(facility__in=step.stations, state=ReceiptState.WAITING).count()
    still_open = 0
    for station_id in step.stations:
        box = queries.box_of(station_id)
        still_open += cash.first_open(station_id, box.closed_until if box else None) is not None
    return waiting + still_open
