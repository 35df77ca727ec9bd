"""What was given on visits, as the rules count it: for services, pages, papers and the bill.

Parts of visits that the caller has found through the scope are read unscoped.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.encounters.dispensing import rules, states
from apps.encounters.dispensing.lines import Line, lines_of
from apps.encounters.models import DispensingLine, DispensingLot, LineKind, Visit


@dataclass(frozen=True)
class GivenLine:
    """A line of an act with its lots, each with how much of it came back (base units)."""

    row: DispensingLine
    lots: list[tuple[DispensingLot, int]] = field(default_factory=list)

    @property
    def units_back(self) -> int:
        return sum(back for _, back in self.lots)

    @property
    def quantity_back(self) -> Decimal:
        """What came back, in the prescription's unit."""
        return rules.came_back(self.row.quantity, self.row.taken, self.units_back)

    @property
    def fact(self) -> rules.Given:
        return rules.Given(
            str(self.row.line_id),
            self.row.herb or str(self.row.drug_id),
            self.row.quantity,
            self.row.kind == LineKind.OUTSIDE,
            self.quantity_back,
        )


def with_back(rows: QuerySet[DispensingLot]) -> QuerySet[Any]:
    """These lots, each with what of it came back as `back`."""
    return rows.annotate(back=Coalesce(Sum("returned__quantity"), 0))


def given_on(
    visit_ids: Collection[UUID],
    *,
    acts: Collection[UUID] | None = None,
    state: str = states.COMPLETED,
) -> list[GivenLine]:
    """What was given on these visits, oldest first, with its lots; in any state where none is named. Two
    queries.
    """
    lots = with_back(DispensingLot.unscoped.order_by("pk"))  # as above
    rows = DispensingLine.unscoped.filter(dispensing__visit__in=visit_ids)
    if state:
        rows = rows.filter(dispensing__state=state)
    if acts is not None:
        rows = rows.filter(dispensing__in=acts)
    rows = rows.select_related("dispensing", "item", "drug").prefetch_related(Prefetch("lots", lots))
    return [
        GivenLine(row, _lots(row.lots.all()))
        for row in rows.order_by("dispensing__occurred_at", "dispensing", "position")
    ]


def standings_of(
    visit: Visit,
) -> tuple[list[Line], dict[str, rules.Standing], list[rules.Given]]:
    """The lines of one prescription, how far each has been given (by its id), what hangs on none. Four
    queries.
    """
    lines = lines_of([visit.pk])[visit.pk]
    found, orphans = rules.standings(
        [line.prescribed for line in lines], [line.fact for line in given_on([visit.pk])]
    )
    return lines, found, orphans


def _lots(rows: Iterable[Any]) -> list[tuple[DispensingLot, int]]:
    return [(lot, lot.back) for lot in rows]


@dataclass(frozen=True)
class Progress:
    """How far the prescription of a visit has come: medicines in all, how many are settled."""

    state: rules.Progress
    medicines: int
    settled: int
    amended: bool = False  # something was given that is not, or not so much, prescribed now


def progress_of(visit_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """How far each prescription has come. Four queries for any number."""
    lines = lines_of(visit_ids)
    given: dict[UUID, list[rules.Given]] = {}
    for each in given_on(visit_ids):
        given.setdefault(each.row.dispensing.visit_id, []).append(each.fact)
    found = {}
    for visit_id in visit_ids:
        rows, orphans = rules.standings(
            [line.prescribed for line in lines[visit_id]], given.get(visit_id, [])
        )
        settled: dict[UUID, bool] = {}  # a formula is one medicine, whatever is in it
        for line in lines[visit_id]:
            key = line.formula.pk if line.formula else line.pk
            settled[key] = settled.get(key, True) and rows[str(line.pk)].remaining == 0
        found[visit_id] = Progress(
            rules.progress(rows.values()),
            len(settled),
            sum(settled.values()),
            any(each.quantity > each.back for each in orphans if not each.outside)
            or any(row.over for row in rows.values()),
        )
    return found
