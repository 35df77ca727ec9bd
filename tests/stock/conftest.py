"""A station with a pharmacist, a nurse and a drug of the catalogue."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from apps.accounts.models import User
from apps.core.ids import uuid7
from apps.core.scope import Scope
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import a_code, a_drug
from tests.factories.facilities import a_station


@dataclass
class Store:
    """What the tests of the pages begin with."""

    station: Facility
    pharmacist: User
    nurse: User

    def scope(self, user: User) -> Scope:
        found = scope_for(User.objects.get(pk=user.pk), self.station.pk)
        assert found is not None
        return found


@pytest.fixture
def store(db: None) -> Store:
    station = a_station()
    a_drug("TD001.1", "Paracetamol", "500mg")
    a_code("stock_programme", "ordinary", "Thuốc và vật tư thường")
    a_code("stock_programme", "mental", "Sức khỏe tâm thần cộng đồng")
    a_code("stock_source", "budget", "Ngân sách")
    call_command("load_catalogues", only=["parameters"], verbosity=0)
    pharmacist = a_member("pharmacist", station, "duoc.lt", "Lê Thị Dược")
    return Store(station, pharmacist, a_member("nurse", station, "hoa.nt", "Nguyễn Thị Hòa"))


@pytest.fixture
def desk(store: Store) -> Client:
    return client_of(store.pharmacist)


def post(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"form_key": str(uuid7()), **fields})
