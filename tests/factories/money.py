"""Prices, rules and receipts for tests of the till."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from apps.catalogues import readers
from apps.catalogues.models import ServicePrice
from apps.core.loading import load_parameters
from apps.core.registry import LoadReport
from apps.core.scope import Scope, enter
from apps.encounters.models import (
    BankAccount,
    CashBox,
    CashDay,
    CashMove,
    FeeLine,
    Method,
    Receipt,
    ReceiptLine,
    Refund,
    Visit,
    VisitFees,
)
from apps.encounters.money import bills, receipts
from apps.facilities.models import Facility, Practitioner
from tests.factories.catalogues import a_code, a_service
from tests.factories.patients import RIGHTS, scope_at

EXAM = 36_500
MONEY = frozenset(f"money.{action}" for action in ("view", "enter", "edit", "approve", "export"))
CASHIER = RIGHTS | {"money.view", "money.enter"}
HEAD = RIGHTS | MONEY | {"restricted.view"}


def till() -> None:
    """What a bill needs: the shipped parameters, the price of an examination, the object type, a bank."""
    load_parameters(Path(settings.BASE_DIR) / "fixtures", LoadReport())
    a_service("KB.TYT", "Khám bệnh tại trạm y tế xã")
    a_price("KB.TYT", EXAM)
    a_code("kcb_object_type", "1.2", "Trạm y tế", extra={"rate": "100", "ignores_card_level": "1"})
    a_code("bank", "970415", "VietinBank")


def a_price(code: str, price: int, **fields: str) -> ServicePrice:
    """What a service costs: the fund's price in the whole country, unless the fields say otherwise."""
    line = {"service_code": code, "price": str(price), "payer": "bhyt", "area": "", "source": "thử", **fields}
    return ServicePrice.objects.create(**readers.service_price(line))


def a_scope(
    at: Practitioner | Facility, rights: frozenset[str] = HEAD, user_id: UUID | None = None, name: str = "Thu"
) -> Scope:
    """Somebody at the till: a practitioner, or an account of a station."""
    station = at.facility if isinstance(at, Practitioner) else at
    own = at.pk if isinstance(at, Practitioner) else None
    scope = scope_at(station, rights=rights, practitioner_id=own)
    return replace(scope, user_id=user_id or uuid4(), full_name=name)


def taken(visit: Visit, *, method: str = Method.CASH, given: int | None = None) -> Receipt:
    """A receipt of all that is open on a visit, in the scope in force."""
    found = Visit.unscoped.select_related("facility__unit__parent", "card").get(pk=visit.pk)
    expected = bills.bill_of(found).payable
    return receipts.receipt_make(visit_id=visit.pk, expected=expected, method=method, given=given)


def a_receipt(visit: Visit, **fields: Any) -> Receipt:
    """A receipt of all that is open on a visit, taken by the head of its station."""
    with enter(a_scope(visit.facility)):
        return taken(visit, **fields)


def a_till(visit: Visit) -> Receipt:
    """One of everything of the till at a visit's station, saved directly: a typed line, a paid receipt, other
    cash, a closed day.
    """
    today = timezone.localdate()
    FeeLine.unscoped.create(visit=visit, text="Thay băng", price=20_000, reason="Vết thương", by_name="Thu")
    CashMove.unscoped.create(
        facility=visit.facility,
        kind="float_in",
        amount=50_000,
        reason="Tiền lẻ",
        book_on=today,
        by_name="Thu",
    )
    CashDay.unscoped.create(
        facility=visit.facility,
        on=today - dt.timedelta(days=CashDay.unscoped.count() + 1),
        opening=0,
        cash_in=0,
        cash_out=0,
        closing=0,
        counted=0,
        closed_at=timezone.now(),
        closed_by_name="Thu",
    )
    receipt = Receipt.unscoped.create(
        facility=visit.facility,
        visit=visit,
        person_id=visit.person_id,
        number=f"{today.year}-{Receipt.unscoped.count() + 1:06d}",
        on=today,
        state="paid",
        total=EXAM,
        patient=EXAM,
        payable=EXAM,
        made_by_name="Thu",
        method="cash",
        paid_at=timezone.now(),
        paid_by_name="Thu",
        book_at=visit.facility,
        book_on=today,
    )
    ReceiptLine.unscoped.create(
        receipt=receipt,
        position=1,
        source="exam",
        key="exam",
        text="Khám bệnh",
        quantity=1,
        price=EXAM,
        amount=EXAM,
        patient=EXAM,
    )
    Refund.unscoped.create(
        facility=visit.facility,
        receipt=receipt,
        number=f"{today.year}-{Refund.unscoped.count() + 1:06d}",
        on=today,
        amount=500,
        method="cash",
        reason="Trả thiếu",
        book_on=today,
        by_name="Thu",
    )
    VisitFees.unscoped.get_or_create(visit=visit)
    CashBox.unscoped.get_or_create(facility=visit.facility)
    BankAccount.unscoped.get_or_create(
        facility=visit.facility,
        defaults={
            "bank_bin": "970415",
            "account": "113366668888",
            "holder": "TRAM Y TE",
            "valid_from": today,
        },
    )
    return receipt
