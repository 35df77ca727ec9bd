"""What of a restricted record may leave the house is read here by right alone: on no page of sync, in no
payload, in no file, and in no receiver's words.
"""

import pytest
from django.urls import reverse

from apps.catalogues import codes
from apps.core.errors import Refused
from apps.core.models import Task
from apps.core.scope import enter
from apps.encounters import services as visits
from apps.encounters.models import Order, Visit
from apps.patients.restricted import RIGHT
from apps.sync import by_hand_list, services, unread, worker
from apps.sync.models import OutboxRow
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.catalogues import a_code
from tests.factories.encounters import (
    a_finished_visit,
    a_practitioner,
    an_examined_visit,
    catalogues,
    scope_of,
)
from tests.factories.orders import an_order, order_catalogues
from tests.factories.patients import a_person, a_station, scope_at
from tests.factories.sync import row_of
from tests.factories.vaccinations import told

pytestmark = pytest.mark.django_db
SAID = "Mã bệnh F20 sai của người này"


@pytest.fixture
def station():
    catalogues()
    a_code(
        "restricted_data", "F20", "x", scope="icd10", extra={"until": "F20", "group": "mental", "send": "yes"}
    )
    codes.forget()
    return a_station()


@pytest.fixture
def doctor(station):
    return a_practitioner(station)


@pytest.fixture
def patient(station):
    return a_person(station, "Đinh Văn Giấu", cccd="051190000107")


def reader(station, right=()):
    """A nurse who may look at payloads, and at restricted records with `right`."""
    role = a_role("nurse")
    role.rights = sorted({*role.rights, "sync.export", "sync.enter"} - {RIGHT} | set(right))
    role.save()
    return client_of(a_member("nurse", station, "dd.mot"))


def pages(client, row):
    """Every page of sync that tells of a row."""
    ways = [reverse("sync:station") + "?muc=tu-choi", reverse("sync:row", args=[row.pk])]
    if row.kind == "visit":
        ways.append(reverse("sync:visit_panel", args=[row.aggregate_id]))
    return "".join(client.get(way, follow=True).content.decode() for way in ways)


def refused(patient, doctor, liar, clock, *, orders=False):
    visit = an_examined_visit(patient, doctor)
    if orders:
        order_catalogues()
        an_order(visit, doctor)
        visit.refresh_from_db()
    with enter(scope_of(doctor)):
        visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    liar.faults.add("422", expression="Condition.code", text=SAID)
    worker.drain(clock=clock)
    return OutboxRow.unscoped.get(aggregate_id=visit.pk)


def test_it_works(receiver, liar, clock, station, doctor, patient):
    row = refused(patient, doctor, liar, clock)
    assert pages(reader(station), row).count(SAID) >= 3


@pytest.mark.parametrize("right", [(), (RIGHT,)])
def test_of_a_restricted_visit_the_receivers_words_are_read_by_right(
    receiver, liar, clock, station, doctor, patient, right
):
    row = refused(patient, doctor, liar, clock)
    Visit.unscoped.update(restricted=True, restricted_by=["mental"])
    assert (SAID in pages(reader(station, right), row)) is bool(right)


def test_so_are_those_of_a_visit_with_a_restricted_order(receiver, liar, clock, station, doctor, patient):
    row = refused(patient, doctor, liar, clock, orders=True)
    Order.unscoped.update(restricted=True, restricted_by=["hiv"])
    assert SAID not in pages(reader(station), row)


# ---- vaccinations


@pytest.fixture
def session(room, system_of_the_ministry, patient):
    """A session with something restricted that may leave."""
    a_code("restricted_data", "x", "x", scope="register", extra={"group": "mental", "send": "yes"})
    return room.save(told(patient, restricted_by=("mental",)))


@pytest.mark.parametrize("whole", [False, True])
def test_the_payload_of_a_restricted_session_is_read_by_right_alone(session, station, whole):
    row = row_of(session)
    way = reverse("sync:payload", args=[row.pk])
    nurse = reader(station)
    page = (nurse.post(way, follow=True) if whole else nurse.get(way, follow=True)).content.decode()
    assert "thông tin hạn chế" in page and "SII-0001" not in page and "dpt-hepb-hib" not in page
    few = scope_at(station, rights=frozenset({"sync.view", "sync.export"}))
    with enter(few), pytest.raises(Refused, match="thông tin hạn chế"):
        services.payload(row=row, whole=whole)
    with enter(scope_at(station, rights=frozenset({"sync.view", "sync.export", RIGHT}))):
        assert "dpt-hepb-hib" in services.payload(row=row, whole=whole)[0]


def test_what_a_receiver_says_of_a_restricted_session_is_for_few(session, liar, clock, station):
    liar.faults.add("422", expression="Immunization.lotNumber", text="Lô SII-0001 của người này sai")
    worker.drain(clock=clock)
    row = row_of(session)
    assert (row.state, row.need) == ("rejected", "field")
    assert Task.unscoped.get(object_id=row.pk).restricted
    assert "SII-0001" not in pages(reader(station), row)


def test_what_few_may_read_may_still_leave_the_house(session, liar, clock):
    worker.drain(clock=clock)
    assert row_of(session).state == "accepted" and liar.store.of_type("Immunization")


def test_a_restricted_session_leaves_in_no_list_by_hand(
    session, room, station, patient, system_of_the_ministry
):
    """Taken by who may; who may not gets no file with it."""
    plain = room.save(told(patient))
    OutboxRow.unscoped.update(state="by_hand", hand_at="2026-11-20T02:00:00Z")
    args = by_hand_list.as_args(system_of_the_ministry)
    rights = {"sync.view", "sync.export"}
    with enter(scope_at(station, rights=frozenset(rights))), pytest.raises(Refused, match="hạn chế"):
        list(by_hand_list.sheet(args).rows)
    with enter(scope_at(station, rights=frozenset({*rights, RIGHT}))):
        assert len(list(by_hand_list.sheet(args).rows)) == 2
    assert row_of(plain).state == "by_hand"


def test_whether_something_is_restricted_costs_the_same_for_two_and_for_twenty(
    receiver, station, doctor, django_assert_max_num_queries
):
    for number in range(12):
        a_finished_visit(a_person(station, f"Người Thử {number}"), doctor)
    rows = list(OutboxRow.unscoped.all())
    with enter(scope_at(station, rights=frozenset({"sync.view"}))):
        for some in (rows[:2], rows):
            with django_assert_max_num_queries(1):
                unread.among(some)
