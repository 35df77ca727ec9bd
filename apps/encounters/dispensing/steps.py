"""What the services of giving out share: what is locked, taken off the shelf, told.

Locks, always in this order: the visit, the dispensing, the items of the stock (in the order of their keys),
receipts. What hangs on a visit that was taken through the scope is unscoped here.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.dispensing import reading, rules, states
from apps.encounters.events import MedicationDispensed
from apps.encounters.models import Dispensing, DispensingLine, DispensingLot, Visit
from apps.patients import projections
from apps.stock import services as stock
from apps.stock.services import Source, Want

SOURCE = "dispensing"  # of the stock's movements, and the kind of the timeline


def visit_locked(visit_id: UUID, right: str) -> Visit:
    """The visit, held until the transaction ends, where this scope may do `right` for it."""
    scope = current()
    scope.require(right)
    visit = (
        Visit.objects.select_for_update(of=("self",))
        .select_related("facility", "person")
        .defer("person__tokens", "person__search")
        .get(pk=visit_id)
    )
    if not scope.reaches(visit.facility_id):
        raise PermissionDenied(right)
    return visit


def act_locked(dispensing_id: UUID, action: str, expected_version: int | None = None) -> Dispensing:
    """The act, locked after its visit. Raises DoesNotExist for one out of sight, Refused when outrun."""
    right = states.RIGHTS[action]
    visit_id = Dispensing.objects.values_list("visit_id", flat=True).get(pk=dispensing_id)
    visit = visit_locked(visit_id, right)
    act: Dispensing = Dispensing.objects.select_for_update(of=("self",)).get(pk=dispensing_id)
    act.visit = visit
    if expected_version is not None and act.version != expected_version:
        raise Refused("Lần cấp này vừa có người trả lại hoặc hủy. Xem lại rồi làm tiếp.", code="outrun")
    if not states.allows(act.state, action):
        raise Refused(f"Lần cấp này {act.state_word}: không làm được việc này.", code="state")
    return act


def may_dispense() -> None:
    if sentence := why_not("dispense", own_practitioner(current())):
        raise Refused(sentence, code="cannot-dispense")


def take(act: Dispensing, rows: Sequence[DispensingLine]) -> None:
    """Take what the lines want off the shelf, keep which lots it was, tell the house."""
    wants = [Want(row.item_id, row.taken) for row in rows if row.item_id is not None]
    if wants:
        assert act.location_id is not None  # noqa: S101 - refused before
        taken = stock.take_all(wants, location_id=act.location_id, source=Source(SOURCE, act.pk), on=act.on)
        DispensingLot.unscoped.bulk_create(_lots(rows, taken))
    put_timeline(act)
    units = [
        {"line": str(row.line_id), "item": str(row.item_id), "units": row.taken}
        for row in rows
        if row.item_id
    ]
    audit_act("dispensing.done", act, lines=len(rows), taken=units)
    publish(MedicationDispensed(act.pk, act.visit_id, act.person_id, act.facility_id, act.on))


def _lots(rows: Sequence[DispensingLine], taken: Sequence[stock.Taken]) -> list[DispensingLot]:
    found = []
    by_key = {str(row.pk): row for row in rows}
    for item_id in {row.item_id for row in rows if row.item_id is not None}:
        here = {str(each.movement_id): each for each in taken if each.item_id == item_id}
        parts = rules.shared(
            [(key, each.quantity) for key, each in here.items()],
            [(str(row.pk), row.taken) for row in rows if row.item_id == item_id],
        )
        for line, key, quantity in parts:
            lot = here[key].lot
            found.append(
                DispensingLot(
                    line=by_key[line],
                    lot=lot,
                    lot_number=lot.number,
                    expiry=lot.expiry,
                    month_only=lot.month_only,
                    quantity=quantity,
                    source=lot.source,
                    price=lot.price,
                    why=here[key].why[:200],
                )
            )
    return found


def still_out(act: Dispensing) -> dict[UUID, tuple[DispensingLot, int]]:
    """What of each lot of an act has not come back."""
    return {
        lot.pk: (lot, lot.quantity - back)
        for line in reading.given_on([act.visit_id], acts=[act.pk])
        for lot, back in line.lots
        if lot.quantity > back
    }


def put_timeline(act: Dispensing) -> None:
    """The line of an act in the person's course; it names no medicine."""
    rows = DispensingLine.unscoped.filter(dispensing=act).values_list("pk", "formula_id")
    formulas = {formula for _, formula in rows if formula}
    medicines = sum(formula is None for _, formula in rows)
    many = [f"{medicines} thuốc"] if medicines or not formulas else []
    many += [f"{len(formulas)} bài thuốc thang"] if formulas else []
    projections.put_timeline(
        person_id=act.person_id,
        at=act.occurred_at,
        kind=SOURCE,
        title=f"Cấp phát {' và '.join(many)}",
        object_id=act.pk,
        facility_id=act.facility_id,
        restricted=act.visit.restricted,
        state="entered_in_error" if act.state == states.CANCELLED else "done",
    )


def save(act: Dispensing) -> None:
    act.version += 1
    act.save()


def close(act: Dispensing, reason: str) -> None:
    act.state = states.CANCELLED
    act.end_reason, act.ended_at, act.ended_by_name = reason, timezone.now(), current().shown_name
    save(act)


def audit_act(action: str, act: Dispensing, **data: Any) -> None:
    audit.record(action, person_id=act.person_id, object_id=act.pk, facility_id=act.facility_id, data=data)
