"""What becomes of a number: typed wrong, ended; it is always found."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.ids import uuid7
from apps.core.versions import StaleVersion
from apps.patients import numbers, queries
from apps.patients.data import NumberData
from apps.patients.models import Identifier, InsuranceCard
from apps.patients.numbers import identifier_add
from tests.factories.accounts import a_member, client_of
from tests.factories.patients import a_card, a_person, a_station, scope_at

pytestmark = pytest.mark.django_db
WRONG, RIGHT = "051190000111", "051190000222"


@pytest.fixture
def hoa(at_station):
    return a_person(at_station, cccd=WRONG)


def number_of(person, value=WRONG):
    return Identifier.objects.select_related("person__station").get(person=person, value=value)


def in_error(person, **fields):
    fields.setdefault("reason", "gõ nhầm")
    fields.setdefault("expected_version", 1)
    return numbers.identifier_in_error(identifier=number_of(person), **fields)


def found(station, text):
    return [line.id for line in queries.find_people(scope_at(station), text, 5)]


def test_a_wrong_number_is_replaced_and_still_found(hoa, at_station):
    in_error(hoa, right="051 190 000 222")
    rows = {row.value: row for row in Identifier.objects.filter(person=hoa)}
    assert rows[WRONG].in_error and rows[WRONG].end_reason == "gõ nhầm"
    assert rows[RIGHT].valid_to is None
    assert found(at_station, WRONG) == found(at_station, RIGHT) == [hoa.pk]


def test_it_held_on_no_day(hoa):
    in_error(hoa)
    for day in (dt.date(2000, 1, 1), timezone.localdate(), dt.date(2100, 1, 1)):
        assert not Identifier.objects.on(day).filter(person=hoa).exists()


def test_it_is_free_for_whose_it_is(hoa, at_station):
    other = a_person(at_station, "Trần Thị Mai")
    with pytest.raises(Refused):
        identifier_add(person=other, number=NumberData("cccd", WRONG))
    in_error(hoa)
    identifier_add(person=other, number=NumberData("cccd", WRONG))
    assert set(found(at_station, WRONG)) == {hoa.pk, other.pk}


def test_the_right_number_is_judged_like_any(hoa, at_station):
    a_person(at_station, "Trần Thị Mai", cccd=RIGHT)
    for value in ("123", RIGHT, WRONG):
        with pytest.raises(Refused) as raised:
            in_error(hoa, right=value)
        assert raised.value.field == "right"
    with pytest.raises(NeedsReason):
        in_error(hoa, right="051090000333")  # a man's


def test_without_a_reason_or_twice_it_is_refused(hoa):
    with pytest.raises(Refused, match="lý do"):
        in_error(hoa, reason=" ")
    in_error(hoa)
    with pytest.raises(Refused, match="ghi nhầm"):
        in_error(hoa, expected_version=2)


def test_a_number_that_holds_no_longer(hoa, at_station):
    row = number_of(hoa)
    today = timezone.localdate()
    with pytest.raises(Refused):
        numbers.identifier_end(identifier=row, on=today + dt.timedelta(1), reason="a", expected_version=1)
    with pytest.raises(StaleVersion):
        numbers.identifier_end(identifier=row, on=today, reason="cấp lại", expected_version=7)
    ended = numbers.identifier_end(identifier=number_of(hoa), on=today, reason="cấp lại", expected_version=1)
    assert (ended.valid_to, ended.in_error) == (today, False)
    assert found(at_station, WRONG) == [hoa.pk]
    with pytest.raises(Refused, match="rồi"):
        numbers.identifier_end(identifier=ended, on=today, reason="x", expected_version=2)


def test_a_card_ends(hoa):
    card = a_card(hoa)
    with pytest.raises(Refused):
        numbers.card_end(card=card, on=dt.date(2025, 12, 31), reason="a", expected_version=1)
    with pytest.raises(Refused):
        numbers.card_end(card=card, on=dt.date(2027, 1, 1), reason="a", expected_version=1)
    numbers.card_end(card=card, on=dt.date(2026, 6, 30), reason="nghỉ việc", expected_version=1)
    assert InsuranceCard.objects.get().valid_to == dt.date(2026, 6, 30)


@pytest.mark.parametrize("value", ["051190000111", "12345", ""])
def test_a_temporary_key_does_not_look_like_a_number(hoa, value):
    with pytest.raises(Refused):
        identifier_add(person=hoa, number=NumberData("temporary", value))


def test_a_stranger_changes_nothing(hoa, at_station):
    other = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    from apps.core.scope import enter

    row = number_of(hoa)
    with enter(scope_at(other)), pytest.raises(Refused):
        numbers.identifier_in_error(identifier=row, reason="x", expected_version=1)


def test_on_the_page(hoa, at_station):
    nurse = client_of(a_member("nurse", at_station))
    row = number_of(hoa)
    address = f"/nguoi/{hoa.pk}/giay-to/{row.pk}/"
    assert WRONG in nurse.get(address).content.decode()
    said = {"form_key": str(uuid7()), "version": 1, "action": "error", "reason": "gõ nhầm", "right": "12"}
    response = nurse.post(address, said)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"right"}
    assert not Identifier.unscoped.get(pk=row.pk).in_error  # nothing half saved
    nurse.post(address, said | {"form_key": str(uuid7()), "right": RIGHT})
    shown = nurse.get(f"/nguoi/{hoa.pk}/").content.decode()
    assert "Ghi nhầm" in shown and RIGHT in shown
    end = {"form_key": str(uuid7()), "version": 1, "action": "end", "reason": "x"}
    row = number_of(hoa, RIGHT)
    response = nurse.post(f"/nguoi/{hoa.pk}/giay-to/{row.pk}/", end)
    assert set(response.context["form"].errors) == {"on"}
    card = a_card(hoa)
    address = f"/nguoi/{hoa.pk}/the-bhyt/{card.pk}/"
    nurse.post(address, {"form_key": str(uuid7()), "version": 1, "on": "30/6/2026", "reason": "nghỉ việc"})
    assert InsuranceCard.unscoped.get().valid_to == dt.date(2026, 6, 30)
