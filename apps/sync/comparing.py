"""What a receiver accepted on a day, kind by kind, against what it holds of it now: figures and one sum over
all records, filled while the records of that day are asked about one by one (verifying.py).
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core.words import quantity_words
from apps.sync.models import Comparison, Delivery, Receiver
from apps.sync.receivers import adapter_for
from apps.sync.receivers.base import Check, Found, Prepared

NIGHTS = 3  # days that are compared again each night
GIVEN_UP = timedelta(hours=12)  # a comparison that has no answer by then is closed with what it has
SUM = 2**256


@dataclass(frozen=True)
class Asked:
    """What a comparison begins with."""

    days: int
    records: int


def ask(receiver: Receiver, first: date, last: date, now: datetime) -> Asked:
    """Compare what a receiver accepted on these days with what it holds; the asking itself is the worker's.

    A comparison that is under way goes on with what is left of it.
    """
    days, records = 0, 0
    if not offers(receiver):
        return Asked(0, 0)
    for on in (first + timedelta(days=number) for number in range((last - first).days + 1)):
        accepted = Delivery.objects.filter(receiver=receiver, **_day(on)).exclude(body_hash="")
        kinds = set(accepted.order_by().values_list("kind", flat=True).distinct())
        for kind in sorted(kinds):
            with transaction.atomic():
                row, new = Comparison.objects.select_for_update().get_or_create(
                    receiver=receiver, on=on, kind=kind, defaults={"asked_at": now}
                )
                if not new and row.finished_at is None:
                    continue
                _begin(row, now)
                records += accepted.filter(kind=kind).update(check_at=now)
        days += bool(kinds)
    return Asked(days, records)


def offers(receiver: Receiver) -> bool:
    """Whether a receiver can be asked what it holds."""
    try:
        return adapter_for(receiver).verifies
    except ValueError:  # its settings
        return False


def nightly(day: date) -> str:
    """Of the night: the last days of every receiver that takes records."""
    asked = [
        ask(receiver, day - timedelta(days=NIGHTS), day - timedelta(days=1), timezone.now())
        for receiver in Receiver.objects.filter(is_on=True)
    ]
    records = quantity_words(sum(each.records for each in asked))
    return f"{records} bản ghi của {NIGHTS} ngày qua được đối chiếu với nơi nhận."


def awaited(delivery: Delivery) -> bool:
    """Whether a comparison still waits for this record."""
    return delivery.at is not None and _of(delivery).exists()


def count(delivery: Delivery, prepared: Prepared, check: Check) -> None:
    """Add one record to the comparison of its day, once. Before what was found is written into it."""
    row = _of(delivery).select_for_update().first()
    if row is None or (delivery.checked_at and delivery.checked_at >= row.asked_at):
        return
    same = check.found == Found.SAME
    row.ours += 1
    row.our_sum = _add(row.our_sum, delivery, prepared.hash)
    if check.found == Found.MISSING:
        row.missing += 1
    else:
        row.theirs += 1
        row.changed += not same
        shown = prepared.hash if same else check.hash or check.found
        row.their_sum = _add(row.their_sum, delivery, shown)
    row.save()


def finish(now: datetime) -> None:
    """Close the comparisons of which nothing is left to ask, or whose time is over."""
    for row in Comparison.objects.filter(finished_at__isnull=True):
        left = Delivery.objects.filter(
            Q(checked_at__isnull=True) | Q(checked_at__lt=row.asked_at),
            receiver=row.receiver_id,
            kind=row.kind,
            check_at__isnull=False,
            **_day(row.on),
        ).count()
        if left and row.asked_at > now - GIVEN_UP:
            continue
        # what was counted meanwhile is kept: only these two columns are written
        Comparison.objects.filter(pk=row.pk, asked_at=row.asked_at).update(finished_at=now, unanswered=left)


def _begin(row: Comparison, now: datetime) -> None:
    row.asked_at, row.finished_at = now, None
    row.ours = row.theirs = row.missing = row.changed = row.unanswered = 0
    row.our_sum = row.their_sum = ""
    row.save()


def _day(on: date) -> dict[str, datetime]:
    begin = timezone.make_aware(datetime.combine(on, time()))
    return {"at__gte": begin, "at__lt": begin + timedelta(days=1)}


def _of(delivery: Delivery) -> QuerySet[Comparison]:
    """The comparison under way that a record belongs to."""
    on = timezone.localdate(delivery.at)
    same = {"receiver_id": delivery.receiver_id, "on": on, "kind": delivery.kind}
    return Comparison.objects.filter(**same, finished_at__isnull=True)


def _add(total: str, delivery: Delivery, content: str) -> str:
    """A sum that does not depend on the order."""
    one = hashlib.sha256(f"{delivery.kind} {delivery.aggregate_id} {content}".encode()).hexdigest()
    return f"{(int(total or '0', 16) + int(one, 16)) % SUM:064x}"
