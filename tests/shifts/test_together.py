"""Two at once: one shift is taken by one."""

import pytest
from django.test import Client

from apps.shifts.models import ShiftHandover
from tests.factories.accounts import a_member, client_of
from tests.factories.racing import at_once
from tests.shifts.conftest import Ward, a_handover, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_take_one_shift_at_once(ward: Ward) -> None:
    found = a_handover(ward)
    other = client_of(a_member("doctor", ward.station, "binh.tv", "Trần Văn Bình"))
    path = f"/cuoi-ngay/ban-giao/{found.pk}/nhan/"

    def take(client: Client) -> int:
        status: int = post(client, path, version=1).status_code
        return status

    taker = ward.taker
    assert sorted(at_once(lambda: take(taker), lambda: take(other))) == [302, 422]
    found = ShiftHandover.unscoped.get()
    assert (found.state, found.version) == ("taken", 2)


def test_taken_while_the_giver_withdraws_it(ward: Ward) -> None:
    found, giver, taker = a_handover(ward), ward.giver, ward.taker
    path = f"/cuoi-ngay/ban-giao/{found.pk}"
    said = at_once(
        lambda: post(taker, f"{path}/nhan/", version=1).status_code,
        lambda: post(giver, f"{path}/rut-lai/", version=1, reason="còn việc").status_code,
    )
    assert sorted(said) == [302, 422]
    found.refresh_from_db()
    assert found.state == ("taken" if said[0] == 302 else "withdrawn")
