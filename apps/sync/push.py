"""One claimed row: read the record as it now is, build, check, send, understand the answer, settle."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.words import quantity_words
from apps.sync import codemaps, kinds
from apps.sync.claims import release, spend_more
from apps.sync.mappings.records import WITHDRAWN
from apps.sync.models import Delivery, Need, OutboxRow, Receiver
from apps.sync.receivers import adapter_for
from apps.sync.receivers.base import Adapter, Answer, Issue, Outcome, Part, Prepared, Verdict
from apps.sync.receivers.limits import limits_of
from apps.sync.settle import Attempt, note_attempt, settle

log = logging.getLogger("tramyte.sync")
Clock = Callable[[], datetime]
OURS = ("visit", "person", "vaccination", "check_up")  # what the station itself can correct
FRESH = timedelta(seconds=5)  # that a record which was read ahead may lie before it is sent
BY_HAND = "Nơi nhận không nhận sửa hay rút qua đường truyền."
NEEDS = (Need.FIELD, Need.DUPLICATE, Need.HAND)
ATTEMPT = timedelta(seconds=60)  # above what one request may take (receivers.http.TOTAL)


@dataclass(frozen=True)
class _Result:
    verdict: Verdict
    answer: Answer
    requests: int


@dataclass(frozen=True)
class Ahead:
    """Records of some rows that were read together, and what their receivers hold of them."""

    at: datetime
    records: dict[tuple[str, UUID], Any] = field(default_factory=dict)
    held: dict[UUID, Delivery] = field(default_factory=dict)  # by row


def read_ahead(rows: Sequence[OutboxRow], clock: Clock) -> Ahead | None:
    """The records of claimed rows of one receiver, in as many queries as one takes. None: read each alone.

    What changes after the claim sends its row back to pending, so a record read some seconds early is no
    more than an earlier version that is followed by the later one.
    """
    ahead = Ahead(clock())
    try:
        for kind in sorted({row.kind for row in rows}):
            ids = [row.aggregate_id for row in rows if row.kind == kind]
            ahead.records.update({(kind, key): record for key, record in kinds.several(kind, ids).items()})
            known = Delivery.objects.filter(receiver=rows[0].receiver, kind=kind, aggregate_id__in=ids)
            held = {each.aggregate_id: each for each in known}
            ahead.held.update(
                {
                    row.pk: held[row.aggregate_id]
                    for row in rows
                    if row.kind == kind and row.aggregate_id in held
                }
            )
    except Exception:  # one of them is broken: each alone will tell which
        log.exception("sync.read_ahead_failed")
        return None
    return ahead


def push(row: OutboxRow, clock: Clock, ahead: Ahead | None = None) -> Outcome | None:
    """Send one claimed row and store what came of it. None when nothing was sent.

    `ahead`: records that were read together; one that lay too long there is read again. Holds no lock and no
    connection while it talks to the network. Never raises for one bad record.
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
        record, known = _read(row, adapter, clock, ahead)
        prepared = build(row, adapter, record, known, in_parts=row.in_parts)
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
            need_of(prepared.problems),
        )
        return settle(row, Attempt(verdict, prepared=prepared), clock())
    if known and known.body_hash == prepared.hash:
        return settle(row, Attempt(Verdict(Outcome.UNCHANGED), prepared=prepared), clock())
    if not prepared.leaving:
        return settle(row, Attempt(_by_hand(prepared.by_hand), prepared=prepared), clock())
    unproven = note_attempt(row, prepared.leaving, is_new=known is None)
    if not connection.in_atomic_block:  # only a test's own transaction stays open
        connection.close()  # given back: the network may take its time
    result = _send(adapter, prepared, row, clock)
    spend_more(row.receiver, result.requests - 1, clock())
    return settle(row, Attempt(result.verdict, result.answer, prepared, unproven), clock())


def need_of(problems: Sequence[Issue]) -> Need:
    """Who can end what stops a record before it leaves."""
    return Need.FIELD if any(each.target in OURS for each in problems) else Need.ADMIN


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
    record = kinds.gather(row.kind, row.aggregate_id, form=adapter.form)
    return build(row, adapter, record, held_of(row), in_parts=in_parts)


def build(
    row: OutboxRow, adapter: Adapter, record: Any, known: Delivery | None, *, in_parts: bool
) -> Prepared | None:
    """A record that was read, ready to leave. `known`: what the receiver holds of it."""
    if record is None:
        return None
    keys = known.keys if known else frozenset()
    if getattr(record, "version", None) == WITHDRAWN and not keys:
        return None  # this one was never told
    change = f"{row.pk}-{row.sent_change}"
    known_codes = codemaps.known(row.receiver, record)
    prepared = adapter.prepare(row.kind, record, keys, in_parts, known_codes, change)
    most = limits_of(row.receiver.settings).bytes
    if prepared and most and not in_parts and _longest(prepared) > most:
        prepared = adapter.prepare(row.kind, record, keys, True, known_codes, change)
    if prepared and most and _longest(prepared) > most:
        too_large = Issue("Bundle", f"Gói tin lớn hơn {quantity_words(most)} byte mà nơi nhận cho phép.")
        prepared = replace(prepared, problems=(*prepared.problems, too_large))
    return prepared


def _longest(prepared: Prepared) -> int:
    return max((len(part.body) for part in prepared.parts), default=0)


def _read(row: OutboxRow, adapter: Adapter, clock: Clock, ahead: Ahead | None) -> tuple[Any, Delivery | None]:
    """(the record, what the receiver holds of it); with what a form asks beside it each is read alone."""
    if ahead is None or adapter.form or clock() - ahead.at > FRESH:
        return kinds.gather(row.kind, row.aggregate_id, form=adapter.form), held_of(row)
    return ahead.records.get((row.kind, row.aggregate_id)), ahead.held.get(row.pk)


def held_of(row: OutboxRow) -> Delivery | None:
    """What its receiver holds, or may hold, of a row's record."""
    same = {"receiver": row.receiver, "kind": row.kind, "aggregate_id": row.aggregate_id}
    return Delivery.objects.filter(**same).first()


def _send(adapter: Adapter, prepared: Prepared, row: OutboxRow, clock: Clock) -> _Result:
    """Every part in order until one is not stored; of parts that stand for themselves a refused one holds up
    none. A refused token is read anew and tried once more.
    """
    stored: dict[str, dict[str, str]] = {}
    answer, requests = Answer(), 0
    refused = [_by_hand(prepared.by_hand)] if prepared.by_hand else []
    for number, part in enumerate(prepared.leaving):
        if number and not _time_left(row, clock):
            slow = Verdict(Outcome.RETRY, "Nơi nhận trả lời quá chậm.", receiver_fault=True, stored=stored)
            return _Result(slow, answer, requests)
        name = row.request_id if number == 0 else f"{row.request_id}.{number}"
        answer, verdict = _one(adapter, part, name)
        requests += 1
        if verdict.outcome is Outcome.TOKEN and _time_left(row, clock):
            answer, verdict = _one(adapter, part, name)
            requests += 1
        stored |= verdict.stored
        if verdict.outcome is Outcome.REJECTED and prepared.apart:
            refused.append(verdict)
        elif verdict.outcome is not Outcome.STORED:
            return _Result(replace(verdict, stored=stored), answer, requests)
    verdict = _together(refused) if refused else Verdict(Outcome.STORED)
    return _Result(replace(verdict, stored=stored), answer, requests)


def _by_hand(issues: tuple[Issue, ...]) -> Verdict:
    """What no line carries: somebody of the station does it at the receiver."""
    return Verdict(Outcome.REJECTED, BY_HAND, issues, Need.HAND)


def _together(refused: list[Verdict]) -> Verdict:
    """One verdict on parts that were refused each for itself: what the station can correct comes first."""
    first = min(refused, key=lambda each: NEEDS.index(each.need) if each.need in NEEDS else len(NEEDS))
    return replace(first, issues=tuple(issue for each in refused for issue in each.issues))


def _one(adapter: Adapter, part: Part, request_id: str) -> tuple[Answer, Verdict]:
    try:
        answer = adapter.send(part, request_id)
    except Exception:  # an adapter's mistake must not leave the row without an end
        log.exception("sync.send_failed", extra={"request": request_id})
        answer = Answer(error="connection")
    return answer, adapter.judge(answer, part)
