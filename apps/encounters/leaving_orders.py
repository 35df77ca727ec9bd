"""The orders of a visit as they leave the house: what was verified, ended or done, never what still waits.

An order of a restricted test stays where no rule lets it leave, with all that hangs on it. Unscoped: the
orders belong to a visit that was found.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.catalogues import codes
from apps.encounters import travel
from apps.encounters.models import (
    Order,
    ProcedureSheet,
    Result,
    ResultState,
    ResultValue,
    SheetState,
    TreatmentSession,
    Visit,
)
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering.procedures import shown
from apps.encounters.ordering.traditional import METHODS
from apps.facilities.models import Practitioner
from apps.patients import restricted
from apps.patients.hush import Hush

TRAVELS = (*order_states.LIVE, order_states.CANCELLED)


@dataclass
class Words:
    """What was typed of a person, as it may leave; keeps the names of what stays in the house."""

    hush: Hush
    person_id: UUID
    _hidden: set[str] = field(default_factory=set)

    def told(self, name: str, typed: str) -> str:
        """`typed`, or '' where it stays."""
        told = self.hush.text(self.person_id, typed)
        if typed and not told:
            self._hidden.add(name)
        return told

    def again(self) -> "Words":
        """The same for another record, which keeps names of its own."""
        return Words(self.hush, self.person_id)

    @property
    def hidden(self) -> tuple[str, ...]:
        return tuple(sorted(self._hidden))


def practitioner(who: Practitioner | None) -> travel.TravelPractitioner | None:
    """Who did something, for other systems."""
    if who is None:
        return None
    return travel.TravelPractitioner(
        who.pk, who.full_name, who.licence_no, who.prescriber_code, who.get_grade_display()
    )


def orders(visits: Collection[Visit]) -> dict[UUID, list[Order]]:
    """The orders of each visit that may leave, in the order they were placed. One query."""
    rows = Order.unscoped.filter(visit__in=visits, state__in=TRAVELS).select_related("performer")
    found: dict[UUID, list[Order]] = {}
    for row in rows.order_by("occurred_at", "id"):
        if restricted.may_leave(row.restricted_by):
            found.setdefault(row.visit_id, []).append(row)
    return found


@dataclass(frozen=True)
class CameOf:
    """What came of many orders, by order."""

    results: dict[UUID, Result] = field(default_factory=dict)
    values: dict[UUID, list[ResultValue]] = field(default_factory=dict)  # by result
    sheets: dict[UUID, ProcedureSheet] = field(default_factory=dict)
    sittings: dict[UUID, list[TreatmentSession]] = field(default_factory=dict)


def came_of(found: Sequence[Order]) -> CameOf:
    """Three queries, a fourth where there are results; none where nothing was ordered."""
    if not found:
        return CameOf()
    out = CameOf()
    for row in Result.unscoped.filter(order__in=found, state=ResultState.FINAL).select_related(
        "performer", "verifier"
    ):
        out.results[row.order_id] = row
    if out.results:
        for value in ResultValue.unscoped.filter(result__in=out.results.values()).order_by("position"):
            out.values.setdefault(value.result_id, []).append(value)
    sheets = ProcedureSheet.unscoped.filter(order__in=found).exclude(state=SheetState.ENTERED_IN_ERROR)
    for sheet in sheets.select_related("performer"):
        out.sheets[sheet.order_id] = sheet
    sittings = TreatmentSession.unscoped.filter(order__in=found, in_error=False)
    for sitting in sittings.select_related("performer").order_by("at", "id"):
        out.sittings.setdefault(sitting.order_id, []).append(sitting)
    return out


def told(visit: Visit, found: Sequence[Order], came: CameOf, words: Words) -> tuple[travel.TravelOrder, ...]:
    """These orders of a visit with what came of them."""
    return tuple(
        _order(
            order,
            words.again(),
            visit=visit,
            result=came.results.get(order.pk),
            values=came.values,
            sheet=came.sheets.get(order.pk),
            sittings=came.sittings.get(order.pk, []),
        )
        for order in found
    )


def _order(
    order: Order,
    words: Words,
    *,
    visit: Visit,
    result: Result | None,
    values: dict[UUID, list[ResultValue]],
    sheet: ProcedureSheet | None,
    sittings: Sequence[TreatmentSession],
) -> travel.TravelOrder:
    fields: dict[str, Any] = {
        "note": words.told("note", order.note),
        "result": _result(result, values.get(result.pk, []), words) if result else None,
        "sheet": _sheet(sheet, visit, words) if sheet else None,
        "sittings": tuple(_sitting(row, visit, words) for row in sittings),
    }
    return travel.TravelOrder(
        id=order.pk,
        kind=order.kind,
        code=order.code,
        name=order.name,
        state=order.state,
        at=order.occurred_at,
        sessions=order.sessions,
        performer=practitioner(order.performer),
        performer_text=order.performer_text,
        hidden=words.hidden,
        **fields,
    )


def _result(row: Result, values: Sequence[ResultValue], words: Words) -> travel.TravelResult:
    return travel.TravelResult(
        id=row.pk,
        at=row.at,
        verified_at=row.verified_at or row.entered_at,
        late=row.late,
        corrected=row.corrects_id is not None,
        fasting=row.fasting,
        description=words.told("description", row.description),
        conclusion=words.told("conclusion", row.conclusion),
        note=words.told("result_note", row.note),
        performer=practitioner(row.performer),
        performer_text=row.performer_text,
        verifier=practitioner(row.verifier),
        values=tuple(
            travel.TravelValue(
                test=value.test,
                name=value.name,
                loinc=value.loinc,
                value=value.value,
                comparator=value.comparator,
                unit=value.unit,
                word_code=value.word_code,
                word=value.word,
                range_text=value.range_text,
                flag=value.flag,
            )
            for value in values
        ),
    )


def _sheet(row: ProcedureSheet, visit: Visit, words: Words) -> travel.TravelSheet:
    if row.state == SheetState.OPEN:
        return travel.TravelSheet(
            row.pk, True, row.started_at, None, (), "", "", practitioner(row.performer), row.performer_text
        )
    boxes = ((label, words.told("boxes", str(text))) for label, text in shown(row, visit.on))
    return travel.TravelSheet(
        id=row.pk,
        open=False,
        started_at=row.started_at,
        ended_at=row.ended_at,
        boxes=tuple((label, text) for label, text in boxes if text),
        supplies=words.told("supplies", row.supplies),
        outcome=words.told("outcome", row.outcome),
        performer=practitioner(row.performer),
        performer_text=row.performer_text,
    )


def _sitting(row: TreatmentSession, visit: Visit, words: Words) -> travel.TravelSitting:
    return travel.TravelSitting(
        id=row.pk,
        at=row.at,
        methods=tuple((code, codes.label(METHODS, code, visit.on)) for code in row.methods),
        minutes=row.minutes,
        points=words.told("points", row.points),
        note=words.told("note", row.note),
        performer=practitioner(row.performer),
        performer_text=row.performer_text,
    )
