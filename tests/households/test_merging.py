"""Where somebody lives who was known under two records."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction

from apps.core import ports, scope
from apps.core.errors import Refused
from apps.facilities.models import Facility
from apps.households import queries
from apps.households.models import Household, Membership, PersonStatus
from apps.patients.models import Person
from apps.patients.unmerge import person_unmerge
from tests.factories.households import a_household, a_person_status
from tests.factories.households import a_member as joins
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Iterator[Facility]:
    station = a_station()
    with scope.enter(merger_at(station)):
        yield station


@pytest.fixture
def kept(station: Facility) -> Person:
    return a_person(station, "Phạm Thị Hrê")


@pytest.fixture
def old(station: Facility) -> Person:
    return a_person(station, "Pham Thi Hre")


def home_of(person: Person) -> Household | None:
    row = Membership.unscoped.filter(person=person, valid_to__isnull=True).select_related("household").first()
    return row.household if row else None


def open_people(household: Household) -> set[Person]:
    return {row.person for row in Membership.unscoped.filter(household=household, valid_to__isnull=True)}


def test_it_works(station: Facility, kept: Person, old: Person) -> None:
    """The only home is the home of who stays, and comes back with the old record."""
    household = a_household(station, a_person(station, "Phạm Văn Y"), address_text="Xóm 3")
    joins(household, old)
    record = merge(kept, old)
    kept.refresh_from_db()
    assert home_of(kept) == household
    assert kept.address_text == "Xóm 3"
    person_unmerge(record_id=record.pk, reason="Hai chị em")
    kept.refresh_from_db()
    assert (home_of(kept), home_of(old), kept.address_text) == (None, household, "")


def test_in_one_household_she_is_one_member(station: Facility, kept: Person, old: Person) -> None:
    head = a_person(station, "Phạm Văn Y")
    household = a_household(station, head)
    joins(household, kept), joins(household, old)
    merge(kept, old)
    page = queries.household_page(scope.current(), household.pk)
    assert page is not None
    assert {member.person for member in page.members} == {head, kept}
    assert page.left == []  # the pointer has not left the family: she is there


def test_who_stays_heads_the_household_that_the_old_record_headed(
    station: Facility, kept: Person, old: Person
) -> None:
    household = a_household(station, old)
    joins(household, kept)
    merge(kept, old, full_name="kept")
    row = Membership.unscoped.get(person=kept, valid_to__isnull=True)
    household.refresh_from_db()
    kept.refresh_from_db()
    assert (row.is_head, row.relation, household.sort_key) == (True, "00", kept.sort_key)


@pytest.mark.parametrize("choice", ["kept", "old"])
def test_of_two_homes_one_is_chosen(station: Facility, kept: Person, old: Person, choice: str) -> None:
    here, there = a_household(station, kept), a_household(station, old, address_text="Xóm 9")
    merge(kept, old, household=choice)
    assert home_of(kept) == (here if choice == "kept" else there)
    assert home_of(old) is None
    assert open_people(there if choice == "kept" else here) == set()


def test_a_family_does_not_lose_its_head(station: Facility, kept: Person, old: Person) -> None:
    here, there = a_household(station, kept), a_household(station, old)
    joins(there, a_person(station, "Phạm Đinh Gia Bảo"))
    with pytest.raises(Refused) as refused:
        merge(kept, old)
    assert there.code in refused.value.message
    merge(kept, old, household="old")
    assert home_of(kept) == there
    assert open_people(here) == set()


def test_earlier_homes_go_along_where_she_lived_nowhere_else(
    station: Facility, kept: Person, old: Person
) -> None:
    household = a_household(station, a_person(station, "Phạm Văn Y"))
    early = joins(household, old, valid_from=dt.date(2010, 1, 1), valid_to=dt.date(2012, 1, 1))
    beside = joins(household, old, valid_from=dt.date(2020, 1, 1), valid_to=dt.date(2022, 1, 1))
    joins(household, kept, valid_from=dt.date(2019, 1, 1))
    merge(kept, old)
    early.refresh_from_db(), beside.refresh_from_db()
    assert (early.person, beside.person) == (kept, old)


def test_the_port_names_the_home_of_who_stays(station: Facility, kept: Person, old: Person) -> None:
    household = a_household(station, old)
    merge(kept, old)
    port = ports.get(ports.HouseholdOf)
    assert port is not None
    assert {pk: line.household_id for pk, line in port.of([kept.pk, old.pk]).items()} == {
        kept.pk: household.pk
    }


# --- what she is entitled to


def spans(person: Person) -> list[tuple[object, object]]:
    rows = PersonStatus.unscoped.filter(person=person, state="final").order_by("valid_from")
    return list(rows.values_list("valid_from", "valid_to"))


def test_one_status_told_under_both_records_is_told_once(
    station: Facility, kept: Person, old: Person
) -> None:
    a_person_status(kept, valid_from=dt.date(2024, 1, 1))
    theirs = a_person_status(old, valid_from=dt.date(2022, 1, 1))
    other = a_person_status(old, kind="social", category="1", valid_from=dt.date(2023, 1, 1))
    record = merge(kept, old)
    assert spans(kept) == [(dt.date(2022, 1, 1), None), (dt.date(2023, 1, 1), None)]
    theirs.refresh_from_db()
    assert theirs.person == old and theirs.state == "final"
    other.refresh_from_db()
    assert other.person == kept
    person_unmerge(record_id=record.pk, reason="hai người")
    assert spans(kept) == [(dt.date(2024, 1, 1), None)]
    assert spans(old) == [(dt.date(2022, 1, 1), None), (dt.date(2023, 1, 1), None)]


def test_statuses_of_other_days_stand_side_by_side(station: Facility, kept: Person, old: Person) -> None:
    a_person_status(kept, valid_from=dt.date(2024, 1, 1))
    a_person_status(old, valid_from=dt.date(2020, 1, 1), valid_to=dt.date(2021, 12, 31))
    merge(kept, old)
    assert spans(kept) == [(dt.date(2020, 1, 1), dt.date(2021, 12, 31)), (dt.date(2024, 1, 1), None)]


def test_the_database_keeps_one_open_row(station: Facility, kept: Person) -> None:
    a_person_status(kept)
    with pytest.raises(IntegrityError, match="person_status_one_open"), transaction.atomic():
        a_person_status(kept)
