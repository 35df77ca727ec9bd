"""What becomes of a row after an attempt. One short transaction; nothing here talks to the network."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from apps.core.text import clean
from apps.sync import backoff, troubles
from apps.sync.models import BREAKER_AT, Delivery, Need, OutboxRow, Receiver, RowState, SyncAnswer
from apps.sync.receivers.base import Answer, Outcome, Part, Prepared, Verdict

KEPT_ANSWER = 20_000  # characters of an answer that are kept
TOLD_EVERY = timedelta(seconds=1)  # how exactly a receiver tells when it last accepted
OFFSET_MOVES = 5  # seconds: smaller changes of a clock's distance are not worth a write
OFFSET_LIMIT = 2_000_000_000  # what the column holds: a clock of 1970 is told too
ONCE_MORE = 1  # how often a conflict or a too large body is tried again


@dataclass(frozen=True)
class Attempt:
    """What was tried and what came of it. `unproven`: keys in doubt before this attempt."""

    verdict: Verdict
    answer: Answer | None = None
    prepared: Prepared | None = None
    unproven: tuple[str, ...] = ()


def settle(row: OutboxRow, attempt: Attempt | None, now: datetime) -> Outcome | None:
    """Write the outcome into the row, keep the answer, tell the receiver's state.

    The row is changed only while our lease holds: a worker that was too slow leaves nothing but its answer. A
    record that changed meanwhile waits again instead of being done. `attempt` None: the record is gone.
    """
    with transaction.atomic():
        current = OutboxRow.objects.select_for_update().filter(pk=row.pk).first()
        if current is None:
            return None
        mine = current.state == RowState.IN_FLIGHT and current.lease == row.lease
        if attempt is None:
            if mine:
                changed = current.change_no != current.sent_change
                gone = {"state": RowState.PENDING if changed else RowState.SUPERSEDED, "settled_at": now}
                _write(current, gone, now)
                troubles.gone(current)
            return None
        outcome = attempt.verdict.outcome
        _keep_answer(row, attempt, now)
        if attempt.answer and mine:
            _keep_delivery(row, attempt, now)
        elif outcome is Outcome.UNCHANGED:  # it was accepted before: whether it is there still is asked anew
            same = {"receiver": row.receiver, "kind": row.kind, "aggregate_id": row.aggregate_id}
            Delivery.objects.filter(**same).update(check_at=now + backoff.CHECK_AFTER)
        if mine:
            fields = _next(current, attempt, now)
            _write(current, fields, now)
            _tell_people(current, fields, now)
        _tell_receiver(row, attempt.verdict, attempt.answer is not None, now)
        if attempt.answer:
            _compare_clocks(row, attempt.answer, now)
    return outcome


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


def _tell_people(row: OutboxRow, fields: dict[str, Any], now: datetime) -> None:
    """A refusal that the station can end is a task of hers until the record is accepted."""
    match fields.get("state"):
        case RowState.REJECTED:
            troubles.refused(row, fields["need"], fields["issues"], now)
        case RowState.ACCEPTED:
            troubles.passed(row)


def _rejected(row: OutboxRow, verdict: Verdict, now: datetime) -> dict[str, Any]:
    """Rejected, unless the record has changed meanwhile: then its new content gets its chance."""
    if row.change_no != row.sent_change:
        return {"state": RowState.PENDING, "next_at": now, "tries": 0, "conflicts": 0}
    return {"state": RowState.REJECTED, "settled_at": now, "need": verdict.need or Need.ADMIN}


def _again(row: OutboxRow, verdict: Verdict, now: datetime) -> dict[str, Any]:
    """Pending after a wait, or dead. A receiver that is down or asks for patience is not the row's fault."""
    excused = verdict.outcome is Outcome.LIMITED or (verdict.receiver_fault and row.receiver.breaker_open)
    tries = row.tries if excused else row.tries + 1
    first = row.first_failed_at or now
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


def _write(row: OutboxRow, fields: dict[str, Any], now: datetime) -> None:
    fields |= {"lease": None, "leased_until": None, "updated_at": now}
    OutboxRow.objects.filter(pk=row.pk).update(**fields)


def _keep_answer(row: OutboxRow, attempt: Attempt, now: datetime) -> None:
    answer = attempt.answer or Answer()
    text = answer.body[: KEPT_ANSWER * 4].decode("utf-8", "replace")[:KEPT_ANSWER]
    SyncAnswer.objects.create(
        row=row,
        attempt=row.attempts,
        request_id=row.request_id,
        at=now,
        status=answer.status,
        outcome=attempt.verdict.outcome,
        milliseconds=answer.milliseconds,
        body_hash=attempt.prepared.hash if attempt.prepared else "",
        reason=attempt.verdict.reason[:500],
        answer=clean(text) if attempt.verdict.outcome is not Outcome.STORED else "",
    )


def note_attempt(row: OutboxRow, parts: tuple[Part, ...], *, is_new: bool = True) -> tuple[str, ...]:
    """Before anything leaves: what may be at the receiver from now on. Gives what was unproven before.

    `is_new`: nothing was known to be there when the record was read.
    """
    keys = [key for part in parts for key in part.keys]
    same = {"receiver": row.receiver, "kind": row.kind, "aggregate_id": row.aggregate_id}
    with transaction.atomic():
        if is_new:
            new = Delivery(**same, person_id=row.person_id, facility_id=row.facility_id)
            Delivery.objects.bulk_create([new], ignore_conflicts=True)
        known = Delivery.objects.select_for_update().get(**same)
        before = tuple(known.maybe)
        known.maybe = [*before, *(key for key in keys if key not in known.resources and key not in before)]
        known.body_hash = ""
        known.save(update_fields=["maybe", "body_hash"])
    return before


def _keep_delivery(row: OutboxRow, attempt: Attempt, now: datetime) -> None:
    """What the receiver holds now. Withdrawn resources stay in the list: they must stay withdrawn."""
    verdict = attempt.verdict
    same = {"receiver": row.receiver, "kind": row.kind, "aggregate_id": row.aggregate_id}
    known = Delivery.objects.select_for_update().filter(**same).first()
    if known is None or attempt.prepared is None:
        return
    known.resources |= verdict.stored
    if verdict.outcome is Outcome.STORED:
        known.maybe = []
        known.person_id, known.facility_id, known.at = row.person_id, row.facility_id, now
        known.aggregate_version, known.body_hash = attempt.prepared.version, attempt.prepared.hash
        known.check_at, known.found = now + backoff.CHECK_AFTER, ""
    elif verdict.outcome is not Outcome.RETRY:  # a clear no: nothing of this attempt is there
        known.maybe = list(attempt.unproven)
    known.save()


def _tell_receiver(row: OutboxRow, verdict: Verdict, answered: bool, now: datetime) -> None:
    """Breaker, rest and pause stand at the receiver, so that one row's trouble stops no storm of others."""
    receiver = Receiver.objects.filter(pk=row.receiver_id)
    match verdict.outcome:
        case Outcome.STORED:
            _answered(row, now)
            # Not at every record: all that are sent at once would wait for one another here.
            told = Q(last_accepted_at__gt=now - TOLD_EVERY)
            receiver.exclude(told).update(last_accepted_at=now)
        case Outcome.TOKEN | Outcome.PAUSE:
            receiver.filter(paused_at__isnull=True).update(paused_at=now, pause_reason=verdict.reason[:300])
        case Outcome.LIMITED:
            seconds = max(verdict.retry_after or 0.0, backoff.wait(1, 1.0))
            receiver.update(hold_until=now + timedelta(seconds=seconds))
        case Outcome.RETRY:
            receiver.update(failures=F("failures") + 1)
            failures = receiver.values_list("failures", flat=True).first() or 0
            if seconds := backoff.rest(failures, BREAKER_AT):
                receiver.update(hold_until=now + timedelta(seconds=seconds))
        case Outcome.REJECTED | Outcome.CONFLICT | Outcome.TOO_LARGE if answered:
            _answered(row, now)


def _compare_clocks(row: OutboxRow, answer: Answer, now: datetime) -> None:
    """Keep how far the receiver's clock is ahead of ours, where it moved by more than the line explains."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
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
    """The line is good: what waited for a receiver that was down goes at once. A wish for patience stays."""
    receiver = Receiver.objects.filter(pk=row.receiver_id)
    if not receiver.filter(failures__gt=0).exists():
        return
    if receiver.filter(failures__gte=BREAKER_AT).update(failures=0, hold_until=None):
        waiting = {"state": RowState.PENDING, "next_at__gt": now, "first_failed_at__isnull": False}
        OutboxRow.objects.filter(receiver_id=row.receiver_id, **waiting).update(next_at=now, updated_at=now)
    else:
        receiver.filter(failures__gt=0).update(failures=0)
