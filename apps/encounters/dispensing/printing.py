"""Phiếu cấp phát thuốc: what was given of which lot, how it is taken, signed by who gave and who received."""

from typing import Any

from django.utils import timezone

from apps.encounters import checking, printing
from apps.encounters.dispensing.queries import ActShown

PAPER = "dispensing_slip"


def slip(shown: ActShown) -> dict[str, Any]:
    """What stands on the slip of an act. The head tells the station as it was on its day."""
    act = shown.act
    context = printing.common(act.visit, checking.parts(act.visit))
    place = context["place_date"].split(", ngày")[0]
    at = timezone.localtime(act.occurred_at)
    return context | {
        "title": "Phiếu cấp phát thuốc",
        "number": act.visit.number,
        "act": act,
        "lines": shown.lines,
        "place_date": f"{place}, ngày {at.day:02d} tháng {at.month:02d} năm {at.year}",
    }
