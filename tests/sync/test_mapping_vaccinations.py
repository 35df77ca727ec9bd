"""One person's doses of one day as FHIR R4: every field, what was not given, what was withdrawn."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from apps.core.ids import uuid7
from apps.sync.mappings import check, fhir, records
from apps.sync.mappings.systems import Options
from apps.sync.mappings.vaccinations import session_entries
from tests.factories.sync import STATION
from tests.factories.vaccinations import ANTIGENS, AT, NURSE, child, dose, reaction, session
from tests.receiver import check as receivers_check

OPTIONS = Options()


def built(record, options=OPTIONS, sent=frozenset()):
    """The entries, after everybody has looked at them."""
    entries = session_entries(record, options, sent)
    bundle = fhir.bundle(entries)
    assert check.problems(bundle) == []
    assert receivers_check.problems(bundle) == []
    return entries


def of_kind(entries, kind):
    return [entry.resource for entry in entries if entry.resource["resourceType"] == kind]


def one(record, kind="Immunization", options=OPTIONS):
    (found,) = of_kind(built(record, options), kind)
    return found


def test_it_works():
    given = dose()
    record = session(immunizations=(given,))
    assert one(record) == {
        "resourceType": "Immunization",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{given.id}"}],
        "status": "completed",
        "vaccineCode": {
            "coding": [{"system": "urn:tramyte:vaccine", "code": "PENTA"}],
            "text": "DPT-VGB-Hib (SII)",
        },
        "patient": {"reference": f"urn:uuid:{record.person.id}"},
        "occurrenceDateTime": "2026-11-20T08:30:00+07:00",
        "recorded": "2026-11-20T09:10:00+07:00",
        "primarySource": True,
        "manufacturer": {"display": "Serum Institute of India"},
        "lotNumber": "SII-0001",
        "expirationDate": "2027-06-30",
        "site": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActSite",
                    "code": "LT",
                    "display": "left thigh",
                }
            ]
        },
        "route": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration",
                    "code": "IM",
                    "display": "Injection, intramuscular",
                }
            ]
        },
        "doseQuantity": {"value": 0.5, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL"},
        "performer": [
            {
                "function": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0443",
                            "code": "AP",
                            "display": "Administering Provider",
                        }
                    ]
                },
                "actor": {"reference": f"urn:uuid:{NURSE.id}", "display": "Đinh Thị Tiêm"},
            },
            {"actor": {"reference": f"urn:uuid:{STATION.id}", "display": STATION.name}},
        ],
        "fundingSource": {
            "coding": [
                {
                    "system": "urn:tramyte:vaccine-programme",
                    "code": "tcmr",
                    "display": "Tiêm chủng mở rộng",
                },
                {
                    "system": "http://terminology.hl7.org/CodeSystem/immunization-funding-source",
                    "code": "public",
                },
            ],
            "text": "Tiêm chủng mở rộng",
        },
        "protocolApplied": [
            {"series": title, "doseNumberPositiveInt": 1, "targetDisease": [_disease(a) for a in antigens]}
            for title, antigens in (
                ("Bạch hầu - ho gà - uốn ván", ANTIGENS[:3]),
                ("Viêm gan B", ANTIGENS[3:4]),
                ("Hib", ANTIGENS[4:]),
            )
        ],
    }


def _disease(antigen):
    coding = {"system": "urn:tramyte:antigen", "code": antigen.code, "display": antigen.name}
    return {"coding": [coding], "text": antigen.name}


def test_everybody_it_names_comes_first_and_once():
    entries = built(session(immunizations=(dose(), dose(vaccine_code="OPV"))))
    kinds = [entry.resource["resourceType"] for entry in entries]
    assert kinds == ["Organization", "Practitioner", "Patient", "Immunization", "Immunization", "Provenance"]


def test_who_stands_for_it():
    record = session(version=2)
    signed = one(record, "Provenance")
    assert signed["target"] == [{"reference": record.immunizations[0].id.urn}]
    assert signed["activity"]["coding"][0]["code"] == "UPDATE"
    assert signed["agent"][0]["who"]["reference"] == NURSE.id.urn
    assert one(session(signer=None), "Provenance")["agent"] == [{"who": {"reference": STATION.id.urn}}]
    assert of_kind(built(record, replace(OPTIONS, provenance=False)), "Provenance") == []


def test_a_dose_of_elsewhere_is_told_as_that():
    told = one(
        session(
            immunizations=(
                dose(
                    at=date(2025, 3, 1),
                    precision="month",
                    historical=True,
                    origin="book",
                    facility_text="Bệnh viện huyện",
                    performer=None,
                    series=(),
                    dose_number=None,
                    lot="",
                    expires_on=None,
                    programme="dich_vu",
                ),
            )
        )
    )
    assert told["primarySource"] is False and told["reportOrigin"]["coding"][0]["code"] == "record"
    assert told["occurrenceDateTime"] == "2025-03"
    assert told["performer"] == [{"actor": {"display": "Bệnh viện huyện"}}]
    (protocol,) = told["protocolApplied"]
    assert protocol["doseNumberString"] == "chưa rõ" and len(protocol["targetDisease"]) == 5
    assert told["fundingSource"]["coding"][1]["code"] == "private"
    assert "lotNumber" not in told and "expirationDate" not in told


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"reason": "Sốt 38 độ"}, {"text": "Sốt 38 độ"}),
        ({}, {"text": "Không ghi lý do"}),
        (
            {"reason_code": "OSTOCK", "reason": "Hết vắc xin"},
            {
                "coding": [{"system": "urn:tramyte:vaccine-not-given", "code": "OSTOCK"}],
                "text": "Hết vắc xin",
            },
        ),
    ],
)
def test_what_was_not_given_says_why(more, said):
    told = one(session(immunizations=(dose(state="not_given", **more),)))
    assert told["status"] == "not-done" and told["statusReason"] == said
    assert "protocolApplied" not in told


def test_a_reason_that_few_may_read_is_said_to_be_there():
    told = one(session(immunizations=(dose(state="not_given", hidden=("reason",)),)))
    assert told["statusReason"]["coding"][0]["code"] == "masked"
    assert told["meta"]["security"][0]["code"] == "REDACTED"


def test_a_reaction_is_an_observation_of_its_own():
    felt = reaction(severe=True)
    record = session(immunizations=(dose(reactions=(felt,)),))
    seen = one(record, "Observation")
    assert seen["valueCodeableConcept"] == {"text": "Sốt 38,5 độ"}
    assert seen["effectiveDateTime"] == "2026-11-20T13:30:00+07:00"
    assert seen["note"] == [{"text": "Tai biến nặng"}]
    assert one(record)["reaction"] == [
        {"date": "2026-11-20T13:30:00+07:00", "detail": {"reference": felt.id.urn}, "reported": False}
    ]


@pytest.mark.parametrize("code", ["", "FEVER"])
def test_of_a_reaction_that_few_may_read_the_words_stay(code):
    felt = reaction(text="", code=code, name="Sốt" if code else "")
    seen = one(session(immunizations=(dose(reactions=(felt,), hidden=("reactions",)),)), "Observation")
    assert seen["valueCodeableConcept"]["coding"][0]["code"] == (code or "masked")
    assert seen["meta"]["security"][0]["code"] == "REDACTED"


def test_what_was_entered_in_error_is_told_to_whoever_has_heard_of_it():
    felt, right = reaction(), dose(vaccine_code="OPV")
    wrong = dose(state="entered_in_error", reactions=(felt,))
    record = session(immunizations=(right, wrong))
    assert len(of_kind(built(record), "Immunization")) == 1, "nobody has heard of it"
    sent = frozenset({f"Immunization/{wrong.id}", f"Observation/{felt.id}", f"Patient/{record.person.id}"})
    entries = built(record, sent=sent)
    _, told = of_kind(entries, "Immunization")
    assert told == {
        "resourceType": "Immunization",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": wrong.id.urn}],
        "patient": {"reference": record.person.id.urn},
        "status": "entered-in-error",
        "vaccineCode": told["vaccineCode"],
        "occurrenceDateTime": "2026-11-20",
    }
    assert told["vaccineCode"]["coding"][0]["code"] == "not-applicable"
    (seen,) = of_kind(entries, "Observation")
    assert seen["status"] == "entered-in-error" and "valueCodeableConcept" not in seen


def test_a_session_of_which_nothing_is_left():
    gone = session(immunizations=(dose(state="entered_in_error"),))
    assert session_entries(gone, OPTIONS) == [], "nobody was told of it"
    entries = built(gone, sent=frozenset({f"Immunization/{gone.immunizations[0].id}"}))
    assert of_kind(entries, "Provenance")[0]["activity"]["coding"][0]["code"] == "NULLIFY"


def test_codes_of_the_receiver_stand_in_its_system():
    options = Options(
        mapped=frozenset({"vaccine", "antigen"}),
        codes={("vaccine", "PENTA"): "dpt", ("antigen", "TET"): "76902006"},
    )
    told = one(session(), options=options)
    assert told["vaccineCode"]["coding"][0]["code"] == "dpt"
    codes = [each["coding"][0]["code"] for each in told["protocolApplied"][0]["targetDisease"]]
    assert codes == ["DIPH", "76902006", "PERT"]


def test_a_dose_at_a_point_and_one_of_another_place():
    point = records.Organization(uuid7(), "Điểm trạm Ba Chùa")
    elsewhere = records.Organization(uuid7(), "Bệnh viện", "51001")
    record = session(point=point, immunizations=(dose(), dose(facility=elsewhere, historical=True)))
    entries = built(record)
    assert [o["name"] for o in of_kind(entries, "Organization")] == [STATION.name, point.name, "Bệnh viện"]
    here, there = of_kind(entries, "Immunization")
    assert here["performer"][-1]["actor"]["reference"] == point.id.urn
    assert there["performer"][-1]["actor"]["reference"] == elsewhere.id.urn


@pytest.mark.parametrize(
    "more",
    [
        {"site": "", "route": "", "quantity": None, "programme": "", "performer": None},
        {"site": "mouth", "route": "ORAL", "quantity": Decimal("0.1"), "programme": "chong_dich"},
        {"site": "right_arm", "route": "ID", "performer": None, "performer_text": "BS cũ"},
        {"site": "lạ", "route": "lạ", "programme": "lạ", "unit": "giọt"},
        {"antigens": (), "series": ()},
        {"at": date(2024, 1, 1), "precision": "year", "historical": True, "origin": "lạ"},
    ],
)
def test_whatever_is_missing_or_unknown_it_is_still_fhir(more):
    built(session(immunizations=(dose(**more),)))


def test_the_same_session_is_the_same_bundle():
    record = session(of=child(), immunizations=(dose(reactions=(reaction(),)), dose(at=AT)))
    assert fhir.bundle(session_entries(record, OPTIONS)) == fhir.bundle(session_entries(record, OPTIONS))
