import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core import scope
from apps.patients import codes, facts, projections
from apps.patients.models import DueItem, Identifier, Person, TimelineEntry, TreatingAccess
from tests.factories.patients import a_card, a_person, a_station, an_allergy, scope_at

pytestmark = pytest.mark.django_db


def test_it_works():
    station = a_station()
    person = a_person(station, "Nguyễn Thị Mĩ", phone="0912345678", cccd="051190000111")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(search) FROM patients_person WHERE id = %s", [person.pk])
        found = set(cursor.fetchone()[0])
    assert {"nguyen", "mi", "my", "Y1990", "P8765432190", "C051190000111", "Cp0000001"} <= found
    assert person.sort_key.startswith("mi4 ")


def test_codes_count_by_station():
    one, other = a_station(), a_station("21490", "Trạm Y tế xã Ba Vì")
    assert codes.take(one.pk, "person", 2) == ["P0000001", "P0000002"]
    assert codes.take(one.pk, "person") == ["P0000003"]
    assert codes.take(one.pk, "household") == ["H0000001"]
    assert codes.take(other.pk, "person") == ["P0000001"]


def test_a_stranger_sees_nobody():
    one, other = a_station(), a_station("21490", "Trạm Y tế xã Ba Vì")
    person = a_person(one)
    an_allergy(person)
    a_card(person)
    with scope.enter(scope_at(other)):
        assert not Person.objects.exists()
        assert not person.allergies.exists()
        assert not person.cards.exists()


def test_a_treating_station_sees_a_person_until_the_day_given():
    one, other = a_station(), a_station("21490", "Trạm Y tế xã Ba Vì")
    person = a_person(one)
    access = TreatingAccess.objects.create(person=person, facility=other, until=dt.date(2999, 1, 1))
    with scope.enter(scope_at(other)):
        assert Person.objects.get() == person
        access.until = dt.date(2020, 1, 1)
        access.save()
        assert not Person.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"died_on": dt.date(2020, 1, 1)},
        {"life_status": "dead", "died_on": dt.date(1980, 1, 1)},
        {"phone": "12345"},
        {"birth_precision": "year"},
        {"full_name": ""},
    ],
)
def test_the_database_refuses_nonsense(wrong):
    station = a_station()
    with pytest.raises(IntegrityError), transaction.atomic():
        a_person(station, **wrong)


def test_a_current_citizen_number_has_one_holder_and_an_ended_one_may_be_given_again():
    station = a_station()
    first = a_person(station, cccd="051190000111")
    with pytest.raises(IntegrityError), transaction.atomic():
        a_person(station, "Trần Văn Ba", cccd="051190000111")
    Identifier.unscoped.filter(person=first).update(valid_to=dt.date(2026, 1, 1))
    assert a_person(station, "Trần Văn Ba", cccd="051190000111")


def test_a_fact_keeps_what_was_true_then():
    station = a_station()
    person = a_person(station, occupation="61", birth_date=dt.date(2026, 1, 1))
    a_card(person)
    with scope.enter(scope_at(station)):
        kept = facts.snapshot(person, dt.datetime(2026, 1, 31, 17, 30, tzinfo=dt.UTC))  # 1 February, local
    assert kept["age_days"] == 31
    assert kept["payer"] == "bhyt"
    assert kept["commune_id"] == station.unit_id
    assert (kept["ethnicity"], kept["occupation"], kept["poverty"]) == ("01", "61", "")


def test_projections_are_written_once_a_record():
    station = a_station()
    person = a_person(station)
    line = {
        "person_id": person.pk,
        "at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "kind": "visit",
        "object_id": station.pk,
        "facility_id": station.pk,
    }
    due = {"person_id": person.pk, "kind": "visit.follow_up", "object_id": station.pk, "title": "Tái khám"}
    for title in ("Khám bệnh", "Khám bệnh: viêm họng"):
        projections.put_timeline(**line, title=title)
        projections.put_due(**due, due_on=dt.date(2026, 2, 1))
    with scope.enter(scope_at(station)):
        assert TimelineEntry.objects.get().title == "Khám bệnh: viêm họng"
        projections.close_due(kind="visit.follow_up", object_id=station.pk)
        assert DueItem.objects.get().state == "done"
        projections.drop_timeline(kind="visit", object_id=station.pk)
        assert not TimelineEntry.objects.exists()
