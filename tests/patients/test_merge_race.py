"""Two nurses at once: the same two merged both ways, a row written while they are merged."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from apps.core import scope
from apps.core.errors import Refused
from apps.patients import allergies
from apps.patients.merge import person_merge
from apps.patients.models import Allergy, MergeRecord, Person
from apps.patients.unmerge import person_unmerge
from tests.factories.households import a_household
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_person, a_station
from tests.factories.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_into_b_and_b_into_a() -> None:
    station = a_station()
    one, two = a_person(station, "Nguyễn Thị Hòa"), a_person(station, "Nguyen Thi Hoa")
    a_household(station, one), a_household(station, two)

    def merging(kept: Person, old: Person) -> Callable[[], Any]:
        def work() -> Any:
            with scope.enter(merger_at(station)):
                return person_merge(
                    kept_id=kept.pk, old_id=old.pk, versions=(kept.version, old.version), choices={}
                )

        return work

    for _ in range(4):
        one.refresh_from_db(), two.refresh_from_db()
        said = at_once(merging(one, two), merging(two, one))
        done = [each for each in said if isinstance(each, MergeRecord)]
        refused = [each for each in said if isinstance(each, Refused)]
        assert (len(done), len(refused)) == (1, 1), said
        assert Person.unscoped.filter(merged_into__isnull=False).count() == 1
        with scope.enter(merger_at(station)):
            person_unmerge(record_id=done[0].pk, reason="Thử lại")


def test_in_a_ring_nobody_waits_for_ever() -> None:
    """A into B, B into C, C into A: none of the three is lost, whoever comes first."""
    station = a_station()
    people = [a_person(station, "Nguyễn Thị Hòa") for _ in range(3)]

    def merging(kept: Person, old: Person) -> Callable[[], Any]:
        def work() -> Any:
            with scope.enter(merger_at(station)):
                return person_merge(
                    kept_id=kept.pk, old_id=old.pk, versions=(kept.version, old.version), choices={}
                )

        return work

    ring = [merging(people[place - 1], people[place]) for place in range(3)]
    for each in at_once(*ring):
        assert isinstance(each, MergeRecord | Refused), each
    standing = Person.unscoped.filter(merged_into=None)
    assert standing.exists()
    assert not Person.unscoped.filter(merged_into__merged_into__isnull=False).exists()


def test_undone_twice_at_once_it_is_undone_once() -> None:
    station = a_station()
    one, two = a_person(station), a_person(station)
    with scope.enter(merger_at(station)):
        record = merge(one, two)

    def undoing() -> Any:
        with scope.enter(merger_at(station)):
            return person_unmerge(record_id=record.pk, reason="Hai người")

    said = at_once(undoing, undoing)
    assert sorted(type(each).__name__ for each in said) == ["MergeRecord", "Refused"]


def test_what_is_written_while_they_are_merged_lands_with_who_stays() -> None:
    """The allergy waits for the merge, then is refused; or comes first, and goes along."""
    station = a_station()
    kept, old = a_person(station, "Nguyễn Thị Hòa"), a_person(station, "Nguyen Thi Hoa")

    def noting() -> Any:
        with scope.enter(merger_at(station)):
            return allergies.allergy_add(person=Person.unscoped.get(pk=old.pk), substance="Penicillin")

    def merging() -> Any:
        with scope.enter(merger_at(station)), transaction.atomic():
            return person_merge(kept_id=kept.pk, old_id=old.pk, versions=(kept.version, old.version))

    noted, merged = at_once(noting, merging)
    assert isinstance(merged, MergeRecord), merged
    if isinstance(noted, Refused):
        assert not Allergy.unscoped.exists()
    else:
        assert Allergy.unscoped.get().person == kept
