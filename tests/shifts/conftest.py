"""A station with a nurse and a midwife, each at a computer of her own."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from apps.shifts.models import ShiftHandover
from apps.shifts.services import handover_give
from tests.factories import encounters as make
from tests.factories.accounts import a_member, client_of
from tests.factories.money import a_receipt, till
from tests.factories.patients import a_person, a_station


@dataclass
class Ward:
    station: Facility
    nurse: User
    midwife: User

    @property
    def giver(self) -> Client:
        return client_of(self.nurse)

    @property
    def taker(self) -> Client:
        return client_of(self.midwife)


@pytest.fixture
def ward(db: None) -> Ward:
    make.catalogues()
    till()
    station = a_station()
    return Ward(
        station,
        a_member("nurse", station, "hoa.nt", "Nguyễn Thị Hòa"),
        a_member("midwife", station, "lan.tt", "Trần Thị Lan"),
    )


def post(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"form_key": str(uuid7()), **fields})


def a_handover(ward: Ward, note: str = "Theo dõi lượt 2026-000012") -> ShiftHandover:
    """What the nurse has handed over and nobody has taken."""
    scope = scope_for(User.objects.get(pk=ward.nurse.pk), ward.station.pk)
    assert scope is not None
    with enter(scope):
        return handover_give(shift="day", note=note, override="có lý do")


def a_paid_receipt(ward: Ward) -> None:
    """An examination that somebody has paid for today, in cash."""
    doctor = make.a_practitioner(ward.station, "Trần Văn Thu")
    a_receipt(make.a_finished_visit(a_person(ward.station, "Đinh Văn Trả"), doctor))
