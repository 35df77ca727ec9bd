"""Orders, results, procedures, notes and files of a visit as FHIR R4: pure, from dataclasses."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from apps.encounters import travel
from apps.sync.mappings import check, codes, fhir, records
from apps.sync.mappings.orders import reference_range
from apps.sync.mappings.systems import options_from
from tests.receiver.store import Store
from tests.sync.test_mapping_visit import AT, VISIT, one, resources, sent, uid

LATER = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
NURSE = travel.TravelPractitioner(uid(20), "Đinh Thị Lan", "000777/QNI-CCHN", "", "")
SIGNER = travel.TravelPractitioner(uid(2), "Lò Thị Mận", "000123/QNI-CCHN", "", "")
GLUCOSE = travel.TravelValue(
    "GLU", "Glucose máu", "14749-6", Decimal("2.4000"), "", "mmol/L", "", "", "3,9–6,4", "critical_low"
)
PLATELETS = travel.TravelValue(
    "PLT", "Tiểu cầu", "", Decimal(150), "<", "G/L", "", "", "150–400 (người lớn)", "low"
)
HBSAG = travel.TravelValue("HBSAG", "HBsAg test nhanh", "", None, "", "", "neg", "Âm tính", "", "")
RESULT = travel.TravelResult(
    id=uid(31),
    at=AT,
    verified_at=LATER,
    late=False,
    corrected=False,
    fasting=True,
    description="",
    conclusion="Đường máu thấp",
    note="",
    performer=NURSE,
    performer_text="Đinh Thị Lan",
    verifier=SIGNER,
    values=(GLUCOSE, PLATELETS, HBSAG),
)
ORDER = travel.TravelOrder(
    id=uid(30),
    kind="lab",
    code="23.0075.1494",
    name="Định lượng Glucose",
    state="resulted",
    at=AT,
    sessions=1,
    note="Lúc đói",
    performer=SIGNER,
    performer_text="Lò Thị Mận",
    result=RESULT,
)
WAITING = replace(ORDER, state="ordered", result=None)
INJECTION = replace(
    ORDER,
    id=uid(40),
    kind="procedure",
    code="03.2389.0212",
    name="Tiêm bắp thịt",
    result=None,
    sheet=travel.TravelSheet(
        uid(41), False, AT, LATER, (("Thuốc", "Vitamin B1"),), "Bơm tiêm 5 ml", "Ổn định", NURSE, ""
    ),
)
COURSE = replace(
    ORDER,
    id=uid(50),
    kind="course",
    code="08.0005.0230",
    name="Điện châm",
    state="ordered",
    sessions=5,
    result=None,
    sittings=(
        travel.TravelSitting(
            uid(51), AT, (("1", "Điện châm"), ("2", "Xoa bóp")), 30, "Túc tam lý", "", None, "Y sĩ"
        ),
    ),
)


def with_orders(*orders, **more):
    return replace(VISIT, orders=orders, **more)


def valid(visit, keys=frozenset(), options=None):
    """The entries of a visit, of which a receiver has taken the Bundle."""
    entries = sent(visit, options, keys)
    bundle = fhir.bundle(entries)
    assert check.problems(bundle) == []
    Store().transaction(json.loads(json.dumps(bundle)))
    return entries


def of(entries, kind, category):
    return [r for r in resources(entries, kind) if category in json.dumps(r.get("category", []))]


def test_it_works():
    entries = valid(with_orders(ORDER))
    request, report = one(entries, "ServiceRequest"), one(entries, "DiagnosticReport")
    assert (request["status"], request["intent"]) == ("completed", "order")
    assert request["code"]["coding"] == [
        {"system": "urn:tramyte:service", "code": "23.0075.1494", "display": "Định lượng Glucose"}
    ]
    assert request["note"] == [{"text": "Lúc đói"}]
    assert (report["status"], report["conclusion"]) == ("final", "Đường máu thấp")
    assert report["basedOn"] == [{"reference": uid(30).urn}]
    assert report["effectiveDateTime"] == "2026-11-20T08:00:00+07:00"
    assert report["issued"] == "2026-11-20T10:00:00+07:00"
    assert report["resultsInterpreter"][0]["display"] == "Lò Thị Mận"
    glucose, platelets, hbsag = of(entries, "Observation", "laboratory")
    assert [r["reference"] for r in report["result"]] == [
        e.id.urn for e in entries if e.resource in (glucose, platelets, hbsag)
    ]
    assert glucose["code"]["coding"] == [
        {"system": "http://loinc.org", "code": "14749-6"},
        {"system": "urn:tramyte:lab-test", "code": "GLU"},
    ]
    assert glucose["valueQuantity"] == {
        "value": 2.4,
        "unit": "mmol/L",
        "system": "http://unitsofmeasure.org",
        "code": "mmol/L",
    }
    assert glucose["interpretation"][0]["coding"][0]["code"] == "LL"
    assert glucose["note"] == [{"text": "Lúc đói"}]
    assert (glucose["referenceRange"][0]["low"]["value"], glucose["referenceRange"][0]["text"]) == (
        3.9,
        "3,9–6,4",
    )


def test_a_test_without_loinc_travels_under_our_code():
    _, platelets, hbsag = of(valid(with_orders(ORDER)), "Observation", "laboratory")
    assert platelets["code"]["coding"] == [{"system": "urn:tramyte:lab-test", "code": "PLT"}]
    assert platelets["valueQuantity"]["code"] == "10*9/L" and platelets["valueQuantity"]["comparator"] == "<"
    assert hbsag["valueCodeableConcept"]["coding"][0]["code"] == "neg"
    assert "interpretation" not in hbsag and "referenceRange" not in hbsag


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3,9–6,4", 3.9, 6.4),
        ("≤ 5,2", None, 5.2),
        ("≥ 1", 1, None),
        ("130–180 (người lớn)", 130, 180),
        ("Âm tính", None, None),
    ],
)
def test_a_reference_range_is_read_as_far_as_it_can_be(text, low, high):
    found = reference_range(text, "g/L")
    assert found["text"] == text
    assert (found.get("low", {}).get("value"), found.get("high", {}).get("value")) == (low, high)


def test_what_waits_tells_only_that_it_was_ordered():
    entries = valid(with_orders(WAITING, replace(WAITING, id=uid(33), state="done")))
    assert {r["status"] for r in resources(entries, "ServiceRequest")} == {"active"}
    assert resources(entries, "DiagnosticReport") == []
    assert of(entries, "Observation", "laboratory") == []


def test_a_correction_keeps_its_identity_and_says_so():
    before = valid(with_orders(ORDER))
    better = replace(
        RESULT,
        id=uid(32),
        corrected=True,
        values=(replace(GLUCOSE, value=Decimal("4.2"), flag=""),),
        verified_at=datetime(2026, 11, 21, 1, 0, tzinfo=UTC),
    )
    after = valid(with_orders(replace(ORDER, result=better)), {e.key for e in before})
    keys = {e.key for e in before if e.key.startswith("DiagnosticReport")}
    assert {e.key for e in after if e.key.startswith("DiagnosticReport")} == keys
    assert one(after, "DiagnosticReport")["status"] == "corrected"
    standing = [r for r in of(after, "Observation", "laboratory") if r["status"] == "corrected"]
    assert [r["valueQuantity"]["value"] for r in standing] == [4.2]
    withdrawn = [r for r in resources(after, "Observation") if r["status"] == "entered-in-error"]
    assert len(withdrawn) == 2 and not any("valueQuantity" in r for r in withdrawn)
    told = [
        r for r in resources(after, "Provenance") if r["agent"][0]["type"]["coding"][0]["code"] == "verifier"
    ]
    assert [(r["activity"]["coding"][0]["code"], r["recorded"]) for r in told] == [
        ("UPDATE", "2026-11-21T08:00:00+07:00")
    ]


def test_a_late_result_has_a_signature_of_its_own():
    in_time = resources(valid(with_orders(ORDER)), "Provenance")
    late = resources(valid(with_orders(replace(ORDER, result=replace(RESULT, late=True)))), "Provenance")
    assert len(in_time) == 1 and len(late) == 2
    of_visit, of_result = late
    assert of_result["recorded"] == "2026-11-20T10:00:00+07:00"
    shared = {r["reference"] for r in of_visit["target"]} & {r["reference"] for r in of_result["target"]}
    assert shared == set() and len(of_result["target"]) == 4


def test_a_cancelled_order_is_told_to_who_has_heard_of_it():
    gone = replace(WAITING, state="cancelled")
    assert resources(valid(with_orders(gone)), "ServiceRequest") == []
    told = valid(with_orders(gone), {f"ServiceRequest/{ORDER.id}"})
    assert one(told, "ServiceRequest")["status"] == "revoked"


def test_an_order_in_error_is_withdrawn_with_all_that_came_of_it():
    before = valid(with_orders(ORDER, INJECTION, COURSE))
    after = valid(VISIT, {e.key for e in before})
    for kind in ("ServiceRequest", "DiagnosticReport", "Procedure"):
        assert {r["status"] for r in resources(after, kind)} == {"entered-in-error"}
    text = json.dumps([e.resource for e in after], ensure_ascii=False)
    assert "Glucose" not in text and "Vitamin B1" not in text and "Túc tam lý" not in text


def test_a_procedure():
    done = one(valid(with_orders(INJECTION)), "Procedure")
    assert done["status"] == "completed"
    assert done["performedPeriod"]["end"] == "2026-11-20T10:00:00+07:00"
    assert done["note"] == [{"text": "Thuốc: Vitamin B1"}]
    assert (done["outcome"]["text"], done["usedCode"]) == ("Ổn định", [{"text": "Bơm tiêm 5 ml"}])
    assert done["performer"][0]["actor"]["display"] == "Đinh Thị Lan"


def test_an_open_sheet_tells_that_it_has_begun():
    open_ = travel.TravelSheet(uid(41), True, AT, None, (), "", "", NURSE, "")
    begun = one(valid(with_orders(replace(INJECTION, state="ordered", sheet=open_))), "Procedure")
    assert begun["status"] == "in-progress"
    assert "note" not in begun and "end" not in begun["performedPeriod"]


def test_a_course_is_its_order_and_a_procedure_a_sitting():
    entries = valid(with_orders(COURSE))
    assert one(entries, "ServiceRequest")["quantityQuantity"] == {"value": 5, "unit": "buổi"}
    sitting = one(entries, "Procedure")
    assert sitting["code"]["text"] == "Điện châm, Xoa bóp"
    assert [n["text"] for n in sitting["note"]] == ["30 phút", "Huyệt, vùng: Túc tam lý"]
    assert sitting["performer"] == [{"actor": {"display": "Y sĩ"}}]


def test_a_person_travels_once_however_much_she_did():
    entries = valid(with_orders(ORDER, INJECTION))
    assert len(resources(entries, "Practitioner")) == 2
    twin = replace(SIGNER, id=uid(77))  # the same licence, a row of another station
    again = valid(with_orders(replace(ORDER, performer=twin)))
    assert len(resources(again, "Practitioner")) == 2


def test_a_herbal_formula():
    formula = travel.TravelFormula(
        uid(60),
        "Độc hoạt tang ký sinh",
        7,
        "Sắc uống ngày 1 thang",
        "",
        AT,
        SIGNER,
        (travel.TravelHerb("VT01", "Độc hoạt", Decimal("12.0")), travel.TravelHerb("", "", Decimal(8))),
    )
    entries = valid(replace(VISIT, prescriptions=(), formulas=(formula,)))
    drug = one(entries, "MedicationRequest")
    (inside,) = drug["contained"]
    assert inside["ingredient"][0]["strength"]["numerator"]["value"] == 12
    assert inside["ingredient"][1]["itemCodeableConcept"]["coding"][0]["code"] == "masked"
    assert drug["dispenseRequest"]["quantity"] == {"value": 7, "unit": "thang"}
    assert drug["dosageInstruction"] == [{"text": "Sắc uống ngày 1 thang"}]


GIVEN = travel.TravelDispensed(
    id=uid(80),
    prescribed_code="40.155",
    drug_code="40.155",
    drug_name="Amoxicilin 500mg",
    quantity=15,
    unit="viên",
    returned=0,
    at=LATER,
    performer=NURSE,
    performer_text="",
    lots=(travel.TravelLot("B12", date(2027, 3, 31), True, 10), travel.TravelLot("", None, False, 5)),
)


def test_medicines_that_were_given_out():
    entries = valid(replace(VISIT, dispensed=(GIVEN,)))
    given = one(entries, "MedicationDispense")
    asked = next(e for e in entries if e.key.startswith("MedicationRequest"))
    assert given["authorizingPrescription"] == [{"reference": asked.id.urn}]
    assert (given["status"], given["quantity"]) == ("completed", {"value": 15, "unit": "viên"})
    assert given["whenHandedOver"] == "2026-11-20T10:00:00+07:00"
    assert [n["text"] for n in given["note"]] == [
        "Lô B12 (hạn 03/2027): 10 viên",
        "Lô không ghi số: 5 viên",
    ]
    assert given["context"]["reference"] == VISIT.id.urn and "substitution" not in given


def test_another_medicine_in_its_place_and_what_came_back():
    other = replace(GIVEN, drug_code="40.160", drug_name="Cefalexin", substituted=True, reason="Hết hàng")
    given = one(valid(replace(VISIT, dispensed=(replace(other, returned=5),))), "MedicationDispense")
    assert given["substitution"] == {"wasSubstituted": True, "reason": [{"text": "Hết hàng"}]}
    assert given["medicationCodeableConcept"]["coding"][0]["code"] == "40.160"
    assert given["status"] == "completed" and given["note"][-1] == {"text": "Đã trả lại 5 viên"}
    all_back = replace(VISIT, dispensed=(replace(GIVEN, returned=15),))
    assert one(valid(all_back), "MedicationDispense")["status"] == "stopped"


def test_a_cancelled_act_is_withdrawn():
    before = valid(replace(VISIT, dispensed=(GIVEN,)))
    gone = one(valid(VISIT, {e.key for e in before}), "MedicationDispense")
    assert gone["status"] == "entered-in-error" and "Amoxicilin" not in json.dumps(gone)


def test_every_reading_of_a_pressure_travels():
    upper, lower = VISIT.measurements[1:]
    several = (
        replace(upper, readings=(Decimal(150), Decimal(140))),
        replace(lower, readings=(Decimal(94), Decimal(90))),
    )
    entries = valid(replace(VISIT, measurements=several))
    *single, counts = resources(entries, "Observation")
    assert [c["valueQuantity"]["value"] for o in single for c in o["component"]] == [150, 94, 140, 90]
    assert len(counts["derivedFrom"]) == 2 and counts["note"] == [{"text": "Đo 2 lần"}]
    assert [c["valueQuantity"]["value"] for c in counts["component"]] == [140, 90]


def test_one_reading_is_the_pressure_itself():
    upper, lower = VISIT.measurements[1:]
    once = (replace(upper, readings=(Decimal(140),)), replace(lower, readings=(Decimal(90),)))
    (pressure,) = resources(valid(replace(VISIT, measurements=once)), "Observation")
    assert "derivedFrom" not in pressure


def test_swollen_feet_stand_beside_the_weight():
    weight = records.Measurement("29463-7", Decimal("9.1"), "kg", AT, "Cân nặng", oedema=True)
    assert one(valid(replace(VISIT, measurements=(weight,))), "Observation")["note"] == [
        {"text": "Phù hai bàn chân"}
    ]


def test_an_injury_names_its_cause():
    visit = replace(
        VISIT,
        diagnoses=(
            records.Diagnosis("main", "S61.0", "Vết thương ngón tay"),
            records.Diagnosis("external", "W26", "Tiếp xúc với dao"),
        ),
        measurements=(),
        injury_cause="7",
        injury_cause_name="Vật sắc nhọn",
    )
    entries = valid(visit)
    wound, knife = resources(entries, "Condition")
    cause = next(e for e in entries if e.resource is knife)
    assert wound["extension"][0]["valueReference"] == {"reference": cause.id.urn}
    assert knife["category"][1] == {"text": "Nguyên nhân bên ngoài"} and "extension" not in knife
    told = one(entries, "Observation")
    assert told["valueCodeableConcept"]["coding"][0] == {
        "system": "urn:tramyte:injury-cause",
        "code": "7",
        "display": "Vật sắc nhọn",
    }


NOTED = replace(
    VISIT,
    history="Sốt 3 ngày <39 độ>",
    examination="Tỉnh",
    findings=(("lungs", "Phổi", "ran ẩm"),),
    advice="Uống nhiều nước",
    follow_up_on=date(2026, 11, 27),
)


def test_what_was_written_stands_under_the_headings_of_the_form():
    notes = one(valid(NOTED), "Composition")
    said = {s["title"]: s["text"]["div"] for s in notes["section"]}
    assert list(said) == ["Lý do đến khám", "Bệnh sử", "Khám bệnh", "Lời dặn"]
    assert "&lt;39 độ&gt;" in said["Bệnh sử"]
    assert "Tỉnh<br/>Phổi: ran ẩm" in said["Khám bệnh"]
    assert "Hẹn khám lại ngày 27/11/2026" in said["Lời dặn"]


def test_a_receiver_may_not_want_the_notes():
    assert resources(valid(NOTED, options=options_from({"notes": False})), "Composition") == []


def test_what_was_left_out_is_said_to_be_left_out():
    hushed = replace(VISIT, reason="", hidden=("findings", "reason"))
    entries = valid(hushed)
    encounter = one(entries, "Encounter")
    assert encounter["reasonCode"][0]["coding"][0]["code"] == "masked"
    assert encounter["meta"]["security"][0]["code"] == "REDACTED"
    why = {s["title"]: s["emptyReason"]["coding"][0]["code"] for s in one(entries, "Composition")["section"]}
    assert why == {"Lý do đến khám": "withheld", "Khám bệnh": "withheld"}
    order = one(valid(with_orders(replace(ORDER, note="", hidden=("note",)))), "ServiceRequest")
    assert order["meta"]["security"][0]["code"] == "REDACTED"


def test_an_allergy_whose_name_may_not_be_told():
    kept = records.Allergy(uid(4), "drug", "", hidden=True)
    visit = replace(VISIT, person=replace(VISIT.person, allergies=(kept,)))
    assert one(valid(visit), "AllergyIntolerance")["code"]["coding"][0]["code"] == "masked"


def test_of_a_file_only_what_is_known_of_it():
    file = travel.TravelFile(uid(70), "Phim X quang", "image/jpeg", 20_000, AT, None)
    document = one(valid(replace(VISIT, files=(file,))), "DocumentReference")
    (content,) = document["content"]
    assert content["attachment"]["size"] == 20_000
    assert not {"url", "data"} & content["attachment"].keys()


def test_a_visit_in_error_takes_everything_with_it():
    file = travel.TravelFile(uid(70), "Phim X quang", "image/jpeg", 20_000, AT, None)
    full = replace(NOTED, orders=(ORDER,), files=(file,))
    before = {e.key for e in valid(full)}
    wrong = valid(replace(full, state="entered_in_error", orders=()), before)  # its orders go with it
    kinds = ("Composition", "DocumentReference", "ServiceRequest", "DiagnosticReport", "Observation")
    assert {r["status"] for kind in kinds for r in resources(wrong, kind)} == {"entered-in-error"}


def test_services_and_tests_are_codes_that_a_receiver_may_call_otherwise():
    options = options_from({"mapped": ["service", "lab"]})
    assert codes.gaps(with_orders(ORDER), options) == [
        ("lab", "GLU"),
        ("lab", "HBSAG"),
        ("lab", "PLT"),
        ("service", "23.0075.1494"),
    ]
    known = replace(options, codes={("service", "23.0075.1494"): "XN-01"})
    assert one(sent(with_orders(ORDER), known), "ServiceRequest")["code"]["coding"][0]["code"] == "XN-01"
