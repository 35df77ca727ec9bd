"""What the pages of the stock show: what lies where, the card of an item, the papers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.core import parameters
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.stock import balance, expiry, fefo
from apps.stock.balance import Shortage
from apps.stock.expiry import ExpiryClass
from apps.stock.models import (
    DocumentKind,
    DocumentLine,
    DocumentState,
    ItemKind,
    Lot,
    StockBalance,
    StockDocument,
    StockItem,
    StockLocation,
    StockMovement,
)
from apps.stock.picking import words_of
from apps.stock.queries import may_be_used
from apps.stock.services import facts_of

EXPIRY_DAYS = "stock.expiry_days"
PAGE = 50
SOON: tuple[ExpiryClass, ...] = ("urgent", "soon", "near")
CHIPS: dict[ExpiryClass, str] = {
    "expired": "danger",
    "urgent": "danger",
    "soon": "warning",
    "near": "info",
    "good": "done",
    "none": "off",
}


def expiry_days(on: dt.date) -> Mapping[str, Sequence[int]]:
    """Days of the near, soon and urgent warnings by kind of item; of a kind it does not name, those of
    drugs. One query.
    """
    found: Mapping[str, Sequence[int]] = parameters.value(EXPIRY_DAYS, on=on)
    return {kind: found.get(kind, found[ItemKind.DRUG]) for kind in ItemKind.values}


def places(scope: Scope) -> list[StockLocation]:
    """The workplace's places in use, the first store first."""
    rows = StockLocation.visible(scope).filter(station_id=scope.workplace_id, is_active=True)
    return list(rows.select_related("point", "parent").order_by("created_at", "pk"))


@dataclass(frozen=True)
class LotLine:
    """A lot at one place, with what the rule says of it today."""

    row: StockBalance
    why_not: str
    expiry_class: ExpiryClass

    @property
    def chip(self) -> str:
        return CHIPS[self.expiry_class]

    @property
    def class_words(self) -> str:
        return expiry.SHOWN[self.expiry_class]


@dataclass(frozen=True)
class ItemLine:
    """An item of the balance list: all that lies there, how much of it may be used."""

    item: StockItem
    total: int
    usable: int
    first: Lot | None  # the usable lot that expires first
    expiry_class: ExpiryClass
    expired: int
    shortage: Shortage

    @property
    def chip(self) -> str:
        return CHIPS[self.expiry_class]

    @property
    def class_words(self) -> str:
        return expiry.SHOWN[self.expiry_class]

    @property
    def usable_words(self) -> str:
        return self.item.words(self.usable)


@dataclass(frozen=True)
class Asked:
    """The filters of the balance list. `show`: '' all that lies there, or one of SHOWS."""

    text: str = ""
    location_id: UUID | None = None
    programme: str = ""
    show: str = ""


SHOWS = {
    "": "Đang có",
    "short": "Dưới mức tối thiểu",
    "soon": "Sắp hết hạn",
    "expired": "Đã hết hạn",
    "uncounted": "Kiểm soát đặc biệt chưa đếm hôm nay",
    "all": "Cả mặt hàng đã hết",
}


def balances(
    scope: Scope, asked: Asked, on: dt.date, cursor: str = ""
) -> tuple[Page[StockItem], list[ItemLine]]:
    """One page of items by name. Four queries, however many there are."""
    days = expiry_days(on)
    page = keyset(shown(scope, asked, on, days), order=("folded", "id"), cursor=cursor, size=PAGE)
    return page, item_lines(scope, page.items, on, days, asked.location_id)


def shown(
    scope: Scope, asked: Asked, on: dt.date, days: Mapping[str, Sequence[int]] | None = None
) -> QuerySet[StockItem]:
    """The items that were asked for."""
    rows = StockItem.visible(scope).filter(station_id=scope.workplace_id, is_active=True)
    if asked.text:
        rows = rows.filter(words_of(asked.text))
    if asked.programme:
        rows = rows.filter(programme=asked.programme)
    # unscoped: of items that were read through the scope
    there = StockBalance.unscoped.filter(lot__item=OuterRef("pk"), quantity__gt=0)
    if asked.location_id is not None:
        there = there.filter(location_id=asked.location_id)
    if asked.show == "short":
        usable = there.filter(may_be_used(on)).order_by().values("lot__item")
        sums = usable.annotate(all=Sum("quantity")).values("all")
        return (
            rows.filter(minimum__gt=0).annotate(may=Coalesce(Subquery(sums), 0)).filter(may__lt=F("minimum"))
        )
    if asked.show == "uncounted":
        # unscoped: of items that were read through the scope
        counted = DocumentLine.unscoped.filter(
            item=OuterRef("pk"),
            document__kind=DocumentKind.COUNT,
            document__state=DocumentState.POSTED,
            document__on=on,
        )
        return rows.filter(~Q(controlled=""), Exists(there), ~Exists(counted))
    if asked.show == "expired":
        return rows.filter(Exists(there.filter(lot__expiry__lt=on)))
    if asked.show == "soon":
        near = Q()
        for kind, bounds in (days or expiry_days(on)).items():
            near |= Q(lot__item__kind=kind, lot__expiry__lte=on + dt.timedelta(days=max(bounds)))
        return rows.filter(Exists(there.filter(near, lot__expiry__gte=on)))
    if asked.show == "all" or (asked.text and asked.location_id is None):
        return rows
    return rows.filter(Exists(there))


@dataclass(frozen=True)
class ControlledCounts:
    """Of the controlled drugs that lie there: how many, how many nobody has counted today."""

    kept: int
    uncounted: int


def controlled_counts(scope: Scope, on: dt.date) -> ControlledCounts:
    """Two queries."""
    there = shown(scope, Asked(), on).exclude(controlled="").count()
    return ControlledCounts(there, shown(scope, Asked(show="uncounted"), on).count() if there else 0)


def item_lines(
    scope: Scope,
    items: Sequence[StockItem],
    on: dt.date,
    days: Mapping[str, Sequence[int]],
    location_id: UUID | None = None,
) -> list[ItemLine]:
    """What lies there of each item. One query."""
    rows = StockBalance.visible(scope).filter(lot__item__in=[item.pk for item in items], quantity__gt=0)
    if location_id is not None:
        rows = rows.filter(location_id=location_id)
    by_item: dict[UUID, list[StockBalance]] = {item.pk: [] for item in items}
    for row in rows.select_related("lot"):
        by_item[row.lot.item_id].append(row)
    return [_item_line(item, by_item[item.pk], on, days[item.kind]) for item in items]


def _item_line(item: StockItem, rows: Sequence[StockBalance], on: dt.date, bounds: Sequence[int]) -> ItemLine:
    fit = [row for row in rows if not fefo.why_not(facts_of(row), on)]
    first = min(fit, key=lambda row: fefo.order(facts_of(row)), default=None)
    usable = sum(row.quantity for row in fit)
    ends = [row.lot.expiry for row in fit if row.lot.expiry]
    return ItemLine(
        item=item,
        total=sum(row.quantity for row in rows),
        usable=usable,
        first=first.lot if first else None,
        expiry_class=expiry.classify(min(ends, default=None), on, bounds),
        expired=sum(row.quantity for row in rows if row.lot.is_expired(on)),
        shortage=balance.shortage(usable, item.minimum),
    )


# --- one item


def item_of(scope: Scope, pk: UUID) -> StockItem | None:
    found: StockItem | None = StockItem.visible(scope).filter(pk=pk).first()
    return found


def lots_of(scope: Scope, item: StockItem, on: dt.date) -> list[LotLine]:
    """Where each lot lies, in the order in which it will be taken. Two queries."""
    bounds = expiry_days(on)[item.kind]
    rows = StockBalance.visible(scope).filter(lot__item=item, quantity__gt=0)
    found = sorted(rows.select_related("lot__diluent", "location"), key=lambda row: fefo.order(facts_of(row)))
    return [
        LotLine(row, fefo.why_not(facts_of(row), on), expiry.classify(row.lot.expiry, on, bounds))
        for row in found
    ]


@dataclass
class CardLine:
    """A row of the stock card; `after` is what lay there when it was written, over all that is asked for."""

    row: StockMovement
    after: int
    source: str = ""
    url: str = ""
    by: str = ""  # who wrote it; both names where two answer for it
    received: str = ""  # in the book of controlled drugs: by whom

    def __post_init__(self) -> None:
        self.by = self.by or self.row.by_name

    @cached_property
    def came(self) -> int:
        return max(self.row.quantity, 0)

    @cached_property
    def went(self) -> int:
        return max(-self.row.quantity, 0)


@dataclass(frozen=True)
class Card:
    """A page of the stock card, newest first."""

    page: Page[StockMovement]
    lines: list[CardLine] = field(default_factory=list)


def card(
    scope: Scope, item: StockItem, *, location_id: UUID | None = None, cursor: str = "", size: int = PAGE
) -> Card:
    """Thẻ kho: every movement of the item, with the balance after each. Four queries."""
    rows = StockMovement.visible(scope).filter(lot__item=item)
    if location_id is not None:
        rows = rows.filter(location_id=location_id)
    shown = rows.select_related("lot", "location")
    page = keyset(shown, order=("-on", "-id"), cursor=cursor, size=size)
    if not page.items:
        return Card(page)
    top = page.items[0]
    older = Q(on__lt=top.on) | Q(on=top.on, id__lte=top.pk)
    after = rows.filter(older).order_by().aggregate(all=Sum("quantity"))["all"] or 0
    lines = []
    for row in page.items:
        lines.append(CardLine(row, after))
        after -= row.quantity
    return Card(page, lines)


# --- papers


def papers(scope: Scope, *, kind: str = "", state: str = "", cursor: str = "") -> Page[StockDocument]:
    """The workplace's papers, newest first. One query."""
    rows = StockDocument.visible(scope).filter(station_id=scope.workplace_id)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    return keyset(
        rows.select_related("location", "to_location"), order=("-on", "-id"), cursor=cursor, size=PAGE
    )


def paper_of(scope: Scope, pk: UUID) -> StockDocument | None:
    rows = StockDocument.visible(scope).select_related("location", "to_location", "station")
    found: StockDocument | None = rows.filter(pk=pk).first()
    return found


def drafts(scope: Scope) -> int:
    """How many papers of the workplace wait to be posted."""
    rows = StockDocument.visible(scope).filter(station_id=scope.workplace_id, state=DocumentState.DRAFT)
    return rows.count()


def lines_of_paper(document: StockDocument) -> list[Any]:
    """Its lines with item and lot. One query; the paper was read through the scope."""
    return list(document.lines.select_related("item", "lot").order_by("position"))
