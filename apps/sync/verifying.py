"""The later check: what a receiver holds of a record, asked some minutes after it was accepted and in the
nights after that (comparing.py).

An acceptance says that the receiver has taken a record, not that it still has it. Whoever asks changes
nothing there, so two workers may ask about one record; what was found is written only while the delivery is
the one that was asked about. What is found otherwise is sent again by itself once, where nothing of somebody
else's is overwritten; else a person decides.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.core import scope
from apps.sync import backoff, comparing, outbox, troubles
from apps.sync.claims import allowance, spend_more
from apps.sync.models import (
    BREAKER_AT,
    OPEN_STATES,
    SENT_STATES,
    Delivery,
    Need,
    OutboxRow,
    Receiver,
    RowState,
    SyncAnswer,
)
from apps.sync.push import prepare
from apps.sync.receivers import adapter_for
from apps.sync.receivers.base import Adapter, Check, Found, Prepared

log = logging.getLogger("tramyte.sync")
Clock = Callable[[], datetime]
BATCH = 5  # questions before it is looked again whether something waits to be sent
LEASE = timedelta(minutes=5)  # a worker that dies while it asks: then somebody else does
SKIPPED = "skipped"
THEIRS = "Bản ở nơi nhận mới hơn bản của trạm; gửi lại sẽ ghi đè."


def verify_due(
    *, clock: Clock = timezone.now, limit: int = BATCH, stop: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Ask the receivers about what is due, at most `limit` records each: what was found, by word.

    `stop()` true ends it: what was not asked about is due again after its lease.
    """
    done: Counter[str] = Counter()
    with scope.system("đối chiếu với nơi nhận"):
        receivers = Receiver.objects.filter(is_on=True, paused_at__isnull=True, failures__lt=BREAKER_AT)
        for receiver in receivers.exclude(hold_until__gt=clock()):
            due = _due(receiver, clock())[:limit].count()
            if due and not comparing.offers(receiver):
                Delivery.objects.filter(receiver=receiver, check_at__isnull=False).update(check_at=None)
            elif due and (room := allowance(receiver, due, clock())):
                done += _ask_about(receiver, room, clock, stop)
        comparing.finish(clock())
    if done:
        log.info("sync.verified", extra={"done": dict(done)})
    return done


def _due(receiver: Receiver, now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(receiver=receiver, check_at__lte=now).order_by("check_at", "pk")


def _claim(receiver: Receiver, limit: int, now: datetime) -> list[Delivery]:
    with transaction.atomic():
        rows = list(_due(receiver, now).select_for_update(skip_locked=True)[:limit])
        if rows:
            Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(check_at=now + LEASE)
    return rows


def _ask_about(receiver: Receiver, room: int, clock: Clock, stop: Callable[[], bool]) -> Counter[str]:
    """Ask about `room` records: so many requests were taken from the receiver's minute."""
    done: Counter[str] = Counter()
    adapter = adapter_for(receiver)
    requests = 0
    for delivery in _claim(receiver, room, clock()):
        if stop():
            break
        found, sent = _check(delivery, adapter, clock)
        done[found] += 1
        requests += sent
        if found == Found.UNKNOWN:  # the others may hear as little; they come before this one then
            later = clock() + LEASE
            Delivery.objects.filter(receiver=receiver, check_at__lt=later).update(check_at=later)
            break
    spend_more(receiver, requests - room, clock())
    return done


def _check(delivery: Delivery, adapter: Adapter, clock: Clock) -> tuple[str, int]:
    """Ask about one record: what was found, by how many requests. What is on its way, was refused or is given
    in by hand is not asked about: its next acceptance is.
    """
    row = _rows(delivery).first()
    prepared = _built(row, adapter) if row and row.state in SENT_STATES else None
    if row is None or prepared is None or prepared.problems:
        _same(delivery).update(check_at=None)
        return SKIPPED, 0
    open_ = OutboxRow.objects.filter(receiver=row.receiver_id, state__in=OPEN_STATES)
    if row.person_id and open_.filter(person_id=row.person_id).exists():
        # what she is called may be on its way with another record
        _same(delivery).update(check_at=clock() + LEASE)
        return SKIPPED, 0
    if not connection.in_atomic_block:  # only a test's own transaction stays open
        connection.close()  # given back: the network may take its time
    check = _asked(adapter, prepared, delivery, f"{row.pk}-v{int(clock().timestamp())}")
    try:
        with transaction.atomic():
            return _keep(delivery, row, prepared, check, clock()), check.requests
    except IntegrityError:  # the record has just changed: its new row goes, and is asked about later
        return SKIPPED, check.requests


def _built(row: OutboxRow, adapter: Adapter) -> Prepared | None:
    try:
        return prepare(row, adapter, in_parts=False)
    except Exception:  # one record that cannot be read stops no other
        log.exception("sync.verify_build_failed", extra={"row": str(row.pk)})
        return None


def _asked(adapter: Adapter, prepared: Prepared, delivery: Delivery, request_id: str) -> Check:
    try:
        return adapter.verify(prepared, delivery.resources, request_id)
    except Exception:  # an adapter's mistake must not stop the worker
        log.exception("sync.verify_failed", extra={"request": request_id})
        return Check(Found.UNKNOWN)


def _rows(delivery: Delivery) -> QuerySet[OutboxRow]:
    """The rows of a record at this receiver, the newest first."""
    same = {"kind": delivery.kind, "aggregate_id": delivery.aggregate_id}
    rows = OutboxRow.objects.filter(receiver_id=delivery.receiver_id, **same)
    return rows.select_related("receiver").order_by("-id")


def _same(delivery: Delivery) -> QuerySet[Delivery]:
    """The delivery, while it is the one that was read: nothing was accepted since."""
    return Delivery.objects.filter(pk=delivery.pk, at=delivery.at)


def _keep(delivery: Delivery, row: OutboxRow, prepared: Prepared, check: Check, now: datetime) -> str:
    """Keep what was found, while the record is where it was when it was asked about. Row first, then
    delivery: the order in which an attempt takes them.
    """
    newest = _rows(delivery).select_for_update(of=("self",)).first()
    known = _same(delivery).select_for_update().first()
    moved = newest is None or newest.state not in SENT_STATES
    if newest is None or known is None or moved or (newest.pk, newest.change_no) != (row.pk, row.change_no):
        return SKIPPED  # it is on its way again, with a time of its own
    if check.found in (Found.LATER, Found.UNKNOWN):
        tired = known.at is None or known.at < now - backoff.CHECK_AGE
        known.check_at = None if tired and not comparing.awaited(known) else now + backoff.CHECK_AGAIN
        known.save(update_fields=["check_at"])
        return check.found
    comparing.count(known, prepared, check)
    known.found, known.checked_at, known.check_at = check.found, now, None
    if check.found == Found.SAME:
        known.resources |= {key: place for key, place in check.stored.items() if key in known.resources}
        known.again = 0
        _write(newest, now, state=RowState.VERIFIED)
    else:
        known.body_hash = ""  # the same bytes are sent again
        again = check.found in (Found.MISSING, Found.CHANGED) and not check.theirs and not known.again
        known.again += again
        _differs(newest, check, again, now)
    known.save()
    return check.found


def _differs(row: OutboxRow, check: Check, again: bool, now: datetime) -> None:
    """Sent again by itself, or put before a person; told beside the attempts either way."""
    reason = f"{check.reason} {THEIRS}" if check.theirs else check.reason
    SyncAnswer.objects.create(
        row=row, attempt=row.attempts, request_id=row.request_id, at=now, outcome=check.found,
        reason=reason[:500],
    )  # fmt: skip
    issues = [vars(issue) for issue in check.issues]
    said = {"issues": issues, "reason": reason[:500]}
    if again:
        _write(row, now, state=RowState.PENDING, next_at=now, tries=0, settled_at=None, **said)
        outbox.notify()
    elif check.found == Found.INVALID:
        need = check.need or Need.ADMIN
        _write(row, now, state=RowState.REJECTED, need=need, **said)
        troubles.refused(row, need, issues, now)
    else:
        need = Need.DUPLICATE if check.found == Found.DOUBLED else Need.NONE
        _write(row, now, state=RowState.DIFFERS, need=need, **said)
        troubles.differs(row, now)


def _write(row: OutboxRow, now: datetime, **fields: Any) -> None:
    OutboxRow.objects.filter(pk=row.pk).update(**fields, version=F("version") + 1, updated_at=now)
