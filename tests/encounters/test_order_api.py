"""Orders and results over the API: what a laboratory's gateway reads and sends."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import ReadEntry
from apps.encounters.models import Order, Result
from tests.encounters.conftest import signed_in
from tests.encounters.test_api import post
from tests.factories import encounters as make
from tests.factories.orders import COUNT, GLUCOSE, HIV, a_result, an_order, order_catalogues
from tests.factories.patients import a_person


@pytest.fixture
def visit(hoa, doctor):
    order_catalogues()
    return make.an_examined_visit(hoa, doctor)


def send(client, order, said, key=None):
    return post(client, f"/api/orders/{order.pk}/result/", {"version": 1} | said, key or uuid4())


def test_it_works(client, visit, doctor):
    order = an_order(visit, doctor, COUNT)
    waiting = client.get("/api/orders/?state=ordered").json()["results"]
    assert [row["id"] for row in waiting] == [str(order.pk)]
    assert " ".join(waiting[0]["tests"]) == "WBC NEUT_PCT LYMPH_PCT RBC HGB HCT MCV MCH MCHC PLT"
    answer = send(client, order, {"values": {"HGB": "125", "WBC": "7.2"}, "device": "Máy huyết học 1"})
    assert answer.status_code == 200, answer.content
    row = answer.json()
    assert (row["state"], row["summary"]) == ("done", "Số lượng bạch cầu 7,2 G/L; Huyết sắc tố 125 g/L")
    result = row["results"][0]
    assert (result["state"], result["device"]) == ("preliminary", "Máy huyết học 1")
    assert [(value["test"], value["value"], value["flag"]) for value in result["values"]] == [
        ("WBC", 7.2, ""),
        ("HGB", 125.0, ""),
    ]
    assert client.get(f"/api/orders/{order.pk}/").json() == row
    assert ReadEntry.objects.filter(screen="order.api").count() == 3


def test_one_key_writes_once(client, visit, doctor):
    order, key = an_order(visit, doctor), uuid4()
    said = {"values": {"GLU_CAP": "5,6"}}
    answers = [send(client, order, said, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert Result.unscoped.count() == 1
    assert send(client, order, said).status_code == 409
    assert post(client, f"/api/orders/{order.pk}/result/", {"version": 2} | said).status_code == 400


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"values": {"GLU_CAP": "cao"}}, "test-GLU_CAP"),
        ({"values": {"XYZ": "1"}}, "test-XYZ"),
        ({"values": {}}, "test-GLU_CAP"),
        ({"result": "1"}, "result"),
        ({"values": {"GLU_CAP": "5,6"}, "at": "2090-01-01T08:00:00+07:00"}, "at"),
    ],
    ids=["word", "foreign", "empty", "unknown", "future"],
)
def test_what_is_refused_is_told_by_field(client, visit, doctor, said, field):
    answer = send(client, an_order(visit, doctor), said)
    assert answer.status_code in (400, 422)
    assert field in answer.json(), answer.content
    assert not Result.unscoped.exists()


def test_a_restricted_order_is_not_told(nurse_client, station, visit, doctor):
    order = an_order(visit, doctor, HIV)
    plain = signed_in(
        "nurse", make.a_practitioner(station, "Võ Thị Sen", grade="nurse", can_sign=False), "sen.vt"
    )
    assert plain.get(f"/api/orders/{order.pk}/").status_code == 404
    assert plain.get("/api/orders/").json()["results"] == []
    assert send(plain, order, {"values": {"HIV": "Âm tính"}}).status_code == 404


def test_strangers(client, elsewhere, visit, doctor):
    order = an_order(visit, doctor)
    assert elsewhere.get(f"/api/orders/{order.pk}/").status_code == 404
    assert send(elsewhere, order, {"values": {"GLU_CAP": "5,6"}}).status_code == 404
    assert Order.unscoped.get().state == "ordered"


def test_a_list_costs_the_same_for_2_and_20(client, station, doctor):
    order_catalogues()

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/api/orders/").status_code == 200
        return len(queries)

    cost()  # what a process keeps is read once
    costs = []
    for number in range(20):
        visit = make.a_visit(a_person(station, f"Đinh Văn {number}"), doctor)
        a_result(an_order(visit, doctor, GLUCOSE), doctor, GLU_CAP="5,6")
        if number in (1, 19):
            costs.append(cost())
    assert costs[0] == costs[1]
