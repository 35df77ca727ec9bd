"""How a visit ends: home, worse, referred, dead."""

import datetime as dt
from uuid import uuid4

import pytest
from django.urls import reverse

from apps.catalogues import codes
from apps.catalogues.models import CodeEntry
from apps.core.errors import NeedsReason
from apps.core.scope import enter
from apps.encounters import services
from apps.encounters.rules import Ends, check_end
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.orders import INJECTION, an_order, order_catalogues

ENDS = Ends(died=("5", "8"), worse=("4",), cured=("1",), referred=("2",), home=("1",))
SOON = dt.date(2026, 12, 1)


@pytest.mark.parametrize(
    ("outcome", "result", "back", "found"),
    [
        ("1", "1", None, []),
        ("1", "2", SOON, []),
        ("1", "5", None, ["died"]),
        ("1", "5", SOON, ["died-follow-up", "died"]),
        ("2", "8", None, ["died", "died-referred"]),
        ("2", "1", None, ["cured-referred"]),
        ("2", "4", None, []),
        ("1", "4", None, ["worse-home"]),
        ("", "4", None, ["worse-home"]),
        ("1", "4", SOON, []),
        ("", "", None, []),
    ],
)
def test_it_works(outcome, result, back, found):
    assert [problem.code for problem in check_end(outcome, result, back, ENDS)] == found


def test_only_a_day_to_come_back_is_refused_for_the_dead():
    assert [each.blocks for each in check_end("1", "5", SOON, ENDS)] == [True, False]
    assert [each.blocks for each in check_end("2", "5", None, ENDS)] == [False, False]


@pytest.fixture
def died(station):
    CodeEntry.objects.create(list="treatment_result", code="5", name="Tử vong")
    codes.forget()


def test_a_visit_that_ends_with_death_leads_to_its_record(died, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    posted = typed(visit, result="5", follow_up_on="", action="finalise")
    asked = client.post(at("visit", visit.pk), posted)  # one press of an arrow too many is no death
    assert asked.status_code == 422 and "Đúng là người bệnh đã tử vong?" in asked.content.decode()
    visit.refresh_from_db()
    posted |= {"version": visit.version, "form_key": uuid4(), "override": "ngừng tim lúc 9 giờ"}
    assert client.post(at("visit", visit.pk), posted).status_code == 302
    page = client.get(at("visit", visit.pk)).content.decode()
    assert reverse("patients:death_record", args=[hoa.pk]) in page
    hoa.life_status = "dead"
    hoa.save()
    assert "Ghi tử vong" not in client.get(at("visit", visit.pk)).content.decode()


def test_the_dead_are_given_no_appointment(died, client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, result="5", action="finalise"))
    assert answer.status_code == 422
    assert "không ghi ngày tái khám" in answer.content.decode()


def test_a_visit_that_ended_with_death_begins_the_record(client, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    record = reverse("patients:death_record", args=[hoa.pk])
    for result, place in (("5", "&noi=facility"), ("8", "")):
        type(visit).unscoped.update(result=result)
        url = f"{record}?ngay={visit.on:%d/%m/%Y}{place}"
        assert url.replace("&", "&amp;") in client.get(at("visit", visit.pk)).content.decode()
        form = client.get(url).content.decode()
        assert f'value="{visit.on:%d/%m/%Y}"' in form
        assert ('value="facility"' in form and "checked" in form) is bool(place)
    assert client.get(f"{record}?ngay=x&noi=y").status_code == 200


def test_a_visit_on_the_observation_bed_asks_for_its_end(hoa, doctor):
    order_catalogues()
    visit = make.an_examined_visit(hoa, doctor)
    order = an_order(visit, doctor, INJECTION)
    type(order).unscoped.update(form="observation")
    with enter(make.scope_of(doctor)):
        with pytest.raises(NeedsReason, match="Giường lưu chưa kết thúc"):
            services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
        type(order).unscoped.update(state="resulted")
        assert services.visit_finalise(visit_id=visit.pk, expected_version=visit.version).state == "finalised"
