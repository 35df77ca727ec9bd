"""A station of two hamlets: one is the worker's, the other is not."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.core.ids import uuid7
from apps.core.scope import Scope
from apps.facilities.models import Facility, Hamlet
from apps.facilities.posts import scope_for
from apps.households.models import Household
from apps.patients.models import DueItem, Person
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station
from tests.factories.households import a_household
from tests.factories.households import a_member as a_family_member
from tests.factories.patients import a_person


@dataclass
class Hamlets:
    """What the tests of the room begin with."""

    station: Facility
    here: Hamlet
    there: Hamlet
    head: Person
    wife: Person
    household: Household
    stranger: Person
    other_household: Household
    worker: User
    nurse: User

    def scope(self, user: User) -> Scope:
        found = scope_for(User.objects.get(pk=user.pk), self.station.pk)
        assert found is not None
        return found


@pytest.fixture
def hamlets(db: None) -> Hamlets:
    station = a_station(hamlets=2)
    here, there = Hamlet.objects.filter(catchments__facility=station).order_by("name")
    head = a_person(
        station,
        "Đinh Văn Nghĩa",
        hamlet=here,
        sex="male",
        birth_date=dt.date(1985, 2, 1),
        phone="0912345678",
    )
    wife = a_person(station, "Phạm Thị Hoa", hamlet=here, birth_date=dt.date(1990, 6, 15))
    household = a_household(station, head, hamlet=here)
    a_family_member(household, wife, relation="01")
    stranger = a_person(station, "Hồ Thị Bảy Lạ", hamlet=there)
    other = a_household(station, stranger, hamlet=there)
    worker = a_member("village_worker", station, "be.dv", "Đinh Thị Bế", hamlets=[here])
    nurse = a_member("nurse", station, "hoa.nt", "Nguyễn Thị Hòa")
    return Hamlets(station, here, there, head, wife, household, stranger, other, worker, nurse)


@pytest.fixture
def phone(hamlets: Hamlets) -> Client:
    return client_of(hamlets.worker)


@pytest.fixture
def desk(hamlets: Hamlets) -> Client:
    return client_of(hamlets.nurse)


def post(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"form_key": str(uuid7()), **fields})


def due(person: Person, title: str = "Tái khám: J06.9", *, days: int = 1, **fields: Any) -> DueItem:
    fields.setdefault("kind", "appointment")
    return DueItem.unscoped.create(
        person=person,
        title=title,
        due_on=timezone.localdate() + dt.timedelta(days=days),
        object_id=uuid7(),
        **fields,
    )
