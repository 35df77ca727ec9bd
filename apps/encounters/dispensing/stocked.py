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
    elsewhere: str = ""  # what the station's other places have, as words

    def told(self, wanted: Decimal | None, unit: str) -> tuple[str, str]:
        """The state of a chip and its sentence: `wanted` in `unit` is what the line comes to."""
        other = f"; kho khác còn {self.elsewhere}" if self.elsewhere else ""
        if not self.quantity:
            return ("warning" if other else "danger"), f"{self.place} không có{other}"
        short = wanted is not None and rules.same_unit(unit, self.unit) and self.quantity < wanted
        said = f"{self.place} còn {self.words}" + (f", hạn {self.until}" if self.until else "")
        return ("warning", f"không đủ: {said}{other}") if short else ("done", said + other)


def shelves(scope: Scope, codes: Collection[str], on: dt.date) -> Mapping[str, Shelf]:
    """By the code of each medicine what may be used of it in the place that the page of dispensing opens
    with, and beside it what the other places have; nothing where the station gives nothing out.

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
    places: list[Any] = list(stock.places_of(scope).annotate(there=ArraySubquery(there)))
    first = next(iter(stock.near(scope, [place for place in places if place.dispenses])), None)
    if first is None:
        return {}
    here: dict[str, list[Mapping[str, Any]]] = {code: [] for code in wanted}
    others: dict[str, list[Mapping[str, Any]]] = {code: [] for code in wanted}
    for place in places:
        for row in place.there:
            (here if place.pk == first.pk else others)[row["code"]].append(row)
    return {code: _shelf(here[code], first.name, others[code]) for code in wanted}


def _shelf(rows: Sequence[Mapping[str, Any]], place: str, others: Sequence[Mapping[str, Any]] = ()) -> Shelf:
    """What these balances of one medicine come to. The same in another unit is another shelf: that of what
    expires first is told.
    """
    away = _shelf(others, "").words if others else ""
    if not rows:
        return Shelf(0, "", place, elsewhere=away)
    ordered = sorted(rows, key=lambda row: row["expiry"] or LAST)
    unit = ordered[0]["unit"]
    alike = [row for row in ordered if rules.same_unit(row["unit"], unit)]
    many = sum(row["quantity"] for row in alike)
    last = ordered[0]["expiry"]
    until = expiry.shown(dt.date.fromisoformat(last), ordered[0]["month_only"]) if last else ""
    told = units.words(many, unit, units.packs_of(unit, ordered[0]["packs"]))
    return Shelf(many, unit, place, told, until, away)
