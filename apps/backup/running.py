"""Who starts a backup: the night's work, or a person who pressed the button."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.backup import making
from apps.backup.errors import BackupError
from apps.backup.models import BackupRun, RunState
from apps.core import audit, jobs
from apps.core.models import Job, JobState
from apps.core.scope import current

JOB = "backup.run"
PAUSE = dt.timedelta(minutes=10)  # a good copy younger than this needs no second one


def nightly(day: dt.date) -> str:
    """The day's backup. What failed raises, so that the night's runner tries again."""
    if not settings.BACKUP_KEYS:
        return "Chưa có khóa công khai của tỉnh: không sao lưu."
    run = making.make(by="hằng ngày")
    if run.copy_reason:
        return f"Đã sao lưu {run.file}; chưa chép được sang nơi thứ hai. {run.copy_reason}"
    return f"Đã sao lưu {run.file}."


@transaction.atomic
def ask() -> Job:
    """Queue a backup now. Refused while one waits or runs, and right after a good one."""
    scope = current()
    scope.require("backup.enter")
    if Job.objects.filter(kind=JOB, state__in=[JobState.WAITING, JobState.RUNNING]).exists():
        raise BackupError("Một lần sao lưu đang chờ hoặc đang chạy.")
    fresh = BackupRun.objects.filter(
        state=RunState.GOOD, copy_reason="", created_at__gt=timezone.now() - PAUSE
    )
    if fresh.exists():
        raise BackupError("Vừa có một bản sao lưu tốt trong 10 phút qua.")
    audit.record("backup.asked")
    return jobs.start(JOB, title="Sao lưu", scope=scope)


def run(job: Job) -> None:
    """The job. Its message is what the page says at the end; a failure stands in the book of runs too."""

    def tell(message: str) -> None:
        jobs.progress(job, 0, 0, message)

    try:
        made = making.make(by=job.scope["username"], tell=tell)
    except BackupError as error:
        job.message = error.message[:300]
        return
    job.message = f"Đã có bản sao lưu tốt: {made.file}."
    if made.copy_reason:
        job.message = f"Bản thứ nhất tốt; chưa chép được sang nơi thứ hai. {made.copy_reason}"[:300]
