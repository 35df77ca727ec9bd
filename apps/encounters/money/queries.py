"""What is read of money: a visit's bill page, one receipt, the cash book of a day, what is owed, what goes
back.

Whoever keeps the cash book sees every sum of her station. Whose it was she sees where she may see the visit:
of a restricted one, by right or because she wrote it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import BigIntegerField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.core import parameters
from apps.core.paging import Page, keyset
from apps.core.scope import RESTRICTED_RIGHT, Scope
from apps.encounters import states
from apps.encounters.models import (
    BankAccount,
    CashBox,
    CashDay,
    CashMove,
    DayState,
    Receipt,
    ReceiptLine,
    ReceiptState,
    Refund,
    Visit,
)
from apps.encounters.money import bills, sources
from apps.encounters.money.bills import VisitBill
from apps.encounters.money.cash_rules import due_back

UNPAID_DAYS, PAGE = "fees.unpaid_days", "fees.page_size"
HIDDEN = "Người bệnh (hạn chế xem)"
MOST = 200  # refunds and other cash of one day: what no day of a station reaches


def page_size(on: dt.date) -> int:
    return int(parameters.value(PAGE, on=on))


# ---- whose it is


def may_know(scope: Scope, visit: Visit) -> bool:
    """Whether the reader may know whose visit it was: as the visit's own scope says."""
    if not visit.restricted or scope.can(RESTRICTED_RIGHT):
        return True
    if scope.program:
        return False
    mine = scope.practitioner_id is not None and visit.performer_id == scope.practitioner_id
    return mine or (scope.user_id is not None and visit.recorded_by == scope.user_id)


def name_of(scope: Scope, visit: Visit) -> str:
    """The name on a list of money; `visit` comes with its person."""
    return visit.person.full_name if may_know(scope, visit) else HIDDEN


@dataclass(frozen=True)
class Row:
    """A line of a list: the receipt, whose it is, and whether the reader may open it."""

    receipt: Receipt
    name: str
    known: bool
    refunded: int = 0

    @property
    def left(self) -> int:
        left = self.receipt.payable - self.refunded
        return due_back(self.receipt.payable, left, self.receipt.refund_wanted)


def rows(scope: Scope, receipts: Sequence[Receipt]) -> list[Row]:
    """Lines of receipts that came with their visit and person."""
    return [
        Row(
            receipt,
            name_of(scope, receipt.visit),
            may_know(scope, receipt.visit),
            getattr(receipt, "refunded", 0),
        )
        for receipt in receipts
    ]


def known_people(found: Sequence[Row]) -> list[UUID]:
    """Who was shown by name, for the read log."""
    return [row.receipt.visit.person_id for row in found if row.known]


def _with_refunds(receipts: QuerySet[Receipt]) -> QuerySet[Receipt]:
    # unscoped: of the receipts that the caller has found
    back = Refund.unscoped.filter(receipt=OuterRef("pk")).order_by().values("receipt")
    total = back.annotate(total=Sum("amount")).values("total")
    return receipts.annotate(
        refunded=Coalesce(Subquery(total, output_field=BigIntegerField()), Value(0))
    ).select_related("visit__person")


# ---- one visit, one receipt


def visit_page(visit_id: UUID) -> Visit | None:
    """A visit that the scope in force sees, with what its bill needs. One query."""
    return (
        Visit.objects.select_related("person__hamlet__commune__parent", "facility__unit__parent", "card")
        .defer("person__tokens", "person__search")
        .filter(pk=visit_id)
        .first()
    )


def receipts_of(visit_id: UUID) -> list[Receipt]:
    """All receipts of a visit that was found through the scope, the voided ones too, oldest first. One
    query.
    """
    # unscoped: whoever sees the visit sees its receipts
    return list(Receipt.unscoped.filter(visit_id=visit_id).order_by("created_at"))


def receipt_page(scope: Scope, receipt_id: UUID) -> Receipt | None:
    """A receipt with visit, person and station; None where the scope does not see both it and its visit."""
    return (
        Receipt.visible(scope)
        .filter(visit__in=Visit.visible(scope))
        .select_related(
            "visit__person__hamlet__commune__parent",
            "visit__hamlet__commune__parent__parent",
            "visit__facility",
            "facility__unit",
            "replaces",
        )
        .filter(pk=receipt_id)
        .first()
    )


def lines_of(receipt: Receipt) -> list[ReceiptLine]:
    # unscoped: of a receipt that was found through the scope
    return list(ReceiptLine.unscoped.filter(receipt=receipt).order_by("position"))


def refunds_of(receipt: Receipt) -> list[Refund]:
    # unscoped: of a receipt that was found through the scope
    return list(Refund.unscoped.filter(receipt=receipt).order_by("created_at"))


# ---- what is owed, what goes back


def unpaid(scope: Scope, *, today: dt.date, cursor: str = "") -> tuple[Page[Visit], list[VisitBill]]:
    """Visits of the last weeks without a receipt of which the patient has to pay something, newest first.

    A page of visits that may owe, and the bills of those that do.
    """
    since = today - dt.timedelta(days=int(parameters.value(UNPAID_DAYS, on=today)))
    # unscoped: a condition on visits within the scope
    charged = Receipt.unscoped.filter(visit=OuterRef("pk")).exclude(state=ReceiptState.VOID)
    found = (
        Visit.visible(scope)
        .filter(sources.may_owe(), ~Exists(charged), facility_id__in=scope.facility_ids, on__gte=since)
        .exclude(state=states.ENTERED_IN_ERROR)
        .select_related("person", "facility__unit__parent", "card")
    )
    page = keyset(found, order=("-on", "-queue_no", "id"), cursor=cursor, size=page_size(today))
    made = bills.bills_of(page.items)
    owing = [made[visit.pk] for visit in page.items]
    return page, [bill for bill in owing if bill.payable > 0 or bill.question]


def waiting(scope: Scope, *, today: dt.date, cursor: str = "") -> Page[Receipt]:
    """Receipts that were drawn up and not paid, newest first. One query."""
    found = Receipt.visible(scope).filter(state=ReceiptState.WAITING, facility_id__in=scope.facility_ids)
    return keyset(
        found.select_related("visit__person"), order=("-on", "-id"), cursor=cursor, size=page_size(today)
    )


def to_refund(scope: Scope) -> QuerySet[Receipt]:
    """Paid receipts of visits that should not be there, until all of it was given back."""
    return Receipt.visible(scope).filter(refund_due=True, facility_id__in=scope.facility_ids)


def to_refund_page(scope: Scope, *, today: dt.date, cursor: str = "") -> Page[Receipt]:
    return keyset(_with_refunds(to_refund(scope)), order=("-on", "-id"), cursor=cursor, size=page_size(today))


# ---- the cash book


def box_of(facility_id: UUID) -> CashBox | None:
    # unscoped: the caller has checked the facility
    return CashBox.unscoped.filter(facility_id=facility_id).first()


def closed_day(facility_id: UUID, on: dt.date) -> CashDay | None:
    # unscoped: the caller has checked the facility
    return CashDay.unscoped.filter(facility_id=facility_id, on=on).first()


def day_receipts(facility_id: UUID, on: dt.date) -> QuerySet[Receipt]:
    """What stands in the book of a day by number, voided ones too.

    Unscoped: the caller has checked the facility; names are told by `rows`.
    """
    return _with_refunds(Receipt.unscoped.filter(book_at_id=facility_id, book_on=on))


def day_page(facility_id: UUID, on: dt.date, *, cursor: str = "") -> Page[Receipt]:
    return keyset(day_receipts(facility_id, on), order=("number", "id"), cursor=cursor, size=page_size(on))


def day_refunds(facility_id: UUID, on: dt.date) -> list[Refund]:
    # unscoped: the caller has checked the facility
    found = Refund.unscoped.filter(facility_id=facility_id, book_on=on)
    return list(found.select_related("receipt__visit__person").order_by("created_at")[:MOST])


def day_moves(facility_id: UUID, on: dt.date) -> list[CashMove]:
    # unscoped: the caller has checked the facility
    return list(CashMove.unscoped.filter(facility_id=facility_id, book_on=on).order_by("created_at")[:MOST])


def days(scope: Scope, *, cursor: str = "") -> Page[CashDay]:
    """The closed days of the workplace and of former stations that are its points now, newest first."""
    found = CashDay.visible(scope).filter(facility_id__in=scope.facility_ids).select_related("facility")
    return keyset(found, order=("-on", "id"), cursor=cursor, size=page_size(timezone.localdate()))


@dataclass(frozen=True)
class AtTheTill:
    """What of money waits for somebody: receipts to be paid, to be refunded, days to be confirmed."""

    waiting: int
    refunds: int
    unconfirmed: int

    @property
    def nothing(self) -> bool:
        return not (self.waiting or self.refunds or self.unconfirmed)


def at_the_till(scope: Scope) -> AtTheTill:
    """Three counts in one query, each over an index of what waits: for the home page."""
    here = {"facility_id__in": scope.facility_ids}
    kinds = {
        "waiting": Receipt.visible(scope).filter(state=ReceiptState.WAITING, **here),
        "refunds": to_refund(scope),
        "unconfirmed": CashDay.visible(scope).filter(state=DayState.CLOSED, **here),
    }
    counts = [
        rows.order_by().annotate(what=Value(what)).values("what").annotate(many=Count("pk"))
        for what, rows in kinds.items()
    ]
    found = {row["what"]: row["many"] for row in counts[0].union(*counts[1:], all=True)}
    return AtTheTill(**{what: found.get(what, 0) for what in kinds})


# ---- the bank account


def account_on(facility_id: UUID, on: dt.date) -> BankAccount | None:
    """Where patients of that station transfer to on a day."""
    # unscoped: the caller has checked the facility
    return BankAccount.unscoped.filter(
        Q(valid_from__lte=on), Q(valid_to__isnull=True) | Q(valid_to__gte=on), facility_id=facility_id
    ).first()


def accounts_of(facility_id: UUID) -> list[BankAccount]:
    # unscoped: the caller has checked the facility
    return list(BankAccount.unscoped.filter(facility_id=facility_id).order_by("-valid_from"))


# ---- numbers that receipts carried before the book was begun


def highest_receipt(facility_id: UUID, period: str) -> int:
    """Unscoped: a number alone."""
    return _highest(Receipt.unscoped.filter(facility_id=facility_id, number__startswith=f"{period}-"))


def highest_refund(facility_id: UUID, period: str) -> int:
    """Unscoped: a number alone."""
    return _highest(Refund.unscoped.filter(facility_id=facility_id, number__startswith=f"{period}-"))


def _highest(found: QuerySet) -> int:
    last = found.order_by("-number").values_list("number", flat=True).first()
    return int(last.rpartition("-")[2]) if last else 0
