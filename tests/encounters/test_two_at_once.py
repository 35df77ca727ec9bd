"""A nurse and a doctor at one visit: what each changed is kept, only what both changed is asked about."""

from uuid import uuid4

import pytest
from django.db.models import F
from django.urls import reverse

from apps.core.models import Draft
from apps.encounters import two_at_once
from apps.encounters.models import Diagnosis, PrescriptionLine, Visit
from tests.benchmarks.pageform import form_with
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(hoa, doctor):
    return make.a_visit(hoa, doctor, reason="Ho 2 ngày")


@pytest.fixture
def measuring(nurse):
    return signed_in("nurse", nurse, "thu.lt")


def at(visit):
    return reverse("encounters:visit", args=[visit.pk])


def opened(client, visit):
    """The page's form as a browser would send it, nothing changed."""
    return form_with(client.get(at(visit)).content.decode(), "seen") | {"form_key": str(uuid4())}


def send(client, visit, form, **changes):
    return client.post(at(visit), form | {"action": "save"} | changes)


EXAMINED = {
    "examination": "Họng đỏ", "advice": "Uống nhiều nước", "main": "J06.9", "outcome": "1", "line": ["0"],
    "line-0-drug": "TD001.1", "line-0-dose": "1", "line-0-times": "2", "line-0-days": "5",
}  # fmt: skip


def kept(visit):
    visit = Visit.unscoped.get(pk=visit.pk)
    lines = PrescriptionLine.unscoped.filter(prescription__visit=visit).count()
    return visit.reason, visit.advice, Diagnosis.unscoped.filter(visit=visit).count(), lines


def test_it_works(client, measuring, visit):
    nurse, doctor = opened(measuring, visit), opened(client, visit)
    assert send(client, visit, doctor, **EXAMINED).status_code == 302
    answer = send(measuring, visit, nurse, pulse="88")
    assert answer.status_code == 302, "nothing to ask: each changed her own"
    assert kept(visit) == ("Ho 2 ngày", "Uống nhiều nước", 1, 1)
    page = measuring.get(at(visit)).content.decode()
    assert "Giữ cả phần người khác vừa ghi" in page and "Lời dặn" in page and 'value="88"' in page


def test_the_other_way_round_the_figures_stay(client, measuring, visit):
    nurse, doctor = opened(measuring, visit), opened(client, visit)
    send(measuring, visit, nurse, pulse="88", temperature="38,2")
    assert send(client, visit, doctor, **EXAMINED).status_code == 302
    page = client.get(at(visit)).content.decode()
    assert 'value="88"' in page and 'value="38,2"' in page and kept(visit)[2:] == (1, 1)


def test_what_both_changed_is_asked_and_nothing_else(client, measuring, visit):
    nurse, doctor = opened(measuring, visit), opened(client, visit)
    send(client, visit, doctor, **EXAMINED, pulse="90")
    answer = send(measuring, visit, nurse, pulse="88", reason="Ho, sốt 2 ngày")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mạch" in page and "Lời dặn" not in page and "conflict-take-pulse" in page
    asked = form_with(page, "seen")
    assert asked["reason"] == "Ho, sốt 2 ngày" and asked["main"] == "J06.9"
    assert asked["take-pulse"] == '{"pulse": ["90"]}', "the stored value is chosen before"
    again = asked | {"take-pulse": '{"pulse": ["88"]}', "form_key": str(uuid4())}
    assert measuring.post(at(visit), again).status_code == 302
    assert kept(visit) == ("Ho, sốt 2 ngày", "Uống nhiều nước", 1, 1)
    assert 'value="88"' in measuring.get(at(visit)).content.decode()


def test_two_prescriptions_are_one_question(client, visit):
    first, second = opened(client, visit), opened(client, visit)
    send(client, visit, first, **EXAMINED)
    answer = send(client, visit, second, **EXAMINED | {"line-0-drug": "TD028.1", "line-0-days": "7"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "Đơn thuốc" in page
    assert "Paracetamol 500mg: 1 × 2 lần × 5 ngày" in page and "Amoxicilin 500mg: 1 × 2 lần × 7 ngày" in page
    assert "conflict-take-diagnoses" not in page, "both wrote the same"
    client.post(at(visit), form_with(page, "seen") | {"form_key": str(uuid4())})
    assert [line.drug.code for line in PrescriptionLine.unscoped.select_related("drug")] == ["TD001.1"]


def test_a_box_that_was_emptied_stays_empty(client, measuring, visit):
    send(client, visit, opened(client, visit), **EXAMINED)
    nurse, doctor = opened(measuring, visit), opened(client, visit)
    send(client, visit, doctor, advice="")
    assert send(measuring, visit, nurse, pulse="88").status_code == 302
    assert kept(visit)[1] == ""


def test_nobody_ends_what_she_has_not_read(client, visit):
    first, second = opened(client, visit), opened(client, visit)
    send(client, visit, first, **EXAMINED)
    assert send(client, visit, second, pulse="88", action="finalise").status_code == 302
    assert Visit.unscoped.get().state == "in_progress"
    assert "Chưa hoàn tất: hãy xem phần vừa thêm" in client.get(at(visit)).content.decode()


def test_a_third_who_saves_in_that_very_moment_keeps_hers_too(client, measuring, visit, monkeypatch):
    nurse, doctor = opened(measuring, visit), opened(client, visit)
    send(client, visit, doctor, **EXAMINED)

    def third(*args):
        monkeypatch.undo()
        Visit.unscoped.update(version=F("version") + 1, treatment_text="Nghỉ ngơi")

    monkeypatch.setattr(two_at_once.messages, "info", third)
    assert send(measuring, visit, nurse, pulse="88").status_code == 302
    assert Visit.unscoped.get().treatment_text == "Nghỉ ngơi" and kept(visit)[2:] == (1, 1)


def test_what_was_ended_meanwhile_is_not_written_into(client, measuring, visit):
    nurse, doctor = opened(measuring, visit), opened(client, visit)
    send(client, visit, doctor, **EXAMINED, action="finalise")
    assert send(measuring, visit, nurse, pulse="88").status_code == 409
    assert Draft.unscoped.get().data["pulse"] == ["88"], "kept for an amendment"


def test_an_old_draft_knows_what_it_began_with(client, measuring, visit):
    nurse, doctor = opened(measuring, visit), opened(client, visit)
    measuring.post(
        reverse("core:draft_keep", args=["visit", visit.pk]),
        nurse | {"pulse": "88", "version": str(visit.version)},
    )
    send(client, visit, doctor, **EXAMINED)
    assert send(measuring, visit, opened(measuring, visit)).status_code == 302
    assert kept(visit)[1:] == ("Uống nhiều nước", 1, 1)


@pytest.mark.parametrize(
    "told", ["[1]", "{", '{"pulse": "88"}', '{"version": ["1"]}', '{"pulse": [{}]}', "[" * 9999]
)
def test_a_choice_that_was_made_up_changes_nothing_else(told, client, visit):
    form = opened(client, visit)
    assert send(client, visit, form, **{"take-pulse": told}, pulse="88").status_code in (302, 422)
    assert Visit.unscoped.get().reason == "Ho 2 ngày"
