"""Two records become one person: what follows, what is chosen, what is refused."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.core.exceptions import PermissionDenied

from apps.core import events, scope
from apps.core.errors import NeedsReason, Refused
from apps.core.models import AuditEntry, Task
from apps.facilities.models import Facility
from apps.patients import allergies, projections, queries, services
from apps.patients.data import NumberData, PersonData
from apps.patients.events import PersonMerged
from apps.patients.merge import person_merge
from apps.patients.models import (
    Allergy,
    DuplicatePair,
    Identifier,
    InsuranceCard,
    MergeRecord,
    Person,
    TreatingAccess,
)
from apps.patients.numbers import identifier_add
from apps.patients.steps import data_of
from apps.patients.treating import treating_access_put
from tests.core.test_journal import a_task
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_card, a_person, a_station, an_allergy

KEPT, OLD = "051190000111", "051190000222"


@pytest.fixture
def station(db: None) -> Facility:
    return a_station()


@pytest.fixture
def at_station(station: Facility) -> Iterator[Facility]:
    with scope.enter(merger_at(station)):
        yield station


@pytest.fixture
def hoa(station: Facility) -> Person:
    return a_person(station, "Nguyễn Thị Hòa")


@pytest.fixture
def again(station: Facility) -> Person:
    """The same Hòa, entered a second time."""
    return a_person(station, "Nguyễn Thị Hoà", phone="0912345678", address_text="Xóm 2")


def test_it_works(at_station: Facility, hoa: Person, again: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[events.Event] = []
    monkeypatch.setattr("apps.patients.merge.publish", heard.append)
    allergy, card = an_allergy(again), a_card(again)
    record = merge(hoa, again, full_name="old")
    hoa.refresh_from_db()
    again.refresh_from_db()
    assert again.merged_into == hoa
    assert (hoa.full_name, hoa.phone, hoa.address_text) == ("Nguyễn Thị Hoà", "0912345678", "")
    assert Allergy.unscoped.get(pk=allergy.pk).person == hoa
    assert InsuranceCard.unscoped.get(pk=card.pk).person == hoa
    assert again.full_name == "Nguyễn Thị Hoà"  # the old record keeps what it said
    assert record.by_name == "thu" and record.lines
    assert heard == [PersonMerged(again.pk, hoa.pk)]
    told = AuditEntry.objects.get(action="person.merged")
    assert (told.person_id, told.data["old"], told.data["kept"]) == (hoa.pk, again.code, hoa.code)
    assert "Hoà" not in str(told.data) and "0912345678" not in str(told.data)


def test_what_only_one_knows_is_suggested_and_what_is_chosen_holds(
    at_station: Facility, hoa: Person, again: Person
) -> None:
    Person.unscoped.filter(pk=hoa.pk).update(ethnicity="01", occupation="", note="Nói chậm")
    Person.unscoped.filter(pk=again.pk).update(ethnicity="12", occupation="6", note="Nhà có chó dữ")
    merge(hoa, again)
    hoa.refresh_from_db()
    assert (hoa.ethnicity, hoa.occupation, hoa.note) == ("01", "6", "Nói chậm; Nhà có chó dữ")


def test_an_exact_birth_is_preferred_to_a_year(at_station: Facility, again: Person) -> None:
    vague = a_person(at_station, birth_date=dt.date(1990, 1, 1), birth_precision="year")
    merge(vague, again)
    vague.refresh_from_db()
    assert (vague.birth_date, vague.birth_precision) == (dt.date(1990, 3, 5), "day")


def test_two_notes_too_long_together_are_refused(at_station: Facility, hoa: Person, again: Person) -> None:
    Person.unscoped.filter(pk=hoa.pk).update(note="a" * 600)
    Person.unscoped.filter(pk=again.pk).update(note="b" * 600)
    with pytest.raises(Refused) as refused:
        merge(hoa, again, note="both")
    assert refused.value.field == "note"
    merge(hoa, again, note="kept")


# --- numbers, cards, allergies


def test_numbers_go_along_and_she_is_found_by_all(at_station: Facility, hoa: Person, again: Person) -> None:
    identifier_add(person=hoa, number=NumberData("cccd", KEPT))
    identifier_add(person=again, number=NumberData("cmnd", "212345678"))
    merge(hoa, again)
    here = scope.current()
    for typed in (KEPT, "212345678", again.code, hoa.code):
        assert [line.id for line in queries.find_people(here, typed)] == [hoa.pk], typed
    assert [line.id for line in queries.people_by_number(["212345678"])] == [hoa.pk]


def test_she_is_found_by_the_old_numbers_after_further_changes(
    at_station: Facility, hoa: Person, again: Person
) -> None:
    same = "212345678"
    for person in (hoa, again):
        identifier_add(person=person, number=NumberData("cmnd", same))
    a_card(again, "DN4515100000009")
    merge(hoa, again)
    hoa.refresh_from_db()
    data = data_of(hoa)
    services.person_update(
        person=hoa, data=PersonData(**{**vars(data), "phone": "0977777777"}), expected_version=hoa.version
    )
    for typed in (same, again.code, "DN4515100000009"):
        assert [line.id for line in queries.find_people(scope.current(), typed)] == [hoa.pk], typed


def test_the_code_of_the_old_record_leads_to_the_one_that_stays(
    at_station: Facility, hoa: Person, again: Person
) -> None:
    merge(hoa, again)
    assert queries.person_by_code(again.code) == hoa
    assert queries.person_by_code(hoa.code) == hoa


def test_two_national_numbers_ask_for_the_provinces_right(
    station: Facility, hoa: Person, again: Person
) -> None:
    for person, number in ((hoa, KEPT), (again, OLD)):
        Identifier.unscoped.create(person=person, kind="cccd", value=number)
    with scope.enter(merger_at(station)), pytest.raises(Refused) as refused:
        merge(hoa, again)
    assert "định danh" in refused.value.message
    with scope.enter(merger_at(station, "duplicates.approve")):
        merge(hoa, again, **{"number.cccd": "old"})
    rows = {row.value: row for row in Identifier.unscoped.filter(person=hoa)}
    assert rows[OLD].valid_to is None
    assert rows[KEPT].valid_to is not None


def test_the_number_that_is_not_chosen_ends(station: Facility, hoa: Person, again: Person) -> None:
    for person, number in ((hoa, KEPT), (again, OLD)):
        Identifier.unscoped.create(person=person, kind="cccd", value=number)
    with scope.enter(merger_at(station, "duplicates.approve")):
        merge(hoa, again)
    rows = {row.value: row.valid_to is None for row in Identifier.unscoped.filter(person=hoa)}
    assert rows == {KEPT: True, OLD: False}


def test_an_earlier_number_of_hers_is_no_conflict(at_station: Facility, hoa: Person, again: Person) -> None:
    Identifier.unscoped.create(person=hoa, kind="cccd", value=KEPT)
    Identifier.unscoped.create(person=again, kind="cccd", value=OLD, valid_to=dt.date(2020, 1, 1))
    merge(hoa, again)
    assert Identifier.unscoped.filter(person=hoa).count() == 2


def test_of_two_cards_on_one_day_the_earlier_ends(at_station: Facility, hoa: Person, again: Person) -> None:
    first = a_card(hoa, "DN4515100000001", valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 12, 31))
    second = a_card(again, "HN2515100000002", valid_from=dt.date(2026, 6, 1), valid_to=dt.date(2027, 5, 31))
    merge(hoa, again)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.valid_to, second.person_id) == (dt.date(2026, 5, 31), hoa.pk)


def test_the_same_card_twice_stays_once(at_station: Facility, hoa: Person, again: Person) -> None:
    a_card(hoa, "DN4515100000001")
    double = a_card(again, "DN4515100000001")
    merge(hoa, again)
    double.refresh_from_db()
    assert double.person == again
    assert InsuranceCard.unscoped.filter(person=hoa).count() == 1


def test_allergies_are_joined_and_outweigh_that_none_is_known(
    at_station: Facility, hoa: Person, again: Person
) -> None:
    allergies.allergy_none(person=hoa)
    an_allergy(again, "Penicillin")
    merge(hoa, again)
    hoa.refresh_from_db()
    assert not hoa.knows_no_allergy
    assert [row.substance for row in Allergy.unscoped.filter(person=hoa)] == ["Penicillin"]


def test_the_same_allergy_is_told_once(at_station: Facility, hoa: Person, again: Person) -> None:
    an_allergy(hoa, "Penicillin")
    an_allergy(again, "penicilin".replace("l", "ll", 1))
    an_allergy(again, "Tôm")
    merge(hoa, again)
    assert sorted(row.substance for row in Allergy.unscoped.filter(person=hoa)) == ["Penicillin", "Tôm"]


def test_that_none_is_known_goes_along(at_station: Facility, hoa: Person, again: Person) -> None:
    allergies.allergy_none(person=again)
    merge(hoa, again)
    hoa.refresh_from_db()
    assert hoa.knows_no_allergy


# --- what points to her


def test_children_tasks_and_projections_follow(at_station: Facility, hoa: Person, again: Person) -> None:
    child = a_person(at_station, "Lê Văn Tí", mother=again, birth_date=dt.date(2020, 1, 1), sex="male")
    task = a_task(again.pk)
    projections.put_due(
        person_id=again.pk, kind="x", object_id=task.pk, title="Tái khám", due_on=dt.date(2026, 12, 1)
    )
    merge(hoa, again)
    child.refresh_from_db()
    assert child.mother == hoa
    assert Task.unscoped.get(pk=task.pk).person_id == hoa.pk
    assert [item.title for item in queries.due_items([hoa.pk])] == ["Tái khám"]
    assert queries.due_items([again.pk]) == []


def test_who_treats_her_sees_who_stays_until_the_later_day(
    at_station: Facility, hoa: Person, again: Person
) -> None:
    first, second = a_station("21490", "Trạm Y tế xã Ba Vì"), a_station("21493", "Trạm Y tế xã Ba Xa")
    early, late = dt.date(2026, 12, 1), dt.date(2027, 1, 1)
    treating_access_put(person_id=hoa.pk, facility_id=first.pk, until=early)
    treating_access_put(person_id=again.pk, facility_id=first.pk, until=late)
    treating_access_put(person_id=again.pk, facility_id=second.pk, until=early)
    merge(hoa, again)
    rows = TreatingAccess.objects.filter(person=hoa).values_list("facility_id", "until")
    assert dict(rows) == {first.pk: late, second.pk: early}


def test_who_was_merged_before_points_to_who_stays(at_station: Facility, hoa: Person, again: Person) -> None:
    third = a_person(at_station, "Nguyễn Thị Hòa")
    merge(again, third)
    merge(hoa, again)
    third.refresh_from_db()
    assert third.merged_into == hoa
    assert [line.id for line in queries.find_people(scope.current(), third.code)] == [hoa.pk]


def test_the_pair_is_settled(at_station: Facility, hoa: Person, again: Person) -> None:
    merge(hoa, again)
    assert DuplicatePair.unscoped.get().state == "merged"


# --- refused


def test_the_right_is_asked(station: Facility, hoa: Person, again: Person) -> None:
    from tests.factories.patients import scope_at

    with scope.enter(scope_at(station)), pytest.raises(PermissionDenied):
        merge(hoa, again)


def test_nobody_merges_a_stranger(at_station: Facility, hoa: Person) -> None:
    foreign = a_person(a_station("21490", "Trạm Y tế xã Ba Vì"))
    for kept, old in ((hoa, foreign), (foreign, hoa)):
        with pytest.raises(Person.DoesNotExist):
            merge(kept, old)


def test_nobody_merges_whom_she_only_treats(at_station: Facility, hoa: Person) -> None:
    foreign = a_person(a_station("21490", "Trạm Y tế xã Ba Vì"))
    treating_access_put(person_id=foreign.pk, facility_id=at_station.pk, until=dt.date(2099, 1, 1))
    with pytest.raises(Refused) as refused:
        merge(hoa, foreign)
    assert refused.value.code == "elsewhere"


def test_a_record_is_not_merged_into_itself(at_station: Facility, hoa: Person) -> None:
    with pytest.raises(Refused):
        merge(hoa, hoa)


def test_a_merged_record_is_not_merged_again(at_station: Facility, hoa: Person, again: Person) -> None:
    third = a_person(at_station)
    merge(hoa, again)
    for kept, old in ((third, again), (again, third), (hoa, again)):
        with pytest.raises(Refused) as refused:
            merge(kept, old)
        assert refused.value.code == "gone"


def test_what_was_changed_since_it_was_compared_is_shown_again(
    at_station: Facility, hoa: Person, again: Person
) -> None:
    with pytest.raises(Refused) as refused:
        person_merge(kept_id=hoa.pk, old_id=again.pk, versions=(hoa.version, again.version + 1))
    assert refused.value.code == "stale"
    assert not MergeRecord.unscoped.exists()


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"sex": "male"}, "sex"),
        ({"birth_date": dt.date(1960, 3, 5)}, "birth"),
        ({"full_name": "Đinh Văn Khôi"}, "name"),
    ],
)
def test_what_is_odd_asks_for_a_reason(
    at_station: Facility, hoa: Person, other: dict[str, object], code: str
) -> None:
    odd = a_person(at_station, **{"full_name": "Nguyễn Thị Hòa", **other})  # type: ignore[arg-type]
    with pytest.raises(NeedsReason) as needed:
        merge(hoa, odd)
    assert [warning.code for warning in needed.value.warnings] == [code]
    record = merge(hoa, odd, reason="Đã xem căn cước")
    assert record.reason == "Đã xem căn cước"


def test_twins_ask_for_a_reason(at_station: Facility) -> None:
    mother = a_person(at_station, "Lê Thị Mẹ", birth_date=dt.date(1970, 1, 1))
    born = dt.date(2020, 2, 2)
    one = a_person(at_station, "Lê Thị Lan", birth_date=born, mother=mother)
    two = a_person(at_station, "Lê Thị Lam", birth_date=born, mother=mother)
    with pytest.raises(NeedsReason) as needed:
        merge(one, two)
    assert [warning.code for warning in needed.value.warnings] == ["siblings"]


def test_a_mother_is_not_merged_with_her_child(at_station: Facility, hoa: Person) -> None:
    child = a_person(at_station, "Nguyễn Thị Hòa", mother=hoa)
    for kept, old in ((hoa, child), (child, hoa)):
        with pytest.raises(Refused) as refused:
            merge(kept, old)
        assert "mẹ con" in refused.value.message


def test_the_dead_and_the_living_are_not_one(at_station: Facility, hoa: Person) -> None:
    dead = a_person(at_station, life_status="dead", died_on=dt.date(2026, 1, 1))
    for kept, old in ((hoa, dead), (dead, hoa)):
        with pytest.raises(Refused):
            merge(kept, old)


def test_who_lives_here_is_kept(at_station: Facility, hoa: Person) -> None:
    away = a_person(at_station, life_status="moved")
    with pytest.raises(Refused):
        merge(away, hoa)
    merge(hoa, away)
    hoa.refresh_from_db()
    assert hoa.life_status == "alive"


def test_a_birth_that_cannot_be_is_refused_and_nothing_moves(at_station: Facility) -> None:
    died = dt.date(2000, 1, 1)
    kept = a_person(at_station, birth_date=dt.date(1999, 1, 1), life_status="dead", died_on=died)
    old = a_person(
        at_station, birth_date=dt.date(2001, 1, 1), life_status="dead", died_on=dt.date(2002, 1, 1)
    )
    allergy = an_allergy(old)
    with pytest.raises(Refused):
        merge(kept, old, birth="old")
    allergy.refresh_from_db()
    assert allergy.person == old


# --- a pointer


def test_nothing_is_begun_under_a_pointer(at_station: Facility, hoa: Person, again: Person) -> None:
    merge(hoa, again)
    stale = Person.unscoped.get(pk=again.pk)
    stale.merged_into_id = None  # as another screen has loaded it before the merge
    writes = [
        lambda: identifier_add(person=stale, number=NumberData("cmnd", "212345678")),
        lambda: allergies.allergy_add(person=stale, substance="Tôm"),
        lambda: allergies.allergy_none(person=stale),
        lambda: services.person_update(person=stale, data=data_of(stale), expected_version=stale.version),
    ]
    for write in writes:
        with pytest.raises(Refused) as refused:
            write()
        assert refused.value.code == "merged"


def test_a_pointer_stands_in_no_list(at_station: Facility, hoa: Person, again: Person) -> None:
    merge(hoa, again)
    assert list(queries.people_list(scope.current())) == [hoa]
    assert [line.id for line in queries.find_people(scope.current(), "hoa")] == [hoa.pk]
