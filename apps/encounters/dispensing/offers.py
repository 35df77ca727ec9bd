"""What may be given for each line of a visit out of one place: proposed first expired first, best first."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from apps.catalogues import codes
from apps.core.scope import Scope
from apps.encounters.dispensing import lines as what
from apps.encounters.dispensing import reading, rules
from apps.encounters.dispensing.lines import Line
from apps.encounters.models import Visit
from apps.stock import fefo
from apps.stock import queries as stock
from apps.stock.models import StockBalance, StockItem, StockLocation
from apps.stock.models.items import ORDINARY
from apps.stock.services import facts_of

MOST_LOTS = 1000  # of one dispensing place: a station keeps a few hundred


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


@dataclass
class OfferedLine:
    """A line of the prescription with how far it has come and what there is for it, best first."""

    line: Line
    standing: rules.Standing
    offers: list[Offer] = field(default_factory=list)
    most: Decimal | None = None  # proposed at the most: of a herb, what so many packets take
    heads: bool = False  # the first of its formula
    elsewhere: str = ""  # what other places have of it, where this one has too little
    told: list[tuple[str, str]] = field(default_factory=list)  # as `warned` says it, for the page

    def warned(self, visit: Visit) -> list[tuple[str, str]]:
        """What was warned of it when it was prescribed, with the prescriber's reason."""
        start = f"{self.line.drug}: " if self.line.drug else "-"
        return [
            (row["sentence"], row["reason"]) for row in visit.overrides if row["sentence"].startswith(start)
        ]

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
        return min(self.wanted, Decimal(self.best.usable)) if self.best.alike else self.wanted

    @property
    def wanted(self) -> Decimal:
        """What of it is to be given now."""
        left = self.standing.remaining
        return left if self.most is None else min(left, self.most)


def offered(
    scope: Scope,
    visit: Visit,
    place: StockLocation | None,
    on: dt.date,
    packets: Mapping[UUID, int] | None = None,
) -> tuple[list[OfferedLine], list[rules.Given]]:
    """Each line of the prescription with what lies at `place` for it; and what was given that is prescribed
    no more. `packets` says how many of a formula are to be given now. Seven queries, however many lines and
    lots; one more where something is short.
    """
    lines, standings, orphans = reading.standings_of(visit)
    rows = _balances(scope, place) if place is not None and lines else []
    by_item: dict[UUID, list[StockBalance]] = {}
    items: dict[UUID, StockItem] = {}
    for row in rows:
        by_item.setdefault(row.lot.item_id, []).append(row)
        items[row.lot.item_id] = row.lot.item
    drugs = what.drugs_of(items.values())
    found = []
    formulas: set[UUID] = set()
    for line in lines:
        each = OfferedLine(line, standings[str(line.pk)])
        if line.formula is not None:
            now = (packets or {}).get(line.formula.pk)
            each.most = None if now is None else line.grams * now
            each.heads = line.formula.pk not in formulas
            formulas.add(line.formula.pk)
        near = [item for item in items.values() if what.may_stand(line, item, drugs)]
        each.offers += [_offer(line, item, by_item[item.pk], each.wanted, on) for item in near]
        each.offers.sort(key=lambda offer: (offer.other, not offer.usable, offer.programme, offer.item.name))
        found.append(each)
    if place is not None:
        _tell_elsewhere(scope, place, found, on)
    return found, orphans


def _tell_elsewhere(scope: Scope, place: StockLocation, found: list[OfferedLine], on: dt.date) -> None:
    """Beside what `place` has too little of, what other places have of the same thing. One query, none where
    nothing is short.
    """
    short = [each for each in found if each.line.code and each.proposed < each.wanted]
    if not short:
        return
    told = stock.elsewhere(scope, place, {each.line.code for each in short}, on)
    for each in short:
        each.elsewhere = told.get(each.line.code, "")


def _balances(scope: Scope, place: StockLocation) -> list[StockBalance]:
    rows = StockBalance.visible(scope).filter(
        location=place, quantity__gt=0, lot__item__kind__in=what.KINDS, lot__item__is_active=True
    )
    return list(rows.select_related("lot__item").order_by("pk")[:MOST_LOTS])


def _offer(
    line: Line, item: StockItem, rows: Sequence[StockBalance], remaining: Decimal, on: dt.date
) -> Offer:
    facts = [facts_of(row) for row in rows]
    usable = sum(fact.quantity for fact in facts if not fefo.why_not(fact, on))
    other = what.is_other(line, item)
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
