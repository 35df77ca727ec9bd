"""What was measured at a visit: its own figures, and those of its day's results. Read here, judged elsewhere.

All unscoped: the caller has found the visit within its scope.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Q
from django.utils import timezone

from apps.care.models import FactState, Measurement, Source
from apps.care.vitals import BY_CODE, BY_KEY
from apps.encounters.models import Visit
from apps.encounters.writing import SOURCE
from apps.ncd.target import FASTING, RANDOM, Figures

KEYS = ("systolic", "diastolic", "glucose_fasting", "glucose_random", "hba1c")
CODES = {BY_KEY[key].code: key for key in KEYS}
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Found:
    """The figures of a visit by sign; `own` are those that the visit itself holds."""

    by_key: Mapping[str, Decimal]
    own: frozenset[str]


def of_visit(visit: Visit) -> Found:
    """One query. A figure of the visit goes before one of a result of the same day."""
    start = timezone.make_aware(dt.datetime.combine(visit.on, dt.time()))
    day = Q(occurred_at__gte=start, occurred_at__lt=start + dt.timedelta(days=1))
    own = Q(source_kind=SOURCE, source_id=visit.pk)
    results = Q(source_kind=Source.RESULT, facility_id=visit.facility_id) & day
    rows = Measurement.unscoped.filter(
        own | results, person_id=visit.person_id, code__in=CODES, state=FactState.FINAL
    )
    found: dict[str, Decimal] = {}
    mine: set[str] = set()
    for row in rows.order_by("occurred_at", "id"):
        key = BY_CODE[row.code].key
        if row.source_kind == SOURCE:
            mine.add(key)
        elif key in mine:
            continue
        found[key] = row.value
    return Found(found, frozenset(mine))


def judged(found: Found, glucose_kind: str = "") -> Figures:
    """The figures as the rules take them: mmHg and mmol/L, rounded as they are written."""
    glucose, kind = None, ""
    if "glucose_fasting" in found.by_key:
        glucose, kind = found.by_key["glucose_fasting"], FASTING
    elif "glucose_random" in found.by_key:
        glucose = found.by_key["glucose_random"]
        kind = glucose_kind if glucose_kind and glucose_kind != FASTING else RANDOM
    return Figures(
        _tenth(found.by_key.get("systolic")),
        _tenth(found.by_key.get("diastolic")),
        _tenth(glucose),
        kind,
        _tenth(found.by_key.get("hba1c")),
    )


def _tenth(value: Decimal | None) -> Decimal | None:
    return value.quantize(TENTH, rounding=ROUND_HALF_UP) if value is not None else None


def brought(
    found: Found, glucose: Decimal | None, kind: str, hba1c: Decimal | None
) -> dict[str, Decimal | None]:
    """What a save has to write into the visit so that it says this: {sign: figure, None to take it back}.

    What a result already says is not written again.
    """
    key = "glucose_fasting" if kind == FASTING else "glucose_random"
    wanted: dict[str, Decimal | None] = {"glucose_fasting": None, "glucose_random": None, "hba1c": hba1c}
    wanted[key] = glucose
    changes: dict[str, Decimal | None] = {}
    for sign, value in wanted.items():
        if value is None:
            if sign in found.own:
                changes[sign] = None
        elif found.by_key.get(sign) != value:
            changes[sign] = value
    return changes
