"""Section D of a person's health record (QĐ 831/QĐ-BYT): her finished visits that the scope sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.care.models import FactState, Measurement
from apps.care.vitals import BY_CODE
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.encounters import organs, states
from apps.encounters.models import Diagnosis, Visit
from apps.encounters.ordering import queries as order_queries
from apps.encounters.printing import signs
from apps.encounters.writing import SOURCE

PAGE = 10
SHEET = 200  # visits that are laid out within two seconds, about thirty pages


@dataclass(frozen=True)
class Examination:
    """One visit with what section D asks of it."""

    visit: Visit
    signs: str
    diagnoses: list[str]
    findings: list[str]
    tests: list[str]

    @property
    def examiner(self) -> str:
        who = self.visit.performer
        return who.full_name if who else self.visit.performer_text


def provide(scope: Scope, person: Any, cursor: str) -> dict[str, Any]:
    """A page of them, newest first. Five queries."""
    page: Page[Visit] = keyset(
        _finished(scope, person), order=("-occurred_at", "-id"), cursor=cursor, size=PAGE
    )
    return {
        "page": page,
        "examinations": _examinations(scope, page.items),
        "more_sheets": _sheets(_finished(scope, person)),
    }


def printed(scope: Scope, person: Any, sheet: int) -> dict[str, Any]:
    """Those of one sheet of the paper, newest first. Five queries."""
    rows = _finished(scope, person).order_by("-occurred_at", "-id")
    visits = list(rows[(sheet - 1) * SHEET : sheet * SHEET])
    return {"examinations": _examinations(scope, visits), "more_sheets": _sheets(_finished(scope, person))}


def _sheets(rows: Any) -> int:
    """How many sheets there are; 0 where one holds them all."""
    count = int(rows.order_by().count())
    return -(-count // SHEET) if count > SHEET else 0


def _finished(scope: Scope, person: Any) -> Any:
    rows = Visit.visible(scope).filter(person=person, state=states.FINALISED)
    return rows.select_related("facility", "performer")


def _examinations(scope: Scope, visits: Sequence[Visit]) -> list[Examination]:
    ids = [visit.pk for visit in visits]
    # unscoped: parts of visits that the scope sees
    diagnoses: dict[Any, list[str]] = {}
    for row in Diagnosis.unscoped.filter(visit__in=ids).order_by("position"):
        diagnoses.setdefault(row.visit_id, []).append(row.label)
    figures: dict[Any, dict[str, Any]] = {}
    # unscoped: the same
    measured = Measurement.unscoped.filter(source_kind=SOURCE, source_id__in=ids, state=FactState.FINAL)
    for source_id, code, value in measured.values_list("source_id", "code", "value"):
        if code in BY_CODE:
            figures.setdefault(source_id, {})[BY_CODE[code].key] = value
    tests = order_queries.lines_of_visits(scope, ids)
    return [
        Examination(
            visit,
            "; ".join(signs(figures.get(visit.pk, {}))),
            diagnoses.get(visit.pk, []),
            organs.told(visit.findings, visit.on),
            tests.get(visit.pk, []),
        )
        for visit in visits
    ]
