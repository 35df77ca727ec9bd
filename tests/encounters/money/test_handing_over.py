"""The cash box of a leaver: what she took and nobody counted, what she closed and nobody took over."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import registry
from apps.core.ids import uuid7
from apps.core.registry import Holder
from apps.core.scope import enter
from apps.encounters.models import CashDay, Receipt
from apps.encounters.money import cash
from apps.encounters.money.handing_over import cash as left
from tests.factories import encounters as make
from tests.factories.money import a_receipt, a_scope, till
from tests.factories.patients import a_person, a_station


@pytest.fixture
def doctor(db: None) -> Any:
    make.catalogues()
    till()
    return make.a_practitioner(a_station())


def paid(doctor: Any, user_id: Any, name: str = "Đinh Văn Trả") -> None:
    receipt = a_receipt(make.a_finished_visit(a_person(doctor.facility, name), doctor))
    Receipt.unscoped.filter(pk=receipt.pk).update(paid_by=user_id)


def test_it_works(doctor: Any) -> None:
    hers, today = uuid7(), timezone.localdate()
    paid(doctor, hers)
    paid(doctor, uuid7(), "Đinh Văn Khác")  # somebody else's
    scope = a_scope(doctor)
    with enter(scope):
        (item,) = left(scope, Holder(hers, frozenset(), "Thu"), 10)
        assert "36.500" in item.title and "chưa khóa" in item.note and item.person_id is None
        cash.day_close(facility_id=doctor.facility_id, on=today, counted=73_000)
        CashDay.unscoped.update(closed_by=hers)
        (item,) = left(scope, Holder(hers, frozenset(), "Thu"), 10)
        assert "73.000" in item.title and "xác nhận" in item.note
        CashDay.unscoped.update(state="confirmed", confirmed_by=uuid7(), confirmed_at=timezone.now())
        assert left(scope, Holder(hers, frozenset(), "Thu"), 10) == []
    assert registry.handovers.get("cash").move is None


def test_another_station_is_not_told(doctor: Any) -> None:
    hers = uuid7()
    paid(doctor, hers)
    elsewhere = a_scope(a_station("21490", "Trạm Y tế xã Ba Vì"))
    with enter(elsewhere):
        assert left(elsewhere, Holder(hers, frozenset(), "Thu"), 10) == []


def test_the_same_queries_for_2_and_for_20_days(doctor: Any) -> None:
    hers, scope, costs = uuid7(), a_scope(doctor), []
    for many in (2, 4):
        for number in range(many):
            paid(doctor, hers, f"Đinh Văn {many} {number}")
            last = Receipt.unscoped.order_by("-id").first()
            day = timezone.localdate() - dt.timedelta(days=many * 10 + number)
            Receipt.unscoped.filter(pk=last.pk).update(book_on=day)
        with enter(scope), CaptureQueriesContext(connection) as asked:
            assert left(scope, Holder(hers, frozenset(), "Thu"), 100)
        costs.append(len(asked))
    assert costs == [2, 2]
