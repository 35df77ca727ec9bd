"""Two who give out at once, one who gives and one who takes back: the stock is right to the unit."""

from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.core import approvals
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import PendingChange
from apps.core.scope import enter
from apps.encounters import services as visits
from apps.encounters.dispensing import services
from apps.encounters.dispensing.inputs import BackInput, DispenseInput
from apps.encounters.inputs import LineInput
from apps.encounters.models import Dispensing, DispensingLot, MedicineReturn
from apps.encounters.writing import Problems
from apps.stock import counting, posting
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.dispensing import agrees, at, given, part
from tests.factories.patients import a_person, a_station
from tests.factories.racing import at_once
from tests.factories.stock import keeper_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station():
    make.catalogues()
    give.rules()
    return a_station()


@pytest.fixture
def doctor(station):
    return make.a_practitioner(station)


@pytest.fixture
def pharmacist(station):
    return make.a_practitioner(station, "Lê Thị Dược", grade="pharmacist", can_sign=False)


@pytest.fixture
def desk(station):
    return give.a_desk(station)


def names(said):
    return sorted(type(each).__name__ for each in said)


def test_the_last_box_is_given_once(station, doctor, pharmacist, desk):
    lot = give.a_stock(desk, 10)
    both = [give.a_prescription(a_person(station, f"Đinh Văn {n}"), doctor) for n in "AB"]
    wants = [part(visit, 10, lot.item) for visit in both]
    said = at_once(
        *(
            lambda visit=visit, want=want: given(pharmacist, visit, desk, want)
            for visit, want in zip(both, wants, strict=True)
        )
    )
    assert names(said) == ["Dispensing", "Refused"]
    refused = next(each for each in said if isinstance(each, Refused))
    assert "không còn" in refused.message
    assert (at(lot), Dispensing.unscoped.count()) == (0, 1)
    agrees()


def test_one_prescription_is_not_given_twice(station, doctor, pharmacist, desk):
    lot = give.a_stock(desk, 100)
    visit = give.a_prescription(a_person(station), doctor)
    want = part(visit, 10, lot.item)
    said = at_once(*(lambda: given(pharmacist, visit, desk, want) for _ in range(2)))
    assert names(said) == ["Dispensing", "Problems"]
    assert isinstance(next(each for each in said if isinstance(each, Problems)), Problems)
    assert at(lot) == 90
    agrees()


def test_what_comes_back_comes_back_once(station, doctor, pharmacist, desk):
    lot = give.a_stock(desk, 100)
    visit = give.a_prescription(a_person(station), doctor)
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    row = DispensingLot.unscoped.get()

    def back():
        with enter(give.a_scope(pharmacist)):
            return services.medicines_back(
                dispensing_id=act.pk, expected_version=act.version, data=BackInput({row.pk: 10}, "x", False)
            )

    def cancel():
        with enter(give.a_scope(pharmacist)):
            return services.dispensing_cancel(dispensing_id=act.pk, expected_version=act.version, reason="x")

    said = at_once(back, cancel)
    assert sum(isinstance(each, Refused) for each in said) == 1
    assert (at(lot), MedicineReturn.unscoped.count() <= 1) == (100, True)
    agrees()


def test_giving_and_ending_in_error_meet(station, doctor, pharmacist, desk):
    lot = give.a_stock(desk, 100)
    visit = give.a_prescription(a_person(station), doctor)
    want = part(visit, 10, lot.item)

    def in_error():
        with enter(make.scope_of(doctor)):
            return visits.visit_entered_in_error(
                visit_id=visit.pk, expected_version=visit.version, reason="Trùng"
            )

    said = at_once(lambda: given(pharmacist, visit, desk, want), in_error)
    assert sum(isinstance(each, Refused) for each in said) == 1
    visit.refresh_from_db()
    assert (visit.state == "entered_in_error") == (at(lot) == 100)
    agrees()


def test_agreeing_and_dropping_meet(station, doctor, pharmacist, desk):
    """The second name comes while the first drops the act: it is one of the two, and nothing waits."""
    make.a_drug("TD200.1", "Morphin", strength="10mg", unit="ống", controlled="narcotic")
    lot = give.a_stock(desk, 20, "TD200.1", "Morphin 10mg", unit="Ống", packs=[], controlled="narcotic")
    visit = give.a_prescription(a_person(station), doctor, LineInput("TD200.1", Decimal(1), 2, 3))
    asker = give.a_scope(pharmacist, user_id=User.objects.create(username="duoc").pk)
    who = {"recipient": "Nguyễn Thị Hoa", "recipient_paper": "001190000001"}
    want = DispenseInput([part(visit, 6, lot.item, code="TD200.1")], desk.pk, **who)
    with enter(asker):
        act = services.dispense(visit_id=visit.pk, expected_version=visit.version, data=want)

    def agree():
        with enter(give.a_scope(doctor, user_id=uuid7(), full_name="Trần Văn Bình")):
            return approvals.approve(change_id=PendingChange.objects.get().pk)

    def drop():
        with enter(asker):
            return services.dispensing_cancel(dispensing_id=act.pk, expected_version=act.version, reason="x")

    said = at_once(agree, drop)
    assert sum(isinstance(each, Refused) for each in said) == 1
    act.refresh_from_db()
    assert (act.state, at(lot), PendingChange.objects.get().state) in [
        ("completed", 14, "approved"),
        ("cancelled", 20, "withdrawn"),
    ]
    agrees()


def test_a_return_and_a_count_meet(station, doctor, pharmacist, desk):
    """What comes back while the shelf is counted: the sheet asks again, or the return lies upon what was
    counted; it is never swallowed.
    """
    lot = give.a_stock(desk, 100)
    visit = give.a_prescription(a_person(station), doctor)
    act = given(pharmacist, visit, desk, part(visit, 10, lot.item))
    row = DispensingLot.unscoped.get()
    keeper = keeper_at(station)
    with enter(keeper):
        sheet = counting.count_open(location_id=desk.pk, on=give.in_days(0))
        found = {sheet.lines.get().pk: (88, "Vỡ 2 viên")}
        sheet = counting.count_save(document_id=sheet.pk, expected_version=sheet.version, found=found)

    def back():
        with enter(give.a_scope(pharmacist)):
            return services.medicines_back(
                dispensing_id=act.pk, expected_version=act.version, data=BackInput({row.pk: 10}, "x", False)
            )

    def post():
        with enter(keeper):
            return posting.count_post(document_id=sheet.pk, expected_version=sheet.version)

    said = names(at_once(back, post))
    assert (said, at(lot)) in [
        (["MedicineReturn", "StockDocument"], 98),
        (["MedicineReturn", "NeedsReason"], 100),
    ]
    agrees()
