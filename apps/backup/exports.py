"""Exports of a station asked for on the page: everybody in it, so two people and never an open file.

A second person agrees (core.approvals); then a job makes the file, sealed to the key of whoever is to receive
it; who asked takes it, and it is gone after a day.
"""

import datetime as dt
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.backup import exporting, sealing
from apps.backup.errors import BackupError
from apps.core import approvals, audit, jobs
from apps.core.models import Job, JobState, PendingChange
from apps.core.scope import Scope, current

JOB = "station.export"
CHANGE = "station.export"  # the ChangeKind
KEPT = dt.timedelta(days=1)  # a file with everybody in it does not lie about


def may(scope: Scope) -> bool:
    """A station's own data, by who may export all that is in them."""
    return scope.level == "station" and all(scope.can(right) for right in exporting.RIGHTS)


@transaction.atomic
def ask(*, reason: str, key: str) -> PendingChange:
    """Put an export of the chosen workplace's own data before a second person. Raises BackupError."""
    scope = current()
    for right in exporting.RIGHTS:
        scope.require(right)
    if not may(scope) or scope.workplace_id is None:
        raise BackupError("Chỉ xuất được dữ liệu tại một trạm; hãy chọn trạm làm nơi làm việc.")
    try:
        sealing.recipients([key])
    except BackupError:
        raise BackupError("Khóa công khai không đúng: khóa bắt đầu bằng age1.", field="key") from None
    _none_runs(scope)
    return approvals.ask(
        CHANGE,
        object_id=scope.workplace_id,
        facility_id=scope.workplace_id,
        title=f"Xuất toàn bộ dữ liệu của {scope.label}",
        lines=[("Mã hóa cho khóa", "", key)],
        args={"reason": reason, "key": key, "scope": jobs.pack_scope(scope)},
        reason=reason,
    )


def approved(change: PendingChange) -> None:
    """The second person agrees: the file is made as whoever asked, and for her alone."""
    asker = jobs.unpack_scope(change.args["scope"])
    _none_runs(asker)
    jobs.start(
        JOB,
        title="Xuất dữ liệu của trạm",
        scope=asker,
        args={"reason": change.args["reason"], "key": change.args["key"]},
    )


def waiting(scope: Scope) -> list[PendingChange]:
    """What waits for a second person at the workplace, for the page."""
    return approvals.waiting_on(CHANGE, scope.workplace_id) if scope.workplace_id else []


def _none_runs(asker: Scope) -> None:
    under_way = Job.objects.filter(
        kind=JOB, owner_id=asker.user_id, state__in=[JobState.WAITING, JobState.RUNNING]
    )
    if under_way.exists():
        raise BackupError("Một lần xuất của người xin đang chạy; hãy đợi xong.")


def run(job: Job) -> None:
    """The job. `current()` is the scope of whoever asked."""
    try:
        done = exporting.export(
            path_of(job),
            current(),
            reason=job.args["reason"],
            keys=[job.args["key"]],
            tell=lambda done, total, message: jobs.progress(job, done, total, message),
        )
    except BackupError as error:
        job.message = error.message[:300]
        return
    job.message = f"Đã xuất {done.rows} dòng, {len(done.people)} người. Tệp tự xóa sau 24 giờ."
    job.result = {"url": reverse("backup:export")}


def path_of(job: Job) -> Path:
    name = f"du-lieu-tram-{timezone.localtime(job.created_at):%Y%m%d-%H%M}-{str(job.pk)[-6:]}.zip.age"
    return Path(settings.EXPORT_DIR) / name


def made() -> list[Job]:
    """The caller's exports whose files are still there, newest first."""
    scope = current()
    recent = Job.objects.filter(
        kind=JOB, owner_id=scope.user_id, state=JobState.DONE, created_at__gt=timezone.now() - KEPT
    )
    return [job for job in recent.order_by("-created_at")[:20] if path_of(job).exists()]


def take(pk: UUID) -> Path | None:
    """The file of one's own export made at the workplace one still stands at; audited."""
    scope = current()
    for right in exporting.RIGHTS:
        scope.require(right)
    job = Job.objects.filter(pk=pk, kind=JOB, owner_id=scope.user_id, state=JobState.DONE).first()
    if job is None or job.scope["workplace_id"] != str(scope.workplace_id) or not path_of(job).exists():
        return None
    audit.record("station.export_taken", object_id=job.pk)
    return path_of(job)


def clear(day: dt.date) -> str:
    """The night's work: files older than a day go."""
    limit = (timezone.now() - KEPT).timestamp()
    old = [path for path in Path(settings.EXPORT_DIR).glob("*") if path.stat().st_mtime < limit]
    for path in old:
        path.unlink()
    return f"Đã xóa {len(old)} tệp xuất."
