"""Medicines that were given out, as they leave the house: done acts alone, what was bought elsewhere is none.

Unscoped: the acts belong to a visit that was found.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from apps.encounters import travel
from apps.encounters.dispensing import states
from apps.encounters.leaving_orders import Words, practitioner
from apps.encounters.models import DispensingLine, DispensingLot, LineKind, MedicineReturnLine, Visit


@dataclass(frozen=True)
class Given:
    """The lines of many visits, with their lots and what came back of each."""

    lines: dict[UUID, list[DispensingLine]]  # by visit
    lots: dict[UUID, list[DispensingLot]]
    back: dict[UUID, int]


def given(visits: Collection[Visit]) -> Given:
    """Each line of each act in its order. Three queries; one where nothing was given out."""
    rows = list(
        DispensingLine.unscoped.filter(dispensing__visit__in=visits, dispensing__state=states.COMPLETED)
        .exclude(kind=LineKind.OUTSIDE)
        .select_related("dispensing__performer", "drug", "item")
        .order_by("dispensing__occurred_at", "dispensing_id", "position")
    )
    if not rows:
        return Given({}, {}, {})
    lines: dict[UUID, list[DispensingLine]] = {}
    for row in rows:
        if row.dispensing.visit_id is not None:
            lines.setdefault(row.dispensing.visit_id, []).append(row)
    lots: dict[UUID, list[DispensingLot]] = {}
    for lot in DispensingLot.unscoped.filter(line__in=rows).order_by("pk"):
        lots.setdefault(lot.line_id, []).append(lot)
    back = dict(
        MedicineReturnLine.unscoped.filter(given__line__in=rows)
        .order_by()
        .values_list("given__line")
        .annotate(back=Sum("quantity"))
    )
    return Given(lines, lots, back)


def dispensed(visit: Visit, found: Given, words: Words) -> tuple[travel.TravelDispensed, ...]:
    """What was given out on a visit."""
    return tuple(
        _line(row, found.lots.get(row.pk, []), found.back.get(row.pk, 0), words.again())
        for row in found.lines.get(visit.pk, [])
    )


def _line(row: DispensingLine, lots: list[DispensingLot], back: int, words: Words) -> travel.TravelDispensed:
    act = row.dispensing
    substituted = row.kind == LineKind.SUBSTITUTED
    name, herb = f"{row.drug_name} {row.strength}".strip(), ""
    if row.herb:  # its key is its code, or its name as it was typed
        herb = row.herb if row.herb != row.drug_name else ""
        name = row.drug_name if herb else words.told("herb", row.drug_name)
    return travel.TravelDispensed(
        id=row.pk,
        prescribed_code=row.drug.code if row.drug else "",
        drug_code=row.item.code if substituted and row.item else row.drug.code if row.drug else "",
        drug_name=row.item_name if substituted else name,
        herb_code=herb,
        formula_id=row.formula_id,
        quantity=row.taken,
        unit=row.item_unit,
        returned=back,
        at=act.occurred_at,
        performer=practitioner(act.performer),
        performer_text=act.performer_text,
        lots=tuple(
            travel.TravelLot(lot.lot_number, lot.expiry, lot.month_only, lot.quantity) for lot in lots
        ),
        substituted=substituted,
        reason=words.told("reason", row.reason),
        hidden=words.hidden,
    )
