"""What of a medicine lies where this account gives out: told at its line while it is prescribed."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from apps.core.scope import Scope
from apps.encounters.dispensing import rules
from apps.stock import expiry, units
from apps.stock import queries as stock
from apps.stock.models import ItemKind, StockBalance

LAST = "9999-12-31"  # a lot without a last day of use comes after all others


@dataclass(frozen=True)
class Shelf:
    """What may be used of one medicine there: base units, as words, until when at the earliest."""

    quantity: int
    unit: str
    place: str
    words: str = ""
    until: str = ""

    def told(self, wanted: Decimal | None, unit: str) -> tuple[str, str]:
        """The state of a chip and its sentence: `wanted` in `unit` is what the line comes to."""
        if not self.quantity:
            return "danger", f"không có trong kho ({self.place})"
        short = wanted is not None and rules.same_unit(unit, self.unit) and self.quantity < wanted
        said = f"còn {self.words}" + (f", hạn {self.until}" if self.until else "")
        return ("warning", f"không đủ: chỉ {said}") if short else ("done", said)


def shelves(scope: Scope, codes: Collection[str], on: dt.date) -> Mapping[str, Shelf]:
    """By the code of each medicine what may be used of it; nothing where the station gives nothing out.

    One query however many there are, none for no codes.
    """
    wanted = {code for code in codes if code}
    if not wanted or scope.workplace_id is None:
        return {}
    # unscoped: what lies in places that are read through the scope
    there = (
        StockBalance.unscoped.filter(
            stock.may_be_used(on),
            location=OuterRef("pk"),
            quantity__gt=0,
            lot__item__station_id=scope.workplace_id,
            lot__item__kind=ItemKind.DRUG,
            lot__item__code__in=wanted,
            lot__item__is_active=True,
        )
        .order_by()
        .values(
            told=JSONObject(
                code="lot__item__code",
                unit="lot__item__unit",
                packs="lot__item__packs",
                quantity="quantity",
                expiry="lot__expiry",
                month_only="lot__month_only",
            )
        )
    )
    places = stock.here(scope, stock.places_that_dispense(scope).annotate(there=ArraySubquery(there)))
    if not places:
        return {}
    named = places[0].name if len(places) == 1 else "các nơi cấp phát"
    found: dict[str, list[Mapping[str, Any]]] = {code: [] for code in wanted}
    for row in (row for place in places for row in place.there):  # type: ignore[attr-defined]  # annotated
        found[row["code"]].append(row)
    return {code: _shelf(rows, named) for code, rows in found.items()}


def _shelf(rows: Sequence[Mapping[str, Any]], place: str) -> Shelf:
    """What these balances of one medicine come to. The same in another unit is another shelf: that of what
    expires first is told.
    """
    if not rows:
        return Shelf(0, "", place)
    ordered = sorted(rows, key=lambda row: row["expiry"] or LAST)
    unit = ordered[0]["unit"]
    alike = [row for row in ordered if rules.same_unit(row["unit"], unit)]
    many = sum(row["quantity"] for row in alike)
    last = ordered[0]["expiry"]
    until = expiry.shown(dt.date.fromisoformat(last), ordered[0]["month_only"]) if last else ""
    return Shelf(many, unit, place, units.words(many, unit, units.packs_of(unit, ordered[0]["packs"])), until)
