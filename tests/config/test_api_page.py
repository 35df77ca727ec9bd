"""The page about the API: every call of the router stands on it, with its right and whether it is held."""

import pytest
from django.test import Client
from django.urls import reverse

from config.api import router
from config.api_page import WORDS, calls, in_words
from tests.factories.accounts import a_member, client_of
from tests.factories.facilities import a_centre, a_department, a_station


@pytest.fixture
def nurse(db):
    return client_of(a_member("nurse", a_station("21484", "Tân An"), "lan.nt"))


def test_it_works(nurse):
    answer = nurse.get("/api/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "POST /api/visits/{id}/finalise/" in page
    assert "Khám bệnh: nhập mới" in page
    assert reverse("api-schema") in page


def test_every_call_has_its_words_and_every_word_its_call():
    found = list(calls(router))
    assert len(found) == len(WORDS)
    assert {call.path for call in found} >= {"/api/people/", "/api/people/search/", "/api/households/{id}/"}
    assert all(in_words(call.right) for call in found)


def test_one_reads_which_rights_one_holds(nurse):
    def held(client):
        return {line["right"]: line["held"] for line in client.get("/api/").context["lines"]}

    auditor = client_of(a_member("auditor", a_department(a_centre(a_station())), "kiem.toan"))
    assert held(nurse)["Khám bệnh: nhập mới"]
    assert not held(auditor)["Khám bệnh: nhập mới"]


def test_a_stranger_is_told_nothing(db):
    answer = Client().get("/api/")
    assert answer.status_code == 401
    assert b"visits" not in answer.content
