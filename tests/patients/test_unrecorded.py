"""People whose record says dead, and whose death nobody has recorded: told, listed, recorded from there."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.scope import enter
from apps.facilities.models import Facility
from apps.patients import unrecorded
from apps.patients.models import Person
from tests.factories.accounts import a_member, client_of
from tests.factories.deaths import a_death, death_scope
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def station(db: None) -> Facility:
    return a_station()


@pytest.fixture
def man(station: Facility) -> Person:
    return dead(station, "Phạm Văn Hrê", died_on=dt.date(2025, 3, 4))


@pytest.fixture
def nurse(station: Facility) -> Any:
    return client_of(a_member("nurse", station))


def dead(station: Facility, name: str, **fields: Any) -> Person:
    return a_person(station, name, sex="male", life_status="dead", **fields)


def test_it_works(nurse: Any, man: Person) -> None:
    """The page of the person says so and offers the form, which knows the day; then nobody asks any more."""
    shown = nurse.get(f"/nguoi/{man.pk}/").content.decode()
    assert "đã mất ngày 04/03/2025 mà chưa có ghi nhận tử vong" in shown
    form = nurse.get(f"/nguoi/{man.pk}/tu-vong/").context["form"]
    assert form["died_on"].value() == dt.date(2025, 3, 4)
    assert "1 người ghi trong hồ sơ là đã mất" in nurse.get("/tu-vong/").content.decode()
    listed = nurse.get("/tu-vong/chua-ghi/").content.decode()
    assert "Phạm Văn Hrê" in listed and "04/03/2025" in listed and "Ghi tử vong" in listed
    a_death(man, died_on=dt.date(2025, 3, 4))
    assert "chưa có ghi nhận" not in nurse.get(f"/nguoi/{man.pk}/").content.decode()
    assert "chua-ghi" not in nurse.get("/tu-vong/").content.decode()
    assert "Phạm Văn Hrê" not in nurse.get("/tu-vong/chua-ghi/").content.decode()


def test_the_living_and_the_merged_are_not_asked_about(nurse: Any, station: Facility, man: Person) -> None:
    a_person(station, "Đinh Văn Sống", sex="male")
    dead(station, "Đinh Văn Gộp", merged_into=man)
    with enter(death_scope(man)):
        assert [each.pk for each in unrecorded.people(death_scope(man))] == [man.pk]


def test_without_the_right_nothing_is_said(station: Facility, man: Person) -> None:
    pharmacist = client_of(a_member("pharmacist", station))
    assert "chưa có ghi nhận" not in pharmacist.get(f"/nguoi/{man.pk}/").content.decode()
    assert pharmacist.get("/tu-vong/chua-ghi/").status_code == 403


def test_a_stranger_sees_none_of_them(man: Person) -> None:
    other = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    shown = client_of(a_member("nurse", other, "khac")).get("/tu-vong/chua-ghi/").content.decode()
    assert "Phạm Văn Hrê" not in shown


def test_many_are_not_counted_to_the_end(nurse: Any, station: Facility, monkeypatch: Any) -> None:
    monkeypatch.setattr(unrecorded, "MOST", 2)
    for number in range(4):
        dead(station, f"Phạm Văn {number}")
    assert "Hơn 2 người" in nurse.get("/tu-vong/").content.decode()


def test_the_number_of_queries_does_not_grow(nurse: Any, station: Facility) -> None:
    def ask() -> int:
        with CaptureQueriesContext(connection) as queries:
            nurse.get("/tu-vong/chua-ghi/")
        return len(queries)

    for number in range(2):
        dead(station, f"Phạm Văn {number}")
    ask()
    few = ask()
    for number in range(18):
        dead(station, f"Đinh Văn {number}")
    assert ask() == few
