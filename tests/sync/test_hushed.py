"""What was typed is left out of what is sent where it may tell what only few may read."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core import scope
from apps.encounters import leaving
from apps.encounters import services as visits
from apps.encounters.inputs import DiagnosisInput, LineInput, VisitInput
from apps.patients import projections, restricted
from apps.sync import worker
from apps.sync.receivers.fhir.masking import masked
from tests.factories.encounters import a_practitioner, a_visit, catalogues, scope_of
from tests.factories.patients import a_person, a_station, an_allergy

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor():
    catalogues()
    CodeEntry.objects.create(
        list=restricted.LIST, scope="word", code="HIV", name="x", extra={"group": "hiv", "send": "no"}
    )
    CodeEntry.objects.create(
        list=restricted.LIST, scope="drug", code="nevirapin", name="x", extra={"group": "hiv", "send": "no"}
    )
    codes.forget()
    return a_practitioner(a_station())


@pytest.fixture
def patient(doctor):
    return a_person(doctor.facility, "Đinh Văn Giấu")


def a_final_visit(patient, doctor, *, note="sau ăn", text="do vi rút", **fields):
    data = VisitInput(
        fields={"reason": "Ho, sốt 2 ngày", **fields},
        diagnoses=[DiagnosisInput("J06.9", "main", text)],
        lines=[LineInput("TD001.1", Decimal(1), 2, 5, note=note)],
    )
    visit = a_visit(patient, doctor)
    with scope.enter(scope_of(doctor)):
        visit = visits.visit_save(visit_id=visit.pk, expected_version=visit.version, data=data)
        return visits.visit_finalise(visit_id=visit.pk, expected_version=visit.version)


def everything(liar):
    with liar.store.lock:
        return json.dumps([kept.resource for kept in liar.store.resources.values()], ensure_ascii=False)


def test_it_works(receiver, liar, clock, doctor, patient):
    """A word of the rules and no restricted code: the visit goes, that sentence does not."""
    visit = a_final_visit(patient, doctor, history="Vợ nhiễm HIV, đang lo lắng", advice="Uống nhiều nước")
    assert not visit.restricted
    worker.drain(clock=clock)
    sent = everything(liar)
    assert "HIV" not in sent and "lo lắng" not in sent
    assert "Uống nhiều nước" in sent and "Ho, sốt 2 ngày" in sent
    (encounter,) = liar.store.of_type("Encounter")
    assert encounter["meta"]["security"][0]["code"] == "REDACTED"


def test_where_all_may_be_told_nothing_is_marked(receiver, liar, clock, doctor, patient):
    a_final_visit(patient, doctor, history="Ho khan")
    worker.drain(clock=clock)
    assert "REDACTED" not in everything(liar) and "masked" not in everything(liar)


def test_of_whom_something_restricted_is_stored_no_typed_word_leaves(receiver, liar, clock, doctor, patient):
    visit = a_final_visit(patient, doctor)
    projections.put_timeline(
        person_id=patient.pk, at=timezone.now(), kind="visit", title="x", object_id=patient.pk,
        facility_id=doctor.facility_id, restricted=True,
    )  # fmt: skip
    with scope.system("test"):
        found = leaving.visit_for_sync(visit.pk)
    assert found.hidden == ("diagnosis", "reason", "usage")
    worker.drain(clock=clock)
    sent = everything(liar)
    assert not any(word in sent for word in ("Ho, sốt", "do vi rút", "sau ăn"))
    (drug,) = liar.store.of_type("MedicationRequest")
    assert drug["dosageInstruction"][0]["text"] == "Ngày uống 2 lần, mỗi lần 1 viên"
    (condition,) = liar.store.of_type("Condition")
    assert condition["code"]["coding"][0]["code"] == "J06.9"


def test_an_allergy_is_told_without_the_name_that_tells_more(receiver, liar, clock, doctor, patient):
    an_allergy(patient, "Nevirapin")
    an_allergy(patient, "Penicillin")
    a_final_visit(patient, doctor)
    worker.drain(clock=clock)
    told = [a["code"] for a in liar.store.of_type("AllergyIntolerance")]
    assert {code.get("text") for code in told} == {"Không gửi nội dung", "Penicillin"}
    assert "evirapin" not in everything(liar)


def test_a_covered_payload_names_nobody_beside_a_reference():
    shown = masked({"resourceType": "Encounter", "subject": {"reference": "urn:uuid:1", "display": "Hoa"}})
    assert shown["subject"] == {"reference": "urn:uuid:1", "display": "•••"}
