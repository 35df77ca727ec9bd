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

from apps.core import clearing, doctor, nightly, ports, registry
from apps.core.models import Job, JobState
from apps.core.scope import Scope, enter

log = logging.getLogger(__name__)

LEASE = dt.timedelta(
    minutes=2
)  # a worker that says nothing for so long is taken for dead; progress() renews it

LOOK_EVERY = 300.0  # seconds between two looks at the night's work and at the installation


class Lost(RuntimeError):
    """Another worker has taken this job over; the one that hears it stops."""


class Revoked(RuntimeError):
    """Whoever started this job may not do it any more; it stops where it is."""


REVOKED = "Dừng lại: người giao việc không còn quyền này. Những gì đã lưu vẫn nguyên."


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
        with enter(_scope_now(job)):
            kind.run(job)
    except Lost:
        log.warning("job.lost", extra={"job": str(job.pk)})
        return True
    except Revoked:
        log.warning("job.revoked", extra={"job": str(job.pk)})
        _finish(job, JobState.FAILED, REVOKED)
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
    _scope_now(job)


def _scope_now(job: Job) -> Scope:
    """The scope that the job was started with, while its starter still holds all of it; else Revoked.

    Half a job under half its rights would be worse than none.
    """
    begun = unpack_scope(job.scope)
    again = ports.get(ports.ScopeAgain)
    if begun.everything or again is None:
        return begun
    now = again.of(begun)
    if now is None or not (now.rights >= begun.rights and still_sees(begun, now)):
        raise Revoked(str(job.pk))
    return begun


def still_sees(begun: Scope, now: Scope) -> bool:
    """Whether the scope of today still sees every station and hamlet of the one that something began in."""
    if not now.facility_ids >= begun.facility_ids:
        return False
    if now.hamlet_ids is None:
        return True
    return begun.hamlet_ids is not None and now.hamlet_ids >= begun.hamlet_ids


def _finish(job: Job, state: JobState, message: str) -> None:
    Job.objects.filter(pk=job.pk, version=job.version).update(
        state=state, message=message, result=job.result, finished_at=timezone.now(), leased_until=None
    )


def work(*, seconds: float | None = None, poll: float = 1.0) -> None:
    """Run jobs as they come, the night's work when it is due, the checks now and then."""
    until = None if seconds is None else time.monotonic() + seconds
    looked_at = -LOOK_EVERY
    while until is None or time.monotonic() < until:
        if time.monotonic() - looked_at >= LOOK_EVERY:
            nightly.run_due()
            clearing.exports_expired()
            doctor.look()
            looked_at = time.monotonic()
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
        "full_name": scope.full_name,
        "hamlet_ids": None if scope.hamlet_ids is None else sorted(map(str, scope.hamlet_ids)),
    }


def unpack_scope(packed: dict[str, Any]) -> Scope:
    """The scope back from JSON."""
    from uuid import UUID

    def one(value: Any) -> UUID | None:
        return UUID(str(value)) if value else None

    hamlets = packed.get("hamlet_ids")
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
        full_name=packed.get("full_name", ""),
        hamlet_ids=None if hamlets is None else frozenset(UUID(value) for value in hamlets),
    )
