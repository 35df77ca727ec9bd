"""What becomes of orders when their visit ends, is entered in error or moved.

Unscoped: told by the visit's own service, which has checked everything and holds the visit.
"""

from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone

from apps.care.models import Measurement, fact_values
from apps.encounters.events import VisitEnteredInError, VisitEvent, VisitMoved
from apps.encounters.models import (
    HerbalFormula,
    HerbalLine,
    Order,
    ProcedureSheet,
    Result,
    TreatmentSession,
    Visit,
)
from apps.encounters.ordering import orders
from apps.encounters.ordering import states as order_states
from apps.patients.models import TimelineEntry

WRONG_VISIT = "Lượt khám là nhập nhầm"


def follow_end(event: VisitEvent) -> None:
    """A visit that turned out restricted takes along what its results have put elsewhere."""
    # unscoped: told by the visit's own service
    hidden = Visit.unscoped.filter(pk=event.visit_id, restricted=True).exists()
    if not hidden:
        return
    ids = list(Order.unscoped.filter(visit_id=event.visit_id).values_list("pk", flat=True))
    if ids:
        TimelineEntry.unscoped.filter(kind=orders.SOURCE, object_id__in=ids).update(restricted=True)
        Measurement.unscoped.filter(source_kind=orders.SOURCE, source_id__in=orders.results_of(ids)).update(
            restricted=True
        )


def follow_error(event: VisitEnteredInError) -> None:
    """A visit that should never have been written takes its orders with it."""
    # unscoped: told by the visit's own service, which has checked everything
    reason = WRONG_VISIT
    live = Order.unscoped.filter(visit_id=event.visit_id).exclude(state=order_states.ENTERED_IN_ERROR)
    ids = list(live.values_list("pk", flat=True))
    if ids:
        live.update(state=order_states.ENTERED_IN_ERROR, end_reason=reason, updated_at=timezone.now())
        orders.take_back(ids, reason)
    HerbalFormula.unscoped.filter(visit_id=event.visit_id, in_error=False).update(
        in_error=True, error_reason=reason
    )


def follow_move(event: VisitMoved) -> None:
    """What nobody had begun is ordered on the right person's visit too. What has a result stays, in error,
    with the wrong one: its ranges were those of another sex and age, so it is entered anew.
    """
    if event.to_visit_id is None:
        return
    new = Visit.unscoped.get(pk=event.to_visit_id)
    shared = fact_values(new)
    fresh = []
    for order in Order.unscoped.filter(visit_id=event.visit_id, end_reason=WRONG_VISIT):
        if _begun_ever(order):
            continue
        copied = ("kind", "code", "name", "form", "tests", "note", "sessions", "price", "price_source")
        who = ("performer_id", "performer_text", "occurred_at", "recorded_by", "restricted", "restricted_by")
        values = {name: getattr(order, name) for name in (*copied, *who)}
        fresh.append(Order(**shared | values, visit=new))
    Order.unscoped.bulk_create(fresh)
    _formulas_follow(event.visit_id, new)


def _formulas_follow(visit_id: UUID, new: Visit) -> None:
    """The herbal formulas that stood on the wrong person's visit are prescribed on hers, as her medicines
    are: what was given out of them is counted on these. Unscoped as above.
    """
    rows = HerbalFormula.unscoped.filter(visit_id=visit_id, error_reason=WRONG_VISIT).order_by("created_at")
    for old in rows.prefetch_related(Prefetch("lines", HerbalLine.unscoped.order_by("position"))):
        same = {name: getattr(old, name) for name in ("name", "packets", "usage", "note", "prescriber_id")}
        formula = HerbalFormula.unscoped.create(visit=new, **same)
        HerbalLine.unscoped.bulk_create(
            HerbalLine(
                formula=formula, code=line.code, name=line.name, grams=line.grams, position=line.position
            )
            for line in old.lines.all()
        )


def _begun_ever(order: Order) -> bool:
    return (
        Result.unscoped.filter(order=order).exists()
        or ProcedureSheet.unscoped.filter(order=order).exists()
        or TreatmentSession.unscoped.filter(order=order).exists()
    )
