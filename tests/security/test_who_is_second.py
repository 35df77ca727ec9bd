"""Who has just opened an account is no second person with it (docs/decisions/0018)."""

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core import approvals, registry, scope
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import PendingChange
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_station
from tests.security.conftest import Attacker
from tests.security.test_two_people import an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Facility:
    return a_station()


def an_export(head: User, station: Facility) -> PendingChange:
    """What a station's head asks for and a doctor may approve."""
    with scope.enter(scope_for(head, station.pk)):
        return approvals.ask("export.large", object_id=uuid7(), facility_id=station.pk, title="Danh sách")


@pytest.fixture
def agreed(monkeypatch: pytest.MonkeyPatch) -> list[PendingChange]:
    """The changes of that kind that were approved; nothing else comes of them here."""
    found: list[PendingChange] = []
    kind = registry.changes.get("export.large")
    monkeypatch.setitem(registry.changes._items, "export.large", replace(kind, apply=found.append))
    return found


def approve_as(user: User, station: Facility, change: PendingChange) -> None:
    with scope.enter(scope_for(User.objects.get(pk=user.pk), station.pk)):
        approvals.approve(change_id=change.pk)


def test_nobody_is_her_own_second_through_an_account_she_made(
    station: Facility, agreed: list[PendingChange], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = a_member("station_head", station, "truong.tram")
    made = an_account(Attacker(client_of(user)), station, "doctor")
    for asker, second in ((user, made), (made, user)):
        with pytest.raises(Refused, match="mấy ngày đầu"):
            approve_as(second, station, an_export(asker, station))
    approve_as(a_member("doctor", station, "bac.si"), station, an_export(user, station))
    assert len(agreed) == 1
    late = timezone.now() + dt.timedelta(days=3, minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: late)
    approve_as(made, station, an_export(user, station))
    assert len(agreed) == 2


def test_nor_by_a_slip_for_a_colleague(station: Facility, agreed: list[PendingChange]) -> None:
    user, doctor = a_member("station_head", station, "truong.tram"), a_member("doctor", station, "bac.si")
    client_of(user).post(f"/tai-khoan/{doctor.pk}/phieu/")
    with pytest.raises(Refused, match="mấy ngày đầu"):
        approve_as(doctor, station, an_export(user, station))
    assert not agreed
