"""Two records become one person, and two again: what the receivers are told."""

import pytest
from django.urls import reverse

from apps.core import scope
from apps.patients.steps import data_of
from apps.patients.unmerge import person_unmerge
from apps.sync import claims, worker
from apps.sync.models import Delivery, OutboxRow
from tests.factories.accounts import a_member, client_of
from tests.factories.encounters import a_finished_visit, a_practitioner, catalogues
from tests.factories.merging import merge, merger_at
from tests.factories.patients import a_person, a_station, an_allergy
from tests.factories.sync import all_there

pytestmark = pytest.mark.django_db


@pytest.fixture
def station():
    catalogues()
    station = a_station()
    station.kcb_code = "51999"
    station.save()
    return station


@pytest.fixture
def doctor(station):
    return a_practitioner(station, licence_no="000123/QNG-CCHN")


@pytest.fixture
def hoa(station):
    return a_person(station, "Nguyễn Thị Hòa", cccd="051190000001")


@pytest.fixture
def again(station):
    return a_person(station, "Nguyễn Thị Hoà")


@pytest.fixture
def at_station(station):
    with scope.enter(merger_at(station)):
        yield station


def sent(clock):
    with scope.system("test"):
        return dict(worker.drain(clock=clock))


def verified(clock):
    with scope.system("test"):
        all_there(clock)


def patients(liar):
    """By our own id: the resource as the receiver holds it."""
    return {
        next(i["value"] for i in held["identifier"] if i["value"].startswith("urn:uuid:"))[9:]: held
        for held in liar.store.of_type("Patient")
    }


def subject_of(liar, kind):
    """Whose the only resource of that kind is, by our own id."""
    (held,) = liar.store.of_type(kind)
    reference = (held.get("subject") or held["patient"])["reference"]
    by_place = {f"Patient/{each['id']}": own for own, each in patients(liar).items()}
    return by_place[reference.removeprefix(liar.base_url + "/")]


def test_it_works(receiver, liar, clock, at_station, doctor, hoa, again):
    an_allergy(again, "Penicillin")
    a_finished_visit(again, doctor)
    sent(clock)
    assert subject_of(liar, "Encounter") == str(again.pk)
    record = merge(hoa, again)
    assert {(row.kind, row.person_id) for row in OutboxRow.unscoped.filter(state="pending")} == {
        ("visit", hoa.pk),
        ("person", hoa.pk),
        ("person", again.pk),
    }
    assert "rejected" not in sent(clock)
    held = patients(liar)
    assert held[str(again.pk)]["active"] is False
    (link,) = held[str(again.pk)]["link"]
    assert link["type"] == "replaced-by"
    assert link["other"]["identifier"]["value"] == f"urn:uuid:{hoa.pk}"
    assert held[str(hoa.pk)]["active"] is True
    assert subject_of(liar, "Encounter") == str(hoa.pk)
    assert subject_of(liar, "Condition") == str(hoa.pk)
    assert subject_of(liar, "AllergyIntolerance") == str(hoa.pk)
    assert Delivery.unscoped.get(kind="visit").person_id == hoa.pk
    verified(clock)

    person_unmerge(record_id=record.pk, reason="Hai người khác nhau")
    assert "rejected" not in sent(clock)
    held = patients(liar)
    assert held[str(again.pk)]["active"] is True
    assert "link" not in held[str(again.pk)]
    assert subject_of(liar, "Encounter") == str(again.pk)
    assert subject_of(liar, "AllergyIntolerance") == str(again.pk)
    assert Delivery.unscoped.get(kind="visit").person_id == again.pk
    verified(clock)


def test_what_was_on_its_way_goes_under_who_stays(receiver, liar, clock, at_station, doctor, hoa, again):
    a_finished_visit(again, doctor)
    merge(hoa, again)
    assert "rejected" not in sent(clock)
    assert subject_of(liar, "Encounter") == str(hoa.pk)


def test_who_was_never_sent_is_not_sent_now(receiver, at_station, hoa, again):
    record = merge(hoa, again)
    person_unmerge(record_id=record.pk, reason="Hai người khác nhau")
    assert not OutboxRow.unscoped.exists()


def test_a_visit_in_flight_is_sent_once_more(receiver, liar, clock, at_station, doctor, hoa, again):
    """Its answer comes while the two are merged: it must not be the last word."""
    a_finished_visit(again, doctor)
    OutboxRow.unscoped.update(state="in_flight")
    merge(hoa, again)
    row = OutboxRow.unscoped.get(kind="visit")
    assert row.change_no > row.sent_change


def test_what_was_in_flight_then_waits_behind_what_who_stays_has_under_way(
    receiver, clock, at_station, doctor, hoa, again
):
    """Else two records that tell of one person would be on the way at once, the older perhaps the last."""
    visit = a_finished_visit(again, doctor)
    rows = OutboxRow.unscoped.filter(kind="visit", aggregate_id=visit.pk)
    rows.update(state="in_flight", attempts=1, leased_until=clock())
    merge(hoa, again)
    assert rows.get().person_id == again.pk, "nobody may change a row in flight"
    a_finished_visit(hoa, doctor)
    clock.forward(1)
    claims.release_expired(clock())
    sent_first = claims.claim(receiver, 10, clock())
    assert visit.pk not in [row.aggregate_id for row in sent_first]
    row = rows.get()
    assert (row.state, row.person_id, row.attempts) == ("pending", hoa.pk, 1)
    under_way = [*sent_first, *claims.claim(receiver, 10, clock())]
    assert [row.person_id for row in under_way].count(hoa.pk) == 1, "one of hers at a time"


def test_a_rejected_visit_gets_its_chance_under_who_stays(receiver, at_station, doctor, hoa, again):
    visit = a_finished_visit(again, doctor)
    OutboxRow.unscoped.update(state="rejected")
    merge(hoa, again)
    rows = OutboxRow.unscoped.filter(kind="visit", aggregate_id=visit.pk).order_by("id")
    assert [(row.state, row.person_id) for row in rows] == [
        ("superseded", again.pk),
        ("pending", hoa.pk),
    ]


def test_changes_of_who_stays_reach_the_receiver_of_the_old_visits(
    receiver, liar, clock, at_station, doctor, hoa, again
):
    from apps.patients import services

    a_finished_visit(again, doctor)
    sent(clock)
    merge(hoa, again)
    sent(clock)
    hoa.refresh_from_db()
    data = data_of(hoa)
    services.person_update(
        person=hoa,
        data=type(data)(**{**vars(data), "phone": "0988888888"}),
        expected_version=hoa.version,
    )
    sent(clock)
    assert patients(liar)[str(hoa.pk)]["telecom"][0]["value"] == "0988888888"


def test_who_stands_twice_at_the_receiver_is_looked_for_from_the_refusal(receiver, doctor, hoa):
    a_finished_visit(hoa, doctor)
    row = OutboxRow.unscoped.get()
    nurse = client_of(a_member("nurse", doctor.facility))
    for need, told in (("duplicate", True), ("admin", False)):
        OutboxRow.unscoped.update(state="rejected", need=need)
        page = nurse.get(reverse("sync:row", args=[row.pk])).content.decode()
        assert (f"/nguoi/{hoa.pk}/trung/" in page) == told, need
