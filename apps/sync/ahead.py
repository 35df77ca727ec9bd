"""After a clock that stood ahead was put right: what it wrote is not waited for.

A moment alone does not say that it is false (a receiver may ask for a day's patience); that it was written
after now does.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Least

from apps.sync.backoff import CHECK_AGAIN
from apps.sync.models import Delivery, OutboxRow, Receiver, RowState

SLACK = timedelta(minutes=5)  # so far ahead another machine's clock may be


def receivers_back(now: datetime) -> int:
    """Receivers that were last counted after now: they are counted, and rest no longer. Each round counts
    before it sends, so what stands at the receiver was written by the same clock.
    """
    return Receiver.objects.filter(counted_at__gt=now + SLACK).update(
        counted_at=None, hold_until=None, paced_until=None, last_accepted_at=Least("last_accepted_at", now)
    )


def waiting(now: datetime) -> QuerySet[OutboxRow]:
    """What waits for a moment that was reckoned after now."""
    return OutboxRow.objects.filter(state=RowState.PENDING, next_at__gt=now, updated_at__gt=now + SLACK)


def rows_back(now: datetime) -> int:
    """Let each of these wait from now on as long as it was to wait; deliveries be asked about. Who is just
    being written is put right the next time.
    """
    with transaction.atomic():
        found = list(waiting(now).select_for_update(skip_locked=True).values_list("pk", flat=True))
        rest = F("next_at") - F("updated_at")
        OutboxRow.objects.filter(pk__in=found).update(next_at=Value(now) + rest, updated_at=now)
        late = Delivery.objects.filter(check_at__gt=now + CHECK_AGAIN + SLACK)
        asked = list(late.select_for_update(skip_locked=True).values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=asked).update(check_at=now)
    return len(found)
