"""Two people write one health record at the same moment: nothing is lost, nothing is doubled."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import connection

from apps.core.errors import Refused
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.patients.health_record import saving
from apps.patients.health_record.parts import PARTS
from apps.patients.models import AskedNone, BirthHistory, HealthRecord, RecordVersion, Surgery
from tests.factories.patients import a_person, a_station, scope_at

pytestmark = pytest.mark.django_db(transaction=True)

RIGHTS = frozenset({"people.view", "records.view", "records.edit"})


@pytest.fixture
def person():
    call_command("load_catalogues", only=["parameters", "code_lists", "restricted_data"], verbosity=0)
    return a_person(a_station(), birth_date=dt.date(1986, 5, 1))


def at_once(person, *acts):
    """What each act gave, or what it raised."""

    def run(act):
        try:
            with enter(scope_at(person.station, RIGHTS)):
                return act()
        except (StaleVersion, Refused) as told:
            return told
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_first_savers_of_a_section(person):
    def save(grams):
        return lambda: saving.section_save(
            person=person, part=PARTS["luc-sinh"], values={"weight_g": grams}, expected_version=0
        )

    told = at_once(person, *(save(grams) for grams in (3000, 3100, 3200, 3300)))
    assert sum(isinstance(each, StaleVersion) for each in told) == 3
    assert BirthHistory.unscoped.count() == HealthRecord.unscoped.count() == 1
    assert not RecordVersion.unscoped.exists()


def test_two_editors_of_one_version(person):
    def save(grams):
        return lambda: saving.section_save(
            person=person, part=PARTS["luc-sinh"], values={"weight_g": grams}, expected_version=1
        )

    with enter(scope_at(person.station, RIGHTS)):
        saving.section_save(
            person=person, part=PARTS["luc-sinh"], values={"weight_g": 2900}, expected_version=0
        )
    told = at_once(person, *(save(grams) for grams in (3000, 3100, 3200)))
    assert sum(isinstance(each, StaleVersion) for each in told) == 2
    assert RecordVersion.unscoped.get().data["weight_g"] == 2900


def test_the_same_line_twice_and_none_beside_it(person):
    def line():
        return saving.line_add(person=person, part=PARTS["phau-thuat"], values={"text": "Cắt ruột thừa"})

    def none():
        return saving.none_say(person=person, part=PARTS["phau-thuat"])

    at_once(person, line, none, line, none)
    assert Surgery.unscoped.count() == 1
    assert not AskedNone.unscoped.filter(withdrawn_on=None).exists()
