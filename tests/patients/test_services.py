import dataclasses
import datetime as dt

import pytest
from django.utils import timezone

from apps.core import events, scope
from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry
from apps.core.versions import StaleVersion
from apps.facilities.models import Hamlet
from apps.facilities.posts import scope_for
from apps.facilities.services import catchment_open
from apps.patients import allergies, numbers, services
from apps.patients.data import CardData, NumberData, PersonData
from apps.patients.events import IdentifierChanged, PersonChanged, PersonCreated, PersonMoved
from apps.patients.models import Identifier, InsuranceCard, Person, TreatingAccess
from apps.patients.numbers import TAKEN, card_add, identifier_add
from apps.patients.services import PossibleDuplicates, person_create, person_update
from apps.patients.steps import data_of
from apps.patients.treating import treating_access_put
from tests.factories.accounts import a_member
from tests.factories.facilities import a_point
from tests.factories.patients import RIGHTS, a_card, a_hamlet, a_person, a_station, scope_at

HOA = PersonData("Nguyễn Thị Hòa", "female", dt.date(1990, 3, 5), phone="+84 912 345 678")
CCCD = NumberData("cccd", "051190000111")


@pytest.fixture
def heard(monkeypatch):
    """The events that the test's services publish."""
    found = []
    for module in (services, numbers):
        monkeypatch.setattr(module, "publish", lambda event: (found.append(event), events.publish(event)))
    return found


def test_it_works(at_station, heard):
    hamlet = Hamlet.objects.get()
    data = dataclasses.replace(HOA, full_name="  Nguyễn\u200b Thị  Hòa ", hamlet_id=hamlet.pk)
    card = CardData("DN4515112345678", dt.date(2026, 1, 1), dt.date(2026, 12, 31), "51001")
    person = person_create(data=data, numbers=[CCCD], card=card)
    person.refresh_from_db()
    assert (person.full_name, person.phone, person.code) == ("Nguyễn Thị Hòa", "0912345678", "P0000001")
    assert person.station == at_station
    assert person.identifiers.get().value == "051190000111"
    assert person.cards.get().object_code == "DN"
    assert {"C051190000111", "Cdn4515112345678", "C5112345678", "P8765432190"} <= set(person.tokens.split())
    entry = AuditEntry.objects.get(action="person.created")
    assert (entry.person_id, entry.data) == (person.pk, {"code": "P0000001"})
    assert heard == [PersonCreated(person.pk, at_station.pk)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"full_name": ""}, "full_name"),
        ({"full_name": " 123 "}, "full_name"),
        ({"full_name": "Ă" * 200}, "full_name"),
        ({"sex": "x"}, "sex"),
        ({"birth_date": dt.date(2999, 1, 1)}, "birth_date"),
        ({"phone": "12345"}, "phone"),
        ({"email": "khong phai thu"}, "email"),
        ({"died_on": dt.date(2020, 1, 1)}, "life_status"),
        ({"died_on": dt.date(1980, 1, 1), "life_status": "dead"}, "died_on"),
        ({"died_on": dt.date(2999, 1, 1), "life_status": "dead"}, "died_on"),
        ({"occupation": "123456"}, "occupation"),
    ],
)
def test_nonsense_is_refused_beside_its_field(at_station, changed, field):
    with pytest.raises(Refused) as refused:
        person_create(data=dataclasses.replace(HOA, **changed))
    assert refused.value.field == field
    assert refused.value.message.endswith(".")
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("kind", "value"), [("cccd", "123"), ("cccd", "０５１１９００００１１１"), ("cmnd", "12"), ("bhxh", "x")]
)
def test_a_number_of_a_wrong_form_is_refused(at_station, kind, value):
    with pytest.raises(Refused) as refused:
        person_create(data=HOA, numbers=[NumberData(kind, value)])
    assert refused.value.field == kind


@pytest.mark.parametrize(
    ("data", "number", "code"),
    [
        (dataclasses.replace(HOA, full_name="Hòa 😀"), CCCD, "name_characters"),
        (dataclasses.replace(HOA, birth_date=dt.date(1910, 1, 1)), None, "very_old"),
        (HOA, NumberData("cccd", "051090000111"), "sex_mismatch"),
        (HOA, NumberData("cccd", "051191000111"), "birth_year_mismatch"),
        (HOA, NumberData("cccd", "050190000111"), "unknown_province"),
    ],
)
def test_what_is_odd_is_kept_with_its_reason(at_station, data, number, code):
    numbers = [number] if number else []
    with pytest.raises(NeedsReason) as needed:
        person_create(data=data, numbers=numbers)
    assert [warning.code for warning in needed.value.warnings] == [code]
    person_create(data=data, numbers=numbers, reason="Thẻ ghi như vậy")
    kept = AuditEntry.objects.get(action="person.created").data
    assert (kept["warnings"], kept["reason"]) == ([code], "Thẻ ghi như vậy")


@pytest.mark.parametrize(
    ("name", "born", "precision"),
    [
        ("Nguyễn Thị Hoà", dt.date(1990, 3, 5), "day"),
        ("NGUYEN THI HOA", dt.date(1990, 3, 5), "day"),
        ("Nguyễn Thj Hòa", dt.date(1990, 3, 5), "day"),
        ("Nguyễn Thị Hòa", dt.date(1990, 1, 1), "year"),
        ("Nguyễn Thị Hòa", dt.date(1990, 8, 8), "day"),
        ("Nguyễn Thị Hòa", None, "day"),
    ],
)
def test_who_may_be_the_same_is_shown_first(at_station, name, born, precision):
    stored = a_person(at_station)
    data = dataclasses.replace(HOA, full_name=name, birth_date=born, birth_precision=precision)
    with pytest.raises(PossibleDuplicates) as alike:
        person_create(data=data)
    assert [candidate.person for candidate in alike.value.candidates] == [stored]
    assert person_create(data=data, another=True).pk != stored.pk


@pytest.mark.parametrize(
    ("name", "born", "sex"),
    [
        ("Trần Văn Bình", dt.date(1990, 3, 5), "female"),
        ("Nguyễn Thị Hòa", dt.date(1985, 3, 5), "female"),
        ("Nguyễn Thị Hòa", dt.date(1990, 3, 5), "male"),
    ],
)
def test_a_stranger_is_not_taken_for_her(at_station, name, born, sex):
    a_person(at_station)
    person_create(data=PersonData(name, sex, born))


def test_the_same_phone_year_and_given_name_is_asked_about(at_station):
    stored = a_person(
        at_station, "Hồ Văn Huy", sex="male", birth_date=dt.date(1971, 1, 22), phone="0912345678"
    )
    data = PersonData("Hồ Huy", "male", dt.date(1971, 1, 1), "year", phone="0912345678")
    with pytest.raises(PossibleDuplicates) as alike:
        person_create(data=data)
    assert [candidate.person for candidate in alike.value.candidates] == [stored]
    brother = dataclasses.replace(data, full_name="Hồ Văn Hải")
    assert person_create(data=brother).pk


def test_the_same_number_is_the_surest_sign(at_station):
    stored = a_person(at_station, "Trần Thị Bé", cccd="051190000111", birth_date=dt.date(1970, 1, 1))
    with pytest.raises(PossibleDuplicates) as alike:
        person_create(data=HOA, numbers=[CCCD])
    assert alike.value.candidates[0].person == stored
    assert alike.value.candidates[0].certain
    with pytest.raises(Refused, match="đang thuộc về một người khác"):
        person_create(data=HOA, numbers=[CCCD], another=True)


def test_of_unknown_sex_she_is_asked_about_by_name_though_a_number_is_given(at_station):
    stored = a_person(at_station, "Nguyễn Thị Hòa")
    data = PersonData("Nguyen Thi Hoa", "unknown", dt.date(1990, 3, 5))
    with pytest.raises(services.PossibleDuplicates) as alike:
        services.person_create(data=data, numbers=[NumberData("cmnd", "212345678")])
    assert [candidate.person for candidate in alike.value.candidates] == [stored]


def test_who_is_treated_here_is_asked_about_too(at_station):
    stored = a_person(a_station("21490", "Trạm Y tế xã Ba Vì"), "Nguyễn Thị Hòa")
    treating_access_put(
        person_id=stored.pk, facility_id=at_station.pk, until=timezone.localdate() + dt.timedelta(days=1)
    )
    with pytest.raises(services.PossibleDuplicates) as alike:
        services.person_create(data=PersonData("Nguyen Thi Hoa", "female", dt.date(1990, 3, 5)))
    assert [candidate.person for candidate in alike.value.candidates] == [stored]


def test_a_number_held_elsewhere_is_refused_without_a_word_about_whom(at_station):
    a_person(a_station("21490", "Trạm Y tế xã Ba Vì"), "Trần Văn Ba", sex="male", cccd="051190000111")
    with pytest.raises(Refused) as refused:
        person_create(data=HOA, numbers=[CCCD])
    assert refused.value.message == TAKEN


def test_nobody_enters_a_person_into_a_foreign_hamlet(at_station):
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    hamlet = Hamlet.objects.get(catchments__facility=other)
    with pytest.raises(Refused, match="không thuộc địa bàn"):
        person_create(data=dataclasses.replace(HOA, hamlet_id=hamlet.pk))


def test_the_right_is_asked(station):
    from django.core.exceptions import PermissionDenied

    with scope.enter(scope_at(station, RIGHTS - {"people.enter"})), pytest.raises(PermissionDenied):
        person_create(data=HOA)


def test_an_update_writes_what_differs(at_station, heard):
    person = a_person(at_station, cccd="051190000111")
    hamlet = a_hamlet(at_station.unit, "Thôn Mới")
    hamlet.catchments.create(facility=at_station)
    data = dataclasses.replace(
        data_of(person), full_name="Nguyễn Thị Hoa", phone="0987654321", hamlet_id=hamlet.pk
    )
    came_from = person.hamlet_id
    updated = person_update(person=person, data=data, expected_version=1)
    updated.refresh_from_db()
    assert (updated.version, updated.full_name) == (2, "Nguyễn Thị Hoa")
    assert {"C051190000111", "P1234567890"} <= set(updated.tokens.split())
    assert heard == [
        PersonChanged(person.pk, ("full_name", "phone", "hamlet_id")),
        PersonMoved(person.pk, came_from, hamlet.pk, timezone.localdate()),
    ]
    assert AuditEntry.objects.get(action="person.changed").data["fields"] == [
        "full_name",
        "phone",
        "hamlet_id",
    ]


def test_the_second_of_two_editors_is_told(at_station):
    person = a_person(at_station)
    again = Person.objects.get(pk=person.pk)
    data = data_of(person)
    person_update(person=person, data=dataclasses.replace(data, phone="0987654321"), expected_version=1)
    with pytest.raises(StaleVersion):
        person_update(person=again, data=dataclasses.replace(data, email="a@b.vn"), expected_version=1)


def test_an_old_oddity_is_not_asked_about_again(at_station):
    person = a_person(at_station, cccd="051090000111")  # the sex digit disagrees
    data = data_of(person)
    person_update(person=person, data=dataclasses.replace(data, phone="0987654321"), expected_version=1)
    with pytest.raises(NeedsReason):
        changed = dataclasses.replace(data, birth_date=dt.date(1991, 3, 5))
        person_update(person=person, data=changed, expected_version=2)


def test_a_new_citizen_number_ends_the_old_one_and_both_are_found(at_station, heard):
    person = a_person(at_station, cccd="051190000111")
    identifier_add(person=person, number=NumberData("cccd", "051190000222"))
    old, new = Identifier.objects.order_by("value")
    assert old.valid_to == timezone.localdate() - dt.timedelta(days=1)
    assert new.valid_to is None
    person.refresh_from_db()
    assert {"C051190000111", "C051190000222"} <= set(person.tokens.split())
    assert heard == [IdentifierChanged(person.pk, "cccd")]


def test_the_same_number_again_changes_nothing(at_station):
    person = a_person(at_station, cccd="051190000111")
    identifier_add(person=person, number=NumberData("cccd", "051190000111"))
    assert Identifier.objects.count() == 1


def test_a_new_card_ends_the_earlier_one(at_station):
    person = a_person(at_station)
    a_card(person)
    card_add(person=person, card=CardData("HN2515112345678", dt.date(2026, 7, 1), dt.date(2027, 6, 30)))
    old, new = InsuranceCard.objects.order_by("valid_from")
    assert old.valid_to == dt.date(2026, 6, 30)
    assert new.level == 2


@pytest.mark.parametrize(
    ("card", "field"),
    [
        (CardData("DN9515112345678", dt.date(2026, 1, 1)), "number"),
        (CardData("DN4515112345679", dt.date(2026, 2, 1), dt.date(2026, 1, 1)), "valid_to"),
        (CardData("DN4515112345679", None, dt.date(2026, 12, 31)), "valid_from"),
    ],
)
def test_a_card_that_cannot_be_is_refused(at_station, card, field):
    person = a_person(at_station)
    a_card(person)
    with pytest.raises(Refused) as refused:
        card_add(person=person, card=card)
    assert refused.value.field == field


def test_a_card_of_somebody_else_is_refused(at_station):
    a_card(a_person(at_station))
    with pytest.raises(Refused, match="người khác"):
        card_add(
            person=a_person(at_station, "Trần Thị Lan"), card=CardData("DN4515112345678", dt.date(2026, 6, 1))
        )


def test_allergies_are_noted_once_and_closed_with_a_state(at_station):
    person = a_person(at_station)
    allergy = allergies.allergy_add(person=person, substance=" Penicillin ")
    with pytest.raises(Refused, match="Đã có"):
        allergies.allergy_add(person=person, substance="penicillin")
    with pytest.raises(Refused):
        allergies.allergy_close(allergy=allergy, state="gone", expected_version=1)
    allergies.allergy_close(allergy=allergy, state="entered_in_error", expected_version=1)
    assert allergies.allergy_add(person=person, substance="Penicillin")


def test_no_known_allergy_is_told_with_its_day_and_withdrawn_by_an_allergy(at_station):
    person = a_person(at_station)
    assert not person.knows_no_allergy
    allergies.allergy_none(person=person)
    person.refresh_from_db()
    assert person.knows_no_allergy
    assert person.no_allergy_on == timezone.localdate()
    allergies.allergy_add(person=person, substance="Penicillin")
    person.refresh_from_db()
    assert not person.knows_no_allergy
    with pytest.raises(Refused, match="đang có dị ứng"):
        allergies.allergy_none(person=person)
    told = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"allergy.none", "allergy.none_withdrawn"} <= told


def test_treating_access_is_only_lengthened(at_station):
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    person = a_person(other)
    for until in (dt.date(2027, 1, 1), dt.date(2026, 12, 1)):
        treating_access_put(person_id=person.pk, facility_id=at_station.pk, until=until)
    assert TreatingAccess.objects.get().until == dt.date(2027, 1, 1)


def test_the_station_of_a_person_is_never_a_point(station):
    """Searches filter on the workplace alone: whoever hung on a point would not be found."""
    point = a_point(station)
    hamlet = Hamlet.objects.get()
    doctor = a_member("doctor", point)
    with scope.system("test"):
        catchment_open(facility=point, hamlet=hamlet, valid_from=dt.date(2026, 1, 1))
    here = scope_for(doctor, point.pk)
    assert here is not None and here.point_id == point.pk
    with scope.enter(here):
        lived = person_create(data=dataclasses.replace(HOA, hamlet_id=hamlet.pk))
        passing = person_create(data=HOA, another=True)
    assert lived.station_id == passing.station_id == station.pk
