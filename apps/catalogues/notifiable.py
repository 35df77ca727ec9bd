"""Which diagnoses must be reported, and how soon: the list of communicable diseases in force on a day."""

import datetime as dt
from collections.abc import Collection

from apps.catalogues.models import CommunicableDisease

# The strictest first; a disease that is only counted by month asks for no report of the case.
CASE_CLASSES = (
    CommunicableDisease.ReportClass.HOURS_24,
    CommunicableDisease.ReportClass.HOURS_48,
    CommunicableDisease.ReportClass.WEEK,
)


def covers(pattern: str, code: str) -> bool:
    """Whether a code or range of the list ('A80', 'A92.0', 'B50-B54') covers an ICD-10 code."""
    first, _, last = pattern.partition("-")
    if last:
        return first <= code[: len(first)] and code[: len(last)] <= last
    return code == first or code.startswith(f"{first}.") or ("." in first and code.startswith(first))


def of(codes: Collection[str], on: dt.date) -> list[CommunicableDisease]:
    """The diseases whose cases must be reported among these codes, the strictest first. One query."""
    if not codes:
        return []
    rows = CommunicableDisease.objects.filter(report_class__in=CASE_CLASSES).on(on)
    found = [
        row
        for row in rows.only("key", "name", "icd", "report_class")
        if any(covers(pattern, code) for pattern in row.icd for code in codes)
    ]
    order = list(CASE_CLASSES)
    return sorted(found, key=lambda row: (order.index(row.report_class), row.name))  # type: ignore[arg-type]
