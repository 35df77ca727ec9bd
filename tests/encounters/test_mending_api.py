"""Over the API: undoing the end of a visit, moving one to the right person, the station's templates."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.scope import enter
from apps.encounters import templating
from apps.encounters.models import ExamTemplate, Visit
from apps.patients.models import Person
from tests.encounters.conftest import signed_in
from tests.encounters.test_api import post
from tests.factories import encounters as make
from tests.factories.patients import a_person
from tests.factories.sync import warehouse

TEMPLATES = "/api/templates/"


@pytest.fixture
def visit(client, hoa, doctor):
    """Ended a moment ago, over the API."""
    made = make.an_examined_visit(hoa, doctor)
    ended = post(client, f"/api/visits/{made.pk}/finalise/", {"version": made.version}, uuid4())
    assert ended.status_code == 200, ended.content
    made.refresh_from_db()
    return made


@pytest.fixture
def sister(station):
    return a_person(station, "Nguyễn Thị Hòa Bình", sex="female")


def undo(client, visit, key=None, **said):
    return post(client, f"/api/visits/{visit.pk}/undo/", {"version": visit.version, **said}, key or uuid4())


def move(client, visit, person, key=None, **said):
    said = {"version": visit.version, "person": person.pk, "reason": "Hai chị em trùng tên", **said}
    return post(client, f"/api/visits/{visit.pk}/move/", said, key or uuid4())


def test_an_end_is_undone_once(client, visit):
    key = uuid4()
    answers = [undo(client, visit, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["state"] for answer in answers] == ["in_progress", "in_progress"]
    assert undo(client, visit).status_code == 409  # its version has gone on


def test_what_was_put_into_the_outbox_and_not_sent_is_undone_too(client, hoa, doctor):
    warehouse("https://kho.invalid")
    made = make.an_examined_visit(hoa, doctor)
    post(client, f"/api/visits/{made.pk}/finalise/", {"version": made.version}, uuid4())
    made.refresh_from_db()
    assert undo(client, made).status_code == 200


def test_an_open_visit_has_no_end_to_undo(client, hoa, doctor):
    answer = undo(client, make.an_examined_visit(hoa, doctor))
    assert answer.status_code == 422 and answer.json()["__all__"]


def test_a_visit_moves_to_the_right_person_once(client, visit, sister):
    key = uuid4()
    first, again = (move(client, visit, sister, key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["person"] == str(sister.pk) and first.json()["state"] == "finalised"
    visit.refresh_from_db()
    assert (visit.state, str(visit.moved_to_id)) == ("entered_in_error", first.json()["id"])
    assert Visit.unscoped.count() == 2


def test_what_is_refused_is_told_by_field(client, visit, hoa, sister):
    assert set(move(client, visit, hoa).json()) == {"person"}
    assert set(move(client, visit, sister, reason="  ").json()) == {"reason"}
    assert move(client, visit, sister, reason="  ").status_code in (400, 422)
    assert move(client, visit, sister, version=99).status_code == 409
    assert move(client, visit, sister, nobody="x").status_code == 400
    assert post(client, f"/api/visits/{visit.pk}/move/", {"version": visit.version}).status_code == 400


def test_nobody_moves_to_a_record_that_was_merged_away(client, visit, sister, station):
    Person.unscoped.filter(pk=sister.pk).update(merged_into=a_person(station, "Nguyễn Thị Bình"))
    assert move(client, visit, sister).status_code == 422


def test_strangers(elsewhere, visit, sister):
    assert undo(elsewhere, visit).status_code == 404
    assert move(elsewhere, visit, sister).status_code in (404, 422)
    visit.refresh_from_db()
    assert visit.state == "finalised"


def test_only_who_ended_it_undoes_it(visit, station):
    other = signed_in("doctor", make.a_practitioner(station, "Võ Văn Khác"), "khac.vv")
    assert undo(other, visit).status_code == 422


def a_template(visit, doctor, name="Viêm họng"):
    with enter(make.scope_of(doctor)):
        return templating.template_make(visit=visit, name=name)


def test_the_stations_templates_are_read(client, visit, doctor):
    template = a_template(visit, doctor)
    (row,) = client.get(TEMPLATES).json()["results"]
    assert (row["name"], row["icd_code"]) == ("Viêm họng", "J06.9")
    assert row["diagnoses"] == [{"code": "J06.9", "role": "main", "text": ""}]
    assert row["lines"][0]["drug_code"] == "TD001.1" and row["lines"][0]["times_per_day"] == 2
    assert row["texts"] == {"advice": "Uống nhiều nước"}
    assert client.get(f"{TEMPLATES}{template.pk}/").json() == row
    assert client.get(TEMPLATES, {"icd_code": "I10"}).json()["results"] == []
    with enter(make.scope_of(doctor)):
        templating.template_retire(template_id=template.pk, expected_version=template.version)
    assert client.get(TEMPLATES).json()["results"] == []


def test_another_stations_templates_are_not(elsewhere, visit, doctor):
    template = a_template(visit, doctor)
    assert elsewhere.get(TEMPLATES).json()["results"] == []
    assert elsewhere.get(f"{TEMPLATES}{template.pk}/").status_code == 404


def test_a_page_of_templates_costs_the_same_at_2_and_20(client, visit, doctor):
    def count():
        with CaptureQueriesContext(connection) as found:
            assert client.get(TEMPLATES).status_code == 200
        return len(found)

    for number in range(2):
        a_template(visit, doctor, f"Mẫu {number}")
    client.get(TEMPLATES)
    two = count()
    for number in range(2, 20):
        a_template(visit, doctor, f"Mẫu {number}")
    assert ExamTemplate.unscoped.count() == 20 and count() == two
