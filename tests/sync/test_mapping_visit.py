"""A visit as a FHIR R4 transaction Bundle: pure, from dataclasses."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from apps.sync.mappings import check, fhir, records
from apps.sync.mappings.person import person_entries
from apps.sync.mappings.systems import Options, options_from
from apps.sync.mappings.visit import visit_entries
from tests.receiver.store import Store


def uid(n):
    return UUID(f"0194f0a0-0000-7000-8000-{n:012d}")


STATION = records.Organization(uid(1), "Trạm Y tế xã Thử Nghiệm", "99001", "02033000000")
DOCTOR = records.Practitioner(uid(2), "Lò Thị Mận", "000123/QNI-CCHN")
PERSON = records.Person(
    id=uid(3),
    code="P0000123",
    full_name="Nguyễn Thị Ánh Hoa",
    sex="female",
    birth_date=date(1950, 3, 1),
    birth_precision="month",
    phone="0912345678",
    address="Thôn Đông",
    commune="Xã Thử Nghiệm",
    province="Tỉnh Quảng Ninh",
    station=STATION,
    identifiers=(
        records.Identifier("cccd", "022150000001", date(2021, 5, 1)),
        records.Identifier("bhyt", "GD4222212345678"),
        records.Identifier("cmnd", "100000001"),
    ),
    allergies=(records.Allergy(uid(4), "drug", "Penicilin", reaction="Nổi mày đay", certainty="confirmed"),),
)
AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
VISIT = records.Visit(
    id=uid(5),
    number="2026-000123",
    version=1,
    state="finalised",
    start=AT,
    end=datetime(2026, 11, 20, 1, 20, tzinfo=UTC),
    changed_at=datetime(2026, 11, 20, 1, 21, tzinfo=UTC),
    person=PERSON,
    facility=STATION,
    doctor=DOCTOR,
    reason="Ho, sốt 3 ngày",
    outcome_code="1",
    outcome="Ra viện",
    diagnoses=(
        records.Diagnosis("main", "J06.9", "Nhiễm trùng hô hấp trên cấp, không đặc hiệu"),
        records.Diagnosis("secondary", "I10", "Tăng huyết áp vô căn", "THA độ 1"),
    ),
    measurements=(
        records.Measurement("8310-5", Decimal("38.2"), "Cel", AT, "Nhiệt độ"),
        records.Measurement("8480-6", Decimal("140"), "mm[Hg]", AT, "Huyết áp tâm thu"),
        records.Measurement("8462-4", Decimal("90"), "mm[Hg]", AT, "Huyết áp tâm trương"),
    ),
    prescriptions=(
        records.Prescription(
            "99001abcdefg-c",
            (
                records.Line(
                    "40.155",
                    "Amoxicilin",
                    "500mg",
                    "viên",
                    "1.01",
                    "1",
                    Decimal(3),
                    5,
                    Decimal(15),
                    "Uống sau ăn",
                ),
                records.Line("", "Oresol", unit="gói", dose="nửa gói", usage="Khi sốt"),
            ),
        ),
    ),
)


def resources(entries, kind):
    return [e.resource for e in entries if e.resource["resourceType"] == kind]


def one(entries, kind):
    (resource,) = resources(entries, kind)
    return resource


def sent(visit=VISIT, options=None, keys=frozenset()):
    return visit_entries(visit, options or Options(), frozenset(keys))


def test_it_works():
    bundle = fhir.bundle(sent())
    assert check.problems(bundle) == []
    kinds = [e["resource"]["resourceType"] for e in bundle["entry"]]
    assert kinds == [
        "Organization",
        "Practitioner",
        "Patient",
        "Encounter",
        "Condition",
        "Condition",
        "Observation",
        "Observation",
        "MedicationRequest",
        "MedicationRequest",
        "Composition",
        "AllergyIntolerance",
        "Provenance",
    ]
    answer = Store().transaction(json.loads(json.dumps(bundle)))
    assert len(answer["entry"]) == len(bundle["entry"])


def test_the_same_visit_gives_the_same_bundle():
    assert fhir.bundle(sent()) == fhir.bundle(sent())


def test_updates_are_conditional_on_our_own_identifier():
    bundle = fhir.bundle(sent())
    encounter = next(e for e in bundle["entry"] if e["resource"]["resourceType"] == "Encounter")
    assert encounter["request"] == {
        "method": "PUT",
        "url": f"Encounter?identifier=urn:ietf:rfc:3986%7Curn:uuid:{VISIT.id}",
    }


def test_what_the_receiver_masters_is_never_overwritten():
    bundle = fhir.bundle(sent())
    requests = {e["resource"]["resourceType"]: e["request"] for e in bundle["entry"]}
    assert requests["Organization"] == {
        "method": "POST",
        "url": "Organization",
        "ifNoneExist": "identifier=http://fhir.hl7.org.vn/core/sid/ma-cskcb%7C99001",
    }
    assert requests["Practitioner"]["ifNoneExist"].endswith("cchn%7C000123/QNI-CCHN")
    assert requests["Patient"]["method"] == "PUT"
    assert requests["Provenance"]["url"].startswith("Provenance/")


def test_every_resource_carries_one_identifier_of_ours():
    for entry in sent():
        if entry.resource["resourceType"] != "Provenance":
            held = entry.resource["identifier"]
            held = held if isinstance(held, list) else [held]  # a Composition has only one
            own = [i for i in held if i.get("system") == "urn:ietf:rfc:3986"]
            assert [i["value"] for i in own] == [f"urn:uuid:{entry.id}"]


def test_the_patient_is_written_as_vn_core_asks():
    patient = one(sent(), "Patient")
    by_system = {i.get("system"): i["value"] for i in patient["identifier"]}
    assert by_system["http://fhir.hl7.org.vn/core/sid/cccd"] == "022150000001"
    assert by_system["http://fhir.hl7.org.vn/core/sid/bhyt"] == "GD4222212345678"
    assert by_system["urn:tramyte:99001:patient"] == "P0000123"
    assert by_system[None] == "100000001"  # CMND: no URI seen, so the type alone
    assert patient["name"] == [
        {"text": "Nguyễn Thị Ánh Hoa", "family": "Nguyễn", "given": ["Hoa", "Thị", "Ánh"]}
    ]
    assert patient["gender"] == "female"
    assert patient["address"][0]["state"] == "Tỉnh Quảng Ninh"


@pytest.mark.parametrize(
    ("precision", "written"), [("year", "1950"), ("month", "1950-03"), ("day", "1950-03-01")]
)
def test_a_birth_date_is_written_as_far_as_it_is_known(precision, written):
    visit = replace(VISIT, person=replace(PERSON, birth_precision=precision))
    assert one(sent(visit), "Patient")["birthDate"] == written


def test_a_person_without_birth_date_or_name_parts_is_valid():
    person = records.Person(uid(3), code="", full_name="Hoa", sex="unknown", birth_date=None)
    bundle = fhir.bundle(sent(replace(VISIT, person=person)))
    assert check.problems(bundle) == []
    assert "birthDate" not in one(sent(replace(VISIT, person=person)), "Patient")


def test_times_have_the_zone_of_viet_nam():
    period = one(sent(), "Encounter")["period"]
    assert period == {"start": "2026-11-20T08:00:00+07:00", "end": "2026-11-20T08:20:00+07:00"}


def test_the_number_of_a_visit_carries_its_facility():
    assert one(sent(), "Encounter")["identifier"][1]["value"] == "99001.2026-000123"


def test_an_end_before_the_start_is_not_written():
    visit = replace(VISIT, end=datetime(2026, 11, 20, 0, 0, tzinfo=UTC))
    assert one(sent(visit), "Encounter")["period"]["end"] == "2026-11-20T08:00:00+07:00"


def test_blood_pressure_is_one_observation_with_two_parts():
    pressure = [o for o in resources(sent(), "Observation") if "component" in o]
    values = [c["valueQuantity"]["value"] for c in pressure[0]["component"]]
    assert (len(pressure), values) == (1, [140, 90])


def test_systolic_alone_stands_alone():
    visit = replace(VISIT, measurements=VISIT.measurements[:2])
    codes = [o["code"]["coding"][0]["code"] for o in resources(sent(visit), "Observation")]
    assert codes == ["8310-5", "8480-6"]


def test_the_main_diagnosis_comes_first():
    ranks = [(d["use"]["coding"][0]["code"], d["rank"]) for d in one(sent(), "Encounter")["diagnosis"]]
    assert ranks == [("DD", 1), ("CM", 2)]


def test_a_drug_line():
    first, second = resources(sent(), "MedicationRequest")
    assert first["medicationCodeableConcept"]["coding"][0]["code"] == "40.155"
    assert first["dosageInstruction"][0]["timing"]["repeat"]["frequency"] == 3
    assert first["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"] == {"value": 1, "unit": "viên"}
    assert first["dispenseRequest"]["quantity"] == {"value": 15, "unit": "viên"}
    assert first["groupIdentifier"]["value"] == "99001abcdefg-c"
    assert second["dosageInstruction"] == [{"text": "Khi sốt"}]


def test_a_visit_in_error_travels_as_entered_in_error():
    entries = sent(replace(VISIT, state="entered_in_error", version=2))
    assert check.problems(fhir.bundle(entries)) == []
    assert one(entries, "Encounter")["status"] == "entered-in-error"
    for condition in resources(entries, "Condition"):
        assert condition["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
        assert "clinicalStatus" not in condition
    for kind in ("Observation", "MedicationRequest"):
        assert {r["status"] for r in resources(entries, kind)} == {"entered-in-error"}
    assert one(entries, "Provenance")["activity"]["coding"][0]["code"] == "NULLIFY"
    assert one(entries, "Patient")["active"] is True


def test_what_an_amended_visit_has_no_more_is_withdrawn():
    before = sent()
    amended = replace(
        VISIT, version=2, amended=True, diagnoses=VISIT.diagnoses[:1], measurements=(), prescriptions=()
    )
    after = sent(amended, keys={e.key for e in before})
    assert check.problems(fhir.bundle(after)) == []
    gone = {e.key for e in after if "entered-in-error" in json.dumps(e.resource)}
    assert len(gone) == 5  # one condition, two observations, two drugs
    assert gone < {e.key for e in before}
    store = Store()
    store.transaction(json.loads(json.dumps(fhir.bundle(before))))
    store.transaction(json.loads(json.dumps(fhir.bundle(after))))
    assert store.counts()["Condition"] == 2


def test_the_order_of_diagnoses_does_not_change_who_they_are():
    turned = replace(VISIT, diagnoses=VISIT.diagnoses[::-1])
    keys = {e.key for e in sent() if e.key.startswith("Condition")}
    assert {e.key for e in sent(turned) if e.key.startswith("Condition")} == keys


def test_an_amended_version_has_a_provenance_of_its_own():
    first = next(e for e in sent() if e.by_id)
    second = next(e for e in sent(replace(VISIT, version=2, amended=True)) if e.by_id)
    assert first.id != second.id
    assert second.resource["activity"]["coding"][0]["code"] == "UPDATE"


def test_without_a_known_doctor_the_name_stands_as_text():
    entries = sent(replace(VISIT, doctor=None, doctor_text="BS Trần Văn Giả"))
    assert check.problems(fhir.bundle(entries)) == []
    assert one(entries, "Encounter")["participant"][0]["individual"] == {"display": "BS Trần Văn Giả"}
    assert resources(entries, "Practitioner") == []


def test_without_anybody_the_station_stands_for_it():
    entries = sent(replace(VISIT, doctor=None))
    assert check.problems(fhir.bundle(entries)) == []
    assert one(entries, "Provenance")["agent"] == [{"who": {"reference": STATION.id.urn}}]


def test_a_patient_of_another_station_brings_it_along():
    other = records.Organization(uid(9), "Trạm Y tế xã Khác")
    entries = sent(replace(VISIT, person=replace(PERSON, station=other)))
    assert check.problems(fhir.bundle(entries)) == []
    assert len(resources(entries, "Organization")) == 2


def test_a_person_alone():
    bundle = fhir.bundle(person_entries(replace(PERSON, died_on=date(2026, 11, 1)), Options()))
    assert check.problems(bundle) == []
    patient = bundle["entry"][1]["resource"]
    assert patient["deceasedDateTime"] == "2026-11-01"


def test_a_merged_person_is_inactive_and_points_to_the_other():
    entries = person_entries(replace(PERSON, replaced_by=uid(99)), Options())
    patient = one(entries, "Patient")
    assert check.problems(fhir.bundle(entries)) == []
    assert patient["active"] is False
    assert patient["link"][0]["other"]["identifier"]["value"] == f"urn:uuid:{uid(99)}"


def test_an_allergy_noted_in_error_has_no_clinical_status():
    wrong = replace(PERSON.allergies[0], state="entered_in_error")
    allergy = one(person_entries(replace(PERSON, allergies=(wrong,)), Options()), "AllergyIntolerance")
    assert allergy["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" not in allergy


def test_the_older_guide_is_a_setting():
    options = options_from({"guide": "ehealth"})
    values = {i.get("system"): i["value"] for i in one(sent(options=options), "Patient")["identifier"]}
    assert values["http://fhir.ehealth.gov.vn/core/sid/national_id"] == "022150000001"
    assert values["http://fhir.ehealth.gov.vn/core/sid/citizen_id"] == "100000001"
    assert check.problems(fhir.bundle(sent(options=options))) == []


@pytest.mark.parametrize(
    ("match", "condition"),
    [
        ("record", f"identifier=urn:ietf:rfc:3986%7Curn:uuid:{uid(3)}"),
        ("cccd", "identifier=http://fhir.hl7.org.vn/core/sid/cccd%7C022150000001"),
        ("number", "identifier=urn:tramyte:99001:patient%7CP0000123"),
    ],
)
def test_by_what_a_patient_is_matched_is_a_setting(match, condition):
    entries = sent(options=options_from({"match_patient": match}))
    assert next(e for e in entries if e.key.startswith("Patient")).condition == condition


def test_a_patient_without_the_number_to_match_is_matched_by_ours():
    person = replace(PERSON, identifiers=())
    entries = sent(replace(VISIT, person=person), options_from({"match_patient": "cccd"}))
    assert "urn:uuid" in next(e for e in entries if e.key.startswith("Patient")).condition


def test_provenance_can_be_left_out():
    assert resources(sent(options=options_from({"provenance": False})), "Provenance") == []


def test_what_is_not_fhir_does_not_leave():
    entries = sent()
    broken = next(e for e in entries if e.key.startswith("Condition"))
    broken.resource["recordedDate"] = "2026-11-20T08:00:00"
    (problem,) = check.problems(fhir.bundle(entries))
    assert (problem.expression, problem.text) == ("Condition.recordedDate", check.INVALID)
    del broken.resource["recordedDate"]
    broken.resource["benh"] = "x"
    (problem,) = check.problems(fhir.bundle(entries))
    assert (problem.expression, problem.text) == ("Condition.benh", "FHIR R4 không có mục này.")


def test_a_reference_into_nothing_does_not_leave():
    entries = [e for e in sent() if not e.key.startswith("Practitioner")]
    assert check.problems(fhir.bundle(entries))


@pytest.mark.parametrize(
    ("state", "verification", "clinical"),
    [("active", "confirmed", "active"), ("refuted", "refuted", "inactive")],
)
def test_no_known_allergy_travels_and_is_taken_back(state, verification, clinical):
    none = records.Allergy(uid(90), "none", "Không có dị ứng đã biết", state=state)
    sent = one(person_entries(replace(PERSON, allergies=(none,)), Options()), "AllergyIntolerance")
    assert sent["code"]["coding"][0]["code"] == "716186003"
    assert sent["verificationStatus"]["coding"][0]["code"] == verification
    assert sent["clinicalStatus"]["coding"][0]["code"] == clinical
    assert "category" not in sent


@pytest.mark.parametrize(
    ("certainty", "status"), [("suspected", "provisional"), ("confirmed", "confirmed"), ("", "confirmed")]
)
def test_a_suspected_disease_is_not_sent_as_a_confirmed_one(certainty, status):
    diagnosis = records.Diagnosis("main", "B05.9", "Sởi", certainty=certainty)
    condition = one(sent(replace(VISIT, diagnoses=(diagnosis,))), "Condition")
    assert condition["verificationStatus"]["coding"][0]["code"] == status
