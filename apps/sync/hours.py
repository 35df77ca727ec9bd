"""The figures of each hour, written by the worker: what pages and metrics show without counting a record.

The hours since the last count are counted anew from the receivers' answers, so a worker that died, or ran
twice, leaves no wrong figure. Hours that are a week old are folded into their day.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone

from apps.core.words import quantity_words
from apps.sync.models import OPEN_STATES, STUCK_STATES, OutboxRow, Receiver, SyncAnswer, SyncHour
from apps.sync.receivers.base import Outcome

EVERY = dt.timedelta(minutes=5)  # between two counts
BACK = dt.timedelta(days=7)  # as far back a first count looks; what is older stands by days
ACCEPTED = (Outcome.STORED, Outcome.UNCHANGED)
REFUSED = (Outcome.REJECTED, Outcome.CONFLICT, Outcome.TOO_LARGE)
ADDED = ("accepted", "refused", "failed", "lag_total")
STANDING = ("waiting", "stuck", "oldest")
OWN = ("receiver_id", "facility_id", "hour")


def count_if_due(now: dt.datetime) -> bool:
    """Count when the last count is old. Of several workers one does: who moves `counted_at`."""
    due = Q(counted_at__isnull=True) | Q(counted_at__lte=now - EVERY)
    with transaction.atomic():
        taken = list(Receiver.objects.select_for_update(skip_locked=True).filter(due))
        if not taken:
            return False
        for receiver in taken:
            _count(receiver, now)
        Receiver.objects.filter(pk__in=[receiver.pk for receiver in taken]).update(counted_at=now)
    return True


def _count(receiver: Receiver, now: dt.datetime) -> None:
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    since = max(receiver.counted_at or now - BACK, now - BACK).replace(minute=0, second=0, microsecond=0)
    found: dict[tuple[Any, dt.datetime], SyncHour] = {}

    def of(facility_id: Any, hour: dt.datetime) -> SyncHour:
        new = SyncHour(receiver=receiver, facility_id=facility_id, hour=hour)
        return found.setdefault((facility_id, hour), new)

    # What a later check has found (verifying.py) stands beside the attempts and is none.
    attempts = SyncAnswer.objects.filter(row__receiver=receiver, outcome__in=list(Outcome))
    answers = attempts.filter(at__gte=since, at__lte=now).order_by()
    lags = answers.filter(outcome=Outcome.STORED, row__changed_at__lte=now)
    for line in answers.values("row__facility_id", hour=TruncHour("at", tzinfo=dt.UTC)).annotate(
        accepted=Count("pk", filter=Q(outcome__in=ACCEPTED)),
        refused=Count("pk", filter=Q(outcome__in=REFUSED)),
        every=Count("pk"),
    ):
        row = of(line["row__facility_id"], line["hour"])
        row.accepted, row.refused = line["accepted"], line["refused"]
        row.failed = line["every"] - line["accepted"] - line["refused"]
    for facility_id, at, changed in lags.values_list("row__facility_id", "at", "row__changed_at").iterator(
        2000
    ):
        row = of(facility_id, at.replace(minute=0, second=0, microsecond=0))
        lag = max(0, int((at - changed).total_seconds()))  # changed again since: told again later
        row.lag_total += lag
        row.lag_most = max(row.lag_most, lag)
    for line in (
        OutboxRow.objects.filter(receiver=receiver, state__in=(*OPEN_STATES, *STUCK_STATES))
        .order_by()
        .values("facility_id")
        .annotate(
            waiting=Count("pk", filter=Q(state__in=OPEN_STATES)),
            stuck=Count("pk", filter=Q(state__in=STUCK_STATES)),
            oldest=Min("changed_at", filter=Q(state__in=OPEN_STATES)),
        )
    ):
        row = of(line["facility_id"], this_hour)
        row.waiting, row.stuck, row.oldest = line["waiting"], line["stuck"], line["oldest"]
    # who waited when this hour was last counted, and does not any more
    SyncHour.objects.filter(receiver=receiver, hour=this_hour).update(waiting=0, stuck=0, oldest=None)
    past = [row for key, row in found.items() if key[1] < this_hour]
    _keep(past, (*ADDED, "lag_most"))  # how they stood stays as it was told then
    _keep([row for key, row in found.items() if key[1] == this_hour], (*ADDED, "lag_most", *STANDING))


def _keep(rows: Iterable[SyncHour], fields: Iterable[str]) -> None:
    SyncHour.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=[*OWN], update_fields=[*fields], batch_size=500
    )


def fold(day: dt.date) -> str:
    """Of the night: one row a day in the place of the hours of days that are a week old."""
    zone = timezone.get_current_timezone()
    limit = dt.datetime.combine(day - BACK, dt.time(), zone)
    old = SyncHour.objects.filter(hour__lt=limit)
    sums: dict[str, Any] = {name: Sum(name) for name in ADDED}
    sums |= {"lag_most": Max("lag_most"), "waiting": Max("waiting"), "stuck": Max("stuck")}
    with transaction.atomic():
        days = old.order_by().values("receiver_id", "facility_id", day=TruncDay("hour", tzinfo=zone))
        rows = [
            SyncHour(hour=line.pop("day"), **{k: v for k, v in line.items() if k != "hours"})
            for line in days.annotate(hours=Count("pk"), **sums).filter(hours__gt=1)
        ]
        for row in rows:
            same = {"receiver_id": row.receiver_id, "facility_id": row.facility_id}
            SyncHour.objects.filter(
                **same, hour__gte=row.hour, hour__lt=row.hour + dt.timedelta(days=1)
            ).delete()
        SyncHour.objects.bulk_create(rows, batch_size=500)
    return f"Đã gộp số liệu gửi của {quantity_words(len(rows))} ngày."
