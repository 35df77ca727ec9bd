"""A station's search asks for its own people's marked tokens: they follow a person who goes elsewhere."""

import pytest
from django.db import connection

from apps.core.scope import enter
from apps.facilities.models import Facility
from apps.patients import queries
from apps.patients.models import Person
from apps.patients.rawquery import MARK, of_station
from tests.factories.patients import a_person, a_station, scope_at

pytestmark = pytest.mark.django_db


def found(station: Facility, text: str) -> list[str]:
    scope = scope_at(station)
    with enter(scope):
        return [line.full_name for line in queries.find_people(scope, text)]


def test_it_works() -> None:
    station = a_station()
    person = a_person(station, "Đinh Thị Vân Kiều")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(search) FROM patients_person WHERE id = %s", [person.pk])
        lexemes = set(cursor.fetchone()[0])
    mark = MARK + str(station.pk)[-6:]
    plain = set(person.tokens.split())
    assert lexemes == plain | {mark + token for token in plain}


def test_a_query_is_marked_lexeme_by_lexeme() -> None:
    station = a_station()
    mark = MARK + str(station.pk)[-6:]
    assert of_station("(mi:* | my:*) & Y1990", station.pk) == f"({mark}mi:* | {mark}my:*) & {mark}Y1990"


def test_she_is_found_where_she_has_gone() -> None:
    here, there = a_station(), a_station("21040", "Trạm Y tế xã Ba Vì")
    person = a_person(here, "Phạm Văn Hrê")
    assert (found(here, "pham van hre"), found(there, "pham van hre")) == (["Phạm Văn Hrê"], [])
    Person.unscoped.filter(pk=person.pk).update(station=there)
    assert (found(here, "pham van hre"), found(there, "pham van hre")) == ([], ["Phạm Văn Hrê"])
