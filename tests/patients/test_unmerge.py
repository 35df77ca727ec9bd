"""A merge taken back: exactly what moved goes back, what was written since stays, and nothing is lost."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core import events, registry, scope
from apps.core.errors import Refused
from apps.core.models import AuditEntry
from apps.facilities.models import Facility
from apps.households.models import Membership
from apps.patients import allergies, keys, queries
from apps.patients.events import PersonUnmerged
from apps.patients.models import Allergy, DuplicatePair, Identifier, InsuranceCard, MergeRecord, Person
from apps.patients.unmerge import made_since, person_unmerge
from tests.core.test_journal import a_task
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_card, a_person, a_station, an_allergy, scope_at

REASON = "Hai chị em họ cùng tên"


@pytest.fixture
def station(db: None) -> Facility:
    return a_station()


@pytest.fixture
def at_station(station: Facility) -> Iterator[Facility]:
    with scope.enter(merger_at(station)):
        yield station


@pytest.fixture
def hoa(station: Facility) -> Person:
    return a_person(station, "Nguyễn Thị Hòa", note="Nói chậm")


@pytest.fixture
def again(station: Facility) -> Person:
    return a_person(station, "Nguyễn Thị Hoà", phone="0912345678", note="Nhà có chó dữ")


def test_it_works(at_station: Facility, hoa: Person, again: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[events.Event] = []
    allergy, child = an_allergy(again), a_person(at_station, "Lê Tí", mother=again, birth_date=None)
    before = picture()
    record = merge(hoa, again, full_name="old")
    assert picture() != before
    monkeypatch.setattr("apps.patients.unmerge.publish", heard.append)
    person_unmerge(record_id=record.pk, reason=REASON)
    assert picture() == before
    record.refresh_from_db()
    assert (record.undone_by_name, record.undone_reason, record.left) == ("thu", REASON, [])
    assert heard == [PersonUnmerged(again.pk, hoa.pk)]
    assert AuditEntry.objects.get(action="person.unmerged").data["old"] == again.code
    assert Allergy.unscoped.get(pk=allergy.pk).person == again
    child.refresh_from_db()
    assert child.mother == again


def test_both_are_found_again_by_their_own_numbers(at_station: Facility, hoa: Person, again: Person) -> None:
    Identifier.unscoped.create(person=again, kind="cmnd", value="212345678")
    record = merge(hoa, again)
    person_unmerge(record_id=record.pk, reason=REASON)
    here = scope.current()
    assert [line.id for line in queries.find_people(here, "212345678")] == [again.pk]
    assert [line.id for line in queries.find_people(here, again.code)] == [again.pk]
    assert [line.id for line in queries.find_people(here, hoa.code)] == [hoa.pk]


def test_they_are_remembered_as_two(at_station: Facility, hoa: Person, again: Person) -> None:
    record = merge(hoa, again)
    person_unmerge(record_id=record.pk, reason=REASON)
    assert DuplicatePair.unscoped.get().state == "not_same"


def test_what_was_written_since_stays_and_is_told(at_station: Facility, hoa: Person, again: Person) -> None:
    an_allergy(again, "Penicillin")
    record = merge(hoa, again)
    hoa.refresh_from_db()
    later = allergies.allergy_add(person=hoa, substance="Tôm", kind="food")
    task = a_task(hoa.pk)
    told = {each.what: each.many for each in made_since(scope.current(), record)}
    assert told["dị ứng"] == 1
    person_unmerge(record_id=record.pk, reason=REASON)
    later.refresh_from_db()
    task.refresh_from_db()
    assert later.person == hoa
    assert task.person_id == hoa.pk
    assert [row.substance for row in Allergy.unscoped.filter(person=again)] == ["Penicillin"]


def test_what_was_changed_since_is_left_as_it_is(at_station: Facility, hoa: Person, again: Person) -> None:
    record = merge(hoa, again, phone="old")
    Person.unscoped.filter(pk=hoa.pk).update(phone="0966666666")
    person_unmerge(record_id=record.pk, reason=REASON)
    hoa.refresh_from_db()
    record.refresh_from_db()
    assert hoa.phone == "0966666666"
    assert record.left == [["patients.Person", str(hoa.pk)]]


def test_a_later_merge_is_taken_back_first(at_station: Facility, hoa: Person, again: Person) -> None:
    third = a_person(at_station, "Nguyễn Thị Hòa")
    first = merge(again, third)
    second = merge(hoa, again)
    with pytest.raises(Refused) as refused:
        person_unmerge(record_id=first.pk, reason=REASON)
    assert refused.value.code == "chained"
    person_unmerge(record_id=second.pk, reason=REASON)
    third.refresh_from_db()
    assert third.merged_into == again
    person_unmerge(record_id=first.pk, reason=REASON)
    third.refresh_from_db()
    assert third.merged_into is None


def test_it_is_undone_once_with_a_reason_and_by_right(station: Facility, hoa: Person, again: Person) -> None:
    with scope.enter(merger_at(station)):
        record = merge(hoa, again)
        with pytest.raises(Refused):
            person_unmerge(record_id=record.pk, reason="  ")
    with scope.enter(scope_at(station)), pytest.raises(PermissionDenied):
        person_unmerge(record_id=record.pk, reason=REASON)
    with scope.enter(merger_at(a_station("21490", "Trạm Y tế xã Ba Vì"))):
        with pytest.raises(MergeRecord.DoesNotExist):
            person_unmerge(record_id=record.pk, reason=REASON)
    with scope.enter(merger_at(station)):
        person_unmerge(record_id=record.pk, reason=REASON)
        with pytest.raises(Refused) as refused:
            person_unmerge(record_id=record.pk, reason=REASON)
    assert refused.value.code == "undone"


def test_she_can_be_merged_once_more(at_station: Facility, hoa: Person, again: Person) -> None:
    person_unmerge(record_id=merge(hoa, again).pk, reason=REASON)
    merge(hoa, again)
    again.refresh_from_db()
    assert again.merged_into == hoa


# --- whatever two records hold, a merge taken back leaves no trace but versions


SKIPPED = {"version", "updated_at", "search"}  # they only grow, or are made from the others


def picture() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every model that a merge may touch, without what only grows."""
    found = {}
    touched = {rule.model for rule in registry.merge_rules if rule.how != "stays"}
    for label in sorted(touched | {"households.Household"}):
        model = apps.get_model(label)
        names = [each.attname for each in model._meta.concrete_fields if each.name not in SKIPPED]
        found[label] = sorted(model._base_manager.values_list(*names), key=repr)
    return found


days = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """What one record holds: a few rows of each kind, often the same as the other's."""
    return {
        "fields": draw(
            st.fixed_dictionaries(
                {
                    "full_name": st.sampled_from(["Nguyễn Thị Hòa", "Nguyễn Thị Hoà", "H'Hòa Niê"]),
                    "birth_date": st.sampled_from([None, dt.date(1990, 3, 5), dt.date(1990, 1, 1)]),
                    "phone": st.sampled_from(["", "0912345678"]),
                    "note": st.sampled_from(["", "Nói chậm"]),
                    "blood_group": st.sampled_from(["", "A+", "O+"]),
                    "no_allergy_on": st.sampled_from([None, dt.date(2026, 1, 1)]),
                }
            )
        ),
        "numbers": draw(
            st.lists(
                st.tuples(
                    st.sampled_from(["cccd", "cmnd", "bhxh", "passport"]),
                    st.sampled_from(["051190000111", "051190000222"]),
                    st.booleans(),
                ),
                max_size=3,
                unique_by=lambda row: row[0],
            )
        ),
        "cards": draw(
            st.lists(
                st.tuples(st.sampled_from(["DN4515100000001", "HN2515100000002"]), st.none() | days, days),
                max_size=2,
                unique_by=lambda row: row[0],
            )
        ),
        "allergies": draw(st.lists(st.sampled_from(["Penicillin", "penicillin", "Tôm"]), max_size=2)),
        "home": draw(st.sampled_from(["", "same", "head", "member", "left"])),
        "children": draw(st.integers(0, 1)),
        "tasks": draw(st.integers(0, 2)),
    }


def made(station: Facility, holds: dict[str, Any], common: Any, other_holds_current: set[str]) -> Person:
    person = a_person(station, **holds["fields"])
    for kind, value, ended in holds["numbers"]:
        if kind == "cccd" or not ended:
            # One holder of a current national number in the whole database.
            ended = ended or f"{kind}{value}" in other_holds_current
            other_holds_current.add(f"{kind}{value}")
        until = dt.date(2025, 1, 1) if ended else None
        Identifier.unscoped.create(person=person, kind=kind, value=value, valid_to=until)
    for number, valid_from, valid_to in holds["cards"]:
        if valid_from is None or valid_from <= valid_to:
            a_card(person, number, valid_from=valid_from, valid_to=valid_to)
    for substance in holds["allergies"]:
        an_allergy(person, substance)
    if holds["home"] == "same":
        joins(common, person)
    elif holds["home"] == "head":
        a_household(station, person)
    elif holds["home"] == "member":
        joins(a_household(station, a_person(station, "Chủ Hộ", birth_date=None)), person)
    elif holds["home"] == "left":
        joins(common, person, valid_from=dt.date(2020, 1, 1), valid_to=dt.date(2021, 1, 1))
    for _ in range(holds["children"]):
        a_person(station, "Lê Tí", mother=person, birth_date=None)
    for _ in range(holds["tasks"]):
        a_task(person.pk)
    keys.renew(person)
    return person


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(kept_holds=records(), old_holds=records(), seed=st.integers(0, 1000))
def test_merge_and_unmerge_restore_the_exact_rows(
    station: Facility, kept_holds: dict[str, Any], old_holds: dict[str, Any], seed: int
) -> None:
    chance = random.Random(seed)
    with transaction.atomic(), scope.enter(merger_at(station, "duplicates.approve")):
        common = a_household(station, a_person(station, "Chung", birth_date=None))
        current: set[str] = set()
        kept = made(station, kept_holds, common, current)
        old = made(station, old_holds, common, current)
        before = picture()
        choices = {
            key: chance.choice(["kept", "old"])
            for key in ("full_name", "birth", "phone", "note", "household", "number.cccd", "blood_group")
        }
        record = merge(kept, old, reason="Đã xem giấy tờ", **choices)
        assert not Membership.unscoped.filter(person=old, valid_to__isnull=True).exists()
        assert Identifier.unscoped.filter(person=kept, kind="cccd", valid_to__isnull=True).count() <= 1
        standing = InsuranceCard.unscoped.filter(person=kept)
        assert all(
            row.valid_to is None or row.valid_from is None or row.valid_from <= row.valid_to
            for row in standing
        )
        person_unmerge(record_id=record.pk, reason=REASON)
        assert picture() == before
        transaction.set_rollback(True)


def test_the_picture_sees_a_moved_row(at_station: Facility, hoa: Person, again: Person) -> None:
    """The property above could not fail if the picture were blind."""
    row: models.Model = an_allergy(hoa)
    before = picture()
    Allergy.unscoped.filter(pk=row.pk).update(person=again)
    assert picture() != before
