"""One claimed row: read the record as it now is, build, check, send, understand the answer, settle."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from apps.sync import kinds
from apps.sync.models import Delivery, Need, OutboxRow
from apps.sync.receivers import adapter_for
from apps.sync.receivers.base import Adapter, Answer, Outcome, Part, Prepared, Verdict
from apps.sync.settle import Attempt, note_attempt, settle

log = logging.getLogger("tramyte.sync")


@dataclass(frozen=True)
class _Result:
    verdict: Verdict
    answer: Answer


def push(row: OutboxRow, clock: Callable[[], datetime]) -> Outcome | None:
    """Send one claimed row and store what came of it. None when there is nothing to send any more.

    Holds no lock and no transaction while it talks to the network. Never raises for one bad record.
    """
    try:
        adapter = adapter_for(row.receiver)
        prepared = _prepare(row, adapter)
    except Exception:
        log.exception("sync.build_failed", extra={"row": str(row.pk)})
        verdict = Verdict(Outcome.REJECTED, "Chưa dựng được gói tin từ bản ghi này.", need=Need.ADMIN)
        return settle(row, Attempt(verdict), clock())
    if prepared is None:
        return settle(row, None, clock())
    if prepared.problems:
        verdict = Verdict(
            Outcome.REJECTED,
            "Chưa gửi: bản ghi không đạt kiểm tra trước khi gửi.",
            prepared.problems,
            Need.FIELD if any(p.target for p in prepared.problems) else Need.ADMIN,
        )
        return settle(row, Attempt(verdict, prepared=prepared), clock())
    if _delivered(row).filter(body_hash=prepared.hash).exists():
        return settle(row, Attempt(Verdict(Outcome.UNCHANGED), prepared=prepared), clock())
    if row.leased_until and clock() >= row.leased_until:
        return None  # building took too long; another worker may have the row
    unproven = note_attempt(row, prepared)
    if not connection.in_atomic_block:  # only a test's own transaction stays open
        connection.close()  # given back: the network may take its time
    result = _send(adapter, prepared, row.request_id)
    return settle(row, Attempt(result.verdict, result.answer, prepared, unproven), clock())


def _prepare(row: OutboxRow, adapter: Adapter) -> Prepared | None:
    record = kinds.gather(row.kind, row.aggregate_id)
    if record is None:
        return None
    known = _delivered(row).first()
    keys = frozenset([*known.resources, *known.maybe]) if known else frozenset()
    return adapter.prepare(row.kind, record, keys, row.in_parts)


def _delivered(row: OutboxRow) -> QuerySet[Delivery]:
    return Delivery.objects.filter(receiver=row.receiver, kind=row.kind, aggregate_id=row.aggregate_id)


def _send(adapter: Adapter, prepared: Prepared, request_id: str) -> _Result:
    """Every part in order until one is not stored. A refused token is read anew and tried once more."""
    stored: dict[str, dict[str, str]] = {}
    answer = Answer()
    for number, part in enumerate(prepared.parts):
        name = request_id if number == 0 else f"{request_id}.{number}"
        answer, verdict = _one(adapter, part, name)
        if verdict.outcome is Outcome.TOKEN:
            answer, verdict = _one(adapter, part, name)
        if verdict.outcome is not Outcome.STORED:
            return _Result(replace(verdict, stored=stored), answer)
        stored |= verdict.stored
    return _Result(Verdict(Outcome.STORED, stored=stored), answer)


def _one(adapter: Adapter, part: Part, request_id: str) -> tuple[Answer, Verdict]:
    answer = adapter.send(part, request_id)
    return answer, adapter.judge(answer, part)
