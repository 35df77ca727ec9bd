"""What is to be given out of a visit: the medicines of its prescription and the herbs of its formulas, alike.

A herb counts in the grams of all packets (thang) of its formula. Parts of visits that the caller has found
through the scope are read unscoped.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, F, QuerySet, When

from apps.catalogues.models import Drug
from apps.core.text import fold
from apps.core.words import quantity_words
from apps.encounters import doses
from apps.encounters.dispensing import rules
from apps.encounters.herbs import herb_on
from apps.encounters.models import HerbalFormula, HerbalLine, PrescriptionLine
from apps.stock.keeping import GRAM
from apps.stock.models import ItemKind, StockItem

KINDS = (ItemKind.DRUG, ItemKind.HERB)  # what stands on a shelf for a line


@dataclass(frozen=True)
class Line:
    """A line that is given out: a medicine (`drug`), or a `herb` of a formula by its key."""

    pk: UUID
    drug_name: str
    strength: str
    unit: str
    usage: str
    quantity: Decimal
    code: str
    drug: Drug | None = None
    herb: str = ""
    formula: HerbalFormula | None = None
    grams: Decimal = Decimal(0)  # of a herb, in one packet
    toxic: str = ""  # of a herb, in words

    @property
    def medicine(self) -> str:
        """What it has in common with a line that was written anew."""
        return self.herb or str(self.drug.pk if self.drug else "")

    @property
    def name(self) -> str:
        return f"{self.drug_name} {self.strength}".strip()

    @property
    def mark(self) -> str:
        """What whoever gives it out has to know of its kind, in a word."""
        if self.toxic:
            return self.toxic
        return self.drug.get_controlled_display().lower() if self.drug and self.drug.controlled else ""

    @property
    def prescribed(self) -> rules.Prescribed:
        return rules.Prescribed(str(self.pk), self.medicine, self.quantity)


def lines_of(visit_ids: Collection[UUID]) -> dict[UUID, list[Line]]:
    """What is prescribed on each visit, as it is printed, then its formulas. Two queries."""
    found: dict[UUID, list[Line]] = {visit_id: [] for visit_id in visit_ids}
    rows = PrescriptionLine.unscoped.filter(prescription__visit__in=visit_ids)
    for row in rows.select_related("prescription", "drug").order_by("prescription__kind", "position"):
        found[row.prescription.visit_id].append(_medicine(row))
    herbs = HerbalLine.unscoped.filter(formula__visit__in=visit_ids, formula__in_error=False)
    for herb in herbs.select_related("formula__visit").order_by("formula__created_at", "formula", "position"):
        found[herb.formula.visit_id].append(_herb(herb))
    return found


def _medicine(row: PrescriptionLine) -> Line:
    return Line(
        pk=row.pk,
        drug_name=row.drug_name,
        strength=row.strength,
        unit=row.unit,
        usage=row.usage,
        quantity=row.quantity,
        code=row.drug.code,
        drug=row.drug,
    )


def _herb(row: HerbalLine) -> Line:
    formula = row.formula
    return Line(
        pk=row.pk,
        drug_name=row.name,
        strength=f"{quantity_words(row.grams.normalize())} g × {formula.packets} thang",
        unit=GRAM,
        usage=formula.usage,
        quantity=row.grams * formula.packets,
        code=row.code,
        herb=row.code or row.name,
        formula=formula,
        grams=row.grams,
        toxic=herb_on(row.code, formula.visit.on).toxic,
    )


def keyed(rows: QuerySet[HerbalLine]) -> QuerySet[HerbalLine]:
    """Herbs with the key by which they are given out, as Line.herb: for a query."""
    return rows.annotate(herb=Case(When(code="", then=F("name")), default=F("code")))


# ---- which thing on the shelf may stand for a line


def ingredient_key(ingredient: str) -> str:
    """What medicines have in common that may stand for each other: the ingredient without its salt in
    brackets.
    """
    return fold(doses.main_word(ingredient))


def drugs_of(items: Iterable[StockItem]) -> dict[UUID, Drug]:
    """The medicine of the catalogue that each item is. One query, none for no items."""
    listed = {item.pk: item.code for item in items if item.code and item.kind == ItemKind.DRUG}
    if not listed:
        return {}
    rows = Drug.objects.filter(code__in=set(listed.values())).only("code", "ingredient", "strength")
    known = {drug.code: drug for drug in rows}
    return {pk: known[code] for pk, code in listed.items() if code in known}


def may_stand(line: Line, item: StockItem, drugs: Mapping[UUID, Drug]) -> bool:
    """Whether an item may be given for a line: the same thing, or a medicine of the same ingredient. Nothing
    but itself stands for a herb.
    """
    if not is_other(line, item):
        return True
    drug = drugs.get(item.pk)
    return bool(
        line.drug and drug and ingredient_key(drug.ingredient) == ingredient_key(line.drug.ingredient)
    )


def most_taken(line: Line, quantity: Decimal, item: StockItem, drug: Drug | None) -> int | None:
    """How many units of an item stand for a quantity of a line at the most, each of the one by whole units of
    the other; None where their strengths do not tell.
    """
    if drug is None or not rules.same_unit(line.unit, item.unit):
        return None
    one = Decimal(1)
    wanted = doses.milligrams(line.strength, line.unit, one, line.unit)
    held = doses.milligrams(drug.strength, item.unit, one, item.unit)
    if not wanted or not held:
        return None
    return rules.units_for(rules.units_for(wanted / held) * quantity)


def is_other(line: Line, item: StockItem) -> bool:
    """Whether an item is another thing than the one prescribed: another brand or strength, another herb. A
    herb without a code is known by its name.
    """
    if line.drug is not None:
        return bool(item.kind == ItemKind.HERB or item.code != line.code)
    if item.kind != ItemKind.HERB:
        return True
    if item.code and line.code:
        return bool(item.code != line.code)
    return fold(item.name) != fold(line.drug_name)
