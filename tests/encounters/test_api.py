"""Visits over the API."""

import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import ReadEntry
from apps.encounters.models import Visit
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories.patients import a_person, an_allergy

LINE = {"drug_code": "TD001.1", "dose": "1", "times_per_day": 2, "days": 5}


def post(client, address, said, key=None):
    headers = {"Idempotency-Key": str(key)} if key else {}
    return client.post(
        address, json.dumps(said, default=str), content_type="application/json", headers=headers
    )


def test_it_works(client, hoa):
    opened = post(client, "/api/visits/", {"person": hoa.pk, "reason": "Ho"}, uuid4())
    assert opened.status_code == 201
    visit = opened.json()
    said = {
        "version": visit["version"],
        "vitals": {"temperature": "37.5"},
        "diagnoses": [{"code": "J06.9", "role": "main"}],
        "lines": [LINE],
    }
    saved = post(client, f"/api/visits/{visit['id']}/save/", said)
    assert saved.status_code == 200, saved.content
    assert saved.json()["vitals"] == {"temperature": 37.5}
    done = post(client, f"/api/visits/{visit['id']}/finalise/", {"version": saved.json()["version"]}, uuid4())
    row = done.json()
    assert (row["state"], row["reason"]) == ("finalised", "Ho")
    assert row["prescriptions"][0]["lines"][0]["usage"] == "Ngày uống 2 lần, mỗi lần 1 viên"
    assert client.get(f"/api/visits/{visit['id']}/").json() == row
    assert client.get("/api/visits/?state=finalised").json()["results"] == [row]
    assert ReadEntry.objects.filter(screen="visit.api").count() == 5


def test_one_key_does_it_once(client, hoa, doctor):
    key = uuid4()
    first, again = (post(client, "/api/visits/", {"person": hoa.pk}, key) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    visit = make.an_examined_visit(a_person(doctor.facility, "Đinh Văn Bé"), doctor)
    key = uuid4()
    address = f"/api/visits/{visit.pk}/finalise/"
    answers = [post(client, address, {"version": visit.version}, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert post(client, "/api/visits/", {"person": hoa.pk}, key).status_code == 409
    for wrong in (None, "x"):
        assert post(client, "/api/visits/", {"person": hoa.pk}, wrong).status_code == 400
    assert Visit.unscoped.count() == 2


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"version": "x"},
        {"version": 1, "vitals": {"mood": 3}},
        {"version": 1, "vitals": {"temperature": "warm"}},
        {"version": 1, "diagnoses": [{"role": "main"}]},
        {"version": 1, "diagnoses": "J06.9"},
        {"version": 1, "lines": [{**LINE, "days": "năm"}]},
        {"version": 1, "follow_up_on": "31/02/2027"},
        {"version": 1, "reason": "x" * 501},
    ],
)
def test_wrong_types_are_400(client, hoa, doctor, said):
    visit = make.a_visit(hoa, doctor)
    assert post(client, f"/api/visits/{visit.pk}/save/", said).status_code == 400


def test_what_the_services_refuse_is_told_by_field(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    said = {"version": 1, "vitals": {"temperature": 375}, "lines": [{**LINE, "days": 400}]}
    answer = post(client, f"/api/visits/{visit.pk}/save/", said)
    assert answer.status_code == 422
    assert set(answer.json()) == {"temperature", "line-1-days"}
    assert post(client, f"/api/visits/{visit.pk}/save/", {"version": 9}).status_code == 409
    answer = post(client, f"/api/visits/{visit.pk}/finalise/", {"version": 1}, uuid4())
    assert answer.status_code == 422
    assert post(client, "/api/visits/", {"person": uuid4()}, uuid4()).status_code == 422


def test_what_is_odd_needs_a_reason(client, hoa, doctor):
    an_allergy(hoa, "Paracetamol")
    visit = make.an_examined_visit(hoa, doctor)
    address, said = f"/api/visits/{visit.pk}/finalise/", {"version": visit.version}
    assert "dị ứng" in post(client, address, said, uuid4()).content.decode()
    assert post(client, address, said | {"override": "Đã dùng được"}, uuid4()).status_code == 200


def test_a_stranger_finds_nothing(elsewhere, hoa, doctor):
    visit = make.an_examined_visit(hoa, doctor)
    assert elsewhere.get("/api/visits/").json()["results"] == []
    assert elsewhere.get(f"/api/visits/{visit.pk}/").status_code == 404
    for name in ("save", "finalise"):
        answer = post(elsewhere, f"/api/visits/{visit.pk}/{name}/", {"version": 2}, uuid4())
        assert answer.status_code == 404
    assert post(elsewhere, "/api/visits/", {"person": hoa.pk}, uuid4()).status_code == 422


def test_without_the_right_it_is_403(doctor, hoa):
    worker = signed_in("village_worker", doctor, "be.dv")
    assert worker.get("/api/visits/").status_code == 403


def test_a_page_costs_the_same_at_2_and_20_rows(client, station, doctor):
    def count():
        with CaptureQueriesContext(connection) as found:
            assert client.get("/api/visits/").status_code == 200
        return len(found)

    for n in range(2):
        make.a_finished_visit(a_person(station, f"Đinh Văn {n}"), doctor)
    client.get("/api/visits/")
    two = count()
    for n in range(18):
        make.a_finished_visit(a_person(station, f"Phạm Thị {n}"), doctor)
    assert count() == two


def test_the_description_knows_visits(client):
    text = client.get("/api/schema/").content.decode()
    assert "/api/visits/{id}/finalise/" in text
    assert "Idempotency-Key" in text
