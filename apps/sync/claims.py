"""Taking rows to send: by a lease, never by a lock held while the network is spoken to.

A worker that dies loses nothing: its lease runs out and the rows wait again. Only the oldest open row of a
person can be taken, so a person's records leave in order.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Greatest

from apps.sync import kinds
from apps.sync.ahead import SLACK
from apps.sync.models import BREAKER_AT, OutboxRow, Receiver
from apps.sync.receivers.limits import limits_of

LEASE = timedelta(seconds=180)  # three slow attempts; what was not begun by then is given back
CREDIT = timedelta(seconds=1)  # how long requests that a receiver's minute had room for may be made up
PROBE = timedelta(seconds=60)  # one probe in that time while a receiver is down

# MATERIALIZED: a plan that ran the inner query twice would take more than the limit.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT r.id FROM sync_outboxrow r
    WHERE r.receiver_id = %(receiver)s AND r.state = 'pending' AND r.next_at <= %(now)s
      AND NOT EXISTS (
          SELECT 1 FROM sync_outboxrow o
          WHERE o.receiver_id = r.receiver_id AND o.person_id = r.person_id
            AND o.state IN ('pending', 'in_flight', 'paused')
            AND (o.state = 'in_flight' OR o.id < r.id))
    ORDER BY r.next_at, r.id
    LIMIT %(limit)s
    FOR UPDATE OF r SKIP LOCKED)
UPDATE sync_outboxrow SET state = 'in_flight', lease = %(lease)s, leased_until = %(until)s,
    updated_at = %(now)s, attempts = attempts + 1, sent_change = change_no
FROM due WHERE sync_outboxrow.id = due.id
RETURNING sync_outboxrow.id
"""


def allowance(receiver: Receiver, limit: int, now: datetime) -> int:
    """How many rows may be sent to a receiver now: none, one probe, or `limit`.

    Of several workers only one gets the probe: whoever moves `hold_until` first.
    """
    if not receiver.is_on or receiver.paused_at:
        return 0
    if receiver.hold_until and receiver.hold_until > now:
        return 0
    if receiver.failures < BREAKER_AT:
        return _paced(receiver, limit, now)
    free = Q(hold_until__isnull=True) | Q(hold_until__lte=now)
    won = Receiver.objects.filter(free, pk=receiver.pk, failures__gte=BREAKER_AT, paused_at__isnull=True)
    return 1 if won.update(hold_until=now + PROBE) else 0


def _paced(receiver: Receiver, limit: int, now: datetime) -> int:
    """How many of `limit` requests the receiver's minute has room for; they are taken from it at once.

    What was not used is kept for a second only, so that no minute has more than its number.
    """
    try:
        interval = limits_of(receiver.settings).interval
    except ValueError:  # its first row tells so
        return 1
    if not interval:
        return limit
    with transaction.atomic():
        until = Receiver.objects.select_for_update().values_list("paced_until", flat=True).get(pk=receiver.pk)
        free = max(until or now, now - CREDIT)
        room = min(limit, int((now - free) / timedelta(seconds=interval)) + 1) if free <= now else 0
        if room:
            until = free + room * timedelta(seconds=interval)
            Receiver.objects.filter(pk=receiver.pk).update(paced_until=until)
    return room


def spend_more(receiver: Receiver, requests: int, now: datetime) -> None:
    """What was sent beyond what `allowance` took from the receiver's minute: more parts, a token that was
    renewed. Below nothing: what was taken and not used is given back.
    """
    try:
        interval = limits_of(receiver.settings).interval
    except ValueError:  # its first row tells so
        return
    if requests and interval:
        more = timedelta(seconds=interval * requests)
        free = Greatest(Coalesce(F("paced_until"), Value(now)), Value(now - CREDIT))
        Receiver.objects.filter(pk=receiver.pk).update(paced_until=free + more)


def claim(receiver: Receiver, limit: int, now: datetime) -> list[OutboxRow]:
    """Take up to `limit` rows that are due, oldest first; at most one a person."""
    values: dict[str, Any] = {
        "receiver": receiver.pk,
        "lease": uuid.uuid4(),
        "now": now,
        "until": now + LEASE,
        "limit": limit,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            ids = [row[0] for row in cursor.fetchall()]
    except IntegrityError:  # another worker has just taken a row of the same person
        return []
    # prefetched: one Receiver for all of them
    rows = OutboxRow.objects.filter(pk__in=ids).prefetch_related("receiver").order_by("id") if ids else []
    return _still_hers(list(rows), now)


def _still_hers(rows: list[OutboxRow], now: datetime) -> list[OutboxRow]:
    """Without those whose record became another person's while they were in flight: they wait under her name,
    behind what she has under way. A row that has never been in flight goes over at once (outbox.put).
    """
    again = [row for row in rows if row.attempts > 1]
    now_of: dict[uuid.UUID, uuid.UUID] = {}
    for kind in {row.kind for row in again}:
        now_of |= kinds.owners(kind, [row.aggregate_id for row in again if row.kind == kind])
    hers = []
    for row in rows:
        owner = now_of.get(row.aggregate_id, row.person_id)
        if owner == row.person_id:
            hers.append(row)
        else:
            release(row, now, person_id=owner)
    return hers


def release(row: OutboxRow, now: datetime, **fields: Any) -> None:
    """Give a claimed row back unsent: the attempt did not happen."""
    mine = OutboxRow.objects.filter(pk=row.pk, state="in_flight", lease=row.lease)
    free: dict[str, Any] = {"state": "pending", "lease": None, "leased_until": None, "updated_at": now}
    mine.update(attempts=F("attempts") - 1, **free, **fields)


def release_expired(now: datetime) -> int:
    """Rows whose worker has gone silent wait again. What was sent is unknown: sending again is safe. A lease
    longer than any was taken by a clock that stood ahead.
    """
    over = Q(leased_until__lt=now) | Q(leased_until__gt=now + LEASE + SLACK)
    return OutboxRow.objects.filter(over, state="in_flight").update(
        state="pending", lease=None, leased_until=None, next_at=now, updated_at=now
    )
