"""What a receiver sends back becomes a task of the station, until the record is accepted.

Only what the station can end: a field to correct, a duplicate to look at, a difference to decide. What the
province has to mend stands on the province's pages.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from apps.core import todo
from apps.core.models import Task, TaskState
from apps.core.parameters import NoParameter
from apps.sync import kinds
from apps.sync.models import Need, OutboxRow

log = logging.getLogger("tramyte.sync")
TASK = "sync.refused"
ACCEPTED = "Nơi nhận đã tiếp nhận bản gửi lại."
AGAIN = "Đã gửi lại và bị trả lại lần nữa; xem việc mới."
GONE = "Bản ghi không còn phải gửi."
BY_HAND = "Đã chuyển sang gửi tay."


def link(row_id: UUID) -> str:
    """Where it is seen to: the row's page, with the field to correct and a link there."""
    return reverse("sync:row", args=[row_id])


def refused(row: OutboxRow, need: str, issues: list[dict[str, Any]], now: datetime) -> None:
    """The receiver has refused a record, or found it wrong later. In words of our forms: its own words may
    quote the person.
    """
    if need == Need.HAND:
        _open(row, "phải làm tay ở nơi nhận", now)
    elif need == Need.DUPLICATE:
        _open(row, "có bản ghi trùng", now)
    elif need == Need.FIELD:
        fields = dict.fromkeys(str(issue.get("field") or "") for issue in issues)
        _open(row, ", ".join(field for field in fields if field) or "cần sửa bản ghi", now)


def differs(row: OutboxRow, now: datetime) -> None:
    """The receiver holds something else, and sending again by itself has not helped, or must not be."""
    _open(row, "nơi nhận giữ bản khác", now)


def passed(rows: Sequence[OutboxRow]) -> None:
    """The receiver has accepted these records: nothing is left to do. One statement where nothing was."""
    for object_id in _waiting(*rows) if rows else ():
        todo.settle(TASK, object_id=object_id, result=ACCEPTED)


def gone(row: OutboxRow) -> None:
    """There is nothing to send any more."""
    for object_id in _waiting(row):
        todo.withdraw(TASK, object_id=object_id, reason=GONE)


def by_hand(row: OutboxRow) -> None:
    """Somebody gives it in by hand."""
    for object_id in _waiting(row):
        todo.withdraw(TASK, object_id=object_id, reason=BY_HAND)


def _waiting(*sent: OutboxRow) -> list[UUID]:
    """The rows of records at one receiver, these or earlier ones, that somebody has to see to."""
    # unscoped: the rows were taken by who sends, or through the scope
    rows = OutboxRow.unscoped.filter(
        receiver_id=sent[0].receiver_id,
        kind__in={row.kind for row in sent},
        aggregate_id__in=[row.aggregate_id for row in sent],
    )
    # unscoped: whose the record is does not depend on who asks
    tasks = Task.unscoped.filter(kind=TASK, state=TaskState.OPEN, object_id__in=rows.values("pk"))
    return list(tasks.values_list("object_id", flat=True))


def _open(row: OutboxRow, what: str, now: datetime) -> None:
    for object_id in _waiting(row):
        if object_id != row.pk:
            todo.withdraw(TASK, object_id=object_id, reason=AGAIN)
    try:
        with transaction.atomic():
            todo.task_open(
                TASK,
                facility_id=row.facility_id,
                object_id=row.pk,
                happened_at=now,
                title=f"{kinds.title(row.kind)} gửi {row.receiver.name}: {what}",
                person_id=row.person_id,
                restricted=bool(kinds.few(row.kind, [row.aggregate_id])),
            )
    except NoParameter:  # catalogues of an older version: the refusal itself must be kept all the same
        log.exception("sync.task_without_clock")
