"""What the pages of dispensing show: who waits, what may be given for each line, one act with its course.

A visit or act is found within its scope; its parts are then read unscoped, since whoever sees it sees them.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse

from apps.catalogues import codes
from apps.core import parameters
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.encounters import states as visit_states
from apps.encounters.dispensing import reading, rules, states
from apps.encounters.dispensing.reading import GivenLine, Progress
from apps.encounters.models import (
    Dispensing,
    DispensingLine,
    MedicineReturn,
    MedicineReturnLine,
    Prescription,
    PrescriptionLine,
    Visit,
)
from apps.stock import fefo
from apps.stock.models import ItemKind, StockBalance, StockItem, StockLocation
from apps.stock.models.items import ORDINARY
from apps.stock.services import facts_of
from apps.stock.sources import Received, Told

PAGE = "dispensing.page_size"
MOST_LOTS = 1000  # of one dispensing place: a station keeps a few hundred


# ---- who waits


@dataclass(frozen=True)
class Waiting:
    """A visit of the list: whose prescription it is, and how far it has come. No medicine is named."""

    visit: Visit
    progress: Progress


def waiting(
    scope: Scope, *, since: dt.date, on: dt.date, cursor: str = ""
) -> tuple[Page[Visit], list[Waiting]]:
    """Who waits for medicines at the scope's stations, whoever's visit ended first on top. Five queries."""
    size = int(parameters.value(PAGE, on=on))
    page = keyset(
        _waiting(scope, since)
        .select_related("person", "doctor", "point")
        .defer("person__tokens", "person__search"),
        order=("finalised_at", "id"),
        cursor=cursor,
        size=size,
    )
    found = reading.progress_of([visit.pk for visit in page.items])
    return page, [Waiting(visit, found[visit.pk]) for visit in page.items]


def waiting_first(scope: Scope, since: dt.date, limit: int) -> list[Visit]:
    """Who has waited longest: for the home page of a station that gives out. One query."""
    # unscoped: whether the station gives out at all
    places = StockLocation.unscoped.filter(station=OuterRef("facility"), dispenses=True, is_active=True)
    rows = _waiting(scope, since).filter(Exists(places)).select_related("person")
    return list(rows.defer("person__tokens", "person__search").order_by("finalised_at", "id")[:limit])


def waiting_count(scope: Scope, since: dt.date) -> int:
    """How many wait. One query."""
    return _waiting(scope, since).count()


def _waiting(scope: Scope, since: dt.date) -> QuerySet[Visit]:
    """Signed visits with a medicine that was neither given nor bought elsewhere. What came back was given."""
    # unscoped: parts of visits that are found through the scope
    given = (
        DispensingLine.unscoped.filter(
            dispensing__visit=OuterRef("prescription__visit"),
            dispensing__state=states.COMPLETED,
            drug=OuterRef("drug"),
        )
        .order_by()
        .values("drug")
        .annotate(all=Sum("quantity"))
        .values("all")
    )
    lines = (
        PrescriptionLine.unscoped.filter(prescription__visit=OuterRef("pk"))
        .order_by()
        .values("prescription__visit", "drug")
        .annotate(all=Sum("quantity"))
        .annotate(given=Coalesce(Subquery(given), Decimal(0)))
        .filter(all__gt=F("given"))
    )
    return Visit.visible(scope).filter(
        Exists(lines), facility_id__in=scope.facility_ids, state=visit_states.FINALISED, on__gte=since
    )


# ---- what may be given for a line


@dataclass(frozen=True)
class Proposed:
    """So much of a lot that would be taken, with the reason; `until` is its last day of use in words."""

    lot: str
    until: str
    quantity: int
    why: str

    @property
    def words(self) -> str:
        """Its last day of use and why it is taken, each told once."""
        return self.why if self.until in self.why else f"hạn {self.until}, {self.why}"


@dataclass(frozen=True)
class Offer:
    """A thing on the shelf that may stand for a line: the same medicine, or another of its ingredient.

    `alike`: it counts in the prescription's unit, so its number follows from the quantity.
    """

    item: StockItem
    usable: int
    other: bool
    alike: bool
    programme: str = ""
    lots: tuple[Proposed, ...] = ()
    passed: tuple[str, ...] = ()

    @property
    def left_words(self) -> str:
        return str(self.item.words(self.usable))

    @property
    def words(self) -> str:
        """What stands in the list of choices."""
        said = f"{self.item.name} – còn {self.item.words(self.usable)}"
        if self.programme:
            said += f", {self.programme}"
        return f"Thay bằng {said}" if self.other else said


@dataclass(frozen=True)
class OfferedLine:
    """A line of the prescription with how far it has come and what there is for it, best first."""

    line: PrescriptionLine
    standing: rules.Standing
    offers: list[Offer] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.line.pk)

    @property
    def best(self) -> Offer | None:
        """What is proposed: the same medicine where there is some."""
        return next((offer for offer in self.offers if not offer.other and offer.usable), None)

    @property
    def proposed(self) -> Decimal:
        """How much: what remains, or what is there of it."""
        if self.best is None:
            return Decimal(0)
        if not self.best.alike:
            return self.standing.remaining
        return min(self.standing.remaining, Decimal(self.best.usable))


def offered(
    scope: Scope, visit: Visit, place: StockLocation | None, on: dt.date
) -> tuple[list[OfferedLine], list[rules.Given]]:
    """Each line of the prescription with what lies at `place` for it; and what was given that is prescribed
    no more. Six queries, however many lines and lots.
    """
    lines, standings, orphans = reading.standings_of(visit)
    rows = _balances(scope, place) if place is not None and lines else []
    by_item: dict[UUID, list[StockBalance]] = {}
    items: dict[UUID, StockItem] = {}
    for row in rows:
        by_item.setdefault(row.lot.item_id, []).append(row)
        items[row.lot.item_id] = row.lot.item
    ingredients = reading.ingredients_of(items.values())
    found = []
    for line in lines:
        standing = standings[str(line.pk)]
        key = reading.ingredient_key(line.drug.ingredient)
        near = [
            item for item in items.values() if item.code == line.drug.code or ingredients.get(item.pk) == key
        ]
        offers = [_offer(line, item, by_item[item.pk], standing.remaining, on) for item in near]
        offers.sort(key=lambda offer: (offer.other, not offer.usable, offer.programme, offer.item.name))
        found.append(OfferedLine(line, standing, offers))
    return found, orphans


def _balances(scope: Scope, place: StockLocation) -> list[StockBalance]:
    rows = StockBalance.visible(scope).filter(
        location=place, quantity__gt=0, lot__item__kind=ItemKind.DRUG, lot__item__is_active=True
    )
    return list(rows.select_related("lot__item").order_by("pk")[:MOST_LOTS])


def _offer(
    line: PrescriptionLine, item: StockItem, rows: Sequence[StockBalance], remaining: Decimal, on: dt.date
) -> Offer:
    facts = [facts_of(row) for row in rows]
    usable = sum(fact.quantity for fact in facts if not fefo.why_not(fact, on))
    other = reading.is_other(line.drug, item)
    alike = not other and rules.same_unit(line.unit, item.unit)
    wanted = min(rules.units_for(remaining), usable) if alike else 0
    found = fefo.allocate(max(wanted, 1), facts, on)
    until = {str(row.lot_id): row.lot.expiry_words for row in rows}
    lots = tuple(
        Proposed(part.number, until[part.key], part.quantity if wanted else 0, part.why)
        for part in found.parts
    )
    return Offer(
        item,
        usable,
        other,
        alike,
        "" if item.programme == ORDINARY else codes.label("stock_programme", item.programme),
        lots,
        tuple(f"lô {each.number} {each.why}" for each in found.passed),
    )


# ---- acts


@dataclass(frozen=True)
class ActShown:
    """An act with its lines and its returns, as its page and the visit's page show it."""

    act: Dispensing
    lines: list[GivenLine]
    returns: list[MedicineReturn]

    @property
    def out(self) -> bool:
        """Whether some of it has not come back."""
        return any(lot.quantity > back for line in self.lines for lot, back in line.lots)


def acts_of(scope: Scope, visit: Visit) -> list[ActShown]:
    """Everything that was given on a visit, or waits to be, oldest first. Five queries."""
    acts = list(
        Dispensing.visible(scope).filter(visit=visit).select_related("location").order_by("occurred_at", "id")
    )
    return shown(acts)


@dataclass(frozen=True)
class Act:
    """An act in a line: for the visit's page."""

    pk: str
    on: dt.date
    by: str
    state: str

    @property
    def chip(self) -> str:
        return states.CHIPS[self.state]

    @property
    def state_word(self) -> str:
        return states.TITLES[self.state]


def in_line(visit: Visit) -> tuple[bool, list[Act]]:
    """Whether a visit has a prescription, and the acts on it that stand, oldest first. One query; unscoped:
    the visit was found through the scope.
    """
    acts = Dispensing.unscoped.filter(visit=OuterRef("pk")).exclude(state=states.CANCELLED)
    told = JSONObject(pk="pk", on="on", by="performer_text", state="state")
    row = (
        Visit.unscoped.filter(pk=visit.pk)
        .annotate(
            prescribed=Exists(Prescription.unscoped.filter(visit=OuterRef("pk"))),
            acts=ArraySubquery(acts.order_by("occurred_at", "id").values(told=told)),
        )
        .values("prescribed", "acts")
        .get()
    )
    return row["prescribed"], [
        Act(act["pk"], dt.date.fromisoformat(act["on"]), act["by"], act["state"]) for act in row["acts"]
    ]


def act_page(scope: Scope, pk: UUID) -> Dispensing | None:
    """One act that the scope sees, with its visit, person and place. One query."""
    found: Dispensing | None = (
        Dispensing.visible(scope)
        .select_related(
            "location", "performer", "first_visit",
            "visit__facility__unit", "visit__point", "visit__doctor", "visit__performer", "visit__card",
            "visit__person__hamlet__commune__parent", "visit__hamlet__commune__parent__parent",
        )
        .defer("visit__person__tokens", "visit__person__search")
        .filter(pk=pk)
        .first()
    )  # fmt: skip
    return found


def shown(acts: Sequence[Dispensing]) -> list[ActShown]:
    """These acts with their parts. Four queries, none for none."""
    if not acts:
        return []
    ids = [act.pk for act in acts]
    visits = {act.visit_id for act in acts}
    lines: dict[UUID, list[GivenLine]] = {pk: [] for pk in ids}
    for each in reading.given_on(visits, acts=ids, state=""):
        lines[each.row.dispensing_id].append(each)
    returns: dict[UUID, list[MedicineReturn]] = {pk: [] for pk in ids}
    # unscoped: parts of acts that the scope sees
    parts = MedicineReturnLine.unscoped.select_related("given__line").order_by("pk")  # as above
    rows = MedicineReturn.unscoped.filter(dispensing__in=ids).prefetch_related(Prefetch("lines", parts))
    for back in rows.order_by("at", "id"):
        returns[back.dispensing_id].append(back)
    return [ActShown(act, lines[act.pk], returns[act.pk]) for act in acts]


def kept_of(visit: Visit) -> dict[UUID, Decimal]:
    """What of each line of a prescription she has, or buys elsewhere: for its paper. Three queries."""
    lines, standings, _ = reading.standings_of(visit)
    return {line.pk: standings[str(line.pk)].kept for line in lines}


# ---- for the stock's card


def about(scope: Scope, ids: Collection[UUID]) -> dict[UUID, Told]:
    """What a dispensing is called on the card of an item: its visit's number, no name. One query."""
    rows = Dispensing.visible(scope).filter(pk__in=ids).select_related("visit")
    return {
        row.pk: Told(
            f"Cấp phát, lượt khám {row.visit.number}",
            act_url(row.pk),
            f"{row.performer_text}, {row.second_name}" if row.second_name else "",
        )
        for row in rows
    }


def received(scope: Scope, ids: Collection[UUID]) -> dict[UUID, Received]:
    """Who took controlled medicines away and who stood by: for their book alone. One query."""
    rows = Dispensing.visible(scope).filter(pk__in=ids).exclude(recipient_paper="")
    return {
        row.pk: Received(
            f"Người nhận {row.recipient}, giấy tờ {row.recipient_paper}",
            row.person_id,
        )
        for row in rows
    }


def about_returns(scope: Scope, ids: Collection[UUID]) -> dict[UUID, Told]:
    """What a return is called there. One query."""
    rows = MedicineReturn.visible(scope).filter(pk__in=ids).select_related("dispensing__visit")
    return {
        row.pk: Told(f"Trả lại, lượt khám {row.dispensing.visit.number}", act_url(row.dispensing_id))
        for row in rows
    }


def act_url(pk: UUID) -> str:
    return reverse("encounters:dispensing", args=[pk])


def visit_of(dispensing_id: UUID) -> Any:
    """The visit of an act; its page decides who may see it."""
    return Dispensing.unscoped.filter(pk=dispensing_id).values_list("visit_id", flat=True).first()
