"""Follow-up forms over the API."""

from uuid import uuid4

from apps.core.models import ReadEntry
from apps.encounters.models import Visit
from apps.ncd.models import FollowUp
from tests.encounters.test_api import post
from tests.factories import ncd

URL = "/api/follow-ups/"


def said(visit, **fields):
    version = Visit.unscoped.get(pk=visit.pk).version
    return {"visit": str(visit.pk), "programme": "hypertension", "visit_version": version, **fields}


def test_it_works(client, lan, enrolment, doctor):
    visit = ncd.a_pressed_visit(lan, doctor)
    key = uuid4()
    answer = post(client, URL, said(visit, medicine_days=30, smoker=False, cholesterol="5.4"), key)
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert (row["systolic"], row["target"], row["version"]) == ("148.0", 0, 1) and row["risk"]
    assert post(client, URL, said(visit, medicine_days=30), key).json()["id"] == row["id"]
    assert client.get(f"{URL}?programme=hypertension").json()["results"][0]["id"] == row["id"]
    assert client.get(f"{URL}{row['id']}/").json()["computed_why"] == "148/92, mục tiêu dưới 140/90"
    assert ReadEntry.objects.filter(screen="ncd.api", person_ids__contains=[lan.pk]).exists()


def test_what_it_refuses(client, elsewhere, lan, enrolment, doctor):
    visit = ncd.a_pressed_visit(lan, doctor)

    def sent(client, **fields):
        return post(client, URL, said(visit, **fields), uuid4()).status_code

    assert sent(client, medicine_days=400) == 422
    assert sent(client, glucose="500") == 422
    assert sent(client, programme="diabetes") == 422
    assert sent(client, unknown=1) == 400
    assert sent(elsewhere) == 404
    assert sent(client) == 201
    assert sent(client) == 409
    assert FollowUp.unscoped.count() == 1
    assert elsewhere.get(URL).json()["results"] == []
