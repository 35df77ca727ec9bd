"""Two people at one visit, and two receptions at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.core.errors import Refused
from apps.core.scope import enter
from apps.core.versions import StaleVersion
from apps.encounters import services
from apps.encounters.models import Prescription, Visit
from tests.factories import encounters as make
from tests.factories.patients import a_person, a_station

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """What each act gave or raised, all run at the same time, each on its own connection."""

    def alone(act):
        try:
            return act()
        except (StaleVersion, Refused) as no:
            return no
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(alone, acts))


@pytest.fixture
def doctor():
    make.catalogues()
    return make.a_practitioner(a_station())


def test_two_tabs_end_a_visit_once(doctor):
    visit = make.an_examined_visit(a_person(doctor.facility), doctor)

    def end():
        with enter(make.scope_of(doctor)):
            return services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)

    ended = at_once(end, end)
    assert sorted(type(outcome).__name__ for outcome in ended) == ["StaleVersion", "Visit"]
    assert Visit.unscoped.get().state == "finalised"
    assert Prescription.unscoped.count() == 1


def test_receptions_at_once_get_numbers_of_their_own(doctor):
    people = [a_person(doctor.facility, f"Đinh Văn {n}") for n in range(6)]
    opened = at_once(*(lambda person=person: make.a_visit(person, doctor) for person in people))
    assert sorted(visit.queue_no for visit in opened) == [1, 2, 3, 4, 5, 6]
    assert len({visit.number for visit in opened}) == 6
