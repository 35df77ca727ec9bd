"""Controlled medicines: who receives, a second name, the book."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core import approvals
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import PendingChange
from apps.core.scope import enter, system
from apps.encounters.dispensing import second, services
from apps.encounters.inputs import LineInput
from apps.encounters.models import Dispensing
from apps.stock import services as stock
from apps.stock.services import Source
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.dispensing import at, given, part

WHO = {"recipient": "Nguyễn Thị Hoa", "recipient_paper": "001190000001"}


@pytest.fixture
def morphine(desk):
    make.a_drug("TD200.1", "Morphin", strength="10mg", unit="ống", controlled="narcotic")
    return give.a_stock(desk, 20, "TD200.1", "Morphin 10mg", unit="Ống", packs=[], controlled="narcotic")


@pytest.fixture
def visit(hoa, doctor, morphine):
    return give.a_prescription(hoa, doctor, LineInput("TD200.1", Decimal(1), 2, 3))


@pytest.fixture
def asked(visit, desk, morphine, pharmacist, monkeypatch):
    user = User.objects.create(username="duoc", full_name="Lê Thị Dược")
    with enter(give.a_scope(pharmacist, user_id=user.pk)):
        return services.dispense(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=services.DispenseInput([part(visit, 6, morphine.item, code="TD200.1")], desk.pk, **WHO),
        )


def agree(who, **fields):
    with enter(give.a_scope(who, user_id=uuid7(), full_name="Trần Văn Bình", **fields)):
        return approvals.approve(change_id=PendingChange.objects.get(state="waiting").pk)


def test_it_works(asked, morphine, doctor, hoa):
    assert (asked.state, at(morphine)) == ("preparation", 20)
    change = PendingChange.objects.get()
    assert hoa.full_name not in change.title and change.lines == [["Morphin 10mg", "", "6 ống"]]
    agree(doctor)
    act = Dispensing.unscoped.get()
    assert (act.state, act.second_name, at(morphine)) == ("completed", "Trần Văn Bình", 14)
    assert (act.recipient, act.recipient_paper) == (WHO["recipient"], WHO["recipient_paper"])


@pytest.mark.parametrize("missing", ["recipient", "recipient_paper"])
def test_who_receives_is_named(visit, desk, morphine, pharmacist, missing):
    with pytest.raises(Refused) as refused:
        given(pharmacist, visit, desk, part(visit, 6, morphine.item, code="TD200.1"), **WHO | {missing: " "})
    assert refused.value.field == missing and at(morphine) == 20


def test_nobody_is_her_own_second(asked, pharmacist):
    with enter(give.a_scope(pharmacist, user_id=asked.recorded_by)), pytest.raises(Refused):
        approvals.approve(change_id=PendingChange.objects.get().pk)


def test_what_was_dropped_is_not_agreed_to(asked, pharmacist, doctor, morphine):
    with enter(give.a_scope(pharmacist, user_id=asked.recorded_by)):
        services.dispensing_cancel(dispensing_id=asked.pk, expected_version=asked.version, reason="Đổi ý")
    change = PendingChange.objects.get()
    assert change.state == "withdrawn"  # nobody is asked any more
    with enter(give.a_scope(doctor, user_id=uuid7())), pytest.raises(Refused):
        approvals.approve(change_id=change.pk)
    assert at(morphine) == 20


@pytest.mark.parametrize("act", ["withdraw", "refuse"])
def test_a_second_name_that_was_refused_leaves_nothing_waiting(asked, pharmacist, doctor, morphine, act):
    who = give.a_scope(pharmacist, user_id=asked.recorded_by)
    if act == "refuse":
        who = give.a_scope(doctor, user_id=uuid7(), full_name="Trần Văn Bình")
    with enter(who):
        getattr(approvals, act)(change_id=PendingChange.objects.get().pk)
    dropped = Dispensing.unscoped.get()
    assert (dropped.state, bool(dropped.end_reason), at(morphine)) == ("cancelled", True, 20)


def test_what_nobody_agreed_to_in_time_is_dropped(asked, visit, desk, morphine, pharmacist):
    """At night, or when the prescription is given out anew before."""
    with system("night"):
        assert second.unanswered_drop() == "0 lần cấp"
    late = timezone.now() - dt.timedelta(days=1, minutes=1)
    PendingChange.objects.update(expires_at=late)
    user = User.objects.get(pk=asked.recorded_by)
    with enter(give.a_scope(pharmacist, user_id=user.pk)):
        again = services.dispense(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=services.DispenseInput([part(visit, 6, morphine.item, code="TD200.1")], desk.pk, **WHO),
        )
    asked.refresh_from_db()
    assert (asked.state, again.state) == ("cancelled", "preparation")
    Dispensing.unscoped.filter(pk=again.pk).update(recorded_at=late)
    with system("night"):
        assert second.unanswered_drop() == "1 lần cấp"
    again.refresh_from_db()
    assert (again.state, at(morphine)) == ("cancelled", 20)


def test_one_waits_at_a_time(asked, visit, desk, morphine, pharmacist):
    with pytest.raises(Refused, match="chờ người thứ hai"):
        given(pharmacist, visit, desk, part(visit, 6, morphine.item, code="TD200.1"), **WHO)


def test_the_shelf_is_looked_at_when_it_is_taken(asked, doctor, desk, morphine):
    with enter(give.a_scope(doctor)):
        stock.take(
            item_id=morphine.item_id,
            quantity=18,
            location_id=desk.pk,
            source=Source("x", uuid7()),
            on=timezone.localdate(),
        )
    with pytest.raises(Refused, match="chỉ còn 2 ống"):
        agree(doctor)
    assert Dispensing.unscoped.get().state == "preparation"
