"""Invented stock for tests: items and places saved directly, what lies there written through the ledger."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core import scope
from apps.core.ids import uuid7
from apps.core.scope import Scope
from apps.facilities.models import Facility
from apps.stock import ledger
from apps.stock.ledger import Move, Source
from apps.stock.models import DocumentLine, Lot, StockDocument, StockItem, StockLocation

RIGHTS = frozenset(f"stock.{action}" for action in ("view", "enter", "edit", "approve", "export"))


def keeper_at(station: Facility, rights: frozenset[str] = RIGHTS, **fields: Any) -> Scope:
    """The scope of who keeps the station's store."""
    return Scope(
        user_id=fields.pop("user_id", uuid7()),
        username="duoc",
        label=station.name,
        facility_ids=frozenset({station.pk}),
        workplace_id=station.pk,
        rights=rights,
        full_name="Lê Thị Dược",
        **fields,
    )


def an_item(station: Facility, name: str = "Paracetamol 500mg", **fields: Any) -> StockItem:
    fields = {"kind": "drug", "unit": "Viên", "packs": [["Hộp", 100], ["Vỉ", 10]]} | fields
    label = fields.pop("label", fields.get("code") or f"R{StockItem.unscoped.count() + 1:03d}")
    if StockItem.unscoped.filter(station=station, label=label).exists():
        label = f"{label}-{fields['programme']}"
    return StockItem.unscoped.create(station=station, name=name, label=label, **fields)


def a_place(station: Facility, name: str = "Kho chính", **fields: Any) -> StockLocation:
    fields = {"kind": "store"} | fields
    return StockLocation.unscoped.create(station=station, name=name, **fields)


def a_lot(
    item: StockItem, place: StockLocation | None = None, quantity: int = 0, number: str = "L1", **fields: Any
) -> Lot:
    """A lot that expires in a year, so much of it lying at `place`."""
    today = timezone.localdate()
    fields = {"expiry": today + dt.timedelta(days=365), "since": today} | fields
    lot = Lot.unscoped.create(item=item, number=number, **fields)
    if place is not None and quantity:
        with scope.system("test"), transaction.atomic():
            ledger.items_lock([item.pk])
            ledger.write(
                [Move("opening", lot.pk, place.pk, quantity)], source=Source("test", uuid7()), on=today
            )
    return lot


def a_paper(station: Facility, kind: str = "receipt") -> StockDocument:
    """A draft of one line, and what it is about: an item with a lot that lies in the station's store."""
    place = StockLocation.unscoped.filter(station=station).first() or a_place(station)
    item = an_item(station)
    lot = a_lot(item, place, 30)
    paper = StockDocument.unscoped.create(
        station=station, kind=kind, on=timezone.localdate(), location=place, made_by_name="Lê Thị Dược"
    )
    DocumentLine.unscoped.create(
        document=paper, position=0, item=item, lot=lot, lot_number=lot.number, expiry=lot.expiry, quantity=10
    )
    return paper
