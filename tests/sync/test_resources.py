"""Each resource that the plan of the exchange names leaves the house, each checked as FHIR."""

from decimal import Decimal

from apps.core.ids import uuid7
from apps.sync.mappings import check, fhir, records
from apps.sync.mappings.systems import Options
from apps.sync.mappings.vaccinations import session_entries
from apps.sync.mappings.visit import visit_entries
from apps.sync.receivers.fhir.adapter import GROUPS
from tests.factories.sync import person, visit
from tests.factories.vaccinations import NURSE, session
from tests.sync.test_mapping_orders import INJECTION

PLANNED = {
    "Organization",
    "Practitioner",
    "Patient",
    "Encounter",
    "Condition",
    "Observation",
    "AllergyIntolerance",
    "Procedure",
    "MedicationRequest",
    "Immunization",
    "Composition",
    "Provenance",
}


def test_it_works():
    allergic = person(allergies=(records.Allergy(uuid7(), "drug", "Penicillin"),))
    line = records.Line("40.1", "Paracetamol", quantity=Decimal(10))
    drugs = (records.Prescription("x", (line,)),)
    full = visit(allergic, doctor=NURSE, prescriptions=drugs, orders=(INJECTION,))
    bundles = [visit_entries(full, Options()), session_entries(session(), Options())]
    for entries in bundles:
        assert check.problems(fhir.bundle(entries)) == []
    left = {entry.resource["resourceType"] for entries in bundles for entry in entries}
    assert left >= PLANNED


def test_a_bundle_that_goes_in_parts_leaves_none_of_them_behind():
    assert {name for group in GROUPS for name in group} >= PLANNED
