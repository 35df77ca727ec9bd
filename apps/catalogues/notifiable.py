"""Which diagnoses must be reported, and how soon: the list of communicable diseases in force on a day."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from apps.catalogues.codes import kept
from apps.catalogues.models import CommunicableDisease

# The strictest first; a disease that is only counted by month asks for no report of the case.
CASE_CLASSES = (
    CommunicableDisease.ReportClass.HOURS_24,
    CommunicableDisease.ReportClass.HOURS_48,
    CommunicableDisease.ReportClass.WEEK,
)
# Reported beside whatever else the code means: candidiasis of HIV (B20.4) is both.
BESIDE_OTHERS = frozenset({"hiv"})


@dataclass(frozen=True)
class Reportable:
    """What codes of a day mean: `by_code` the diseases of each, several where the code does not tell which;
    `uncoded` those that no code stands for.
    """

    by_code: dict[str, list[CommunicableDisease]] = field(default_factory=dict)
    uncoded: list[CommunicableDisease] = field(default_factory=list)

    def of(self, code: str, key: str = "") -> list[CommunicableDisease]:
        """The diseases of one code; with the key that somebody has chosen, that one."""
        found = self.by_code.get(code, [])
        chosen = [row for row in [*found, *self.uncoded] if row.key == key]
        return chosen or found

    def open_to_choice(self, code: str) -> bool:
        """Whether the code alone does not say which disease it is."""
        return len([row for row in self.by_code.get(code, []) if row.key not in BESIDE_OTHERS]) > 1


def covers(pattern: str, code: str) -> bool:
    """Whether a code or range of the list ('A80', 'A92.0', 'B50-B54') covers an ICD-10 code."""
    first, _, last = pattern.partition("-")
    if last:
        return first <= code[: len(first)] and code[: len(last)] <= last
    return code == first or code.startswith(f"{first}.") or ("." in first and code.startswith(first))


def narrowest(patterns: Collection[str], code: str) -> int:
    """How closely the patterns mean the code: 0 not at all, 1 by a range, else by as many signs."""
    return max((1 if "-" in each else len(each) for each in patterns if covers(each, code)), default=0)


def reportable(codes: Collection[str], on: dt.date) -> Reportable:
    """What of these codes must be reported case by case. The list is kept in the process.

    Where one disease means the code itself and another a range around it (A83.0 in A83-A86), it is the first.
    """
    if not codes:
        return Reportable()
    rows = [row for row in kept("communicable_diseases", _listed) if row.in_force(on)]
    by_code = {code: found for code in codes if (found := _closest(rows, code))}
    return Reportable(by_code, [row for row in rows if not row.icd])


def _listed() -> list[CommunicableDisease]:
    found = CommunicableDisease.objects.filter(report_class__in=CASE_CLASSES)
    return list(found.only("key", "name", "icd", "report_class", "valid_from", "valid_to"))


def _closest(rows: Sequence[CommunicableDisease], code: str) -> list[CommunicableDisease]:
    near = {row.key: narrowest(row.icd, code) for row in rows}
    best = max(near.values(), default=0)
    return strictest_first(
        row for row in rows if near[row.key] and (near[row.key] == best or row.key in BESIDE_OTHERS)
    )


def strictest_first(rows: Iterable[CommunicableDisease]) -> list[CommunicableDisease]:
    """By the time there is, then by name; each once."""
    order = list(CASE_CLASSES)
    once = {row.key: row for row in rows}
    return sorted(once.values(), key=lambda row: (order.index(row.report_class), row.name))  # type: ignore[arg-type]


def of(codes: Collection[str], on: dt.date) -> list[CommunicableDisease]:
    """The diseases whose cases must be reported among these codes, the strictest first. One query."""
    found = reportable(codes, on)
    return strictest_first([row for rows in found.by_code.values() for row in rows])
