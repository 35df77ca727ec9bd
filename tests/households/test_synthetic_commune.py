"""A whole invented commune goes out as a list and comes in again: the same people, the same families."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import connection

from apps.core import scope
from apps.households.models import Household, Membership
from apps.patients.models import Identifier, Person
from apps.population.making import Order, make
from tests.factories.patients import scope_at
from tests.factories.population import ground
from tests.households.lists import bring_in, check, exported

pytestmark = pytest.mark.django_db

TOLD = (
    "full_name", "sex", "birth_date", "birth_precision", "ethnicity", "nationality", "occupation",
    "education", "marital_status", "phone", "email", "hamlet_id", "address_text", "permanent_text",
    "life_status", "died_on", "guardian_name", "blood_group", "note",
)  # fmt: skip


def told() -> list[tuple[object, ...]]:
    """All that the list tells of everybody, in a fixed order, without the codes of this database."""
    homes = {
        row.person_id: (row.relation, row.is_head, row.household.poverty)
        for row in Membership.objects.filter(valid_to=None).select_related("household")
    }
    numbers = list(Identifier.objects.filter(valid_to=None, kind__in=["cccd", "cmnd"]))
    rows = [
        (
            *(str(getattr(person, name)) for name in TOLD),
            str(homes.get(person.pk)),
            *(str(parent and parent.full_name) for parent in (person.mother, person.father)),
            str(sorted(row.value for row in numbers if row.person_id == person.pk)),
        )
        for person in Person.objects.all()
    ]
    return sorted(rows)


def test_a_commune_survives_the_way_out_and_in():
    lists = ["code_lists", "ethnic_groups", "occupations", "nationalities"]
    call_command("load_catalogues", only=lists, verbosity=0)
    ground("21484")
    made = make(Order(people=120, seed=5, on=dt.date(2026, 11, 20), stations=1, years=1))
    (station,) = made.stations
    with scope.enter(scope_at(station)):
        assert Person.objects.filter(mother__isnull=False).exists()
        before, content = told(), exported()
        families = Household.objects.count()
        _, rows = check(content, "xa.xlsx")
        off = [(row.cells[2], row.reasons, row.changes) for row in rows if row.state != "same"]
        assert off == []

        with scope.system("empty the commune"):
            _forget_everybody()
        counts = bring_in(content, "xa.xlsx").counts
        assert counts == {"added": len(before), "updated": 0, "same": 0, "refused": 0}
        assert told() == before
        assert Household.objects.count() == families


def _forget_everybody():
    """People, households and all that hangs on them, of whatever room."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE patients_person, households_household CASCADE")
