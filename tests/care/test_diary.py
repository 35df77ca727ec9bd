"""The diary and the recall list: made, moved, cancelled, called; what a visit and a death do to it."""

import dataclasses
import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.care import booking, diary
from apps.care.models import Appointment, AppointmentCall
from apps.care.services import appointments_met
from apps.core.errors import NeedsReason, Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Holiday, Parameter
from apps.core.scope import enter
from apps.encounters import services as visits
from apps.facilities.models import Catchment
from apps.patients import closing
from apps.patients.models import DueItem
from tests.factories import encounters as make
from tests.factories.care import an_appointment
from tests.factories.patients import a_hamlet, a_person, scope_at

TODAY = timezone.localdate


def weekday_after(days):
    """That many days ahead, or the Monday after a Sunday."""
    on = TODAY() + dt.timedelta(days=days)
    return on + dt.timedelta(days=1) if on.isoweekday() == 7 else on


def typed(**values):
    return {"form_key": str(uuid7()), **values}


@pytest.fixture(autouse=True)
def no_holidays(request):
    """Whatever day it is, a day of these tests is a day of work."""
    if "station" in request.fixturenames:
        request.getfixturevalue("db")
        Holiday.objects.all().delete()


@pytest.fixture
def small_station(db):
    """Three people a day are as many as it sees."""
    Parameter.objects.filter(key=booking.MANY).update(value=3)


def test_it_works(nurse, hoa):
    """A nurse expects a woman on a day; she stands in the diary and among what is due."""
    on = weekday_after(10)
    answer = nurse.post(
        f"/nguoi/{hoa.pk}/hen/", typed(on=f"{on:%d/%m/%Y}", kind="programme", reason="Đo huyết áp")
    )
    assert answer.status_code == 302, answer.content.decode()
    made = Appointment.unscoped.get()
    assert (made.on, made.kind, made.state, made.performer_text) == (on, "programme", "planned", "Lê Thị Thu")
    due = DueItem.unscoped.get(object_id=made.pk)
    assert due.title == "Khám theo chương trình: Đo huyết áp" and due.due_on == on
    page = nurse.get(f"/lich-hen/?ngay={on:%d/%m/%Y}").content.decode()
    assert hoa.full_name in page and "Đo huyết áp" in page and "0912 345 678" in page and "Tiếp nhận" in page
    week = nurse.get(f"/lich-hen/?ngay={on:%d/%m/%Y}&xem=tuan").content.decode()
    assert hoa.full_name in week
    assert AuditEntry.objects.get(action="appointment.made").data == {"kind": "programme"}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"on": ""}, "Hãy ghi ngày hẹn"),
        ({"on": "31/02/2027"}, "không có ngày 31"),
        ({"on": "01/01/2020"}, "đã qua"),
        ({"on": "01/01/2150"}, "xa quá 731 ngày"),
        ({"kind": "antenatal"}, "chọn loại hẹn"),
        ({"reason": "x" * 301}, "300"),
    ],
)
def test_what_cannot_be_is_a_sentence(nurse, hoa, said, sentence):
    values = {"on": f"{weekday_after(3):%d/%m/%Y}", "kind": "follow_up", "reason": ""} | said
    answer = nurse.post(f"/nguoi/{hoa.pk}/hen/", typed(**values))
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not Appointment.unscoped.exists()


def test_the_same_kind_twice_on_a_day_is_refused(at_work, hoa):
    on = weekday_after(3)
    booking.appointment_make(person=hoa, on=on, kind="follow_up")
    with pytest.raises(Refused, match="đã có lịch hẹn"):
        booking.appointment_make(person=hoa, on=on, kind="follow_up")
    booking.appointment_make(person=hoa, on=on, kind="result")


def test_a_day_off_and_a_full_day_ask(at_work, hoa, station, small_station):
    holiday = weekday_after(20)
    Holiday.objects.create(on=holiday, kind="holiday", name="Giỗ Tổ Hùng Vương")
    with pytest.raises(NeedsReason, match="Giỗ Tổ"):
        booking.appointment_make(person=hoa, on=holiday, kind="other")
    full = weekday_after(30)
    for number in range(3):
        an_appointment(a_person(station, f"Người {number}"), full)
    with pytest.raises(NeedsReason, match="đã có 3 người hẹn"):
        booking.appointment_make(person=hoa, on=full, kind="other")
    made = booking.appointment_make(person=hoa, on=full, kind="other", override="nhà xa, chỉ đi được hôm đó")
    assert made.hand_reason == "nhà xa, chỉ đi được hôm đó"


def test_a_sunday_asks_unless_it_is_worked(at_work, hoa):
    sunday = TODAY() + dt.timedelta(days=14 - TODAY().weekday() - 1)
    assert booking.day_off(sunday) == "Chủ nhật"
    Holiday.objects.create(on=sunday, kind="compensation_work", name="Làm bù")
    assert booking.day_off(sunday) == ""


def test_moving_and_cancelling(nurse, hoa):
    row = an_appointment(hoa, TODAY() - dt.timedelta(days=2))
    on = weekday_after(5)
    path = f"/lich-hen/{row.pk}/doi/"
    assert nurse.get(path).status_code == 200
    said = typed(version="1", on=f"{on:%d/%m/%Y}", why="bận gặt")
    assert nurse.post(path, said).status_code == 302
    row.refresh_from_db()
    assert (row.on, row.state, row.hand_reason, row.asked_on) == (
        on, "planned", "bận gặt", TODAY() - dt.timedelta(days=2),
    )  # fmt: skip
    assert DueItem.unscoped.get(object_id=row.pk).due_on == on
    stale = nurse.post(path, typed(version="1", on=f"{weekday_after(9):%d/%m/%Y}", why=""))
    assert stale.status_code == 409
    no_reason = nurse.post(f"/lich-hen/{row.pk}/huy/", typed(version="2", why=" "))
    assert no_reason.status_code == 422 and "lý do hủy" in no_reason.content.decode()
    assert nurse.post(f"/lich-hen/{row.pk}/huy/", typed(version="2", why="đi làm xa")).status_code == 302
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert DueItem.unscoped.get(object_id=row.pk).state == "dropped"
    again = nurse.post(f"/lich-hen/{row.pk}/huy/", typed(version="3", why="x"))
    assert again.status_code == 302, "an ended one is told and stays"
    assert AuditEntry.objects.filter(action="appointment.cancelled").count() == 1


def test_who_missed_is_called_each_call_a_row(nurse, hoa):
    row = an_appointment(hoa, TODAY() - dt.timedelta(days=3), state="missed")
    page = nurse.get("/lich-hen/chua-den/").content.decode()
    assert hoa.full_name in page and "chưa gọi" in page and "0912 345 678" in page
    path = f"/lich-hen/{row.pk}/goi/"
    assert nurse.post(path, typed(outcome="not_reached", note="thuê bao")).status_code == 302
    page = nurse.get("/lich-hen/chua-den/").content.decode()
    assert "Không gọi được" in page and "thuê bao" in page
    on = weekday_after(4)
    assert nurse.post(path, typed(outcome="will_come", come_on=f"{on:%d/%m/%Y}")).status_code == 302
    row.refresh_from_db()
    assert (row.on, row.state) == (on, "planned")
    assert [call.outcome for call in AppointmentCall.unscoped.order_by("at")] == ["not_reached", "will_come"]
    assert hoa.full_name not in nurse.get("/lich-hen/chua-den/").content.decode()
    assert AuditEntry.objects.filter(action="appointment.called").count() == 2


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "chọn kết quả"),
        ({"outcome": "flew"}, "chọn kết quả"),
        ({"outcome": "will_come"}, "Hãy ghi ngày"),
        ({"outcome": "will_come", "come_on": "01/01/2020"}, "đã qua"),
        ({"outcome": "reached", "come_on": "01/01/2027"}, "Chỉ ghi ngày"),
        ({"outcome": "reached", "note": "x" * 201}, "200"),
    ],
)
def test_a_call_that_cannot_be(nurse, hoa, said, sentence):
    row = an_appointment(hoa, TODAY() - dt.timedelta(days=3))
    answer = nurse.post(f"/lich-hen/{row.pk}/goi/", typed(**said))
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not AppointmentCall.unscoped.exists()


def visit_for(person, doctor, on):
    data = dataclasses.replace(make.USUAL, fields={**make.USUAL.fields, "follow_up_on": on})
    return make.a_finished_visit(person, doctor, data=data)


def test_a_visit_saved_again_leaves_what_was_moved_by_hand(station, hoa):
    doctor = make.a_practitioner(station)
    visit = visit_for(hoa, doctor, weekday_after(10))
    row = Appointment.unscoped.get()
    with enter(make.scope_of(doctor)):
        moved = weekday_after(12)
        booking.appointment_move(appointment_id=row.pk, expected_version=row.version, on=moved)
        amend(visit, weekday_after(10))
        row.refresh_from_db()
        assert (row.on, row.state) == (moved, "planned"), "the same day asked for again changes nothing"
        booking.appointment_cancel(appointment_id=row.pk, expected_version=row.version, why="đi xa")
        amend(visit, weekday_after(10))
        row.refresh_from_db()
        assert row.state == "cancelled"
        other = weekday_after(20)
        amend(visit, other)
        row.refresh_from_db()
        assert (row.on, row.state, row.asked_on) == (other, "planned", None), "a new day is the doctor's word"


def amend(visit, on):
    visit.refresh_from_db()
    data = dataclasses.replace(make.USUAL, fields={**make.USUAL.fields, "follow_up_on": on})
    visits.visit_amend(visit_id=visit.pk, expected_version=visit.version, data=data, reason="sửa")


def test_who_has_come_stays_come_when_the_visit_is_amended(station, hoa):
    doctor = make.a_practitioner(station)
    on = weekday_after(3)
    visit = visit_for(hoa, doctor, on)
    with enter(make.scope_of(doctor)):
        appointments_met(person_id=hoa.pk, facility_id=station.pk, on=TODAY())
        assert Appointment.unscoped.get().state == "came"
        amend(visit, on)
    assert Appointment.unscoped.get().state == "came"


def test_of_the_dead_nobody_is_expected(at_work, hoa):
    row = booking.appointment_make(person=hoa, on=weekday_after(5), kind="follow_up")
    event = uuid7()
    closing.close(person_id=hoa.pk, event_id=event, kind="death", on=TODAY())
    with pytest.raises(Refused, match="đã mất hoặc đã chuyển đi"):
        booking.appointment_make(person=hoa, on=weekday_after(6), kind="other")
    row.refresh_from_db()
    assert row.state == "cancelled" and row.closed_by == event
    closing.reopen(person_id=hoa.pk, event_id=event)
    row.refresh_from_db()
    assert row.state == "planned" and row.closed_by is None


def test_a_reason_is_told_to_who_may_read_visits(station, hoa, at_work):
    row = an_appointment(hoa, TODAY(), reason="F20 - Tâm thần phân liệt")
    (told,) = diary.lines(at_work, [row], TODAY())
    (kept,) = diary.lines(scope_at(station, frozenset({"appointments.view"})), [row], TODAY())
    assert told.reason and not kept.reason and kept.kind == "Tái khám"


def test_restricted_ones_are_not_in_the_lists_of_others(nurse, hoa):
    an_appointment(hoa, TODAY(), restricted=True)
    assert hoa.full_name not in nurse.get("/lich-hen/").content.decode()


def test_filters(nurse, hoa, station):
    far = a_hamlet(station.unit, "Thôn Xa")
    Catchment.objects.create(facility=station, hamlet=far)
    other = a_person(station, "Phạm Văn Xa", hamlet=far)
    an_appointment(hoa, TODAY())
    an_appointment(other, TODAY(), kind="result")
    both = nurse.get("/lich-hen/").content.decode()
    assert hoa.full_name in both and other.full_name in both
    by_hamlet = nurse.get(f"/lich-hen/?thon={far.pk}").content.decode()
    assert hoa.full_name not in by_hamlet and other.full_name in by_hamlet
    by_kind = nurse.get("/lich-hen/?loai=follow_up").content.decode()
    assert hoa.full_name in by_kind and other.full_name not in by_kind
    odd = nurse.get("/lich-hen/?loai=%00&thon=x&diem=%E2%80%AE&ngay=31/02/2026&c=zz&xem=%F0%9F%98%80")
    assert odd.status_code == 200


def test_a_stranger_finds_nothing(stranger, hoa):
    row = an_appointment(hoa, TODAY() - dt.timedelta(days=1))
    assert hoa.full_name not in stranger.get("/lich-hen/chua-den/").content.decode()
    for way in ("doi", "huy", "goi"):
        assert stranger.get(f"/lich-hen/{row.pk}/{way}/").status_code == 404
        assert stranger.post(f"/lich-hen/{row.pk}/{way}/", typed(version="1", why="x")).status_code == 404
    assert stranger.get(f"/nguoi/{hoa.pk}/hen/").status_code == 404
    row.refresh_from_db()
    assert row.state == "planned"


@pytest.mark.parametrize(
    "path", ["/lich-hen/?ngay={on}", "/lich-hen/?ngay={on}&xem=tuan", "/lich-hen/chua-den/"]
)
def test_queries_do_not_grow_with_the_rows(nurse, station, path):
    on = TODAY() - dt.timedelta(days=1)
    path = path.format(on=f"{on:%d/%m/%Y}")

    def cost():
        nurse.get(path)
        with CaptureQueriesContext(connection) as caught:
            assert nurse.get(path).status_code == 200
        return len(caught)

    for number in range(2):
        an_appointment(a_person(station, f"Đinh Văn {number}"), on)
    few = cost()
    for number in range(2, 20):
        an_appointment(a_person(station, f"Đinh Văn {number}"), on)
    assert cost() == few


def test_the_paper_is_a_pdf(nurse, hoa):
    an_appointment(hoa, TODAY() - dt.timedelta(days=1))
    answer = nurse.get("/lich-hen/chua-den/in/?ky=30-ngay")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")


@given(st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)), st.sampled_from([*diary.PERIODS, ""]))
def test_a_period_ends_yesterday(today, key):
    since, until = diary.period(key, today)
    assert until == today - dt.timedelta(days=1)
    assert today - dt.timedelta(days=30) <= since <= today
