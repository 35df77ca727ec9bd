"""What an order is: its kind and form by the dated lists, its price by the dated price catalogue. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.core.text import fold


@dataclass(frozen=True)
class KindRule:
    """A row of the list order_kind: a word of the name, or the beginning of the specialty."""

    by: str  # 'word' or 'group'
    text: str
    kind: str
    form: str


@dataclass(frozen=True)
class Price:
    """A row of the price catalogue."""

    price: int
    payer: str
    area: str
    valid_from: dt.date | None
    source: str


def kind_of(name: str, group: str, rules: Iterable[KindRule]) -> tuple[str, str]:
    """(kind, form) of a service that has no row of its own: by a word of its name, else by its specialty."""
    words = f" {fold(name)} "
    rules = list(rules)
    for rule in rules:
        if rule.by == "word" and f" {fold(rule.text)} " in words:
            return rule.kind, rule.form
    for rule in rules:
        if rule.by == "group" and group.startswith(rule.text):
            return rule.kind, rule.form
    return "procedure", "other"


def price_of(prices: Sequence[Price], payer: str, province: str) -> Price | None:
    """What holds for a payer in a province: the province's own row before the country's; latest first.

    A payer without a price of her own pays none of another's: None says that nothing is known.
    """
    place = fold(province)
    fits = [row for row in prices if row.payer == payer and (not row.area or fold(row.area) == place)]
    return max(fits, key=lambda row: (bool(row.area), row.valid_from or dt.date.min), default=None)
