"""The pack as paper: a page of instructions, who is expected, what is at hand, blank slips with a QR."""

import datetime as dt
from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.utils import timezone

from apps.core import paper, parameters, readlog
from apps.core.scope import Scope
from apps.facilities.letterheads import letterhead
from apps.outage.kinds import BackEntryKind, kinds
from apps.outage.models import Pack, Slip

DAYS_AHEAD = "outage.days_ahead"


def pack_context(scope: Scope, pack: Pack, address: Callable[[Slip], str]) -> dict[str, Any]:
    """What templates/print/outage_pack.html shows; the people in it stand in the read log.

    `address(slip)` is what its QR says.
    """
    until = pack.on + dt.timedelta(days=int(parameters.value(DAYS_AHEAD, on=pack.on)) - 1)
    parts = [_part(scope, kind, pack.on, until) for kind in kinds]
    people = {line.person_id for part in parts for line in (*part["lines"], *part["waiting"])}
    if people:
        readlog.record("outage.pack", sorted(people))
    slips = Slip.unscoped.filter(pack=pack).order_by("number")  # of a pack found within the scope
    templates = {kind.key: kind.slip for kind in kinds}
    return {
        "title": f"Gói dự phòng ngày {pack.on:%d/%m/%Y}",
        **letterhead(scope, pack.on, facility=pack.facility),
        "copy": max(0, pack.copies - 1),
        "pack": pack,
        "until": until,
        "at": timezone.now(),
        "parts": parts,
        "hints": [hint for kind in kinds for hint in kind.hints],
        "slips": [
            {"slip": slip, "template": templates[slip.kind], "qr": paper.qr_svg(address(slip))}
            for slip in slips
            if slip.kind in templates
        ],
    }


def _part(scope: Scope, kind: BackEntryKind, on: dt.date, until: dt.date) -> dict[str, Any]:
    may, looks = scope.can(kind.right), scope.can(kind.sheets_right or kind.right)
    lines = list(kind.expected(scope, on, until)) if kind.expected and may else []
    return {
        "title": kind.title,
        "lists": kind.expected is not None and may,
        "lines": lines,
        "waiting": list(kind.waiting(scope, on)) if kind.waiting and may else [],
        "hamlets": [(name, list(group)) for name, group in groupby(lines, key=lambda line: line.hamlet)],
        "sheets": list(kind.sheets(scope, on)) if kind.sheets and looks else [],
    }
