"""What is charged beyond orders and medicines: lines typed by hand, the insured way, what is let off."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.core import audit
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion
from apps.encounters import states
from apps.encounters.models import FeeLine, FeeState, ReceiptLine, ReceiptState, Visit, VisitFees
from apps.encounters.money.receipts import visit_locked


@dataclass(frozen=True)
class Typed:
    text: str
    price: int
    quantity: Decimal
    reason: str


@transaction.atomic
def line_add(*, visit_id: UUID, typed: Typed) -> FeeLine:
    """Charge something that nothing else brings, with the reason."""
    visit = visit_locked(visit_id, "money.enter")
    _refuse_error(visit)
    text, reason = clean(typed.text)[:200], clean(typed.reason)[:300]
    if not text:
        raise Refused("Ghi tên khoản thu.", field="text", code="no-text")
    if not reason:
        raise Refused("Ghi lý do thu khoản này.", field="reason", code="no-reason")
    if typed.price <= 0 or typed.quantity <= 0:
        raise Refused("Đơn giá và số lượng phải lớn hơn 0.", field="price", code="amount")
    scope = current()
    line = FeeLine.unscoped.create(  # unscoped: of a visit that was found through the scope
        visit=visit,
        text=text,
        price=typed.price,
        quantity=typed.quantity,
        reason=reason,
        by=scope.user_id,
        by_name=scope.shown_name,
    )
    _audit("fee.added", visit, line=line.pk, price=line.price)
    return line


@transaction.atomic
def line_in_error(*, line_id: UUID, reason: str) -> FeeLine:
    """Take a typed line back while no receipt has charged it."""
    visit = visit_locked(FeeLine.objects.values_list("visit_id", flat=True).get(pk=line_id), "money.enter")
    line = FeeLine.objects.select_for_update(of=("self",)).get(pk=line_id)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do bỏ khoản này.", field="reason", code="no-reason")
    if line.state != FeeState.FINAL:
        raise Refused("Khoản này đã được bỏ.", code="state")
    # unscoped: of a line that was found through the scope
    charged = ReceiptLine.unscoped.filter(source="typed", key=str(line.pk))
    if charged.exclude(receipt__state=ReceiptState.VOID).exists():
        raise Refused("Khoản này đã có trong biên lai.", code="charged")
    line.state, line.error_reason = FeeState.ENTERED_IN_ERROR, reason
    line.version += 1
    line.save()
    _audit("fee.in_error", visit, line=line.pk)
    return line


@dataclass(frozen=True)
class Terms:
    """How a visit is charged. Of percent and amount one at most."""

    way: str
    percent: int = 0
    amount: int = 0
    reason: str = ""


@transaction.atomic
def terms_put(*, visit_id: UUID, terms: Terms, expected_version: int) -> VisitFees:
    """The insured way and what is let off; only who may (money.edit) lets off, and says why."""
    visit = visit_locked(visit_id, "money.enter")
    _refuse_error(visit)
    scope = current()
    # unscoped: of a visit that was found through the scope
    fees = VisitFees.unscoped.filter(visit=visit).first() or VisitFees(visit=visit, version=0)
    if fees.version != expected_version:
        raise StaleVersion(current=fees, mine=fees)
    reason = clean(terms.reason)[:300]
    let_off = (terms.percent, terms.amount, reason if terms.percent or terms.amount else "")
    if let_off != (fees.relief_percent, fees.relief_amount, fees.relief_reason):
        scope.require("money.edit")
        _refuse_relief(terms, reason)
        fees.relief_percent, fees.relief_amount, fees.relief_reason = let_off
        fees.relief_by, fees.relief_by_name = scope.user_id, scope.shown_name
    fees.way = terms.way
    fees.version += 1
    fees.save()
    _audit("fee.terms", visit, way=fees.way, percent=fees.relief_percent, amount=fees.relief_amount)
    return fees


def _refuse_relief(terms: Terms, reason: str) -> None:
    if terms.percent and terms.amount:
        raise Refused("Chỉ ghi phần trăm hoặc số tiền miễn giảm.", field="amount", code="both")
    if not 0 <= terms.percent <= 100:
        raise Refused("Phần trăm miễn giảm từ 0 đến 100.", field="percent", code="percent")
    if (terms.percent or terms.amount) and not reason:
        raise Refused("Ghi lý do miễn giảm.", field="reason", code="no-reason")


def _refuse_error(visit: Visit) -> None:
    if visit.state == states.ENTERED_IN_ERROR:
        raise Refused("Lượt khám này là nhập nhầm: không thu tiền.", code="in-error")


def _audit(action: str, visit: Visit, **data: object) -> None:
    audit.record(
        action,
        person_id=visit.person_id,
        object_id=visit.pk,
        facility_id=visit.facility_id,
        data={"number": visit.number, **data},
    )
