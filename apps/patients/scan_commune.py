"""Which commune the address on a scanned card names: proposed beside the field, never filled in silently.

A card of before the last reform writes commune, district, province, one of after it commune, province. An old
district has often given its name to a commune of today: where the day of the card does not tell which of the
two a word means, it is taken for a commune only where the card itself says so ('Xã', 'Phường').
"""

import datetime as dt
from typing import Any

from django.utils import timezone

from apps.catalogues import communes
from apps.catalogues.picks import Pick
from apps.core.text import clean, fold
from apps.facilities.models import AdminUnit
from apps.facilities.resolve import Resolver
from apps.patients.unit_codes import CHANGE

COMMUNES = ("xa ", "phuong ", "thi tran ", "dac khu ", "p ", "tt ")  # folded
BEFORE = CHANGE - dt.timedelta(days=1)


def offer(card: dict[str, Any] | None) -> Pick | None:
    """The commune of a card as `search.pack` keeps it, for whoever registers her to take or leave.

    An insurance card is renewed without its address being written anew: its days tell nothing.
    """
    if card is None or not card["address"]:
        return None
    day = card.get("issued")
    unit = proposed(card["address"], dt.date.fromisoformat(day) if day else None)
    return communes.pick_of(unit) if unit else None


def proposed(address: str, issued: dt.date | None) -> AdminUnit | None:
    """The commune of today; None where the words fit none, several, or one that was split. `issued`: the day
    of the card, None where it is unknown. A few statements.
    """
    parts = [part for part in (clean(each) for each in address.split(",")) if part]
    if len(parts) < 2:
        return None
    after = issued is not None and issued >= CHANGE
    resolver = Resolver(on=timezone.localdate() if after else BEFORE)
    readings = [] if after or len(parts) < 3 else [parts[-3:]]
    if after or fold(parts[-2]).startswith(COMMUNES):
        readings.append([parts[-2], "", parts[-1]])
    for names in readings:
        found = resolver.find(names=names)
        if found.way != "none":
            return found.unit if found.way == "names" else None
    return None
