"""Measurements and growth over the API."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.care.models import Measurement
from apps.core.models import ReadEntry
from tests.factories.care import a_measurement
from tests.factories.patients import a_person

pytestmark = pytest.mark.django_db
LIST = "/api/measurements/"
GROWTH = "/api/measurements/growth/"


def days_ago(days):
    return timezone.now() - dt.timedelta(days=days)


def rows(client, **asked):
    answer = client.get(LIST, asked)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_it_works(nurse, hoa):
    a_measurement(hoa, "systolic", "150", at=days_ago(30), readings=[150, 146])
    last = a_measurement(hoa, "systolic", "138")
    a_measurement(hoa, "weight", "52")
    found = rows(nurse, person=hoa.pk, sign="systolic")
    assert [(row["value"], row["unit"], row["title"]) for row in found] == [
        (138.0, "mm[Hg]", "Huyết áp tối đa"),
        (150.0, "mm[Hg]", "Huyết áp tối đa"),
    ]
    assert found[1]["readings"] == [150.0, 146.0]
    assert nurse.get(f"{LIST}{last.pk}/").json() == found[0]
    since = days_ago(2).isoformat()
    assert len(rows(nurse, since=since)) == 2 and len(rows(nurse, until=since)) == 1
    assert ReadEntry.objects.filter(screen="care.api").count() == 4


def test_what_was_a_mistake_says_so(nurse, hoa):
    a_measurement(hoa, state="entered_in_error")
    assert [row["state"] for row in rows(nurse)] == ["entered_in_error"]
    assert rows(nurse, state="final") == []


def test_a_restricted_figure_is_not_told(nurse, hoa):
    a_measurement(hoa)
    Measurement.unscoped.update(restricted=True)
    assert rows(nurse) == []
    assert nurse.get(f"{LIST}{Measurement.unscoped.get().pk}/").status_code == 404


def test_a_childs_growth(nurse, baby):
    a_measurement(baby, "weight", "5.2", at=days_ago(140))
    a_measurement(baby, "weight", "6.0", at=days_ago(2))
    a_measurement(baby, "length", "62.5", at=days_ago(2))
    told = nurse.get(GROWTH, {"person": baby.pk}).json()
    assert told["doubt"] == ""
    first, last = told["points"]
    assert (first["age_days"], last["weight"], last["length"], last["height"]) == (60, 6.0, 62.5, None)
    by_name = {score["indicator"]: score for score in last["scores"]}
    assert set(by_name) >= {"waz", "haz", "whz"} and by_name["waz"]["z"] < -2
    assert by_name["waz"]["word"] and by_name["waz"]["flagged"] is False
    assert ReadEntry.objects.get(screen="care.api").person_ids == [baby.pk]


def test_of_a_grown_up_nothing_is_told(nurse, hoa):
    a_measurement(hoa)
    assert nurse.get(GROWTH, {"person": hoa.pk}).json()["points"] == []


@pytest.mark.parametrize("person", ["", "abc"])
def test_growth_asks_for_a_child(nurse, person):
    assert nurse.get(GROWTH, {"person": person}).status_code == 400


def test_a_stranger_finds_nothing(stranger, baby):
    row = a_measurement(baby)
    assert rows(stranger) == rows(stranger, person=baby.pk) == []
    assert stranger.get(f"{LIST}{row.pk}/").status_code == 404
    assert stranger.get(GROWTH, {"person": baby.pk}).status_code == 404
    assert stranger.get(GROWTH, {"person": uuid4()}).status_code == 404


def test_nothing_is_written_over_it(nurse, baby):
    row = a_measurement(baby)
    for verb in ("post", "put", "patch", "delete"):
        assert getattr(nurse, verb)(f"{LIST}{row.pk}/").status_code == 405


def test_a_page_costs_the_same_at_2_and_20_rows(nurse, station):
    def count():
        with CaptureQueriesContext(connection) as found:
            assert rows(nurse)
        return len(found)

    for number in range(2):
        a_measurement(a_person(station, f"Đinh Văn {number}"))
    rows(nurse)
    two = count()
    for number in range(18):
        a_measurement(a_person(station, f"Phạm Thị {number}"))
    assert count() == two


def test_the_description_names_them_in_vietnamese(nurse):
    text = nurse.get("/api/schema/").content.decode()
    assert "/api/measurements/growth/" in text and "Điểm z tăng trưởng của một trẻ theo chuẩn WHO" in text
