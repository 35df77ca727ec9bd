"""The papers of an act: phiếu cấp phát thuốc (what was given of which lot, signed by who gave and who
received) and the labels that go onto each packet, box or bundle of herbs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.encounters import checking, printing
from apps.encounters.dispensing.queries import ActShown
from apps.encounters.dispensing.reading import GivenLine
from apps.encounters.models import HerbalFormula

PAPER, LABELS = "dispensing_slip", "medicine_labels"


@dataclass(frozen=True)
class Bundle:
    """A formula as an act gave it out: `packets` where every herb was given for as many whole ones."""

    formula: HerbalFormula
    herbs: Sequence[GivenLine]

    @property
    def packets(self) -> int | None:
        counts = {each.row.quantity * self.formula.packets / each.row.prescribed for each in self.herbs}
        only = counts.pop()
        return int(only) if not counts and only == int(only) else None


def slip(shown: ActShown) -> dict[str, Any]:
    """What stands on the slip of an act. The head tells the station as it was on its day."""
    act = shown.act
    context = printing.common(act.visit, checking.parts(act.visit))
    place = context["place_date"].split(", ngày")[0]
    at = timezone.localtime(act.occurred_at)
    medicines, bundles = parted(shown.lines)
    return context | {
        "title": "Phiếu cấp phát thuốc",
        "number": act.visit.number,
        "act": act,
        "lines": medicines,
        "bundles": bundles,
        "items": len(medicines) + len(bundles),
        "place_date": f"{place}, ngày {at.day:02d} tháng {at.month:02d} năm {at.year}",
    }


def labels(shown: ActShown) -> dict[str, Any]:
    """A label for each medicine and each formula that left the shelf, on 80 mm paper."""
    context = slip(shown)
    lines = [line for line in context["lines"] if line.row.item_id is not None]
    bundles = [each for each in context["bundles"] if any(line.row.item_id for line in each.herbs)]
    return context | {"title": "Nhãn thuốc", "size": "80mm", "lines": lines, "bundles": bundles}


def parted(lines: Sequence[GivenLine]) -> tuple[list[GivenLine], list[Bundle]]:
    """The medicines, and the herbs by their formula. One query where there are herbs."""
    herbs: dict[UUID, list[GivenLine]] = {}
    for line in lines:
        if line.row.formula_id:
            herbs.setdefault(line.row.formula_id, []).append(line)
    # unscoped: the formulas of an act that the scope sees, also those that were taken back since
    known = HerbalFormula.unscoped.in_bulk(list(herbs)) if herbs else {}
    medicines = [line for line in lines if line.row.formula_id not in known]
    return medicines, [Bundle(known[pk], rows) for pk, rows in herbs.items() if pk in known]
