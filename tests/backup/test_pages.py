"""The page of backups, the panel of the home page, and the button."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from apps.backup import queries, running
from apps.backup.models import BackupRun, RunState
from apps.core import nightly
from apps.core.models import AuditEntry, Job, Parameter
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.patients import a_station


def head(role: str = "station_head") -> Client:
    user = a_user(f"u.{role}")
    a_post(user, role, a_station("21485", "Trạm Y tế xã Ba Vì"))
    return client_of(user)


def a_run(hours: float = 1, **fields: Any) -> BackupRun:
    at = timezone.now() - dt.timedelta(hours=hours)
    fields.setdefault("state", RunState.GOOD)
    return BackupRun.objects.create(taken_at=at, created_at=at, by="hằng ngày", **fields)


def test_it_works(house: Path) -> None:
    client = head()
    assert "Chưa có bản sao lưu nào" in client.get("/").content.decode()
    page = client.get("/sao-luu/")
    answer = client.post("/sao-luu/ngay/", {"form_key": page.context["form_key"]}, follow=True)
    assert "Đã có bản sao lưu tốt" in answer.content.decode()
    run = BackupRun.objects.get()
    assert run.state == RunState.GOOD and (house / "backups" / run.file).exists()
    assert AuditEntry.objects.filter(action="backup.asked").count() == 1
    assert "sao lưu" not in client.get("/").content.decode().split("<main", 1)[1].lower()


def test_a_second_press_is_told_so(house: Path) -> None:
    client = head()
    a_run(0.1)
    key = client.get("/sao-luu/").context["form_key"]
    answer = client.post("/sao-luu/ngay/", {"form_key": key}, follow=True)
    assert "Vừa có một bản sao lưu tốt" in answer.content.decode()
    assert not Job.objects.exists()


def test_what_fails_is_said_on_the_jobs_page(house: Path, settings: Any) -> None:
    settings.BACKUP_KEYS = []
    client = head()
    key = client.get("/sao-luu/").context["form_key"]
    answer = client.post("/sao-luu/ngay/", {"form_key": key}, follow=True)
    assert "Chưa có khóa công khai" in answer.content.decode()
    assert BackupRun.objects.get().state == RunState.FAILED


@pytest.mark.parametrize("role", ["nurse", "doctor", "region_head", "auditor"])
def test_others_see_nothing_of_it(db: None, role: str) -> None:
    client = head(role)
    assert client.get("/sao-luu/").status_code == 403
    assert "sao lưu nào" not in client.get("/").content.decode()


@pytest.mark.django_db
def test_the_panel_says_what_is_wrong(settings: Any) -> None:
    settings.BACKUP_COPY, settings.BACKUP_KEYS = "", ["age1x"]
    assert queries.standing().state == "none"
    a_run(30)
    assert queries.standing().sentence.startswith("Bản sao lưu tốt gần nhất đã cũ 30 giờ")
    a_run(1, state=RunState.FAILED)
    assert queries.standing().state == "old"
    a_run(23)
    assert queries.standing().fine
    settings.BACKUP_COPY = "/media/usb"
    assert queries.standing().state == "copy"
    a_run(2, copied_at=timezone.now())
    assert queries.standing().fine
    a_run(-24)
    assert "đồng hồ" in queries.standing().sentence


@pytest.mark.django_db
def test_doctor_says_the_same(settings: Any) -> None:
    settings.BACKUP_COPY = ""
    assert queries.check().state == "bad"
    a_run(1, copied_at=timezone.now())
    assert queries.check().state == "warn"
    settings.BACKUP_COPY = "/media/usb"
    assert queries.check().state == "ok"


@pytest.mark.django_db
def test_a_course_is_not_backed_up(settings: Any) -> None:
    settings.TRAINING = True
    assert queries.check().state == "ok"


@pytest.mark.django_db
def test_the_age_is_a_parameter(settings: Any) -> None:
    settings.BACKUP_COPY = ""
    a_run(30)
    Parameter.objects.update_or_create(key=queries.MAX_AGE, defaults={"value": 48, "source": "test"})
    assert queries.standing().fine


@pytest.mark.django_db
def test_a_run_that_was_killed_is_not_running_for_ever() -> None:
    a_run(1, state=RunState.RUNNING)
    assert queries.standing().running
    BackupRun.objects.all().delete()
    a_run(4, state=RunState.RUNNING)
    assert not queries.standing().running


@pytest.mark.django_db
def test_the_page_costs_the_same_with_many_runs(django_assert_num_queries: Any) -> None:
    client = head()
    a_run(1)
    client.get("/sao-luu/")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        client.get("/sao-luu/")
    for number in range(30):
        a_run(number + 2, state=RunState.FAILED, reason="Ổ đĩa đầy")
    with CaptureQueriesContext(connection) as many:
        page = client.get("/sao-luu/")
    assert len(many) == len(few)
    assert page.content.decode().count(escape("Ổ đĩa đầy")) == queries.PAGE - 1


def test_the_night_makes_one(house: Path) -> None:
    Parameter.objects.update_or_create(key=nightly.FROM_HOUR, defaults={"value": 0, "source": "test"})
    nightly.run_due()
    run = BackupRun.objects.get()
    assert run.state == RunState.GOOD and run.by == "hằng ngày"
    nightly.run_due()
    assert BackupRun.objects.count() == 1


def test_a_night_without_a_key_says_so(house: Path, settings: Any) -> None:
    settings.BACKUP_KEYS = []
    assert "Chưa có khóa công khai" in running.nightly(timezone.localdate())
