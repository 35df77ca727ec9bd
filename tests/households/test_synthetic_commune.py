"""A whole invented commune goes out as a list and comes in again: the same people, the same families."""

import datetime as dt

import pytest
from django.core.management import call_command

from apps.core import jobs, scope
from apps.core.models import Job
from apps.households import exports, imports
from apps.households.models import Household, Membership
from apps.patients.models import Allergy, DueItem, Identifier, InsuranceCard, Person, TimelineEntry
from apps.population.making import Order, make
from tests.factories.patients import scope_at
from tests.factories.population import ground

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


def test_a_commune_survives_the_way_out_and_in(monkeypatch):
    lists = ["code_lists", "ethnic_groups", "occupations", "nationalities"]
    call_command("load_catalogues", only=lists, verbosity=0)
    ground("21484")
    made = make(Order(people=120, seed=5, on=dt.date(2026, 11, 20), stations=1, years=1))
    (station,) = made.stations
    monkeypatch.setattr(jobs, "progress", lambda *args, **kwargs: None)
    with scope.enter(scope_at(station)):
        assert Person.objects.filter(mother__isnull=False).exists()
        before, content = told(), exports.export_people(reason="Thử")
        families = Household.objects.count()
        batch = imports.batch_create(file_name="xa.xlsx", content=content)
        plan = imports.plan_of(batch)
        off = [
            (line.name, line.reasons, line.change_words) for line in plan.lines if line.state != "unchanged"
        ]
        assert off == []

        with scope.system("empty the commune"):
            _forget_everybody()
        batch = imports.batch_create(file_name="xa.xlsx", content=content)
        imports.run(Job(args={"batch": str(batch.pk)}))
        batch.refresh_from_db()
        assert (batch.counts["new"], batch.counts["failures"]) == (len(before), [])
        assert told() == before
        assert Household.objects.count() == families


def _forget_everybody():
    from apps.care.models import Appointment, Measurement
    from apps.encounters.models import Diagnosis, Prescription, PrescriptionLine, Visit

    clinical = (PrescriptionLine, Prescription, Diagnosis, Measurement, Appointment, Visit)
    Person.unscoped.update(mother=None, father=None)
    for model in (*clinical, DueItem, TimelineEntry, Allergy, Identifier, Membership, Household):
        model.unscoped.all().delete()
    InsuranceCard.unscoped.all().delete()
    Person.unscoped.all().delete()
