"""Long work with its progress: durable rows, one worker each, taken over when a worker dies.

With a broker configured Celery wakes a worker at once; without one `manage.py worker` polls the
same rows. Either way the row is the truth.
"""

import datetime as dt
import logging
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.core import registry
from apps.core.models import Job, JobState
from apps.core.scope import Scope, enter

log = logging.getLogger(__name__)

LEASE = dt.timedelta(
    minutes=2
)  # a worker that says nothing for so long is taken for dead; progress() renews it


class Lost(RuntimeError):
    """Another worker has taken this job over; the one that hears it stops."""


def start(kind: str, *, title: str, scope: Scope, args: dict[str, Any] | None = None) -> Job:
    """Queue a job of a registered kind, to run as `scope`. `args` holds ids and options only."""
    if registry.jobs.get(kind) is None:
        raise KeyError(f"job kind {kind!r} is not registered")
    job = Job.objects.create(
        kind=kind, title=title, args=args or {}, scope=pack_scope(scope), owner_id=scope.user_id
    )
    if settings.TRAMYTE_JOBS == "inline":
        transaction.on_commit(run_one)
    elif settings.TRAMYTE_JOBS == "celery":
        from apps.core.tasks import run_waiting_job

        transaction.on_commit(lambda: run_waiting_job.delay())
    return job


def claim(now: dt.datetime | None = None) -> Job | None:
    """Take the oldest waiting job, or one whose worker has gone silent."""
    now = now or timezone.now()
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(skip_locked=True)
            .filter(Q(state=JobState.WAITING) | Q(state=JobState.RUNNING, leased_until__lt=now))
            .order_by("created_at")
            .first()
        )
        if job is None:
            return None
        job.state = JobState.RUNNING
        job.started_at = job.started_at or now
        job.leased_until = now + LEASE
        job.version += 1
        job.save(update_fields=["state", "started_at", "leased_until", "version", "updated_at"])
        return job


def run_one() -> bool:
    """Claim and run one job. True when there was one."""
    job = claim()
    if job is None:
        return False
    kind = registry.jobs.get(job.kind)
    try:
        if kind is None:
            raise LookupError(f"job kind {job.kind!r} is not registered here")
        with enter(unpack_scope(job.scope)):
            kind.run(job)
    except Lost:
        log.warning("job.lost", extra={"job": str(job.pk)})
        return True
    except Exception:
        # The trace goes to the log; the page says a sentence.
        log.exception("job.failed", extra={"job": str(job.pk), "kind": job.kind})
        _finish(job, JobState.FAILED, "Việc này dừng giữa chừng. Dữ liệu đã lưu vẫn nguyên; có thể chạy lại.")
        return True
    _finish(job, JobState.DONE, job.message)
    return True


def progress(job: Job, done: int, total: int, message: str = "") -> None:
    """Say how far it is, and that its worker lives. Raises Lost when another worker has the job."""
    job.done, job.total, job.message = done, total, message or job.message
    job.leased_until = timezone.now() + LEASE
    kept = Job.objects.filter(pk=job.pk, version=job.version, state=JobState.RUNNING).update(
        done=job.done, total=job.total, message=job.message, leased_until=job.leased_until
    )
    if not kept:
        raise Lost(str(job.pk))


def _finish(job: Job, state: JobState, message: str) -> None:
    Job.objects.filter(pk=job.pk, version=job.version).update(
        state=state, message=message, result=job.result, finished_at=timezone.now(), leased_until=None
    )


def work(*, seconds: float | None = None, poll: float = 1.0) -> None:
    """Run jobs as they come, for `seconds` or for ever."""
    until = None if seconds is None else time.monotonic() + seconds
    while until is None or time.monotonic() < until:
        if not run_one():
            time.sleep(poll)


def pack_scope(scope: Scope) -> dict[str, Any]:
    """The scope as JSON, so that the job sees no more than its starter saw."""
    return {
        "user_id": scope.user_id,
        "username": scope.username,
        "label": scope.label,
        "facility_ids": sorted(map(str, scope.facility_ids)),
        "workplace_id": scope.workplace_id,
        "point_id": scope.point_id,
        "practitioner_id": scope.practitioner_id,
        "rights": sorted(scope.rights),
        "level": scope.level,
        "everything": scope.everything,
    }


def unpack_scope(packed: dict[str, Any]) -> Scope:
    """The scope back from JSON."""
    from uuid import UUID

    def one(value: Any) -> UUID | None:
        return UUID(str(value)) if value else None

    return Scope(
        user_id=one(packed["user_id"]),
        username=packed["username"],
        label=packed["label"],
        facility_ids=frozenset(UUID(value) for value in packed["facility_ids"]),
        workplace_id=one(packed["workplace_id"]),
        point_id=one(packed["point_id"]),
        practitioner_id=one(packed["practitioner_id"]),
        rights=frozenset(packed["rights"]),
        level=packed["level"],
        everything=packed["everything"],
    )
