"""An item in a code picker: what the station keeps first, then rows of the catalogues that it may keep."""

import datetime as dt
from collections.abc import Sequence
from functools import reduce
from operator import and_

from django.db.models import Q

from apps.catalogues import codes, picks
from apps.catalogues.models import Drug, Supply
from apps.catalogues.picks import Kind, Pick
from apps.core.errors import Refused
from apps.core.scope import Scope, current
from apps.core.text import search_key
from apps.stock import keeping
from apps.stock.models import ItemKind, StockItem
from apps.stock.models.items import ORDINARY

KIND = "stock_item"


def item_of(key: str) -> StockItem:
    """The item that was picked; a row of a catalogue becomes an item of the workplace. Raises Refused."""
    station = current().workplace_id
    found = StockItem.objects.filter(station_id=station, label__iexact=key).order_by("-is_active").first()
    if found is not None and found.is_active:
        return found
    if found is None and Drug.objects.filter(code=key).exists():
        return keeping.item_for(ItemKind.DRUG, key)
    if found is None and Supply.objects.filter(code=key).exists():
        return keeping.item_for(ItemKind.SUPPLY, key)
    if found is None and codes.get(keeping.HERBS, key):
        return keeping.item_for(ItemKind.HERB, key)
    raise Refused("Chọn mặt hàng trong danh sách.", field="item", code="no-item")


def words_of(text: str) -> Q:
    """Items in whose name every typed word begins a word, without accents, or whose code begins so."""
    words = search_key(text).split()
    named = [Q(folded__startswith=word) | Q(folded__contains=f" {word}") for word in words]
    return reduce(and_, named, Q())


def _find(scope: Scope, text: str, on: dt.date) -> list[Pick]:
    if not scope.can("stock.enter") or scope.workplace_id is None:
        return []
    rows = StockItem.visible(scope).filter(
        words_of(text[:100]), station_id=scope.workplace_id, is_active=True
    )
    own = list(rows.order_by("folded", "pk")[: picks.LIMIT])
    found = [Pick(row.label, row.name, _note(row)) for row in own]
    kept = {row.code for row in own}
    if text.strip():
        for kind in ("drug", "supply", keeping.HERBS):
            known = picks.find_kind(kind)
            for pick in known.find(scope, text, on) if known else ():
                if pick.code not in kept:
                    found.append(Pick(pick.code, pick.name, f"chưa có trong kho, {pick.note}"))
    return found[: picks.LIMIT]


def _note(item: StockItem) -> str:
    note = [item.unit, *(f"{pack.name.lower()} {pack.factor}" for pack in item.pack_list)]
    if item.programme != ORDINARY:
        note.append(codes.label("stock_programme", item.programme))
    if item.controlled:
        note.append(item.get_controlled_display().lower())
    return ", ".join(note)


def _names(labels: Sequence[str]) -> dict[str, str]:
    scope = current()
    rows = StockItem.visible(scope).filter(station_id=scope.workplace_id, label__in=labels)
    return {row.label: row.name for row in rows}


STOCK_ITEM = Kind(KIND, "Mặt hàng trong kho", _find, _names)
