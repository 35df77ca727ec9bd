"""Dispensing over the API: read, and give out once."""

from uuid import uuid4

import pytest

from apps.core.models import ReadEntry
from apps.encounters.models import Dispensing
from tests.encounters.conftest import signed_in
from tests.encounters.test_api import post
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.dispensing import at
from tests.factories.patients import a_station


@pytest.fixture
def client(pharmacist):
    return signed_in("pharmacist", pharmacist, "duoc.lt")


def said(visit, desk, lot, quantity="10", **fields):
    line = {"line": str(give.line_of(visit).pk), "quantity": quantity, "item": str(lot.item_id)}
    return {
        "visit": str(visit.pk),
        "version": visit.version,
        "location": str(desk.pk),
        "lines": [line | fields],
    }


def test_it_works(client, visit, desk, lot):
    answer = post(client, "/api/dispensings/", said(visit, desk, lot), uuid4())
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert (row["state"], row["lines"][0]["lots"][0]["quantity"], at(lot)) == ("completed", 10, 90)
    assert client.get(f"/api/dispensings/{row['id']}/").json() == row
    assert [each["id"] for each in client.get("/api/dispensings/").json()["results"]] == [row["id"]]
    assert ReadEntry.objects.filter(screen="dispensing.api").count() == 3


def test_one_key_gives_once(client, visit, desk, lot):
    key = uuid4()
    answers = [post(client, "/api/dispensings/", said(visit, desk, lot), key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert (Dispensing.unscoped.count(), at(lot)) == (1, 90)
    assert post(client, "/api/dispensings/", said(visit, desk, lot)).status_code == 400


@pytest.mark.parametrize(("quantity", "status"), [("11", 422), ("0", 422), ("x", 400), ("-3", 422)])
def test_what_cannot_be(client, visit, desk, lot, quantity, status):
    answer = post(client, "/api/dispensings/", said(visit, desk, lot, quantity), uuid4())
    assert answer.status_code in (status, 422, 400), answer.content
    assert at(lot) == 100


def test_strangers(visit, desk, lot, nurse_without, elsewhere):
    for who in (nurse_without, elsewhere):
        assert post(who, "/api/dispensings/", said(visit, desk, lot), uuid4()).status_code in (403, 404)
        assert who.get("/api/dispensings/").status_code in (200, 403)
    assert at(lot) == 100


@pytest.fixture
def nurse_without(station):
    return signed_in("population", make.a_practitioner(station, "Dân số", can_sign=False), "so.ds")


@pytest.fixture
def elsewhere(station):
    far = make.a_practitioner(
        a_station("21490", "Trạm Y tế xã Ba Vì"), "Lan", grade="pharmacist", can_sign=False
    )
    return signed_in("pharmacist", far, "lan.vt")
