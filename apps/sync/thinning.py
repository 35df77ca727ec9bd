"""What receivers said long ago, thinned each night: what proves where a record stands is kept."""

import datetime as dt

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.core import parameters
from apps.core.words import quantity_words
from apps.sync import hours
from apps.sync.models import OPEN_STATES, STUCK_STATES, SyncAnswer
from apps.sync.receivers.base import Outcome

KEPT_DAYS = "sync.answers_kept_days"
AT_ONCE = 5_000  # rows a statement


def answers_thinned(day: dt.date) -> str:
    """Of rows that have come to rest forget the old answers but the last, and the last that took the record:
    its request, its body's hash and its time are the proof. What still waits or is stuck keeps all.
    """
    kept = max(
        int(parameters.value(KEPT_DAYS, on=day)), hours.BACK.days + 1
    )  # the hours are counted from them
    limit = timezone.make_aware(dt.datetime.combine(day - dt.timedelta(days=kept), dt.time()))
    later = SyncAnswer.objects.filter(row=OuterRef("row"), pk__gt=OuterRef("pk"))
    taken = Q(outcome=Outcome.STORED)
    old = SyncAnswer.objects.filter(Exists(later), at__lt=limit).exclude(
        row__state__in=(*OPEN_STATES, *STUCK_STATES)
    )
    old = old.exclude(taken & ~Exists(later.filter(taken))).order_by()
    gone = 0
    while ids := list(old.values_list("pk", flat=True)[:AT_ONCE]):
        gone += SyncAnswer.objects.filter(pk__in=ids).delete()[0]
    return f"Đã bỏ {quantity_words(gone)} câu trả lời cũ của nơi nhận."
