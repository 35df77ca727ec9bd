"""The night's work: once a day, made up for when the machine was off, one runner at a time."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection
from django.utils import timezone

from apps.core import clearing, nightly, registry
from apps.core.models import Job, JobState, NightlyRun, SubmittedForm
from apps.core.registry import NightlyWork, Registry
from apps.core.scope import current

DAY = dt.date(2026, 11, 22)


def at(hour, day=DAY):
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


@pytest.fixture
def works(db, monkeypatch):
    known = Registry("nightly")
    monkeypatch.setattr(registry, "nightly", known)
    return known


def test_it_works(works):
    seen = []
    works.add(NightlyWork("clear", "Dọn", lambda day: seen.append((day, current().everything)) or "Đã dọn."))
    [run] = nightly.run_due(at(2))
    assert (run.state, run.message, run.on) == ("done", "Đã dọn.", DAY)
    assert seen == [(DAY, True)]


def test_once_a_day_and_again_the_next(works):
    seen = []
    works.add(NightlyWork("clear", "Dọn", lambda day: seen.append(day) or ""))
    for now in (at(2), at(3), at(23), at(2, DAY + dt.timedelta(days=1))):
        nightly.run_due(now)
    assert seen == [DAY, DAY + dt.timedelta(days=1)]


def test_not_before_the_hour_but_later_when_the_machine_was_off(works):
    works.add(NightlyWork("clear", "Dọn", lambda day: ""))
    assert nightly.run_due(at(0)) == []
    assert len(nightly.run_due(at(9))) == 1


def test_one_that_fails_stops_no_other_and_is_tried_again(works):
    tried = []

    def fail(day):
        tried.append(day)
        raise ValueError("disk")

    works.add(NightlyWork("bad", "Hỏng", fail), NightlyWork("good", "Tốt", lambda day: "Xong."))
    assert {run.key: run.state for run in nightly.run_due(at(1))} == {"bad": "failed", "good": "done"}
    nightly.run_due(at(1))
    assert len(tried) == 1, "only after a pause"
    for hour in (3, 5, 7, 9):
        nightly.run_due(at(hour))
    assert len(tried) == nightly.TRIES


def test_a_runner_that_died_is_replaced_a_living_one_is_left(works):
    works.add(NightlyWork("clear", "Dọn", lambda day: "Xong."))
    NightlyRun.objects.create(key="clear", on=DAY, tries=1, started_at=at(2))
    assert nightly.run_due(at(2)) == []
    assert [run.state for run in nightly.run_due(at(6))] == ["done"]


@pytest.mark.django_db(transaction=True)
def test_two_runners_do_it_once(monkeypatch):
    known, seen, gate = Registry("nightly"), [], threading.Barrier(2)
    monkeypatch.setattr(registry, "nightly", known)
    known.add(NightlyWork("clear", "Dọn", lambda day: seen.append(day) or ""))

    def runner():
        gate.wait(timeout=20)
        nightly.run_due(at(2))
        connection.close()

    threads = [threading.Thread(target=runner) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert seen == [DAY]


def test_old_form_keys_and_jobs_go_new_ones_stay(db):
    for days in (1, 40):
        SubmittedForm.objects.create(
            key=uuid.uuid4(), user_id=uuid.uuid4(), path="/", at=at(9, DAY - dt.timedelta(days=days))
        )
    ended = {"kind": "x", "state": JobState.DONE}
    Job.objects.create(**ended, title="mới", finished_at=at(9))
    Job.objects.create(**ended, title="cũ", finished_at=at(9, DAY - dt.timedelta(days=100)))
    Job.objects.create(kind="x", title="đang chờ", created_at=at(9, DAY - dt.timedelta(days=100)))
    assert clearing.forms_cleared(DAY) == "Đã xóa 1 khóa biểu mẫu."
    assert clearing.jobs_cleared(DAY) == "Đã xóa 1 việc chạy nền."
    assert set(Job.objects.values_list("title", flat=True)) == {"mới", "đang chờ"}
