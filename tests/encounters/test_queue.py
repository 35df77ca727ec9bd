"""The day's queue: order, calls, skipping, sending on, leaving; two who call at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.models import AuditEntry
from apps.core.scope import enter
from apps.encounters import services
from apps.encounters.desk import boards, priority, queue
from apps.encounters.models import CallState, Room, Visit
from tests.factories import encounters as make
from tests.factories.facilities import a_point
from tests.factories.patients import a_person, a_station

TODAY = timezone.localdate


def received(station, doctor, name, years=40, **opening):
    born = TODAY() - dt.timedelta(days=int(years * 365.25) + 3)
    return make.a_visit(a_person(station, name, birth_date=born), doctor, **opening)


def numbers(standings):
    return [each.visit.queue_no for each in standings]


def now_in(scope):
    return queue.queue(scope, TODAY(), now=timezone.now())


def test_it_works(station, doctor, as_doctor):
    room = boards.room_put(name="Phòng 1", position=1)
    received(station, doctor, "Đinh Văn Một")
    received(station, doctor, "Đinh Văn Hai")
    received(station, doctor, "Đinh Thị Ba", years=85)
    urgent = received(station, doctor, "Đinh Văn Bốn", emergency=True)
    assert numbers(now_in(as_doctor).waiting) == [4, 3, 1, 2]
    first = queue.call_next(room_id=room.pk)
    assert (first.pk, first.room, first.calls) == (urgent.pk, room, 1)
    stand = now_in(as_doctor)
    assert (numbers(stand.called), numbers(stand.waiting)) == ([4], [3, 1, 2])
    queue.skip(visit_id=first.pk)
    stand = now_in(as_doctor)
    assert (numbers(stand.called), numbers(stand.skipped), numbers(stand.waiting)) == ([], [4], [3, 1, 2])
    queue.back(visit_id=first.pk)
    assert numbers(now_in(as_doctor).waiting) == [4, 3, 1, 2]
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"visit.called", "visit.skipped", "visit.back_in_queue"} <= actions


def test_calling_changes_no_version(station, doctor, as_doctor):
    visit = received(station, doctor, "Đinh Văn Một")
    queue.call_next()
    saved = services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=make.USUAL)
    assert (saved.state, saved.calls) == ("in_progress", 1)
    assert not now_in(as_doctor).called


def test_nobody_waits(as_doctor):
    assert queue.call_next() is None


def test_a_room_calls_its_own_and_those_sent_nowhere(station, doctor, as_doctor):
    one, two = (boards.room_put(name=f"Phòng {n}", position=n) for n in (1, 2))
    first, second = (received(station, doctor, f"Đinh Văn {n}") for n in ("Một", "Hai"))
    queue.transfer(visit_id=first.pk, room_id=two.pk)
    assert queue.call_next(room_id=one.pk).pk == second.pk
    assert queue.call_next(room_id=one.pk) is None
    assert queue.call_next(room_id=two.pk).pk == first.pk


def test_who_picks_second_is_told(station, doctor, as_doctor):
    visit = received(station, doctor, "Đinh Văn Một")
    queue.call(visit_id=visit.pk, seen_calls=0)
    with pytest.raises(Refused, match="vừa được gọi"):
        queue.call(visit_id=visit.pk, seen_calls=0)
    assert queue.call(visit_id=visit.pk, seen_calls=1).calls == 2


def test_only_the_called_can_be_missing(station, doctor, as_doctor):
    visit = received(station, doctor, "Đinh Văn Một")
    with pytest.raises(Refused, match="sau khi đã gọi"):
        queue.skip(visit_id=visit.pk)


def test_whoever_is_examined_is_not_called(station, doctor, as_doctor):
    visit = make.an_examined_visit(a_person(station), doctor)
    with pytest.raises(Refused, match="không còn chờ"):
        queue.call(visit_id=visit.pk, seen_calls=0)


def test_leaving_and_coming_back(station, doctor, as_doctor):
    visit = received(station, doctor, "Đinh Văn Một")
    left = services.visit_left(visit_id=visit.pk, expected_version=1, reason="Bận việc nhà")
    assert (left.state, left.left_reason) == ("left", "Bận việc nhà")
    assert not now_in(as_doctor).waiting
    again = services.visit_return(visit_id=visit.pk, expected_version=left.version)
    assert (again.state, again.left_at, again.queue_no) == ("waiting", None, visit.queue_no)
    assert numbers(now_in(as_doctor).waiting) == [visit.queue_no]


def test_who_left_may_be_received_again_without_a_question(station, doctor, as_doctor):
    visit = received(station, doctor, "Đinh Văn Một")
    services.visit_left(visit_id=visit.pk, expected_version=1)
    services.visit_open(person=visit.person, opening=make.Opening())


def test_nobody_comes_back_on_another_day(station, doctor, as_doctor):
    before = timezone.now() - dt.timedelta(days=2)
    visit = received(station, doctor, "Đinh Văn Một", at=before)
    left = services.visit_left(visit_id=visit.pk, expected_version=1)
    with pytest.raises(Refused, match="tiếp nhận lượt mới"):
        services.visit_return(visit_id=visit.pk, expected_version=left.version)


def test_whoever_was_examined_cannot_leave_unseen(station, doctor, as_doctor):
    visit = make.an_examined_visit(a_person(station), doctor)
    with pytest.raises(Refused):
        services.visit_left(visit_id=visit.pk, expected_version=visit.version)


# ---- points


@pytest.fixture
def point(station):
    return a_point(station, "Điểm trạm Làng Teng")


def test_a_point_counts_alone_and_takes_over(station, point, doctor, as_doctor):
    received(station, doctor, "Đinh Văn Một")
    second = received(station, doctor, "Đinh Văn Hai")
    moved = queue.transfer(visit_id=second.pk, point_id=point.pk)
    assert (moved.point_id, moved.queue_no, moved.version) == (point.pk, 1, 2)
    assert numbers(now_in(as_doctor).waiting) == [1]
    with enter(
        replace(as_doctor, point_id=point.pk, facility_ids=frozenset({station.pk, point.pk}))
    ) as there:
        here = now_in(there)
        assert [each.visit.pk for each in here.waiting] == [second.pk]
        third = services.visit_open(person=a_person(station, "Đinh Văn Ba"), opening=make.Opening())
        assert (third.point_id, third.queue_no) == (point.pk, 2)


def test_not_to_another_stations_point(station, doctor, as_doctor):
    other = a_station("21490", "Trạm Y tế xã Ba Vì")
    foreign = a_point(other, "Điểm trạm lạ")
    visit = received(station, doctor, "Đinh Văn Một")
    for target in (foreign.pk, other.pk):
        with pytest.raises(Refused, match="không thuộc trạm"):
            queue.transfer(visit_id=visit.pk, point_id=target)
    with pytest.raises(Refused, match="Chọn phòng"):
        queue.transfer(visit_id=visit.pk)


def test_a_foreign_room_is_no_room(station, doctor, as_doctor):
    foreign = Room.unscoped.create(facility=a_station("21490", "Trạm Y tế xã Ba Vì"), name="Phòng 9")
    received(station, doctor, "Đinh Văn Một")
    with pytest.raises(Refused, match="không có ở nơi đang làm việc"):
        queue.call_next(room_id=foreign.pk)


def test_a_stranger_sees_nobody(station, doctor):
    visit = received(station, doctor, "Đinh Văn Một")
    other = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    with enter(make.scope_of(other)) as scope:
        assert not now_in(scope).waiting
        assert queue.call_next() is None
        with pytest.raises(Visit.DoesNotExist):
            queue.call(visit_id=visit.pk, seen_calls=0)


def test_numbers_begin_anew_each_day(station, doctor):
    yesterday = received(station, doctor, "Đinh Văn Một", at=timezone.now() - dt.timedelta(days=1))
    today = received(station, doctor, "Đinh Văn Hai")
    assert (yesterday.queue_no, today.queue_no) == (1, 1)


def test_the_mark_changes_with_what_is_shown(station, doctor, as_doctor):
    now = timezone.now()
    visit = received(station, doctor, "Đinh Văn Một")
    first = queue.queue(as_doctor, TODAY(), now=now).mark
    assert queue.queue(as_doctor, TODAY(), now=now).mark == first
    queue.call(visit_id=visit.pk, seen_calls=0)
    assert queue.queue(as_doctor, TODAY(), now=now).mark != first


def test_the_same_queries_at_two_and_at_twenty(station, doctor, as_doctor, django_assert_max_num_queries):
    for count in (2, 18):
        for n in range(count):
            received(station, doctor, f"Đinh Văn {count} {n}")
        now_in(as_doctor)  # fills the lists that a process keeps
        with django_assert_max_num_queries(3):
            assert now_in(as_doctor).waiting
    assert Visit.unscoped.filter(call=CallState.WAITING, rank=priority.ORDINARY).count() == 20


# ---- two at once


@pytest.mark.django_db(transaction=True)
def test_two_who_call_at_once_never_call_the_same():
    make.catalogues()
    station = a_station()
    doctor = make.a_practitioner(station)
    for n in range(6):
        received(station, doctor, f"Đinh Văn {n}")

    def call_one(_):
        try:
            with enter(make.scope_of(doctor)):
                return [queue.call_next() for _ in range(2)]
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        called = [visit.pk for some in pool.map(call_one, range(3)) for visit in some if visit]
    assert len(called) == len(set(called)) == 6
    assert set(Visit.unscoped.values_list("calls", flat=True)) == {1}


def test_after_a_call_the_cursor_stands_on_who_was_called(station, doctor, client):
    first, second = (received(station, doctor, f"Đinh Văn {name}") for name in ("Một", "Hai"))
    queue_page = reverse("encounters:queue")
    answer = client.post(reverse("encounters:call_next"), {"form_key": str(uuid4())})
    assert answer.url == f"{queue_page}#q-{first.pk}"
    assert f'id="q-{first.pk}"' in client.get(queue_page).content.decode()
    said = {"form_key": str(uuid4()), "calls": "0"}
    assert client.post(reverse("encounters:queue_act", args=[second.pk, "goi"]), said).url.endswith(
        f"#q-{second.pk}"
    )
    nobody = client.post(reverse("encounters:call_next"), {"form_key": str(uuid4())})
    assert nobody.url == queue_page
