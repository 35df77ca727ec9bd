"""What moves a patient's money: receipt, payment, voiding, refund. One transaction each, audited.

Locks, always in this order: the visit, the receipt, the station's cash box, the number book.
"""

from collections.abc import Mapping
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.core import audit, numbering
from apps.core.errors import Refused
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.core.versions import StaleVersion
from apps.core.words import date_words, money_words
from apps.encounters import states
from apps.encounters.events import VisitEnteredInError
from apps.encounters.models import (
    Method,
    Receipt,
    ReceiptLine,
    ReceiptState,
    Refund,
    Visit,
)
from apps.encounters.money import bills, cash
from apps.encounters.money.bills import VisitBill
from apps.encounters.money.cash_rules import due_back, left_to_refund
from apps.encounters.money.sharing import Bill
from apps.encounters.services import number_in_year

NUMBER, REFUND = "receipt", "refund"  # the books of core.numbering
WRONG_VISIT = "Lượt khám ghi nhập nhầm"


def visit_locked(visit_id: UUID, right: str) -> Visit:
    """The visit, held until the transaction ends, where this scope may do `right` with its money."""
    scope = current()
    scope.require(right)
    visit = (
        Visit.objects.select_for_update(of=("self",))
        .select_related("facility__unit__parent", "card")
        .get(pk=visit_id)
    )
    if scope.workplace_id is None or not scope.reaches(visit.facility_id):
        raise PermissionDenied(right)
    return visit


@transaction.atomic
def receipt_make(*, visit_id: UUID, expected: int, method: str = "", given: int | None = None) -> Receipt:
    """Draw up the receipt of all that is open on a visit; with `method` cash it is paid at once.

    `expected` is the sum that the page showed: another one is refused, so nobody pays what she has not seen.
    With `method` transfer, or none, the receipt waits until somebody marks it paid. Of two cashiers the
    second is told of the first one's receipt.
    """
    visit = visit_locked(visit_id, "money.enter")
    if visit.state == states.ENTERED_IN_ERROR:
        raise Refused("Lượt khám này là nhập nhầm: không thu tiền.", code="in-error")
    made = bills.bill_of(visit)
    _refuse_nothing(made)
    if made.payable != expected:
        raise Refused(
            f"Số tiền phải thu vừa đổi thành {money_words(made.payable)}. Hãy xem lại rồi thu.", code="moved"
        )
    scope = current()
    assert scope.workplace_id is not None  # noqa: S101 - visit_locked has looked
    on = timezone.localdate()
    bill = made.bill
    receipt = Receipt(
        facility_id=scope.workplace_id,
        visit=visit,
        person_id=visit.person_id,
        on=on,
        payer=visit.payer,
        level=bill.level,
        total=bill.total,
        fund=bill.fund,
        programme=bill.programme,
        patient=bill.patient,
        relief=bill.relief,
        relief_reason=made.fees.relief_reason if bill.relief and made.fees else "",
        payable=bill.payable,
        method=method,
        made_by=scope.user_id,
        made_by_name=scope.shown_name,
        replaces=_voided(visit),
    )
    if method == Method.CASH:
        _pay(receipt, scope.workplace_id, Method.CASH, given)
    receipt.number = numbering.take(NUMBER, facility_id=scope.workplace_id, on=on, object_id=receipt.pk)
    receipt.save(force_insert=True)
    _lines_put(receipt, bill)
    _audit("receipt.made", receipt, payable=receipt.payable)
    if receipt.state == ReceiptState.PAID:
        _audit("receipt.paid", receipt, method=receipt.get_method_display(), amount=receipt.payable)
    return receipt


def _lines_put(receipt: Receipt, bill: Bill) -> None:
    # unscoped: of the receipt just made
    ReceiptLine.unscoped.bulk_create(
        ReceiptLine(
            receipt=receipt,
            position=place,
            source=line.item.source,
            key=line.item.key,
            object_id=line.item.object_id,
            code=line.item.code,
            text=line.item.text,
            quantity=line.item.quantity,
            price=line.item.price or 0,
            amount=line.amount,
            fund=line.fund,
            programme=line.programme,
            patient=line.patient,
        )
        for place, line in enumerate(bill.lines, 1)
    )


def _refuse_nothing(made: VisitBill) -> None:
    if made.question:
        raise Refused(made.question, code="question")
    if made.payable > 0:
        return
    if made.charged:
        last = made.charged[-1]
        raise Refused(
            f"Lượt khám này đã có biên lai {last.number} ({last.get_state_display()},"
            f" {money_words(last.payable)}, {last.made_by_name} lập).",
            code="already",
        )
    raise Refused("Lượt khám này không có khoản nào phải thu.", code="nothing")


def _voided(visit: Visit) -> Receipt | None:
    """The voided receipt whose place a new one takes."""
    # unscoped: of a visit that was found through the scope
    rows = Receipt.unscoped.filter(visit=visit, state=ReceiptState.VOID, replaced_by__isnull=True)
    return rows.order_by("-voided_at").first()


@transaction.atomic
def receipt_paid(
    *, receipt_id: UUID, expected_version: int, method: str, given: int | None = None
) -> Receipt:
    """'Đã thu tiền mặt', 'Đã chuyển khoản': somebody says that the money is there."""
    receipt = _receipt(receipt_id, expected_version, "money.enter")
    if receipt.state != ReceiptState.WAITING:
        raise Refused(f"Biên lai {receipt.number} {receipt.get_state_display()}.", code="state")
    if receipt.visit.state == states.ENTERED_IN_ERROR:
        raise Refused("Lượt khám này là nhập nhầm: không thu tiền.", code="in-error")
    if method not in Method.values:
        raise Refused("Chọn tiền mặt hoặc chuyển khoản.", field="method", code="method")
    scope = current()
    assert scope.workplace_id is not None  # noqa: S101 - _receipt has looked
    _pay(receipt, scope.workplace_id, method, given)
    _save(receipt)
    _audit("receipt.paid", receipt, method=receipt.get_method_display(), amount=receipt.payable)
    return receipt


def _pay(receipt: Receipt, workplace_id: UUID, method: str, given: int | None) -> None:
    if method == Method.CASH and given is not None and given < receipt.payable:
        missing = receipt.payable - given
        raise Refused(
            f"Người bệnh đưa còn thiếu {money_words(missing)} so với {money_words(receipt.payable)}.",
            field="given",
            code="too-little",
        )
    scope, box = current(), cash.box_locked(workplace_id)
    receipt.state, receipt.method = ReceiptState.PAID, Method(method)
    receipt.given = given if method == Method.CASH else None
    receipt.paid_at = timezone.now()
    receipt.paid_by, receipt.paid_by_name = scope.user_id, scope.shown_name
    receipt.book_at_id = workplace_id
    receipt.book_on = cash.book_day(box, timezone.localdate())


@transaction.atomic
def receipt_void(*, receipt_id: UUID, expected_version: int, reason: str) -> Receipt:
    """A wrong receipt keeps its number and its reason. What was paid and stands in a closed day is
    refunded.
    """
    receipt = _receipt(receipt_id, expected_version, "money.enter")
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do hủy biên lai.", field="reason", code="no-reason")
    if receipt.state == ReceiptState.VOID:
        raise Refused(f"Biên lai {receipt.number} đã hủy.", code="state")
    if receipt.state == ReceiptState.PAID:
        current().require("money.edit")
        _refuse_fixed(receipt)
    _void(receipt, reason)
    return receipt


def _refuse_fixed(receipt: Receipt) -> None:
    """What is closed or refunded already is not voided: the book of that day stays as it was counted."""
    assert receipt.book_at_id is not None and receipt.book_on is not None  # noqa: S101 - it was paid
    box = cash.box_locked(receipt.book_at_id)
    if not cash.is_open(box, receipt.book_on):
        raise Refused(
            f"Sổ quỹ ngày {date_words(receipt.book_on)} đã khóa: không hủy được. Hãy hoàn tiền.",
            code="closed",
        )
    # unscoped: of a receipt that was found through the scope
    if Refund.unscoped.filter(receipt=receipt).exists():
        raise Refused("Biên lai này đã hoàn tiền: không hủy được nữa.", code="refunded")
    if receipt.method == Method.CASH:
        cash.refuse_overdraft(box, receipt.book_on, receipt.payable)


def _void(receipt: Receipt, reason: str) -> None:
    scope = current()
    receipt.state, receipt.void_reason, receipt.refund_due = ReceiptState.VOID, reason, False
    receipt.voided_at = timezone.now()
    receipt.voided_by, receipt.voided_by_name = scope.user_id, scope.shown_name
    _save(receipt)
    numbering.void(
        NUMBER,
        facility_id=receipt.facility_id,
        on=receipt.on,
        number=number_in_year(receipt.number),
        object_id=receipt.pk,
        reason=reason,
    )
    _audit("receipt.voided", receipt)


@transaction.atomic
def refund_make(*, receipt_id: UUID, expected_version: int, amount: int, method: str, reason: str) -> Refund:
    """Give money back on a paid receipt: at most what is left of it, in cash at most what is in the box."""
    receipt = _receipt(receipt_id, expected_version, "money.edit")
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do hoàn tiền.", field="reason", code="no-reason")
    if receipt.state != ReceiptState.PAID:
        raise Refused("Chỉ hoàn tiền được cho biên lai đã thu.", code="state")
    if method not in Method.values:
        raise Refused("Chọn tiền mặt hoặc chuyển khoản.", field="method", code="method")
    left = _left(receipt)
    if not 0 < amount <= left:
        raise Refused(
            f"Biên lai này còn hoàn được tối đa {money_words(left)}.", field="amount", code="amount"
        )
    scope = current()
    assert scope.workplace_id is not None  # noqa: S101 - _receipt has looked
    box, today = cash.box_locked(scope.workplace_id), timezone.localdate()
    on = cash.book_day(box, today)
    if method == Method.CASH:
        cash.refuse_overdraft(box, on, amount)
    made = Refund(
        facility_id=scope.workplace_id,
        receipt=receipt,
        on=today,
        amount=amount,
        method=Method(method),
        reason=reason,
        book_on=on,
        by=scope.user_id,
        by_name=scope.shown_name,
    )
    made.number = numbering.take(REFUND, facility_id=scope.workplace_id, on=today, object_id=made.pk)
    made.save(force_insert=True)
    receipt.refund_due = receipt.refund_due and amount < due_back(
        receipt.payable, left, receipt.refund_wanted
    )
    _save(receipt)  # its version counts on: who looks at it sees that something has happened
    _audit("receipt.refunded", receipt, amount=amount, refund=made.number)
    return made


def visit_in_error(event: VisitEnteredInError) -> None:
    """Nobody pays for a visit that should not be there: what waits is voided, what was paid is named for
    refund.
    """
    # unscoped: of a visit that its own service has just written; its money is the same station's
    for receipt in (
        Receipt.unscoped.select_for_update(of=("self",)).filter(visit_id=event.visit_id).order_by("pk")
    ):
        if receipt.state == ReceiptState.WAITING:
            _void(receipt, WRONG_VISIT)
        elif receipt.state == ReceiptState.PAID:
            receipt.refund_wanted = 0
            receipt.refund_due = _left(receipt) > 0
            _save(receipt)


def came_back(visit_id: UUID, wanted: Mapping[UUID, int], reason: str) -> None:
    """What was charged came back: by receipt, how much of it is the patient's again. What waits is voided, to
    be drawn up anew; what was paid is named for refund.
    """
    # unscoped: of a visit that the caller has taken through the scope
    rows = Receipt.unscoped.select_for_update(of=("self",)).filter(visit_id=visit_id, pk__in=list(wanted))
    for receipt in rows.order_by("pk"):
        if receipt.state == ReceiptState.WAITING:
            _void(receipt, reason)
        elif receipt.state == ReceiptState.PAID and wanted[receipt.pk] > receipt.refund_wanted:
            receipt.refund_wanted = wanted[receipt.pk]
            receipt.refund_due = due_back(receipt.payable, _left(receipt), receipt.refund_wanted) > 0
            _save(receipt)


def _left(receipt: Receipt) -> int:
    """What of a paid receipt was not given back."""
    # unscoped: of a receipt that was found through the scope
    earlier = Refund.unscoped.filter(receipt=receipt).values_list("amount", flat=True)
    return left_to_refund(receipt.payable, earlier)


def _receipt(receipt_id: UUID, expected_version: int, right: str) -> Receipt:
    """The receipt, locked after its visit, where this scope may do `right`.

    Raises DoesNotExist for one out of sight, StaleVersion when somebody has done something with it since.
    """
    scope: Scope = current()
    scope.require(right)
    visit_id = Receipt.objects.values_list("visit_id", flat=True).get(pk=receipt_id)
    visit_locked(visit_id, right)
    receipt = Receipt.objects.select_for_update(of=("self",)).select_related("visit").get(pk=receipt_id)
    if receipt.version != expected_version:
        raise StaleVersion(current=receipt, mine=receipt)
    return receipt


def _save(receipt: Receipt) -> None:
    receipt.version += 1
    receipt.save()


def _audit(action: str, receipt: Receipt, **data: object) -> None:
    audit.record(
        action,
        person_id=receipt.person_id,
        object_id=receipt.pk,
        facility_id=receipt.facility_id,
        data={"number": receipt.number, **data},
    )
