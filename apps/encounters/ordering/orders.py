"""Everything that changes an order itself: placed, cancelled, entered in error; the station's own sets.

Unscoped where it touches what hangs on a visit or order that was taken through the scope just before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.care import services as care
from apps.care.models import fact_values
from apps.core import audit, parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.encounters import states
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.events import VisitPartChanged
from apps.encounters.models import (
    Order,
    OrderKind,
    OrderSet,
    ProcedureSheet,
    Result,
    ResultState,
    SheetState,
    TreatmentSession,
    Visit,
)
from apps.encounters.ordering import catalogue as order_catalogue
from apps.encounters.ordering import states as order_states
from apps.patients import facts, projections, restricted
from apps.patients.models import TimelineEntry

SOURCE = "result"  # Measurement.source_kind, and the kind of the timeline
DRAFT = "order"  # what is typed into the page of an order, by core.drafts
MOST = "orders.most"
MAX_SESSIONS = 60


@dataclass(frozen=True)
class OrderInput:
    """One line of what is ordered. `sessions` counts for a course of treatment."""

    code: str
    note: str = ""
    sessions: int = 1


@transaction.atomic
def orders_place(*, visit_id: UUID, items: Sequence[OrderInput], override: str = "") -> list[Order]:
    """Order tests and services on an open visit, with the price of the day. Who orders is the scope's own.

    Refuses an ended visit, who may not order, codes that are not in force, a test of the other sex. Asks for
    a reason where the visit has the same order already.
    """
    visit = _open_visit(visit_id)
    author = own_practitioner(current())
    if sentence := why_not("order", author):
        raise Refused(sentence, field="codes", code="cannot-order")
    wanted = list({item.code: item for item in items}.values())
    if not wanted:
        raise Refused("Chọn ít nhất một dịch vụ.", field="codes", code="no-items")
    found = order_catalogue.known([item.code for item in wanted], visit.on)
    _refuse_unknown(visit, wanted, found)
    standing = list(
        Order.unscoped.filter(visit=visit, state__in=order_states.LIVE)  # unscoped: of a visit in the scope
    )
    if len(standing) + len(wanted) > int(parameters.value(MOST, on=visit.on)):
        raise Refused("Một lượt khám không thể có nhiều chỉ định đến thế.", field="codes", code="too-many")
    warnings = _twice(standing, found)
    if warnings and not clean(override):
        raise NeedsReason(warnings)
    prices = order_catalogue.prices(list(found), payer=visit.payer, province=_province(visit), on=visit.on)
    shared, now = fact_values(visit), timezone.now()
    rules = restricted.rules_on(visit.on)
    rows = []
    for item in wanted:
        thing = found[item.code]
        groups = restricted.groups_of(rules, labs=thing.tests or (thing.code,), texts=[thing.name])
        row = Order(
            **shared
            | {
                "performer_id": author.pk if author else None,
                "performer_text": author.full_name if author else "",
                "occurred_at": visit.occurred_at if visit.entry_mode == facts.EntryMode.BACK_ENTERED else now,
                "recorded_at": now,
                "recorded_by": current().user_id,
                "restricted": bool(groups),
            },
            visit=visit,
            kind=thing.kind,
            code=thing.code,
            name=thing.name,
            form=thing.form,
            tests=list(thing.tests),
            note=clean(item.note)[:300],
            sessions=item.sessions if thing.kind == OrderKind.COURSE else 1,
            price=prices[thing.code].price,
            price_source=prices[thing.code].source,
            restricted_by=groups,
        )
        keep_overrides(row, [w for w in warnings if w.code.endswith(f":{thing.code}")], override)
        rows.append(row)
    Order.unscoped.bulk_create(rows)  # of the visit taken through the scope
    for row in rows:
        audit_order("order.placed", row, code=row.code)
    return rows


@transaction.atomic
def order_cancel(*, order_id: UUID, expected_version: int, reason: str) -> Order:
    """Take back what nobody has begun; the order stays with its reason."""
    order = order_for("cancel", order_id, expected_version)
    if _begun(order):
        raise Refused("Đã bắt đầu thực hiện: không hủy được. Nếu ghi nhầm, chọn Nhập nhầm.", code="begun")
    return _end(order, order_states.CANCELLED, reason, "order.cancelled")


@transaction.atomic
def order_in_error(*, order_id: UUID, expected_version: int, reason: str) -> Order:
    """Say that an order should never have been written, with whatever was recorded under it."""
    order = order_for("error", order_id, expected_version)
    ended = _end(order, order_states.ENTERED_IN_ERROR, reason, "order.entered_in_error")
    take_back([order.pk], clean(reason)[:300])
    return ended


@transaction.atomic
def order_set_save(*, name: str, codes: Sequence[str], set_id: UUID | None = None) -> OrderSet:
    """The station's own set of orders, new or changed."""
    scope = current()
    scope.require("results.edit")
    name, picked = clean(name)[:100], list(dict.fromkeys(codes))
    if not name:
        raise Refused("Ghi tên nhóm.", field="name")
    known = order_catalogue.known(picked, timezone.localdate())
    if not picked or set(picked) - known.keys():
        raise Refused("Chọn các dịch vụ đang có trong danh mục.", field="codes")
    if set_id is None:
        if scope.workplace_id is None:
            raise PermissionDenied("results.edit")
        row = OrderSet(station_id=scope.workplace_id)
    else:
        row = OrderSet.objects.select_for_update().get(pk=set_id)
    row.name, row.codes = name, picked
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Refused("Trạm đã có nhóm tên này.", field="name") from None
    audit.record("order_set.saved", object_id=row.pk, facility_id=row.station_id, data={"codes": picked})
    return row


@transaction.atomic
def order_set_drop(*, set_id: UUID) -> None:
    """The set is offered no longer."""
    current().require("results.edit")
    row = OrderSet.objects.select_for_update().get(pk=set_id)
    row.is_active = False
    row.save(update_fields=["is_active", "updated_at"])
    audit.record("order_set.dropped", object_id=row.pk, facility_id=row.station_id)


# ---- shared by the services of results, procedures and courses


def order_for(action: str, order_id: UUID, expected_version: int | None = None) -> Order:
    """The order, locked, when this scope may do `action` on it now; any version where none is expected.

    Raises Order.DoesNotExist for one out of sight, PermissionDenied for another station's or a missing right,
    StaleVersion when somebody has saved since, Refused when its state does not allow the action.
    """
    scope = current()
    scope.require(order_states.right_for(action))
    order = (
        Order.objects.select_for_update(of=("self",)).select_related("visit", "person", "facility")
        .defer("person__tokens", "person__search")
        .get(pk=order_id)
    )  # fmt: skip
    if not scope.reaches(order.facility_id):
        raise PermissionDenied(action)
    if expected_version is not None and order.version != expected_version:
        raise StaleVersion(current=order, mine=Order.unscoped.get(pk=order_id))  # found through the scope
    if not order_states.allows(order.state, action):
        raise Refused(f"Chỉ định {order.state_word}: không làm được việc này.", code="state")
    return order


def keep_overrides(row: Any, warnings: Sequence[Warning], reason: str) -> None:
    """Keep on a record which warnings were overridden, why and by whom."""
    row.overrides = [
        *row.overrides,
        *(
            {
                "code": warning.code,
                "sentence": warning.sentence,
                "reason": clean(reason)[:300],
                "by": current().user_id,
                "at": timezone.now(),
            }
            for warning in warnings
        ),
    ]


def take_back(order_ids: Sequence[UUID], reason: str) -> None:
    """Whatever was recorded under these orders is in error, as they are."""
    results = results_of(order_ids)
    # unscoped: of orders that their service has taken through the scope
    Result.unscoped.filter(pk__in=results).exclude(state=ResultState.ENTERED_IN_ERROR).update(
        state=ResultState.ENTERED_IN_ERROR, error_reason=reason, updated_at=timezone.now()
    )
    for result_id in results:
        care.measurements_in_error(source_kind=SOURCE, source_id=result_id)
    ProcedureSheet.unscoped.filter(order_id__in=order_ids).exclude(state=SheetState.ENTERED_IN_ERROR).update(
        state=SheetState.ENTERED_IN_ERROR, error_reason=reason, updated_at=timezone.now()
    )
    TimelineEntry.unscoped.filter(kind=SOURCE, object_id__in=order_ids).update(state="entered_in_error")


def results_of(order_ids: Sequence[UUID]) -> list[UUID]:
    """Every result of these orders, whatever became of it."""
    return list(Result.unscoped.filter(order_id__in=order_ids).values_list("pk", flat=True))


def put_timeline(order: Order, *, at: Any, state: str = "done") -> None:
    """The line of an order that has shown something."""
    projections.put_timeline(
        person_id=order.person_id,
        at=at,
        kind=SOURCE,
        title=f"{order.name}: {order.summary}" if order.summary else order.name,
        object_id=order.pk,
        facility_id=order.facility_id,
        restricted=order.restricted or order.visit.restricted,
        state=state,
    )


def audit_order(action: str, order: Order, **data: Any) -> None:
    audit.record(
        action, person_id=order.person_id, object_id=order.pk, facility_id=order.facility_id, data=data
    )


def tell_changed(visit: Visit) -> None:
    """Something of the visit is not as it was; whoever has told others of it tells them again."""
    publish(VisitPartChanged(visit.pk, visit.person_id, visit.facility_id, visit.on))


# ---- parts


def _open_visit(visit_id: UUID) -> Visit:
    visit = (
        Visit.objects.select_for_update(of=("self",)).select_related("facility__unit__parent", "person")
        .defer("person__tokens", "person__search")
        .get(pk=visit_id)
    )  # fmt: skip
    if not current().reaches(visit.facility_id):
        raise PermissionDenied("order")
    if not visit.is_open:
        raise Refused(
            f"Lượt khám {visit.number} {states.TITLES[visit.state]}: không chỉ định thêm được.",
            field="codes",
            code="state",
        )
    return visit


def _province(visit: Visit) -> str:
    unit = visit.facility.unit
    while unit is not None and unit.parent is not None:
        unit = unit.parent
    return unit.name if unit else ""


def _refuse_unknown(
    visit: Visit, wanted: Sequence[OrderInput], found: dict[str, order_catalogue.Item]
) -> None:
    for item in wanted:
        if item.code not in found:
            raise Refused(
                f"Mã {item.code[:20]} không thuộc danh mục chỉ định của trạm ngày {visit.on:%d/%m/%Y}.",
                field="codes",
                code="order-unknown",
            )
        if not 1 <= item.sessions <= MAX_SESSIONS:
            raise Refused(f"Số buổi từ 1 đến {MAX_SESSIONS}.", field="sessions", code="order-sessions")
    every = [test for item in found.values() for test in item.tests]
    for test in order_catalogue.tests(every, visit.on) if every else []:
        if test.sex and visit.person.sex in ("male", "female") and test.sex != visit.person.sex[0].upper():
            who = "nữ" if test.sex == "F" else "nam"
            raise Refused(f"{test.name} chỉ làm cho {who}.", field="codes", code="order-sex")


def _twice(standing: Sequence[Order], found: dict[str, order_catalogue.Item]) -> list[Warning]:
    return [
        Warning(
            f"order-twice:{order.code}",
            f"{order.name} đã chỉ định trong lượt khám này ({order.state_word}).",
            "codes",
        )
        for order in standing
        if order.code in found
    ]


def _begun(order: Order) -> bool:
    # unscoped: of an order that was taken through the scope
    return (
        Result.unscoped.filter(order=order).exclude(state=ResultState.ENTERED_IN_ERROR).exists()
        or ProcedureSheet.unscoped.filter(order=order).exclude(state=SheetState.ENTERED_IN_ERROR).exists()
        or TreatmentSession.unscoped.filter(order=order, in_error=False).exists()
    )


def _end(order: Order, state: str, reason: str, action: str) -> Order:
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do.", field="reason", code="no-reason")
    order.state, order.end_reason = state, reason
    save_versioned(order, expected=order.version)
    audit_order(action, order)
    tell_changed(order.visit)
    return order
