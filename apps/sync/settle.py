"""What becomes of rows after an attempt. One short transaction; nothing here talks to the network."""

import logging
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

from django.db import DataError, transaction
from django.db.models import F, Q
from django.db.models.functions import Least

from apps.core.text import clean
from apps.sync import backoff, noting, outbox, together, troubles
from apps.sync.models import BREAKER_AT, Delivery, Need, OutboxRow, Receiver, RowState, SyncAnswer
from apps.sync.receivers.base import Answer, Outcome, Prepared, Verdict

log = logging.getLogger("tramyte.sync")
KEPT_ANSWER = 20_000  # characters of an answer that are kept
TOLD_EVERY = timedelta(seconds=1)  # how exactly a receiver tells when it last accepted
OFFSET_MOVES = 5  # seconds: smaller changes of a clock's distance are not worth a write
OFFSET_LIMIT = 2_000_000_000  # what the column holds: a clock of 1970 is told too
ONCE_MORE = 1  # how often a conflict or a too large body is tried again
UNTOLD = (RowState.SUPERSEDED, RowState.REJECTED, RowState.DEAD)  # how a row ends that told nothing
# What an attempt changes of a row, and an answer of a delivery.
ROW = (
    "state", "settled_at", "next_at", "tries", "conflicts", "in_parts", "first_failed_at",
    "aggregate_version", "reason", "issues", "need", "last_status", "lease", "leased_until", "updated_at",
)  # fmt: skip
DELIVERY = (
    "resources", "maybe", "person_id", "facility_id", "at", "aggregate_version", "body_hash", "check_at",
    "found",
)  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """What was tried and what came of it. `unproven`: keys in doubt before this attempt."""

    verdict: Verdict
    answer: Answer | None = None
    prepared: Prepared | None = None
    unproven: tuple[str, ...] = ()


UNREADABLE = Verdict(Outcome.REJECTED, "Không lưu được câu trả lời của nơi nhận.", need=Need.ADMIN)
Done = tuple[OutboxRow, Attempt | None]  # None: the record is gone, or has nothing to tell this receiver


def settle(done: Sequence[Done], now: datetime) -> None:
    """Write what came of rows of one receiver, keep the answers, tell the receiver's state: one short
    transaction for all of them.

    A row is changed only while our lease holds: a worker that was too slow leaves nothing but its answer. A
    record that changed meanwhile waits again instead of being done. Whose row or delivery somebody else has
    just locked is settled after the others, alone; so is each where what one receiver said cannot be stored.
    """
    try:
        left = _settle(done, now, wait=False) if len(done) > 1 else done
    except DataError:  # words that the database does not take: whose they are shows when each stands alone
        left = done
    for row, attempt in left:
        try:
            _settle([(row, attempt)], now, wait=True)
        except DataError:
            log.exception("sync.settle_failed", extra={"row": str(row.pk)})
            _settle([(row, Attempt(UNREADABLE))], now, wait=True)


def _settle(done: Sequence[Done], now: datetime, *, wait: bool) -> list[Done]:
    """The same; without `wait` those that are locked are given back untouched."""
    here = [row for row, _ in done]
    with transaction.atomic():
        found = OutboxRow.objects.filter(pk__in=[row.pk for row in here])
        rows = {row.pk: row for row in together.locked(found, wait=wait)}
        held = {
            (each.kind, each.aggregate_id): each for each in together.locked(noting.same(here), wait=wait)
        }
        free = [
            (row, attempt)
            for row, attempt in done
            if row.pk in rows and (wait or _record(row) in held or not _learns(attempt))
        ]
        _write(free, rows, held, now)
    settled = {row.pk for row, _ in free}
    return [] if wait else [each for each in done if each[0].pk not in settled]


def _learns(attempt: Attempt | None) -> bool:
    """Whether it tells something of what the receiver holds."""
    return attempt is not None and (
        attempt.answer is not None or attempt.verdict.outcome is Outcome.UNCHANGED
    )


def _record(row: OutboxRow) -> tuple[str, UUID]:
    return row.kind, row.aggregate_id


def _write(
    done: Sequence[Done],
    rows: Mapping[UUID, OutboxRow],
    held: Mapping[tuple[str, UUID], Delivery],
    now: datetime,
) -> None:
    """Within the transaction, all locked."""
    answers, written, learnt = [], [], []
    for row, attempt in done:
        current, known = rows[row.pk], held.get(_record(row))
        if attempt:
            answers.append(_answer(row, attempt, now))
        if current.state != RowState.IN_FLIGHT or current.lease != row.lease:
            continue
        fields = _next(current, attempt, now) if attempt else _gone(current, now)
        for name, value in {**fields, "lease": None, "leased_until": None, "updated_at": now}.items():
            setattr(current, name, value)
        written.append(current)
        if attempt and known and _learn(known, row, attempt, now):
            learnt.append(known)
    SyncAnswer.objects.bulk_create(answers)
    together.update(written, ROW)
    together.update(learnt, DELIVERY)
    if carried := [row.pk for row in written if row.state in UNTOLD and row.change_no > 1]:
        outbox.person_apart(carried)
    _tell_people(written, {row.pk for row, attempt in done if attempt is None}, now)
    _tell_receiver(done, now)


def _gone(row: OutboxRow, now: datetime) -> dict[str, Any]:
    changed = row.change_no != row.sent_change
    return {"state": RowState.PENDING if changed else RowState.SUPERSEDED, "settled_at": now}


def _next(row: OutboxRow, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """The row's new fields after an attempt."""
    verdict = attempt.verdict
    fields: dict[str, Any] = {
        "reason": verdict.reason[:500],
        "issues": [vars(issue) for issue in verdict.issues],
        "need": Need.NONE,
        "last_status": attempt.answer.status if attempt.answer else None,
    }
    match verdict.outcome:
        case Outcome.STORED | Outcome.UNCHANGED:
            changed = row.change_no != row.sent_change
            fields |= {
                "state": RowState.PENDING if changed else RowState.ACCEPTED,
                "settled_at": None if changed else now,
                "next_at": now,
                "tries": 0,
                "conflicts": 0,
                "first_failed_at": None,
                "aggregate_version": attempt.prepared.version if attempt.prepared else None,
                "issues": [],
                "reason": "",
            }
            return fields
        case Outcome.REJECTED:
            return fields | _rejected(row, verdict, now)
        case Outcome.CONFLICT | Outcome.TOO_LARGE:
            if row.conflicts >= ONCE_MORE or (verdict.outcome is Outcome.TOO_LARGE and row.in_parts):
                return fields | _rejected(row, verdict, now)
            too_large = verdict.outcome is Outcome.TOO_LARGE
            more = {"in_parts": True} if too_large else {"conflicts": row.conflicts + 1}
            return fields | more | {"state": RowState.PENDING, "next_at": _after(row, verdict, now)}
        case Outcome.TOKEN | Outcome.PAUSE:
            return fields | {"state": RowState.PAUSED, "need": Need.ADMIN}
        case _:
            return fields | _again(row, verdict, now)


def _tell_people(rows: Sequence[OutboxRow], gone: Collection[UUID], now: datetime) -> None:
    """A refusal that the station can end is a task of hers until the record is accepted."""
    passed = []
    for row in rows:
        if row.pk in gone:
            troubles.gone(row)
        elif row.state == RowState.REJECTED:
            troubles.refused(row, row.need, row.issues, now)
        elif row.state == RowState.ACCEPTED:
            passed.append(row)
    troubles.passed(passed)


def _rejected(row: OutboxRow, verdict: Verdict, now: datetime) -> dict[str, Any]:
    """Rejected, unless the record has changed meanwhile: then its new content gets its chance."""
    if row.change_no != row.sent_change:
        return {"state": RowState.PENDING, "next_at": now, "tries": 0, "conflicts": 0}
    return {"state": RowState.REJECTED, "settled_at": now, "need": verdict.need or Need.ADMIN}


def _again(row: OutboxRow, verdict: Verdict, now: datetime) -> dict[str, Any]:
    """Pending after a wait, or dead. A receiver that is down or asks for patience is not the row's fault."""
    excused = verdict.outcome is Outcome.LIMITED or (verdict.receiver_fault and row.receiver.breaker_open)
    tries = row.tries if excused else row.tries + 1
    first = now if excused else row.first_failed_at or now
    if row.change_no != row.sent_change:  # the new content gets its own ten tries
        return {"state": RowState.PENDING, "next_at": _after(row, verdict, now)}
    fields: dict[str, Any] = {"tries": tries, "first_failed_at": first}
    if not excused and backoff.given_up(tries, first, now):
        return fields | {"state": RowState.DEAD, "settled_at": now, "need": Need.ADMIN}
    return fields | {"state": RowState.PENDING, "next_at": _after(row, verdict, now)}


def _after(row: OutboxRow, verdict: Verdict, now: datetime) -> datetime:
    chance = random.random()  # noqa: S311 - spreads load, guards nothing
    seconds = max(backoff.wait(row.tries, chance), verdict.retry_after or 0.0)
    return now + timedelta(seconds=seconds)


def _answer(row: OutboxRow, attempt: Attempt, now: datetime) -> SyncAnswer:
    answer = attempt.answer or Answer()
    stored = attempt.verdict.outcome is Outcome.STORED
    text = "" if stored else answer.body[: KEPT_ANSWER * 4].decode("utf-8", "replace")[:KEPT_ANSWER]
    return SyncAnswer(
        row=row,
        attempt=row.attempts,
        request_id=row.request_id,
        at=now,
        status=answer.status,
        outcome=attempt.verdict.outcome,
        milliseconds=answer.milliseconds,
        body_hash=attempt.prepared.hash if attempt.prepared else "",
        reason=attempt.verdict.reason[:500],
        answer=clean(text),
    )


def _learn(known: Delivery, row: OutboxRow, attempt: Attempt, now: datetime) -> bool:
    """What the receiver holds now; whether that is anything new. Withdrawn resources stay in the list: they
    must stay withdrawn.
    """
    verdict = attempt.verdict
    if (
        verdict.outcome is Outcome.UNCHANGED
    ):  # it was accepted before: whether it is there still is asked anew
        known.check_at = now + backoff.CHECK_AFTER
        return True
    if attempt.answer is None or attempt.prepared is None:
        return False
    known.resources |= verdict.stored
    if verdict.outcome is Outcome.STORED:
        known.maybe = []
        known.person_id, known.facility_id, known.at = row.person_id, row.facility_id, now
        known.aggregate_version, known.body_hash = attempt.prepared.version, attempt.prepared.hash
        known.check_at, known.found = now + backoff.CHECK_AFTER, ""
    elif verdict.outcome is not Outcome.RETRY:  # a clear no: nothing of this attempt is there
        known.maybe = list(attempt.unproven)
    return True


def _tell_receiver(done: Sequence[Done], now: datetime) -> None:
    """Breaker, rest and pause stand at the receiver, so that one row's trouble stops no storm of others."""
    good = False  # the line was just said to be good: not once more for each record
    for row, attempt in done:
        if attempt is None:
            continue
        if attempt.answer:
            _compare_clocks(row, attempt.answer, now)
        match attempt.verdict.outcome:
            case Outcome.STORED | Outcome.REJECTED | Outcome.CONFLICT | Outcome.TOO_LARGE:
                if attempt.answer and not attempt.answer.error and not good:
                    _answered(row, now)
                    good = True
            case Outcome.TOKEN | Outcome.PAUSE | Outcome.LIMITED | Outcome.RETRY:
                _troubled(row, attempt.verdict, now)
                good = False
    stored = [row for row, attempt in done if attempt and attempt.verdict.outcome is Outcome.STORED]
    if stored:
        # Not at every record: all that are sent at once would wait for one another here.
        told = Q(last_accepted_at__gt=now - TOLD_EVERY)
        Receiver.objects.filter(pk=stored[0].receiver_id).exclude(told).update(last_accepted_at=now)


def _troubled(row: OutboxRow, verdict: Verdict, now: datetime) -> None:
    receiver = Receiver.objects.filter(pk=row.receiver_id)
    match verdict.outcome:
        case Outcome.TOKEN | Outcome.PAUSE:
            # Locked: whoever is just ending a pause has not seen this row, and would leave it behind.
            if receiver.select_for_update().values_list("paused_at", flat=True).get() is None:
                receiver.update(paused_at=now, pause_reason=verdict.reason[:300])
        case Outcome.LIMITED:
            seconds = max(verdict.retry_after or 0.0, backoff.wait(1, 1.0))
            receiver.update(hold_until=now + timedelta(seconds=seconds))
        case Outcome.RETRY:
            receiver.update(failures=F("failures") + 1)
            failures = receiver.values_list("failures", flat=True).first() or 0
            if seconds := backoff.rest(failures, BREAKER_AT):
                receiver.update(hold_until=now + timedelta(seconds=seconds))


def _compare_clocks(row: OutboxRow, answer: Answer, now: datetime) -> None:
    """Keep how far the receiver's clock is ahead of ours, where it moved by more than the line explains."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError, OverflowError, IndexError):
        return  # no header, or none that can be read
    if theirs.tzinfo is None:
        return
    known = row.receiver.clock_offset
    offset = round((theirs - now).total_seconds())
    offset = max(-OFFSET_LIMIT, min(OFFSET_LIMIT, offset))
    if known is not None and abs(known - offset) <= OFFSET_MOVES:
        return  # as it was when the row was claimed
    near = Q(clock_offset__gte=offset - OFFSET_MOVES, clock_offset__lte=offset + OFFSET_MOVES)
    Receiver.objects.filter(Q(clock_offset__isnull=True) | ~near, pk=row.receiver_id).update(
        clock_offset=offset
    )


def _answered(row: OutboxRow, now: datetime) -> None:
    """The line is good: what waited for a receiver that was down goes at once, and the outage's length counts
    against none of it. A wish for patience stays.
    """
    receiver = Receiver.objects.filter(pk=row.receiver_id)
    if not receiver.filter(failures__gt=0).exists():
        return
    if receiver.filter(failures__gte=BREAKER_AT).update(failures=0, hold_until=None):
        failed = {"state": RowState.PENDING, "first_failed_at__isnull": False}
        OutboxRow.objects.filter(receiver_id=row.receiver_id, **failed).update(
            next_at=Least("next_at", now), first_failed_at=None, updated_at=now
        )
    else:
        receiver.filter(failures__gt=0).update(failures=0)
