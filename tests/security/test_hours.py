"""A single right for some hours: asked for, granted by another, ended by the clock."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.core import approvals, scope
from apps.core.models import AuditEntry, PendingChange
from apps.facilities.models import Facility, GrantedRight
from apps.facilities.posts import scope_for
from apps.sync.receivers.fhir.masking import HIDDEN, masked
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.facilities import a_centre, a_department, a_station
from tests.security.conftest import Attacker

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Facility:
    return a_station()


@pytest.fixture
def account(station: Facility) -> User:
    return a_member("nurse", station, "hoa.nt")


@pytest.fixture
def hers(account: User) -> Attacker:
    return Attacker(client_of(account))


@pytest.fixture
def head(station: Facility) -> Attacker:
    return Attacker(client_of(a_member("station_head", station, "truong.tram")))


def ask(who: Attacker, **more: Any) -> Any:
    return who.post(
        "/quyen-theo-gio/", **{"right": "sync.export", "hours": "2", "reason": "Bị từ chối", **more}
    )


def rights(user: User, station: Facility) -> frozenset[str]:
    found = scope_for(User.objects.get(pk=user.pk), station.pk)
    assert found is not None
    return found.rights


def test_it_works(hers: Attacker, head: Attacker, account: User, station: Facility) -> None:
    assert ask(hers).status_code == 302
    change = PendingChange.objects.get()
    assert "sync.export" not in rights(account, station)
    assert "Bị từ chối" in head.get("/cho-duyet/").content.decode()
    head.post(f"/cho-duyet/{change.pk}/", act="approve")
    assert "sync.export" in rights(account, station)
    assert AuditEntry.objects.get(action="right.granted").object_id == account.pk


def test_a_payload_covers_its_person_at_first() -> None:
    bundle = {
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "name": [{"use": "official", "text": "Nguyễn Thị Hoa", "given": ["Hoa"]}],
                    "identifier": [{"system": "urn:cccd", "value": "051090000111"}],
                    "birthDate": "1990-05-03",
                    "gender": "female",
                    "text": {"div": "<div>Nguyễn Thị Hoa</div>"},
                }
            },
            {"resource": {"resourceType": "Condition", "code": {"text": "Viêm họng"}}},
        ]
    }
    said = str(masked(bundle))
    for word in ("Hoa", "051090000111", "1990"):
        assert word not in said
    for word in ("urn:cccd", "female", "Viêm họng", "official", HIDDEN):
        assert word in said


def test_it_ends_by_itself(hers: Attacker, head: Attacker, account: User, station: Facility) -> None:
    ask(hers)
    head.post(f"/cho-duyet/{PendingChange.objects.get().pk}/", act="approve")
    row = GrantedRight.objects.get()
    assert dt.timedelta(hours=1, minutes=59) < row.until - timezone.now() <= dt.timedelta(hours=2)
    GrantedRight.objects.update(until=timezone.now())
    assert "sync.export" not in rights(account, station)


def test_it_holds_at_one_place(hers: Attacker, head: Attacker, account: User, station: Facility) -> None:
    from tests.factories.accounts import a_post

    other = a_station("21490", "Ba Vì")
    a_post(account, "nurse", other)
    GrantedRight.objects.create(
        user=account,
        facility=station,
        right="sync.export",
        until=timezone.now() + dt.timedelta(hours=1),
        granted_by=account.pk,
    )
    assert "sync.export" in rights(account, station)
    assert "sync.export" not in rights(account, other)


def test_nobody_grants_it_to_herself(head: Attacker, station: Facility) -> None:
    ask(head)
    change = PendingChange.objects.get()
    head.post(f"/cho-duyet/{change.pk}/", act="approve")
    assert not GrantedRight.objects.exists()


def test_nobody_grants_what_she_may_not_hand_on(hers: Attacker, station: Facility) -> None:
    role = a_role("station_head")
    role.hands_on = []
    role.save()
    other = a_member("station_head", station, "truong.khac")
    ask(hers)
    with scope.enter(scope_for(other, station.pk)), pytest.raises(PermissionDenied):
        approvals.approve(change_id=PendingChange.objects.get().pk)


@pytest.mark.parametrize(
    "wrong",
    [
        {"right": "users.edit"},
        {"right": "people.export"},
        {"right": ""},
        {"hours": "9"},
        {"hours": "0"},
        {"hours": "-1"},
        {"hours": "9" * 40},
        {"hours": "một"},
        {"reason": " "},
    ],
)
def test_what_cannot_be_asked_for(hers: Attacker, wrong: dict[str, str]) -> None:
    assert ask(hers, **wrong).status_code == 422
    assert not PendingChange.objects.exists()


def test_above_the_station_nobody_asks(station: Facility) -> None:
    admin = Attacker(client_of(a_member("province_admin", a_department(a_centre(station)), "quan.tri")))
    assert ask(admin).status_code == 422


def test_it_costs_a_request_no_query(hers: Attacker, account: User, station: Facility) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            hers.get("/cho-duyet/")
        return len(found)

    cost()
    before = cost()
    GrantedRight.objects.create(
        user=account,
        facility=station,
        right="sync.export",
        until=timezone.now() + dt.timedelta(hours=1),
        granted_by=account.pk,
    )
    assert cost() == before


def lend(user: User, station: Facility, right: str) -> None:
    GrantedRight.objects.create(
        user=user,
        facility=station,
        right=right,
        until=timezone.now() + dt.timedelta(hours=1),
        granted_by=user.pk,
    )


def an_act(facility: Facility | None, word: str) -> AuditEntry:
    place = facility.pk if facility else None
    return AuditEntry.objects.create(
        action="parameter.changed", username="ai.do", facility_id=place, data={"key": word}
    )


def test_the_audit_for_hours_is_that_of_her_own_station(account: User, station: Facility) -> None:
    other = a_station("21490", "Ba Vì")
    lend(account, station, "audit.view")
    own, strange, house = an_act(station, "cua.tram"), an_act(other, "tram.khac"), an_act(None, "ca.he.thong")
    reader = client_of(User.objects.get(pk=account.pk))
    page = reader.get("/nhat-ky/").content.decode()
    assert str(own.pk) in page
    for hidden in (strange, house):
        assert str(hidden.pk) not in page
        assert reader.get(f"/nhat-ky/thao-tac/{hidden.pk}/").status_code == 404
        asked = (
            f"/nhat-ky/?ban-ghi={hidden.object_id}"
            if hidden.object_id
            else "/nhat-ky/?co-so=" + str(other.pk)
        )
        assert str(hidden.pk) not in reader.get(asked).content.decode()
    assert reader.get("/nhat-ky/acts/xuat/").status_code in (403, 404), "reading is not taking away"


def test_at_another_workplace_it_opens_nothing(account: User, station: Facility) -> None:
    from tests.factories.accounts import a_post

    other = a_station("21490", "Ba Vì")
    a_post(account, "nurse", other)
    lend(account, station, "audit.view")
    reader = client_of(User.objects.get(pk=account.pk))
    reader.post("/noi-lam-viec/", {"place": f"{other.pk}/"})
    assert reader.get("/nhat-ky/").status_code == 403
