"""Two at once, one about a family and one about its people: nobody waits in a circle, nothing is lost."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from apps.core import scope
from apps.core.errors import Refused
from apps.core.versions import StaleVersion
from apps.facilities.models import Facility
from apps.households import marriages, moving, statuses
from apps.households.marriages import Move
from apps.households.models import HEAD, Household, Membership, PersonStatus, ResidenceEvent
from apps.households.places import Elsewhere
from apps.patients import births, deaths, services
from apps.patients.births import Baby, BirthData
from apps.patients.models import Death, Person
from apps.patients.services import person_update
from apps.patients.steps import data_of
from tests.factories.catalogues import a_code
from tests.factories.deaths import DEATH_RIGHTS, death_data
from tests.factories.households import a_household
from tests.factories.households import a_member as joins
from tests.factories.merging import merger_at
from tests.factories.patients import a_person, a_station, scope_at
from tests.factories.racing import at_once, meet_after

pytestmark = pytest.mark.django_db(transaction=True)

YESTERDAY = dt.timedelta(days=1)
AWAY = Elsewhere("country", "", "Đắk Lắk")


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def hoa(station: Facility) -> Person:
    return a_person(station, "Nguyễn Thị Hòa")


@pytest.fixture
def home(station: Facility, hoa: Person) -> Household:
    """Hòa with her husband at their head."""
    household = a_household(station, a_person(station, "Phạm Văn Nam", sex="male"))
    joins(household, hoa, "01")
    return household


def within(station: Facility, act: Callable[[], Any]) -> Callable[[], Any]:
    def work() -> Any:
        with scope.enter(replace(merger_at(station), rights=DEATH_RIGHTS)):
            return act()

    return work


def leaving(station: Facility, home: Household, person: Person) -> Callable[[], Any]:
    return within(
        station,
        lambda: moving.members_depart(
            household=Household.unscoped.get(pk=home.pk),
            people=[Person.unscoped.get(pk=person.pk)],
            place=AWAY,
            on=timezone.localdate() - YESTERDAY,
        ),
    )


def dying(station: Facility, person: Person) -> Callable[[], Any]:
    data = death_data(died_on=timezone.localdate() - YESTERDAY, maternal="no")
    return within(
        station,
        lambda: deaths.death_record(
            person=Person.unscoped.get(pk=person.pk), data=data, reason="gia đình báo"
        ),
    )


def test_it_works(station: Facility, home: Household, hoa: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Her death and her departure at once: both wait their turn, whoever comes second is told or goes on."""
    meet_after(monkeypatch, (deaths, "standing_of"), (moving, "open_rows"))
    died, left = at_once(dying(station, hoa), leaving(station, home, hoa))
    assert isinstance(died, Death), died
    assert isinstance(left, ResidenceEvent | Refused), left
    assert Person.unscoped.get(pk=hoa.pk).life_status == "dead"
    assert not Membership.unscoped.filter(person=hoa, valid_to=None).exists()


def test_a_birth_and_a_departure(
    station: Facility, home: Household, hoa: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet_after(monkeypatch, (births, "_check"), (moving, "open_rows"))
    born_on = timezone.localdate() - YESTERDAY
    birth = BirthData(born_on=born_on, place="home", babies=(Baby("male", 3100),))

    def bearing() -> Any:
        mother = Person.unscoped.select_related("station").get(pk=hoa.pk)
        return births.newborns_record(mother=mother, data=birth, reason="gia đình báo")

    born, left = at_once(within(station, bearing), leaving(station, home, hoa))
    assert isinstance(born, list), born
    assert isinstance(left, ResidenceEvent), left


def test_another_name_of_a_head_and_a_departure(
    station: Facility, home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of a head changes his family's place in the list: the family is locked before he is."""
    joins(home, a_person(station, "Phạm Thị Lan"), "05")
    head = Membership.unscoped.get(household=home, is_head=True).person
    other = Membership.unscoped.exclude(person=head).filter(household=home).first()
    meet_after(monkeypatch, (services, "save_versioned"), (moving, "open_rows"))

    def renaming() -> Any:
        person = Person.unscoped.get(pk=head.pk)
        data = replace(data_of(person), full_name="Phạm Văn Nam Hải")
        return person_update(person=person, data=data, expected_version=person.version, reason="giấy tờ")

    named, left = at_once(within(station, renaming), leaving(station, home, other.person))
    assert isinstance(named, Person), named
    assert isinstance(left, ResidenceEvent), left
    assert Household.unscoped.get(pk=home.pk).sort_key == Person.unscoped.get(pk=head.pk).sort_key


def test_two_weddings_cross(station: Facility, home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each bride moves into the other's family: both families are locked before either bride."""
    a_code("marital_status", "2", "Đã kết hôn")
    one = a_person(station, "Phạm Thị Lan", birth_date=dt.date(2000, 1, 1))
    joins(home, one, "05")
    other_home = a_household(station, a_person(station, "Đinh Văn Bình", sex="male"))
    two = a_person(station, "Đinh Thị Mai", birth_date=dt.date(2000, 1, 1))
    joins(other_home, two, "05")
    meet_after(monkeypatch, (marriages, "_begin"))

    def wedding(bride: Person, into: Household) -> Callable[[], Any]:
        def act() -> Any:
            her = Person.unscoped.get(pk=bride.pk)
            return marriages.marriage_record(
                person=her,
                spouse=None,
                spouse_text="Lê Văn Sơn",
                on=timezone.localdate() - YESTERDAY,
                move=Move(her, household=Household.unscoped.get(pk=into.pk), relation="07"),
                reason="gia đình báo",
            )

        return within(station, act)

    for said in at_once(wedding(one, other_home), wedding(two, home)):
        assert isinstance(said, ResidenceEvent), said
    assert Membership.unscoped.get(person=one, valid_to=None).household == other_home
    assert Membership.unscoped.get(person=two, valid_to=None).household == home


def test_who_moved_in_the_meantime_is_held_where_she_lives_now(station: Facility, home: Household) -> None:
    """The family is looked for again when she has left the first between reading and locking."""
    from apps.households import locking

    hoa = Person.unscoped.get(full_name="Nguyễn Thị Hòa")
    other = a_household(station, a_person(station, "Đinh Thị Mai"))
    said = iter([{home.pk}, {other.pk}, {other.pk}, {other.pk}])
    real, held = locking.lock_households, []

    def lock(ids: Any) -> Any:
        held.append(real(ids))
        return held[-1]

    from django.db import transaction

    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(locking, "homes_of", lambda ids: next(said))
        patch.setattr(locking, "lock_households", lock)
        locking.lock_homes([hoa.pk])
    assert held == [{home.pk}, {other.pk}]


def test_one_status_entered_twice_at_once_stands_once(station: Facility, hoa: Person) -> None:
    a_code("merit_group", "4", "Thương binh")

    def putting() -> Any:
        person = Person.unscoped.get(pk=hoa.pk)
        return statuses.person_status_put(
            person=person, kind="merit", category="4", since=timezone.localdate() - YESTERDAY
        )

    said = at_once(within(station, putting), within(station, putting))
    assert sorted(type(each).__name__ for each in said) == ["PersonStatus", "Refused"], said
    assert PersonStatus.unscoped.get().person == hoa


def test_a_death_and_a_new_head(station: Facility, home: Household, hoa: Person) -> None:
    """Hòa becomes the head while her death is recorded: in either order the family stays consistent."""
    from apps.households.services import head_change

    def leading() -> Any:
        return head_change(
            household=Household.unscoped.get(pk=home.pk), person=Person.unscoped.get(pk=hoa.pk)
        )

    died, led = at_once(dying(station, hoa), within(station, leading))
    assert isinstance(died, Death), died
    assert led is None or isinstance(led, ResidenceEvent | Refused | StaleVersion), led
    assert not Membership.unscoped.filter(person=hoa, valid_to=None).exists()
    heads = Membership.unscoped.filter(household=home, valid_to=None, is_head=True, relation=HEAD)
    assert heads.count() <= 1


def test_scopes_are_the_stations_own(station: Facility, hoa: Person) -> None:
    """What is held is held for whoever reaches her: a stranger is refused before anything is locked."""
    other = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    with scope.enter(scope_at(other, DEATH_RIGHTS)), pytest.raises(Refused):
        deaths.death_record(person=hoa, data=death_data(maternal="no"), reason="nghe nói")
