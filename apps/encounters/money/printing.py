"""What stands on the papers of the till: a receipt (biên lai), the cash book of a day. No diagnosis on
any.
"""

import datetime as dt
from typing import Any

from django.utils import timezone

from apps.core.scope import Scope
from apps.core.words import age_words
from apps.encounters.models import Receipt, ReceiptState
from apps.encounters.money import cash, queries
from apps.encounters.money.spelling import MOST, sum_in_words
from apps.facilities import asof
from apps.facilities.models import Facility
from apps.patients import addresses

PRINTED = 500  # receipts of one day on paper: more than a station ever writes


RECEIPT, ASKED = "receipt", "payment_request"  # the kinds of paper: copies are counted of each


def receipt(found: Receipt, *, ticket: bool) -> dict[str, Any]:
    """Biên lai thu tiền: A5, or a roll of 80 mm; before it is paid it is no receipt, and says so."""
    person, place = found.visit.person, asof.face(found.facility, found.on)
    waiting = found.state == ReceiptState.WAITING
    return {
        "title": "Đề nghị thanh toán, chưa thu tiền" if waiting else "Biên lai thu tiền",
        "size": "80mm" if ticket else "A5",
        "number": found.number,
        "facility_name": place.name,
        "facility_address": place.address or place.unit_name,
        "receipt": found,
        "in_words": sum_in_words(found.payable) if found.payable < MOST else "",
        "void": found.state == ReceiptState.VOID,
        "waiting": waiting,
        "lines": queries.lines_of(found),
        "refunds": queries.refunds_of(found),
        "person": person,
        "age": age_words(person.birth_date, found.on, person.birth_precision),
        "address": addresses.home_on(person, found.visit.hamlet, found.visit.on),
        "visit": found.visit,
        "place_date": _place_date(place.place, found.on),
    }


def cash_book(scope: Scope, facility: Facility, on: dt.date) -> dict[str, Any]:
    """Sổ quỹ of a day, A4: sums, receipts by number, refunds, other cash, who took what."""
    place = asof.face(facility, on)
    receipts = list(queries.day_receipts(facility.pk, on).order_by("number")[: PRINTED + 1])
    return {
        "title": "Sổ quỹ tiền mặt",
        "facility_name": place.name,
        "facility_address": place.address or place.unit_name,
        "on": on,
        "at": timezone.now(),
        "totals": cash.totals(facility.pk, on),
        "day": queries.closed_day(facility.pk, on),
        "rows": queries.rows(scope, receipts[:PRINTED]),
        "more": len(receipts) > PRINTED,
        "refunds": [
            (row, queries.name_of(scope, row.receipt.visit)) for row in queries.day_refunds(facility.pk, on)
        ],
        "moves": queries.day_moves(facility.pk, on),
        "cashiers": cash.by_cashier(facility.pk, on),
        "place_date": _place_date(place.place, on),
    }


def _place_date(place: str, on: dt.date) -> str:
    return f"{place}, ngày {on.day:02d} tháng {on.month:02d} năm {on.year}"
