"""The lists: due, not come, away, not at target; their paper and their file."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core import registry
from apps.core.ids import uuid7
from apps.core.models import GuardedExport
from apps.core.scope import enter
from apps.ncd import limits, lists
from apps.ncd.lists import Asked
from tests.factories import ncd
from tests.factories.patients import a_person

TODAY = timezone.localdate()


def names(doctor, key, on=None, programme="hypertension"):
    on = on or TODAY
    asked = Asked(programme, key, on)
    with enter(ncd.scope_of(doctor)) as scope:
        rows = lists.page(scope, asked, limits.on(on)).items
        return [line.row.person.full_name for line in lists.lines(rows, asked, limits.on(on))]


def followed(station, doctor, name, high=148, low=92, *, days_ago=20, next_in=30):
    person = a_person(station, name, birth_date=dt.date(1960, 1, 1), phone="0912345678")
    ncd.an_old_enrolment(person)
    on = TODAY - dt.timedelta(days=days_ago)
    ncd.a_finished_follow_up(
        person, doctor, high, low, days_ago=days_ago, next_on=on + dt.timedelta(days=next_in)
    )
    return person


@pytest.fixture
def several(station, doctor):
    """Due today, ten days late, away for half a year, never seen."""
    followed(station, doctor, "Phạm Thị Đến Hẹn", days_ago=20, next_in=20)
    followed(station, doctor, "Phạm Thị Quá Hẹn", 132, 82, days_ago=45, next_in=35)
    followed(station, doctor, "Phạm Thị Vắng", days_ago=200)
    never = a_person(station, "Phạm Thị Chưa Khám", birth_date=dt.date(1960, 1, 1))
    ncd.an_old_enrolment(never)


def test_it_works(several, doctor):
    assert names(doctor, "tat-ca") == [
        "Phạm Thị Đến Hẹn", "Phạm Thị Quá Hẹn", "Phạm Thị Chưa Khám", "Phạm Thị Vắng",
    ]  # fmt: skip
    assert "Phạm Thị Đến Hẹn" in names(doctor, "tuan-nay")
    assert "Phạm Thị Vắng" not in names(doctor, "tuan-nay")
    assert names(doctor, "qua-hen") == ["Phạm Thị Quá Hẹn", "Phạm Thị Vắng"]
    assert names(doctor, "bo-tri") == ["Phạm Thị Chưa Khám", "Phạm Thị Vắng"]
    assert names(doctor, "chua-dat") == ["Phạm Thị Đến Hẹn"]
    assert names(doctor, "tat-ca", programme="diabetes") == []


def test_right_for_the_day_that_is_asked(several, doctor):
    then = TODAY - dt.timedelta(days=180)
    away = {"Phạm Thị Chưa Khám", "Phạm Thị Quá Hẹn", "Phạm Thị Đến Hẹn"}  # not seen until then
    assert set(names(doctor, "bo-tri", then)) == away
    assert names(doctor, "chua-dat", then) == ["Phạm Thị Vắng"]
    assert names(doctor, "tat-ca", TODAY - dt.timedelta(days=500)) == []


def test_how_long_away(several, doctor):
    asked = Asked("hypertension", "bo-tri", TODAY)
    known = limits.on(TODAY)
    with enter(ncd.scope_of(doctor)) as scope:
        lines = lists.lines(lists.page(scope, asked, known).items, asked, known)
    assert [(line.away, line.figure) for line in lines] == [("lost", ""), ("missed", "148/92")]
    assert lines[1].out and lines[1].appointment_id


def test_counts_are_those_of_the_lists(several, doctor):
    with enter(ncd.scope_of(doctor)) as scope:
        counts = lists.counts(scope, TODAY, limits.on(TODAY))
    for key in lists.LISTS:
        assert counts["hypertension"][key] == len(names(doctor, key)), key
    assert counts["hypertension"]["dat"] == 1 and counts["diabetes"]["tat-ca"] == 0


def test_the_page(client, several):
    page = client.get(reverse("ncd:lists") + "?muc=qua-hen").content.decode()
    assert "Phạm Thị Quá Hẹn" in page and "0912 345 678" in page and "Ghi gọi nhắc" in page
    assert "1 trên 4 người" in page
    assert client.get(reverse("ncd:lists") + "?muc=x&ngay=31/02/2026&thon=x&so=q").status_code == 200
    home = client.get("/").content.decode()
    assert "Tăng huyết áp, đái tháo đường" in home and "2 quá hẹn" in home


def test_the_same_queries_at_two_and_at_twenty(client, station, doctor):
    def cost():
        address = reverse("ncd:lists") + "?muc=tat-ca"
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    for number in range(2):
        followed(station, doctor, f"Phạm Thị {number}")
    two = cost()
    for number in range(2, 8):
        followed(station, doctor, f"Phạm Thị {number}")
    assert cost() == two


def test_on_paper(client, several):
    response = client.get(reverse("ncd:lists_paper") + "?muc=tat-ca")
    assert response["content-type"] == "application/pdf"


def test_as_a_guarded_file(head_client, client, doctor, several, django_capture_on_commit_callbacks):
    address = reverse("ncd:lists_export") + "?muc=tat-ca"
    assert client.get(address).status_code == 403
    assert head_client.get(address).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        sent = {"form_key": str(uuid7()), "reason": "Gọi nhắc"}
        assert head_client.post(address, sent)["location"] == reverse("core:exports")
    made = GuardedExport.unscoped.get()
    assert made.kind == "ncd.list"
    kind = registry.exports.get("ncd.list")
    args = Asked("hypertension", "qua-hen", TODAY).args
    with enter(ncd.scope_of(doctor)):
        assert kind.count(args) == 2
        assert [cells[1] for _, cells in kind.sheet(args).rows] == ["Phạm Thị Quá Hẹn", "Phạm Thị Vắng"]


def test_another_stations_people_are_not_there(elsewhere, several):
    assert "Phạm Thị" not in elsewhere.get(reverse("ncd:lists") + "?muc=tat-ca").content.decode()
