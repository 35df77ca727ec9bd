"""One claimed row: read the record as it now is, build, check, send, understand the answer, settle."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from apps.sync import codemaps, kinds
from apps.sync.claims import release
from apps.sync.mappings.records import WITHDRAWN
from apps.sync.models import Delivery, Need, OutboxRow, Receiver
from apps.sync.receivers import adapter_for
from apps.sync.receivers.base import Adapter, Answer, Outcome, Part, Prepared, Verdict
from apps.sync.settle import Attempt, note_attempt, settle

log = logging.getLogger("tramyte.sync")
Clock = Callable[[], datetime]
OURS = ("visit", "person")  # what the station itself can correct
ATTEMPT = timedelta(seconds=60)  # above what one request may take (receivers.http.TOTAL)


@dataclass(frozen=True)
class _Result:
    verdict: Verdict
    answer: Answer


def push(row: OutboxRow, clock: Clock) -> Outcome | None:
    """Send one claimed row and store what came of it. None when nothing was sent.

    Holds no lock and no connection while it talks to the network. Never raises for one bad record.
    """
    if not _may_send(row, clock):
        release(row, clock())
        return None
    try:
        adapter = adapter_for(row.receiver)
    except ValueError as wrong:  # its settings: no row's fault, and every row's trouble
        verdict = Verdict(Outcome.PAUSE, f"Thiết lập nơi nhận sai: {wrong}", receiver_fault=True)
        return settle(row, Attempt(verdict), clock())
    try:
        prepared = prepare(row, adapter, in_parts=row.in_parts)
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
            Need.FIELD if any(p.target in OURS for p in prepared.problems) else Need.ADMIN,
        )
        return settle(row, Attempt(verdict, prepared=prepared), clock())
    if _delivered(row).filter(body_hash=prepared.hash).exists():
        return settle(row, Attempt(Verdict(Outcome.UNCHANGED), prepared=prepared), clock())
    unproven = note_attempt(row, prepared)
    if not connection.in_atomic_block:  # only a test's own transaction stays open
        connection.close()  # given back: the network may take its time
    result = _send(adapter, prepared, row, clock)
    return settle(row, Attempt(result.verdict, result.answer, prepared, unproven), clock())


def _may_send(row: OutboxRow, clock: Clock) -> bool:
    """Whether the lease still covers an attempt, and nothing has stopped the receiver since the claim.

    So one refusal, rest or wish for patience stops the rest of the batch. The probe of a receiver that is
    down goes on: its own claim has moved `hold_until`.
    """
    now = Receiver.objects.get(pk=row.receiver_id)
    held = (
        now.hold_until is not None and now.hold_until > clock() and now.hold_until != row.receiver.hold_until
    )
    return now.is_on and now.paused_at is None and not held and _time_left(row, clock)


def _time_left(row: OutboxRow, clock: Clock) -> bool:
    """Whether one more request ends before the lease does: another worker must not overtake it."""
    return row.leased_until is None or clock() + ATTEMPT <= row.leased_until


def prepare(row: OutboxRow, adapter: Adapter, *, in_parts: bool) -> Prepared | None:
    """The record as it now is, ready to leave; None when there is nothing to tell this receiver."""
    record = kinds.gather(row.kind, row.aggregate_id, health=adapter.health)
    if record is None:
        return None
    known = _delivered(row).first()
    keys = frozenset([*known.resources, *known.maybe]) if known else frozenset()
    if getattr(record, "version", None) == WITHDRAWN and not keys:
        return None  # this one was never told
    change = f"{row.pk}-{row.sent_change}"
    return adapter.prepare(row.kind, record, keys, in_parts, codemaps.known(row.receiver, record), change)


def _delivered(row: OutboxRow) -> QuerySet[Delivery]:
    return Delivery.objects.filter(receiver=row.receiver, kind=row.kind, aggregate_id=row.aggregate_id)


def _send(adapter: Adapter, prepared: Prepared, row: OutboxRow, clock: Clock) -> _Result:
    """Every part in order until one is not stored. A refused token is read anew and tried once more."""
    stored: dict[str, dict[str, str]] = {}
    answer = Answer()
    for number, part in enumerate(prepared.parts):
        name = row.request_id if number == 0 else f"{row.request_id}.{number}"
        answer, verdict = _one(adapter, part, name)
        if verdict.outcome is Outcome.TOKEN and _time_left(row, clock):
            answer, verdict = _one(adapter, part, name)
        last = number == len(prepared.parts) - 1
        if verdict.outcome is Outcome.STORED and not last and not _time_left(row, clock):
            stored |= verdict.stored
            verdict = Verdict(Outcome.RETRY, "Nơi nhận trả lời quá chậm.", receiver_fault=True)
        if verdict.outcome is not Outcome.STORED:
            return _Result(replace(verdict, stored=stored), answer)
        stored |= verdict.stored
    return _Result(Verdict(Outcome.STORED, stored=stored), answer)


def _one(adapter: Adapter, part: Part, request_id: str) -> tuple[Answer, Verdict]:
    try:
        answer = adapter.send(part, request_id)
    except Exception:  # an adapter's mistake must not leave the row without an end
        log.exception("sync.send_failed", extra={"request": request_id})
        answer = Answer(error="connection")
    return answer, adapter.judge(answer, part)
