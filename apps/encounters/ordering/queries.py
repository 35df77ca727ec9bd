"""Everything that is read about orders: those of a visit, what waits, one with all that came of it.

An order is found within its scope; its parts are then read unscoped, since whoever sees it sees them.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q
from django.urls import reverse
from django.utils import timezone

from apps.care import vitals
from apps.catalogues import codes
from apps.core import parameters
from apps.core.paging import Page, keyset
from apps.core.registry import DraftSubject
from apps.core.scope import Scope
from apps.encounters.models import (
    Attachment,
    HerbalFormula,
    HerbalLine,
    Order,
    OrderKind,
    OrderSet,
    ProcedureSheet,
    Result,
    ResultState,
    ResultValue,
    SheetRow,
    SheetState,
    TreatmentSession,
    Visit,
)
from apps.encounters.ordering import states as order_states
from apps.encounters.ordering import traditional

PAGE = "orders.page_size"

EARLIER_DAYS = 30  # what was left of the last weeks stands behind one link


def of_visit(scope: Scope, visit: Visit) -> list[Order]:
    """The orders of a visit that the scope sees, in the order they were placed. One query."""
    return list(Order.visible(scope).filter(visit=visit).order_by("occurred_at", "id"))


def order_page(order_id: UUID) -> Order | None:
    """One order that the scope in force sees, with its visit, person and place. One query."""
    return (
        Order.objects.select_related(
            "visit__performer", "visit__doctor", "visit__card", "visit__facility__unit", "visit__point",
            "visit__person__hamlet__commune__parent", "visit__hamlet__commune__parent__parent",
            "facility", "performer",
        )
        .defer("visit__person__tokens", "visit__person__search")
        .filter(pk=order_id)
        .first()
    )  # fmt: skip


def waiting(scope: Scope, *, kind: str = "", since: dt.date, cursor: str = "") -> Page[Order]:
    """What the scope's stations have still to do, oldest first, ordered on `since` or later. One query."""
    rows = _waiting(scope, since).select_related("person", "visit")
    if kind:
        rows = rows.filter(kind=kind)
    size = int(parameters.value(PAGE, on=timezone.localdate()))
    return keyset(
        rows.defer("person__tokens", "person__search"),
        order=("occurred_at", "id"),
        cursor=cursor,
        size=size,
    )


def waiting_first(scope: Scope, since: dt.date, limit: int) -> list[Order]:
    """What has waited longest since `since`: for the home page. One query."""
    rows = _waiting(scope, since).select_related("person").defer("person__tokens", "person__search")
    return list(rows.order_by("occurred_at", "id")[:limit])


def waiting_counts(scope: Scope, since: dt.date) -> dict[str, int]:
    """How many wait by kind. One query."""
    found = _waiting(scope, since).aggregate(
        **{kind: Count("pk", filter=Q(kind=kind)) for kind in OrderKind.values}
    )
    return dict(found)


def _waiting(scope: Scope, since: dt.date) -> Any:
    begins = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    return Order.visible(scope).filter(
        facility_id__in=scope.facility_ids, state__in=order_states.WAITING, occurred_at__gte=begins
    )


# ---- one order


def results(order: Order) -> list[Result]:
    """What was ever recorded under an order, newest first, with the values. Two queries."""
    # unscoped: parts of an order that the scope sees
    return list(
        Result.unscoped.filter(order=order)
        .select_related("performer", "verifier")
        .prefetch_related(Prefetch("values", ResultValue.unscoped.order_by("position")))
        .order_by("-entered_at")
    )


def standing(found: Iterable[Result]) -> Result | None:
    """The result that counts."""
    return next((row for row in found if row.state != ResultState.ENTERED_IN_ERROR), None)


def sheet(order: Order) -> ProcedureSheet | None:
    """The sheet of a procedure with its rows. Two queries."""
    # unscoped: parts of an order that the scope sees
    return (
        ProcedureSheet.unscoped.filter(order=order)
        .exclude(state=SheetState.ENTERED_IN_ERROR)
        .prefetch_related(Prefetch("rows", SheetRow.unscoped.order_by("at", "created_at")))
        .first()
    )


@dataclass(frozen=True)
class Watched:
    """A row of a sheet as it is shown; `minute` counts from the beginning."""

    row: SheetRow
    minute: int
    signs: str
    dangers: list[str]


def watched(sheet: ProcedureSheet, age_days: int | None) -> list[Watched]:
    """The rows of a sheet with their signs in words and what is dangerous among them."""
    found = []
    for row in sheet.rows.all():
        figures: dict[str, Decimal | None] = {key: Decimal(text) for key, text in row.signs.items()}
        dangers = [f.sentence for f in vitals.assess(figures, age_days) if f.level == "danger"]
        minute = int((row.at - sheet.started_at).total_seconds() // 60)
        found.append(Watched(row, minute, signs_words(row.signs), dangers))
    return found


def signs_words(signs: dict[str, str]) -> str:
    """'HA 120/80, mạch 88, nhiệt 37,5': in the order of the form."""
    parts = []
    for vital in vitals.VITALS:
        if vital.key == "systolic" and {"systolic", "diastolic"} <= signs.keys():
            parts.append(f"HA {_plain(signs['systolic'])}/{_plain(signs['diastolic'])}")
        elif vital.key in signs and vital.key not in ("systolic", "diastolic"):
            parts.append(f"{vital.title} {_plain(signs[vital.key])} {vital.unit_text}")
    return ", ".join(parts)


def _plain(text: str) -> str:
    return vitals.number_text(Decimal(text))


@dataclass(frozen=True)
class Sitting:
    """A sitting with its methods in words."""

    row: TreatmentSession
    methods: str


def sittings(order: Order) -> list[Sitting]:
    """The sittings of a course, oldest first. One query."""
    # unscoped: parts of an order that the scope sees
    rows = TreatmentSession.unscoped.filter(order=order).order_by("at", "id")
    return [
        Sitting(row, ", ".join(codes.label(traditional.METHODS, code) for code in row.methods))
        for row in rows
    ]


def formulas(visit: Visit) -> list[HerbalFormula]:
    """The herbal formulas of a visit with their herbs. Two queries."""
    # unscoped: parts of a visit that the scope sees
    return list(
        HerbalFormula.unscoped.filter(visit=visit)
        .select_related("prescriber")
        .prefetch_related(Prefetch("lines", HerbalLine.unscoped.order_by("position")))
        .order_by("created_at")
    )


def attachments(scope: Scope, visit: Visit, order: Order | None = None) -> list[Attachment]:
    """The files of a visit, or of one order. One query."""
    rows = Attachment.visible(scope).filter(visit=visit)
    if order is not None:
        rows = rows.filter(order=order)
    return list(rows.order_by("created_at"))


# ---- sets


def order_sets(scope: Scope) -> list[OrderSet]:
    """The sets of the scope's stations. One query."""
    return list(OrderSet.visible(scope).filter(is_active=True).order_by("name"))


# ---- for other pages


def lines_of_visits(scope: Scope, visit_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """'Glucose: 5,6 mmol/L' of each visit, what stands only: for the health record. One query."""
    rows = Order.visible(scope).filter(visit_id__in=visit_ids, state=order_states.RESULTED)
    found: dict[UUID, list[str]] = {}
    for visit_id, name, summary in rows.order_by("occurred_at").values_list("visit_id", "name", "summary"):
        found.setdefault(visit_id, []).append(f"{name}: {summary}" if summary else name)
    return found


def draft_subjects(scope: Scope, order_ids: Iterable[UUID]) -> dict[UUID, DraftSubject]:
    """The orders that drafts were begun for, as far as the scope sees them. One query."""
    rows = Order.visible(scope).filter(pk__in=list(order_ids)).select_related("person")
    return {
        row.pk: DraftSubject(
            title=f"Kết quả – {row.person.full_name}",
            url=reverse("encounters:order", args=[row.pk]),
            facility_id=row.facility_id,
            version=row.version,
            person_id=row.person_id,
        )
        for row in rows
    }


def visit_of_formula(formula_id: UUID) -> UUID | None:
    """The visit of a formula; its page decides who may see it."""
    return HerbalFormula.unscoped.filter(pk=formula_id).values_list("visit_id", flat=True).first()
