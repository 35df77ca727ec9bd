"""The checklist at work: step by step, batch by batch, each batch one transaction that can be taken back.

| a worker dies | the batch it was in never was; the job goes on after the last whole one |
| two workers at once | they wait for each other at the reform's row; the second finds nothing left |
| the day is still to come | the reform waits; the night of that day starts it |
"""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import audit, jobs, registry, scope
from apps.core.errors import Refused
from apps.core.journal import Journal
from apps.core.models import Job, PendingChange
from apps.core.registry import SuccessionStep
from apps.core.words import quantity_words
from apps.facilities.models import Reform, ReformLines, ReformState, ReformStep
from apps.facilities.reforming import checks
from apps.facilities.reforming.succession import succession

JOB = "facilities.reform"
WHY = "sắp xếp trạm"
Tell = Callable[[str], None]


def approved(change: PendingChange) -> None:
    """The second person said yes: begin, or wait for the day, or take back. Raises Refused."""
    reform = Reform.objects.select_for_update().get(pk=change.object_id)
    if change.args["act"] == "undo":
        if reform.state != ReformState.DONE:
            raise Refused("Chỉ hoàn tác được phương án đã chuyển xong.")
        if newer := checks.newer_words(reform):
            raise Refused(newer)
        _state(reform, ReformState.UNDOING, problem="")
        _enqueue(reform)
        return
    if reform.state != ReformState.ASKED:
        raise Refused("Phương án này không còn chờ duyệt.")
    if problems := checks.problems(reform):
        raise Refused(problems[0])
    reform.approved_by_name = scope.current().shown_name
    _state(reform, ReformState.SCHEDULED)
    if reform.on <= timezone.localdate():
        _enqueue(reform)


def go_on(*, reform: Reform) -> None:
    """Start the checklist again where it stopped."""
    if reform.state not in (ReformState.SCHEDULED, ReformState.RUNNING, ReformState.UNDOING):
        raise Refused("Phương án này không có gì để chạy tiếp.")
    if reform.on > timezone.localdate():
        raise Refused(f"Phương án có hiệu lực từ {reform.on:%d/%m/%Y}, chưa tới ngày.")
    _enqueue(reform)


def _enqueue(reform: Reform) -> None:
    """As the system: the stations that end are in nobody's reach any more while the job runs."""
    with scope.system(WHY) as everything:
        jobs.start(JOB, title="Sắp xếp trạm", scope=everything, args={"reform": str(reform.pk)})


def run_job(job: Job) -> None:
    """The job: one reform, forwards or back."""
    done = 0

    def tell(message: str) -> None:
        nonlocal done
        done += 1
        jobs.progress(job, done, 0, message)

    job.message = work(UUID(str(job.args["reform"])), tell)


def night(day: dt.date) -> str:
    """Begin what has its day, and go on with what stopped."""
    waiting = Reform.objects.filter(
        on__lte=day, state__in=[ReformState.SCHEDULED, ReformState.RUNNING, ReformState.UNDOING]
    )
    done = [
        work(pk, lambda message: None)
        for pk in waiting.order_by("on", "created_at").values_list("pk", flat=True)
    ]
    return f"Đã chuyển {quantity_words(len(done))} phương án sắp xếp trạm."


def work(reform_id: UUID, tell: Tell) -> str:
    """All steps of one reform, or all of them back. What it did, in a sentence."""
    reform = Reform.objects.get(pk=reform_id)
    if reform.state in (ReformState.SCHEDULED, ReformState.RUNNING) and reform.on <= timezone.localdate():
        return _forwards(reform, tell)
    if reform.state == ReformState.UNDOING:
        return _back(reform)
    return "Không có gì để chuyển."


def _forwards(reform: Reform, tell: Tell) -> str:
    if reform.state == ReformState.SCHEDULED:
        reform.begun_at = timezone.now()
        _state(reform, ReformState.RUNNING)
    for step in registry.succession_steps:
        row = _begun(reform, step)
        while step.move is not None and _batch(reform, step, row, tell):
            pass
        _finish(reform, step, row)
    with transaction.atomic():
        held = Reform.objects.select_for_update().get(pk=reform.pk)
        if held.state == ReformState.RUNNING:
            held.done_at = timezone.now()
            _state(held, ReformState.DONE)
            moved = {each.key: each.moved for each in held.steps.all() if each.moved}
            audit.record(
                "reform.done", object_id=reform.pk, facility_id=reform.office_id, data={"moved": moved}
            )
    return f"Đã chuyển xong: {reform.title}"[:300]


def _begun(reform: Reform, step: SuccessionStep) -> ReformStep:
    row = reform.steps.filter(key=step.key).first()
    if row is None:
        row, _ = ReformStep.objects.get_or_create(
            reform=reform, key=step.key, defaults={"before": step.count(succession(reform))}
        )
    return row


def _batch(reform: Reform, step: SuccessionStep, row: ReformStep, tell: Tell) -> bool:
    """Move one batch. False when nothing is left."""
    assert step.move is not None  # noqa: S101 - the caller has looked
    with transaction.atomic():
        held = Reform.objects.select_for_update().get(pk=reform.pk)
        if held.state != ReformState.RUNNING:
            return False
        journal = Journal()
        moved = step.move(succession(held), journal)
        if not moved:
            return False
        ReformLines.objects.create(step=row, lines=journal.lines)
        row.refresh_from_db()
        row.moved += moved
        row.save(update_fields=["moved", "updated_at"])
    tell(f"{step.title}: {row.moved}")
    return True


def _finish(reform: Reform, step: SuccessionStep, row: ReformStep) -> None:
    if row.done_at is None:
        row.left = step.count(succession(reform))
        row.done_at = timezone.now()
        row.save(update_fields=["left", "done_at", "updated_at"])


def _back(reform: Reform) -> str:
    """Everything in one transaction: whole, or not at all with the sentence why."""
    try:
        with transaction.atomic():
            held = Reform.objects.select_for_update().get(pk=reform.pk)
            if held.state != ReformState.UNDOING:
                return "Không có gì để hoàn tác."
            if newer := checks.newer_words(held):
                raise Refused(newer)
            _take_back(held)
            held.steps.update(moved=0, left=None, done_at=None)
            _state(held, ReformState.UNDONE)
            audit.record("reform.undone", object_id=held.pk, facility_id=held.office_id)
    except Refused as refused:
        reform.problem = refused.message[:300]
        _state(reform, ReformState.DONE)
        return refused.message
    return f"Đã hoàn tác: {reform.title}"[:300]


def _take_back(reform: Reform) -> None:
    step_of = succession(reform)
    for step in reversed(list(registry.succession_steps)):
        touched: dict[str, set[str]] = {}
        rows = ReformLines.objects.filter(step__reform=reform, step__key=step.key).order_by("-id")
        journals = [Journal(batch.lines) for batch in rows]
        for journal in journals:
            for label, ids in journal.touched().items():
                touched.setdefault(label, set()).update(ids)
        if step.undo is not None and journals:
            step.undo(step_of, touched)
        if left := sum(len(journal.take_back().left) for journal in journals):
            raise Refused(
                f"Không hoàn tác được: sau khi chuyển, {quantity_words(left)} dòng của bước "
                f"“{step.title}” đã được sửa."
            )
        rows.delete()


def _state(reform: Reform, state: str, **values: object) -> None:
    for name, value in values.items():
        setattr(reform, name, value)
    reform.state = state
    reform.version += 1
    reform.save()
