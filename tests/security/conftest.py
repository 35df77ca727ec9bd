"""Two stations with one of everything, and a nurse of the first."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.core.ids import uuid7
from apps.encounters.models import Visit
from apps.facilities.models import Facility
from apps.households.models import Household
from apps.patients.models import Person
from tests import databases
from tests.factories.accounts import a_member, client_of
from tests.factories.encounters import a_finished_visit, an_examined_visit, catalogues
from tests.factories.facilities import a_practitioner, a_station
from tests.factories.households import a_household
from tests.factories.patients import a_person
from tests.house import walk

OWN, FOREIGN = "Đinh Thị Vân Kiều", "Hồ Thị Bảy Lạ"


@dataclass
class Here:
    """One station."""

    station: Facility
    person: Person
    household: Household
    visit: Visit
    finished: Visit


def a_side(code: str, commune: str, name: str, cccd: str) -> Here:
    station = a_station(code, commune)
    doctor = a_practitioner(station, f"Bác sĩ {commune}")
    person = a_person(station, name, cccd=cccd)
    visit = an_examined_visit(person, doctor)
    return Here(station, person, a_household(station, person), visit, a_finished_visit(person, doctor))


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Here, Here]]:
    """One's own station and a stranger's: made once for all tests of a file."""
    with databases.made_once(django_db_blocker):
        catalogues()
        own = a_side("21484", "Ba Tơ", OWN, "051190000111")
        yield own, a_side("23293", "Đăk Cấm", FOREIGN, "062190000222")


@pytest.fixture
def own(made: tuple[Here, Here], db: None) -> Here:
    return deepcopy(made[0])  # what a test changes of it in memory is its own, as its rows are


@pytest.fixture
def foreign(made: tuple[Here, Here], own: Here) -> Here:
    return deepcopy(made[1])


@pytest.fixture(scope="module")
def walked(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[walk.Side, walk.Side, walk.Shared]]:
    """One's own station and a stranger's with one of everything that is addressed: made once for a file."""
    with databases.made_once(django_db_blocker):
        catalogues()
        shared = walk.shared_things()
        own = walk.a_side("21484", walk.OWN_PLACE, walk.OWN_NAME, shared)
        yield own, walk.a_side("23293", walk.FOREIGN_PLACE, walk.FOREIGN_NAME, shared), shared


class Attacker:
    """A browser that is signed in; each post has a form key of its own."""

    def __init__(self, client: Client) -> None:
        self.client = client
        client.raise_request_exception = False

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(path, headers=headers)

    def post(self, path: str, **data: Any) -> HttpResponse:
        return self.client.post(path, {"form_key": str(uuid7()), **data})

    def api(self, path: str, data: Any) -> HttpResponse:
        return self.client.post(
            path, data, content_type="application/json", headers={"Idempotency-Key": str(uuid7())}
        )


@pytest.fixture
def nurse(own: Here) -> Attacker:
    return Attacker(client_of(a_member("nurse", own.station)))


@pytest.fixture
def doctor(own: Here) -> Attacker:
    return Attacker(client_of(a_member("doctor", own.station)))
