"""What becomes of visits when two records are one person."""

from collections.abc import Iterator

import pytest

from apps.core import scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import Draft
from apps.encounters.models import Visit
from apps.facilities.models import Facility, Practitioner
from apps.patients import queries, restricted
from apps.patients.models import Person, TimelineEntry
from apps.patients.stragglers import follow
from apps.patients.unmerge import made_since, person_unmerge
from tests.factories.encounters import (
    a_finished_visit,
    a_practitioner,
    a_visit,
    an_examined_visit,
    catalogues,
)
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Iterator[Facility]:
    catalogues()
    station = a_station()
    with scope.enter(merger_at(station)):
        yield station


@pytest.fixture
def doctor(station: Facility) -> Practitioner:
    return a_practitioner(station)


@pytest.fixture
def kept(station: Facility) -> Person:
    return a_person(station, "Phạm Thị Hrê")


@pytest.fixture
def old(station: Facility) -> Person:
    return a_person(station, "Pham Thi Hre")


def test_it_works(doctor: Practitioner, kept: Person, old: Person) -> None:
    visit = a_finished_visit(old, doctor)
    before = Visit.unscoped.values("hamlet", "commune", "ethnicity", "age_days", "number").get(pk=visit.pk)
    record = merge(kept, old, ethnicity="kept")
    visit.refresh_from_db()
    assert visit.person == kept
    assert before == Visit.unscoped.values(*before).get(pk=visit.pk)  # as of the event, whoever she is now
    assert [line.object_id for line in queries.timeline(scope.current(), kept.pk)] == [visit.pk]
    person_unmerge(record_id=record.pk, reason="Hai chị em")
    visit.refresh_from_db()
    assert visit.person == old
    assert [line.object_id for line in queries.timeline(scope.current(), old.pk)] == [visit.pk]


@pytest.mark.parametrize("stage", [a_visit, an_examined_visit])
def test_who_is_being_examined_is_not_merged_away(
    doctor: Practitioner, kept: Person, old: Person, stage
) -> None:
    visit = stage(old, doctor)
    with pytest.raises(Refused) as refused:
        merge(kept, old)
    assert visit.number in refused.value.message
    merge(old, kept)  # the other way round her visit goes on
    visit.refresh_from_db()
    assert visit.person == old


def test_nobody_is_received_under_a_pointer(doctor: Practitioner, kept: Person, old: Person) -> None:
    merge(kept, old)
    old.merged_into_id = None  # as the form has loaded her before the merge
    with pytest.raises(Refused) as refused:
        a_visit(old, doctor)
    assert refused.value.code == "merged"


def test_a_half_typed_reception_goes_along(station: Facility, kept: Person, old: Person) -> None:
    draft = Draft.unscoped.create(
        user_id=uuid7(), facility_id=station.pk, kind="visit-open", object_id=old.pk, data={}
    )
    record = merge(kept, old)
    draft.refresh_from_db()
    assert draft.object_id == kept.pk
    person_unmerge(record_id=record.pk, reason="Hai chị em")
    draft.refresh_from_db()
    assert draft.object_id == old.pk


def test_a_visit_since_the_merge_stays_and_is_told(doctor: Practitioner, kept: Person, old: Person) -> None:
    a_finished_visit(old, doctor)
    record = merge(kept, old)
    kept.refresh_from_db()
    later = a_finished_visit(kept, doctor)
    told = {each.what: each.many for each in made_since(scope.current(), record)}
    assert told["lượt khám"] == 1
    person_unmerge(record_id=record.pk, reason="Hai chị em")
    later.refresh_from_db()
    assert later.person == kept


def test_what_is_restricted_stays_so(
    station: Facility, doctor: Practitioner, kept: Person, old: Person
) -> None:
    visit = a_finished_visit(old, doctor)
    Visit.unscoped.filter(pk=visit.pk).update(restricted=True, restricted_by=["hiv"])
    TimelineEntry.unscoped.filter(object_id=visit.pk).update(restricted=True)
    record = merge(kept, old)
    assert Visit.unscoped.get(pk=visit.pk).restricted
    assert not scope.current().can(restricted.RIGHT)
    assert list(queries.timeline(scope.current(), kept.pk)) == []
    Visit.unscoped.filter(pk=visit.pk).update(recorded_by=uuid7(), performer=None)
    assert made_since(scope.current(), record) == []


def test_a_row_that_came_too_late_follows_at_night(doctor: Practitioner, kept: Person, old: Person) -> None:
    record = merge(kept, old)
    late = a_finished_visit(kept, doctor)
    Visit.unscoped.filter(pk=late.pk).update(person=old)  # as a program that held the old id has written it
    with scope.system("test"):
        assert follow(late.on) == "Đã chuyển 1 dòng ghi muộn sang hồ sơ còn lại."
        assert follow(late.on) == "Đã chuyển 0 dòng ghi muộn sang hồ sơ còn lại."
    late.refresh_from_db()
    assert late.person == kept
    person_unmerge(record_id=record.pk, reason="Hai chị em")
    late.refresh_from_db()
    assert late.person == old  # it was written for the old record
