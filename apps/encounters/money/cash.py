"""The cash book: which day takes what, other cash in and out, closing a day, confirming it.

All who move a station's money lock its CashBox first, so that a day is never closed while somebody pays.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from apps.core import approvals, audit
from apps.core.errors import Refused
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion
from apps.core.words import date_words, money_words
from apps.encounters.models import (
    INWARD,
    CashBox,
    CashDay,
    CashMove,
    DayState,
    FeeState,
    Method,
    MoveKind,
    Receipt,
    ReceiptState,
    Refund,
)
from apps.encounters.money.cash_rules import Totals


def box_locked(facility_id: UUID) -> CashBox:
    """The station's box, held until the transaction ends."""
    # unscoped: the caller has checked the facility
    CashBox.unscoped.get_or_create(facility_id=facility_id)
    return CashBox.unscoped.select_for_update().get(facility_id=facility_id)


def book_day(box: CashBox, today: dt.date) -> dt.date:
    """On which day of the book money of now stands: today, or the first day that is not closed."""
    if box.closed_until is None or box.closed_until < today:
        return today
    return box.closed_until + dt.timedelta(days=1)


def is_open(box: CashBox, on: dt.date) -> bool:
    return box.closed_until is None or box.closed_until < on


def totals(facility_id: UUID, on: dt.date) -> Totals:
    """What the book says of a day, by the rows as they are. Five queries.

    Unscoped: the caller has checked the facility, whose money is counted whole, whoever's visits these were.
    """
    last = CashDay.unscoped.filter(facility_id=facility_id, on__lt=on).order_by("-on").first()
    opening, since = (last.counted, last.on) if last else (0, None)
    before = Q(book_on__lt=on) & (Q(book_on__gt=since) if since else Q())
    paid = Receipt.unscoped.filter(book_at_id=facility_id, state=ReceiptState.PAID)
    back = Refund.unscoped.filter(facility_id=facility_id)
    moves = CashMove.unscoped.filter(facility_id=facility_id, state=FeeState.FINAL)
    cash, transfer, inward = Q(method=Method.CASH), Q(method=Method.TRANSFER), Q(kind__in=INWARD)
    here = Q(book_on=on)
    taken = paid.filter(Q(book_on=on) | before).aggregate(
        old=Sum("payable", filter=cash & before, default=0),
        cash=Sum("payable", filter=cash & here, default=0),
        transfers=Sum("payable", filter=transfer & here, default=0),
    )
    given = back.filter(Q(book_on=on) | before).aggregate(
        old=Sum("amount", filter=cash & before, default=0),
        cash=Sum("amount", filter=cash & here, default=0),
        transfers=Sum("amount", filter=transfer & here, default=0),
    )
    moved = moves.filter(Q(book_on=on) | before).aggregate(
        old_in=Sum("amount", filter=inward & before, default=0),
        old_out=Sum("amount", filter=~inward & before, default=0),
        inward=Sum("amount", filter=inward & here, default=0),
        out=Sum("amount", filter=~inward & here, default=0),
    )
    return Totals(
        # Days before it that nobody has closed yet count as they stand.
        opening=int(opening + taken["old"] - given["old"] + moved["old_in"] - moved["old_out"]),
        receipts=int(taken["cash"]),
        other_in=int(moved["inward"]),
        refunds=int(given["cash"]),
        other_out=int(moved["out"]),
        transfers=int(taken["transfers"]),
        transfers_back=int(given["transfers"]),
    )


def refuse_overdraft(box: CashBox, on: dt.date, amount: int) -> None:
    """No more leaves the box than the book says is in it."""
    left = totals(box.facility_id, on).closing
    if amount > left:
        raise Refused(
            f"Quỹ tiền mặt theo sổ chỉ còn {money_words(left)}. Hãy xem lại số tiền.",
            field="amount",
            code="overdraft",
        )


@dataclass(frozen=True)
class Move:
    kind: str
    amount: int
    reason: str


@transaction.atomic
def move_add(*, facility_id: UUID, move: Move) -> CashMove:
    """Cash in or out without a patient. What is handed over or spent needs to be in the box."""
    box = _box(facility_id)
    on = book_day(box, timezone.localdate())
    reason = clean(move.reason)[:300]
    if not reason:
        raise Refused("Ghi nội dung thu, chi.", field="reason", code="no-reason")
    if move.amount <= 0:
        raise Refused("Số tiền phải lớn hơn 0.", field="amount", code="amount")
    if move.kind not in INWARD:
        refuse_overdraft(box, on, move.amount)
    scope = current()
    made = CashMove.unscoped.create(  # unscoped: the facility was checked
        facility_id=facility_id,
        kind=MoveKind(move.kind),
        amount=move.amount,
        reason=reason,
        book_on=on,
        by=scope.user_id,
        by_name=scope.shown_name,
    )
    _audit("cash.moved", made.pk, facility_id, kind=made.get_kind_display(), amount=made.amount)
    return made


@transaction.atomic
def move_in_error(*, move_id: UUID, reason: str) -> CashMove:
    """Take a wrong line out of a day that is still open; it stays to be read, with the reason."""
    found = CashMove.objects.get(pk=move_id)
    box = _box(found.facility_id)
    found = CashMove.objects.select_for_update().get(pk=move_id)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do bỏ khoản này.", field="reason", code="no-reason")
    if found.state != FeeState.FINAL:
        raise Refused("Khoản này đã được bỏ.", code="state")
    if not is_open(box, found.book_on):
        raise Refused(f"Sổ quỹ ngày {date_words(found.book_on)} đã khóa.", code="closed")
    if found.is_in:
        refuse_overdraft(box, found.book_on, found.amount)
    found.state, found.error_reason = FeeState.ENTERED_IN_ERROR, reason
    found.version += 1
    found.save()
    _audit("cash.move_in_error", found.pk, found.facility_id, kind=found.get_kind_display())
    return found


# ---- the end of a day


@transaction.atomic
def day_close(*, facility_id: UUID, on: dt.date, counted: int, reason: str = "") -> CashDay:
    """Close a day: what was counted stands beside what the book says; a difference needs its reason.

    Days are closed one after the other, none that is still to come.
    """
    box, today = _box(facility_id), timezone.localdate()
    if on > today:
        raise Refused("Chưa đến ngày này.", code="future")
    if not is_open(box, on):
        raise Refused(f"Sổ quỹ ngày {date_words(on)} đã khóa.", code="closed")
    if (earlier := first_open(facility_id, box.closed_until)) and earlier < on:
        raise Refused(f"Hãy khóa sổ quỹ ngày {date_words(earlier)} trước.", code="order")
    said = totals(facility_id, on)
    reason = clean(reason)[:300]
    if counted != said.closing and not reason:
        raise Refused(
            f"Kiểm đếm {money_words(counted)}, sổ ghi {money_words(said.closing)}: lệch "
            f"{money_words(counted - said.closing)}. Đếm lại, hoặc ghi lý do chênh lệch.",
            field="reason",
            code="difference",
        )
    scope = current()
    made = CashDay.unscoped.create(  # unscoped: the facility was checked
        facility_id=facility_id,
        on=on,
        opening=said.opening,
        cash_in=said.cash_in,
        cash_out=said.cash_out,
        closing=said.closing,
        transfers=said.transfers - said.transfers_back,
        counted=counted,
        difference_reason=reason if counted != said.closing else "",
        closed_at=timezone.now(),
        closed_by=scope.user_id,
        closed_by_name=scope.shown_name,
    )
    box.closed_until = on
    box.version += 1
    box.save()
    _audit("cash.closed", made.pk, facility_id, on=on, difference=made.difference)
    return made


def first_open(facility_id: UUID, closed_until: dt.date | None) -> dt.date | None:
    """The first day that has money in it and is not closed yet.

    Unscoped: the caller has checked the facility.
    """
    after = Q(book_on__gt=closed_until) if closed_until else Q(book_on__isnull=False)
    days: list[QuerySet[Any]] = [
        Receipt.unscoped.filter(after, book_at_id=facility_id, state=ReceiptState.PAID),
        Refund.unscoped.filter(after, facility_id=facility_id),
        CashMove.unscoped.filter(after, facility_id=facility_id, state=FeeState.FINAL),
    ]
    found = [rows.order_by("book_on").values_list("book_on", flat=True).first() for rows in days]
    return min((day for day in found if day is not None), default=None)


@transaction.atomic
def day_confirm(*, day_id: UUID, expected_version: int, counted: int, note: str = "") -> CashDay:
    """The next one counts what she takes over. Not who closed the day; another sum needs a word about it."""
    found = _day(day_id, expected_version, "money.enter")
    scope = current()
    if found.state != DayState.CLOSED:
        raise Refused("Sổ quỹ ngày này đã được xác nhận.", code="state")
    if scope.user_id == found.closed_by:
        raise Refused("Người nhận quỹ phải khác người khóa sổ.", code="same-person")
    if scope.user_id and found.closed_by and not approvals.apart(scope.user_id, found.closed_by):
        raise Refused(approvals.NOT_APART, code="same-person")
    note = clean(note)[:300]
    if counted != found.counted and not note:
        raise Refused(
            f"Người khóa sổ đếm {money_words(found.counted)}, bạn đếm {money_words(counted)}. Ghi rõ vì sao.",
            field="note",
            code="difference",
        )
    found.state = DayState.CONFIRMED
    found.confirmed_count, found.confirm_note = counted, note
    found.confirmed_at = timezone.now()
    found.confirmed_by, found.confirmed_by_name = scope.user_id, scope.shown_name
    found.version += 1
    found.save()
    _audit("cash.confirmed", found.pk, found.facility_id, on=found.on)
    return found


@transaction.atomic
def day_reopen(*, day_id: UUID, expected_version: int, reason: str) -> None:
    """Undo the closing of the last closed day, to close it anew. Not once the next one has confirmed it."""
    found = _day(day_id, expected_version, "money.edit")
    box = box_locked(found.facility_id)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do mở lại sổ.", field="reason", code="no-reason")
    if found.state != DayState.CLOSED or box.closed_until != found.on:
        raise Refused("Chỉ mở lại được ngày khóa sổ gần nhất khi chưa ai xác nhận.", code="state")
    # Money that came after the closing stands in the book of a later day and stays there.
    # unscoped: of a facility that was checked
    earlier = CashDay.unscoped.filter(facility_id=found.facility_id, on__lt=found.on).order_by("-on").first()
    _audit(
        "cash.reopened",
        found.pk,
        found.facility_id,
        on=found.on,
        reason=reason,
        was={name: getattr(found, name) for name in ("opening", "closing", "counted", "difference_reason")},
    )
    found.delete()
    box.closed_until = earlier.on if earlier else None
    box.version += 1
    box.save()


def _day(day_id: UUID, expected_version: int, right: str) -> CashDay:
    scope = current()
    scope.require(right)
    found = CashDay.objects.select_for_update(of=("self",)).get(pk=day_id)
    if not scope.reaches(found.facility_id):
        raise PermissionDenied(right)
    if found.version != expected_version:
        raise StaleVersion(current=found, mine=found)
    return found


def _box(facility_id: UUID) -> CashBox:
    """The box of a facility where this scope takes money, locked."""
    scope = current()
    scope.require("money.enter")
    if not scope.reaches(facility_id) or scope.hamlet_ids is not None:
        raise PermissionDenied("money.enter")
    return box_locked(facility_id)


def _audit(action: str, object_id: UUID, facility_id: UUID, **data: object) -> None:
    audit.record(action, object_id=object_id, facility_id=facility_id, data=data)


def by_cashier(facility_id: UUID, on: dt.date) -> list[dict[str, Any]]:
    """What each took on a day of the book: who, how many receipts, cash, transfers. One query.

    Unscoped: the caller has checked the facility.
    """
    rows = Receipt.unscoped.filter(book_at_id=facility_id, book_on=on, state=ReceiptState.PAID)
    found = (
        rows.values(name=F("paid_by_name"))
        .annotate(
            cash=Sum("payable", filter=Q(method=Method.CASH), default=0),
            transfers=Sum("payable", filter=Q(method=Method.TRANSFER), default=0),
        )
        .order_by("name")
    )
    return [dict(row) for row in found]
