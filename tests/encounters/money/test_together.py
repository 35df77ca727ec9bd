"""Two at the till at once: one receipt, no gap in the numbers, a closed day stays as it was counted."""

from uuid import uuid4

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.scope import enter
from apps.encounters.models import CashDay, Receipt
from apps.encounters.money import cash, receipts
from tests.encounters.test_together import at_once
from tests.factories import encounters as make
from tests.factories import money as till
from tests.factories.money import EXAM
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def doctor():
    make.catalogues()
    till.till()
    return make.a_practitioner(a_station())


def paying(visit, station, name):
    def act():
        with enter(till.a_scope(station, till.CASHIER, uuid4(), name)):
            return receipts.receipt_make(visit_id=visit.pk, expected=EXAM, method="cash")

    return act


def test_two_cashiers_at_one_visit_make_one_receipt(doctor):
    visit = make.a_visit(a_person(doctor.facility), doctor, payer="fee")
    outcomes = at_once(*(paying(visit, doctor.facility, name) for name in ("Thu", "Lan", "Bình")))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Receipt", "Refused", "Refused"]
    assert all("đã có biên lai" in str(each) for each in outcomes if isinstance(each, Refused))
    assert Receipt.unscoped.count() == 1


def test_receipts_at_once_get_numbers_without_gap(doctor):
    visits = [make.a_visit(a_person(doctor.facility, f"Đinh Văn {n}"), doctor, payer="fee") for n in range(5)]
    made = at_once(*(paying(visit, doctor.facility, "Thu") for visit in visits))
    assert sorted(int(receipt.number[-6:]) for receipt in made) == [1, 2, 3, 4, 5]


def test_a_day_that_is_closed_while_somebody_pays_adds_up(doctor):
    station = doctor.facility
    visit = make.a_visit(a_person(station), doctor, payer="fee")

    def close():
        with enter(till.a_scope(station)):
            return cash.day_close(
                facility_id=station.pk, on=timezone.localdate(), counted=0, reason="Đếm lúc đang thu"
            )

    at_once(close, paying(visit, station, "Thu"))
    day, receipt = CashDay.unscoped.get(), Receipt.unscoped.get()
    assert day.closing == (EXAM if receipt.book_on == day.on else 0)
    assert cash.totals(station.pk, day.on).closing == day.closing
