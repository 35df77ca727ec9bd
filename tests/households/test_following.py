"""A death ends a person's place in her family; its correction gives the place back."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.core.scope import enter
from apps.households import services
from apps.households.families import open_of
from apps.households.models import Household, Membership, ResidenceEvent
from apps.patients.deaths import death_in_error
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.deaths import a_death, death_scope
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_person

TODAY = timezone.localdate()
DIED = TODAY - dt.timedelta(days=10)


@pytest.fixture
def couple(station):
    call_command("load_catalogues", only=["parameters", "code_lists"], verbosity=0)
    head = a_person(station, "Phạm Văn Ba", sex="male", birth_date=dt.date(1940, 1, 1))
    home = a_household(station, head)
    wife = a_person(station, "Đinh Thị Tư", birth_date=dt.date(1942, 1, 1))
    a_member(home, wife, "01")
    return head, wife, home


def withdraw(death, person):
    with enter(death_scope(person)):
        death.refresh_from_db()
        death_in_error(death=death, expected_version=death.version, reason="Nhầm người cùng tên")


def test_it_works(couple, station):
    _, wife, home = couple
    death = a_death(wife)
    row = Membership.unscoped.get(person=wife)
    assert row.valid_to == DIED
    event = ResidenceEvent.unscoped.get()
    assert (event.kind, event.on, event.household) == ("died", DIED, home)
    page = client_of(a_user_of("nurse", station)).get(f"/ho/{home.pk}/").content.decode()
    assert "1 người" in page and "đã mất" in page
    withdraw(death, wife)
    assert open_of(wife).household == home
    event.refresh_from_db()
    assert event.state == "entered_in_error"


def test_a_family_without_its_head_is_told_so(couple, station):
    head, wife, home = couple
    a_death(head)
    page = client_of(a_user_of("nurse", station)).get(f"/ho/{home.pk}/").content.decode()
    assert "Hộ chưa có chủ hộ" in page
    with enter(death_scope(wife, rights=frozenset({"households.edit", "people.edit"}))):
        services.head_change(household=Household.objects.get(), person=wife)
        newcomer = a_person(station, "Lê Văn Bảy")
        services.member_add(household=Household.objects.get(), person=newcomer, relation="05")
    assert open_of(wife).is_head
    assert not open_of(newcomer).is_head


def test_who_comes_into_a_family_without_a_head_is_not_its_head(couple, station):
    head, _, home = couple
    a_death(head)
    newcomer = a_person(station, "Lê Văn Bảy")
    a_household(station, newcomer)
    with enter(death_scope(newcomer, rights=frozenset({"households.edit", "people.edit"}))):
        services.member_move(person=newcomer, household=home, relation="05", on=TODAY)
    assert not open_of(newcomer).is_head


def test_a_death_taken_back_after_the_family_went_on(couple):
    head, wife, home = couple
    death = a_death(head)
    with enter(death_scope(wife, rights=frozenset({"households.edit", "people.edit"}))):
        services.head_change(household=Household.objects.get(), person=wife)
    withdraw(death, head)
    row = open_of(head)
    assert (row.household, row.is_head, row.relation) == (home, False, "99")
    assert open_of(wife).is_head


def test_the_last_of_a_family_closes_its_number(couple):
    head, wife, home = couple
    a_death(head)
    death = a_death(wife)
    home.refresh_from_db()
    assert (home.closed, home.closed_on) == ("empty", DIED)
    withdraw(death, wife)
    home.refresh_from_db()
    assert home.closed == "" and open_of(wife).household == home


def test_a_death_on_another_day(couple):
    from dataclasses import replace

    from apps.patients.deaths import data_of, death_amend

    _, wife, _ = couple
    death = a_death(wife)
    with enter(death_scope(wife)):
        death.refresh_from_db()
        data = replace(data_of(death), died_on=DIED - dt.timedelta(days=2))
        death_amend(death=death, data=data, expected_version=death.version, reason="Gia đình nói lại ngày")
    assert Membership.unscoped.get(person=wife).valid_to == DIED - dt.timedelta(days=2)
    final = ResidenceEvent.unscoped.get(state="final")
    assert final.on == DIED - dt.timedelta(days=2)


def test_who_belongs_to_no_family_dies_all_the_same(station):
    call_command("load_catalogues", only=["parameters", "code_lists"], verbosity=0)
    a_death(a_person(station, birth_date=dt.date(1942, 1, 1)))
    assert not ResidenceEvent.unscoped.exists()
