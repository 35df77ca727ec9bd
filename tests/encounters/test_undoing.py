"""A visit that was ended a moment ago is open again, while nobody knows of it."""

import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.catalogues.models import CommunicableDisease
from apps.core import events, papers
from apps.core.errors import Refused
from apps.core.models import Task
from apps.core.scope import enter
from apps.encounters import services, undoing
from apps.encounters.events import VisitUndone
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Visit
from apps.patients.models import DueItem
from apps.sync.models import OutboxRow
from tests.encounters.conftest import signed_in
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.orders import an_order, order_catalogues
from tests.factories.sync import warehouse


def ended(hoa, doctor):
    return make.a_finished_visit(hoa, doctor)


def undo(visit):
    return undoing.visit_undo(visit_id=visit.pk, expected_version=visit.version)


def test_it_works(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    client.post(at("visit", visit.pk), typed(visit, action="finalise"))
    visit.refresh_from_db()
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Còn hoàn tác được đến" in page
    said = {"form_key": uuid4(), "version": visit.version}
    assert client.post(at("undo", visit.pk), said).url == at("visit", visit.pk)
    visit.refresh_from_db()
    assert (visit.state, visit.finalised_at, visit.signed_by, visit.doctor) == (
        "in_progress",
        None,
        None,
        None,
    )
    assert 'id="visit-form"' in client.get(at("visit", visit.pk)).content.decode()


def test_what_followed_from_the_end_is_taken_back(station, hoa, doctor, as_doctor):
    CommunicableDisease.objects.create(
        regime="thử", key="flu", name="Cúm", icd=["J06"], report_class="24h", deadline="thử"
    )
    visit = make.an_examined_visit(hoa, doctor)
    visit = services.visit_save(
        visit_id=visit.pk, expected_version=visit.version,
        data=VisitInput(fields={"follow_up_on": visit.on + dt.timedelta(days=5)}),
    )  # fmt: skip
    visit = services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="chưa rõ")
    assert Task.unscoped.get().state == "open"
    assert DueItem.unscoped.filter(person=hoa, state="open").exists()
    visit = undo(visit)
    assert Task.unscoped.get().state == "cancelled"
    assert not DueItem.unscoped.filter(person=hoa, state="open").exists()
    # and comes again with the next end
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="chưa rõ")
    assert Task.unscoped.filter(state="open").count() == 1
    assert DueItem.unscoped.filter(person=hoa, state="open").exists()


def test_after_two_minutes_it_is_amended_instead(station, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor)
    late = timezone.now() - dt.timedelta(minutes=2, seconds=1)
    Visit.unscoped.update(finalised_at=late, signed_at=late)
    with pytest.raises(Refused, match="Quá 2 phút"):
        undo(visit)


def test_what_was_printed_stays(client, station, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor)
    code = papers.code_for("exam_slip", visit.pk)
    assert undoing.until(visit, as_doctor, timezone.now())
    papers.count_copy(code, person_id=hoa.pk)
    with pytest.raises(Refused, match="đã được in"):
        undo(visit)


def test_a_printed_prescription_counts(station, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor)
    code = papers.code_for("prescription", visit.prescriptions.get().pk)
    papers.count_copy(code, person_id=hoa.pk)
    with pytest.raises(Refused, match="đã được in"):
        undo(visit)


def test_a_printed_order_counts(station, hoa, doctor, as_doctor):
    order_catalogues()
    visit = make.an_examined_visit(hoa, doctor)
    order = an_order(visit, doctor)
    visit.refresh_from_db()
    visit = services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="xem lại rồi")
    papers.count_copy(papers.code_for("order_paper", order.pk), person_id=hoa.pk)
    with pytest.raises(Refused, match="đã được in"):
        undo(visit)


def test_an_unsent_record_leaves_the_outbox_and_comes_back(station, hoa, doctor, as_doctor):
    warehouse("http://127.0.0.1:9")
    visit = undo(ended(hoa, doctor))
    assert OutboxRow.unscoped.get().state == "superseded"
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    assert OutboxRow.unscoped.filter(state="pending").count() == 1


@pytest.mark.parametrize(
    "told", [{"attempts": 1}, {"state": "in_flight"}, {"state": "accepted", "attempts": 1}]
)
def test_what_was_sent_stays(station, hoa, doctor, as_doctor, told):
    warehouse("http://127.0.0.1:9")
    visit = ended(hoa, doctor)
    OutboxRow.unscoped.update(**told)
    with pytest.raises(Refused, match="đã gửi, hoặc đang gửi"):
        undo(visit)
    assert Visit.unscoped.get().state == "finalised"


def test_a_room_that_gave_something_out_may_refuse(station, hoa, doctor, as_doctor, monkeypatch):
    def given(event):
        raise Refused("Đã phát thuốc.")

    monkeypatch.setitem(events._subscribers, VisitUndone, [given])
    with pytest.raises(Refused, match="Đã phát thuốc"):
        undo(ended(hoa, doctor))
    assert Visit.unscoped.get().state == "finalised"


def test_another_than_who_ended_it_amends(station, hoa, doctor):
    visit = ended(hoa, doctor)
    other = make.a_practitioner(station, "Võ Thị Lan")
    scope = replace(make.scope_of(other), user_id=uuid4())
    with enter(scope), pytest.raises(Refused, match="Chỉ người vừa hoàn tất"):
        undo(visit)
    assert undoing.until(visit, scope, timezone.now()) is None


def test_an_amended_visit_is_not_undone(station, hoa, doctor, as_doctor):
    visit = ended(hoa, doctor)
    visit = services.visit_amend(
        visit_id=visit.pk, expected_version=visit.version, data=VisitInput(fields={"advice": "Nghỉ"}),
        reason="Dặn thêm",
    )  # fmt: skip
    with pytest.raises(Refused, match="Sửa đổi"):
        undo(visit)


def test_a_stranger_sees_nothing(elsewhere, hoa, doctor):
    visit = ended(hoa, doctor)
    assert elsewhere.post(at("undo", visit.pk), {"form_key": uuid4(), "version": 1}).status_code == 404


def test_an_auditor_may_not(station, hoa, doctor):
    visit = ended(hoa, doctor)
    client = signed_in("pharmacist", make.a_practitioner(station, "Lý Thị Mai", grade="pharmacist"), "mai.lt")
    answer = client.post(at("undo", visit.pk), {"form_key": uuid4(), "version": visit.version})
    assert answer.status_code in (403, 404)


def test_the_page_offers_it_as_long_as_nothing_hinders_it(client, hoa, doctor, monkeypatch):
    visit = make.a_visit(hoa, doctor)
    where = at("visit", visit.pk)
    client.post(where, typed(visit, action="finalise"))
    assert "Hoàn tác" in client.get(where).content.decode()
    with monkeypatch.context() as other_rooms:
        other_rooms.setattr(undoing, "hindrances", [lambda visit_id: visit_id == visit.pk])
        assert "Hoàn tác" not in client.get(where).content.decode(), "somebody was told, or it was given out"
    assert client.get(at("exam_slip", visit.pk)).status_code == 200
    assert "Hoàn tác" not in client.get(where).content.decode(), "a paper was printed"
