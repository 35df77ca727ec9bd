"""What a leaver leaves in the cash box: cash that she took and nobody has counted, days that she closed and
nobody has taken over. It is counted and confirmed in the cash book, not passed on by a click.
"""

import datetime as dt
from uuid import uuid5

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.urls import reverse

from apps.core.registry import HandoverItem, Holder
from apps.core.scope import Scope
from apps.core.words import date_words, money_words
from apps.encounters.models import CashBox, CashDay, DayState, Method, Receipt, ReceiptState


def cash(scope: Scope, holder: Holder, limit: int) -> list[HandoverItem]:
    """Days of the book with her cash in it that are not closed, then closed days that wait for who takes the
    box over. Two queries.
    """
    # unscoped: the box of the same station
    closed = CashBox.unscoped.filter(facility=OuterRef("book_at")).values("closed_until")
    open_days = (
        # unscoped: sums of the stations in reach, whoever's visits these were; nothing of a patient
        Receipt.unscoped.filter(
            book_at__in=scope.facility_ids,
            paid_by=holder.user_id,
            state=ReceiptState.PAID,
            method=Method.CASH,
        )
        .annotate(closed=Subquery(closed[:1]))
        .filter(Q(closed__isnull=True) | Q(book_on__gt=F("closed")))
        .values("book_at", "book_on")
        .annotate(cash=Sum("payable"))
        .order_by("book_on", "book_at")[:limit]
    )
    found = [
        HandoverItem(
            id=uuid5(row["book_at"], row["book_on"].isoformat()),
            title=f"Tiền mặt đã thu ngày {date_words(row['book_on'])}: {money_words(row['cash'])}",
            note="sổ quỹ chưa khóa: kiểm đếm, khóa sổ rồi người nhận xác nhận",
            url=_url(row["book_on"]),
        )
        for row in open_days
        if row["book_on"] is not None  # what is paid stands in a day of the book
    ]
    days = CashDay.visible(scope).filter(
        facility__in=scope.facility_ids, closed_by=holder.user_id, state=DayState.CLOSED
    )
    found += [
        HandoverItem(
            id=day.pk,
            title=f"Quỹ ngày {date_words(day.on)}: đếm được {money_words(day.counted)}",
            note="đã khóa sổ, chờ người nhận quỹ đếm và xác nhận",
            url=_url(day.on),
        )
        for day in days.order_by("on")[: limit - len(found)]
    ]
    return found


def _url(on: dt.date) -> str:
    return f"{reverse('encounters:cash')}?ngay={on:%d/%m/%Y}"
