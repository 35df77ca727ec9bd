"""Work that goes on by itself ends with the rights of whoever began it; what it left is not kept."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.core import jobs, registry
from apps.core.ids import uuid7
from apps.core.models import Job, Parameter
from apps.core.registry import JobKind, Registry
from apps.core.scope import Scope, current
from apps.facilities.models import Post
from apps.facilities.posts import scope_for
from apps.households import imports
from apps.households.models import ImportBatch, ImportRow
from tests.factories.accounts import a_member, a_role, client_of
from tests.factories.facilities import a_station
from tests.security.conftest import Attacker, Here

pytestmark = pytest.mark.django_db
Act = Callable[[], object]


@pytest.fixture
def nurse_scope(monkeypatch: pytest.MonkeyPatch, settings: object) -> Scope:
    settings.TRAMYTE_JOBS = ""  # type: ignore[attr-defined]
    monkeypatch.setattr(registry, "jobs", Registry("jobs"))
    station = a_station()
    found = scope_for(a_member("nurse", station, "hoa.nt"), station.pk)
    assert found is not None
    return found


def revoke() -> None:
    Post.objects.update(revoked_at=timezone.now())


def end() -> None:
    Post.objects.update(valid_to=timezone.localdate() - dt.timedelta(days=1))


def disable() -> None:
    Post.objects.get().user.__class__.objects.update(is_active=False)


def lose_a_right() -> None:
    role = a_role("nurse")
    role.rights = [right for right in role.rights if right != "people.enter"]
    role.save()


ENDS: dict[str, Act] = {"revoked": revoke, "over": end, "disabled": disable, "less": lose_a_right}


@pytest.mark.parametrize("how", ENDS)
def test_a_job_that_waits_does_not_begin(nurse_scope: Scope, how: str) -> None:
    ran: list[Job] = []
    registry.jobs.add(JobKind("demo", "Thử", ran.append))
    job = jobs.start("demo", title="Thử", scope=nurse_scope)
    ENDS[how]()
    assert jobs.run_one()
    job.refresh_from_db()
    assert (ran, job.state, job.message) == ([], "failed", jobs.REVOKED)


@pytest.mark.parametrize("how", ENDS)
def test_a_job_that_runs_stops_at_its_next_step(nurse_scope: Scope, how: str) -> None:
    steps: list[int] = []

    def run(job: Job) -> None:
        for step in range(3):
            steps.append(step)
            if step == 1:
                ENDS[how]()
            jobs.progress(job, step, 3)

    registry.jobs.add(JobKind("demo", "Thử", run))
    job = jobs.start("demo", title="Thử", scope=nurse_scope)
    jobs.run_one()
    job.refresh_from_db()
    assert (steps, job.state) == ([0, 1], "failed")


def test_a_job_of_somebody_who_stays_goes_on(nurse_scope: Scope) -> None:
    seen: list[Scope] = []

    def run(job: Job) -> None:
        jobs.progress(job, 1, 1)
        seen.append(current())

    registry.jobs.add(JobKind("demo", "Thử", run))
    job = jobs.start("demo", title="Thử", scope=nurse_scope)
    jobs.run_one()
    job.refresh_from_db()
    assert (job.state, seen) == ("done", [nurse_scope])


def test_another_does_not_see_ones_job(own: Here, nurse: Attacker) -> None:
    other = a_member("nurse", own.station, "lan.tt")
    job = Job.objects.create(kind="demo", title="Nhập tệp bí mật", owner_id=other.pk, result={"x": "bí mật"})
    for headers in ({}, {"HX-Request": "true"}):
        answer = nurse.get(f"/viec/{job.pk}/", **headers)
        assert answer.status_code == 404 and "bí mật" not in answer.content.decode()
    assert client_of(other).get(f"/viec/{job.pk}/").status_code == 200


# --- what is kept


def a_list(nurse: Attacker) -> ImportBatch:
    file = SimpleUploadedFile("dan.csv", "Họ và tên,Giới tính\nĐinh Văn Chờ,nam\n".encode())
    nurse.client.post("/ho/nhap/", {"form_key": str(uuid7()), "file": file})
    assert jobs.run_one()
    batch = ImportBatch.unscoped.latest("created_at")
    assert ImportRow.unscoped.filter(batch=batch).exists()
    return batch


def is_kept(batch: ImportBatch) -> bool:
    batch.refresh_from_db()
    return ImportRow.unscoped.filter(batch=batch).exists()


def age(batch: ImportBatch, days: int) -> None:
    created = timezone.now() - dt.timedelta(days=days)
    ImportBatch.unscoped.filter(pk=batch.pk).update(created_at=created)


def test_a_list_that_nobody_starts_is_not_kept(own: Here, nurse: Attacker) -> None:
    old, fresh = a_list(nurse), a_list(nurse)
    age(old, 15)
    age(fresh, 13)
    assert imports.forget_unstarted(timezone.localdate()).startswith("Xóa nội dung 1 danh sách")
    assert not is_kept(old) and old.state == "expired"
    assert is_kept(fresh) and fresh.state == "checked"
    page = nurse.get(f"/ho/nhap/{old.pk}/")
    assert "Danh sách đã được xóa" in page.content.decode()
    nurse.post(f"/ho/nhap/{old.pk}/bat-dau/")
    old.refresh_from_db()
    assert old.state == "expired"


def test_the_province_says_how_long(own: Here, nurse: Attacker) -> None:
    Parameter.objects.update_or_create(key=imports.KEPT_DAYS, defaults={"value": 2, "source": "thử"})
    batch = a_list(nurse)
    age(batch, 3)
    imports.forget_unstarted(timezone.localdate())
    assert not is_kept(batch)


def test_a_list_that_broke_off_is_not_kept(own: Here, nurse: Attacker) -> None:
    batch = a_list(nurse)
    job = Job.objects.create(kind="households.import", title="x", state="failed")
    ImportBatch.unscoped.filter(pk=batch.pk).update(state="running", job=job)
    age(batch, 15)
    imports.forget_unstarted(timezone.localdate())
    assert not is_kept(batch)
