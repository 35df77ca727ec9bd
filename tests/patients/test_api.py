import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.ids import uuid7
from apps.core.models import ReadEntry
from apps.patients.models import Person
from apps.patients.numbers import TAKEN
from tests.factories.accounts import a_member as a_user_of
from tests.factories.accounts import client_of
from tests.factories.households import a_household, a_member
from tests.factories.patients import a_card, a_person, a_station


@pytest.fixture
def nurse(station):
    return client_of(a_user_of("nurse", station))


def post(client, address, said):
    key = {"Idempotency-Key": str(uuid7())}
    return client.post(address, json.dumps(said), content_type="application/json", headers=key)


def test_it_works(nurse, station):
    person = a_person(station, cccd="051190000111", bhyt="DN4515112345678")
    household = a_household(station, person)
    found = nurse.get("/api/people/").json()
    assert (found["next"], found["previous"]) == (None, None)
    (row,) = found["results"]
    assert (row["id"], row["full_name"], row["birth_date"]) == (
        str(person.pk),
        "Nguyễn Thị Hòa",
        "1990-03-05",
    )
    assert (row["identifiers"][0]["value"], row["identifiers"][0]["masked"]) == ("********0111", True)
    assert (row["cards"][0]["number"], row["cards"][0]["masked"]) == ("***********5678", True)
    assert row["household"] == {"id": str(household.pk), "code": "H0000001", "relation": "00"}
    assert nurse.get(f"/api/people/{person.pk}/").json() == row
    (family,) = nurse.get("/api/households/").json()["results"]
    assert [member["person"] for member in family["members"]] == [str(person.pk)]
    assert [entry.person_ids for entry in ReadEntry.objects.all()] == [[person.pk]] * 3


def test_pages_and_filters(nurse, station):
    for number in range(5):
        a_person(station, f"Nguyễn Văn {'ABCDE'[number]}", sex="male" if number % 2 else "female")
    first = nurse.get("/api/people/?size=2").json()
    second = nurse.get(first["next"]).json()
    third = nurse.get(second["next"]).json()
    names = [row["full_name"][-1] for page in (first, second, third) for row in page["results"]]
    assert (names, third["next"]) == (["A", "B", "C", "D", "E"], None)
    assert "Nguy" not in first["next"]
    assert len(nurse.get("/api/people/?sex=male").json()["results"]) == 2
    assert nurse.get("/api/people/?sex=x").status_code == 400
    assert nurse.get("/api/people/?hamlet=x").status_code == 400
    assert len(nurse.get("/api/people/?size=x&c=x").json()["results"]) == 5
    assert nurse.get("/api/people/?changed_since=2999-01-01T00:00:00Z").json()["results"] == []


@pytest.mark.parametrize("address", ["people", "households"])
@pytest.mark.parametrize("number", [2, 20])
def test_a_page_costs_the_same_at_any_length(nurse, station, address, number):
    for each in range(number):
        household = a_household(station, a_person(station, f"Nguyễn Văn {'ABCDEFGHIKLMNOPQRSTU'[each]}"))
        a_card(a_member(household, a_person(station, f"Con {each}")).person, f"TE15151000000{each:02d}")
    nurse.get(f"/api/{address}/")
    with CaptureQueriesContext(connection) as queries:
        assert len(nurse.get(f"/api/{address}/").json()["results"]) >= number
    assert len(queries) <= 9, [query["sql"][:80] for query in queries]


def test_strangers_get_nothing(nurse, client, station):
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    stranger = a_person(other)
    household = a_household(other, stranger)
    assert nurse.get("/api/people/").json()["results"] == []
    for address in (f"people/{stranger.pk}", f"households/{household.pk}", f"people/{uuid7()}"):
        assert nurse.get(f"/api/{address}/").status_code == 404
    assert nurse.get("/api/people/x/").status_code == 404
    assert not ReadEntry.objects.exists()
    assert client.get("/api/people/").status_code in (401, 403)
    pharmacist = client_of(a_user_of("pharmacist", station))
    assert pharmacist.get("/api/people/").status_code == 200
    assert pharmacist.get("/api/households/").status_code == 403
    assert post(pharmacist, "/api/people/", {"full_name": "A", "sex": "male"}).status_code == 403


def test_people_are_searched_in_the_body(nurse, station):
    person = a_person(station)
    found = post(nurse, "/api/people/search/", {"text": "nguyen thi hoa"}).json()
    assert [row["id"] for row in found] == [str(person.pk)]
    assert post(nurse, "/api/people/search/", {}).status_code == 400


def test_people_are_entered_through_the_service(nurse, station):
    said = {
        "full_name": "Nguyễn Thị Hòa",
        "sex": "female",
        "birth_date": "1990-03-05",
        "cccd": "051190000111",
    }
    made = post(nurse, "/api/people/", said)
    assert (made.status_code, made.json()["code"]) == (201, "P0000001")
    again = post(nurse, "/api/people/", said)
    assert (again.status_code, again.json()) == (409, {"candidates": [made.json()["id"]]})
    assert post(nurse, "/api/people/", said | {"another": True}).json() == {"cccd": [TAKEN]}
    assert Person.unscoped.count() == 1


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [
        ({}, 400, "full_name"),
        ({"full_name": 5, "sex": []}, 400, "sex"),
        ({"full_name": "A" * 200, "sex": "male"}, 400, "full_name"),
        ({"full_name": "A\x00", "sex": "male"}, 400, "full_name"),
        ({"full_name": "😀", "sex": "male"}, 422, "full_name"),
        ({"full_name": "An", "sex": "male", "birth_date": "1990-02-31"}, 400, "birth_date"),
        ({"full_name": "An", "sex": "male", "birth_date": "2990-02-01"}, 422, "birth_date"),
        ({"full_name": "An", "sex": "male", "hamlet_id": str(uuid7())}, 422, "hamlet"),
        ({"full_name": "An", "sex": "male", "cccd": "051190000111"}, 422, "cccd"),
    ],
)
def test_wrong_input_is_answered_by_field(nurse, said, status, field):
    response = post(nurse, "/api/people/", said)
    assert response.status_code == status
    assert field in response.json()
    assert not Person.unscoped.exists()


def test_the_description_is_openapi(nurse):
    response = nurse.get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    described = json.loads(response.content)
    assert {"/api/people/", "/api/people/{id}/", "/api/households/"} <= set(described["paths"])


def test_every_address_carries_its_mark():
    from config.api import router

    marks = {str(pattern.pattern): pattern.callback.access for pattern in router.urls}
    others = {address: mark for address, mark in marks.items() if not mark.endswith(".view")}
    # templates fill the visit of whoever prescribes, and are nobody else's business
    assert {address.split("/")[0] for address in others} == {"templates"}
    assert set(others.values()) == {"prescriptions.enter"}


def test_a_merged_record_says_into_whom_and_is_in_no_list(nurse, station):
    """A program that holds the old id finds the way; lists and searches name her once."""
    kept = a_person(station)
    old = a_person(station, merged_into=kept)
    assert nurse.get(f"/api/people/{old.pk}/").json()["merged_into"] == str(kept.pk)
    assert nurse.get(f"/api/people/{kept.pk}/").json()["merged_into"] is None
    assert [row["id"] for row in nurse.get("/api/people/").json()["results"]] == [str(kept.pk)]
    assert [row["id"] for row in post(nurse, "/api/people/search/", {"text": "hoa"}).json()] == [str(kept.pk)]
