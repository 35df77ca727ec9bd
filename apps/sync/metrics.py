"""Figures of sending for Prometheus: of receivers alone, no person, no record, no station.

What they show is what the worker has counted (hours.py), so a scrape costs three statements.
"""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Max, Min, Sum
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily

from apps.core.scope import current
from apps.sync.models import Receiver, SyncHour
from apps.sync.watching import standing

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# (name, what it tells)
GAUGES = {
    "on": "1 where records are sent to it",
    "paused": "1 where it waits for a person",
    "breaker_open": "1 where it does not answer",
    "failures": "transport failures in a row",
    "counted_age_seconds": "since its figures were counted; it grows where no worker runs",
    "accepted_age_seconds": "since it last accepted a record",
    "waiting": "records on their way to it",
    "stuck": "records that it refused or that were given up",
    "oldest_waiting_seconds": "how long the oldest record on its way has waited",
    "accepted_this_hour": "records accepted since the hour began",
    "refused_this_hour": "attempts that it refused in the same time",
    "failed_this_hour": "attempts without a result in the same time",
    "lag_seconds_max": "longest time from a change to its acceptance in the same time",
}


class _Collector:
    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        families = {
            name: GaugeMetricFamily(f"tramyte_sync_{name}", told, labels=["receiver"])
            for name, told in GAUGES.items()
        }
        for code, values in _values(self.now).items():
            for name, value in values.items():
                if value is not None:
                    families[name].add_metric([code], float(value))
        yield from families.values()


def text(now: dt.datetime) -> str:
    """All figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(now))
    return generate_latest(registry).decode()


def _values(now: dt.datetime) -> dict[str, dict[str, float | None]]:
    stands = {
        row["receiver_id"]: row
        for row in standing(current())
        .order_by()
        .values("receiver_id")
        .annotate(waits=Sum("waiting"), stops=Sum("stuck"), first=Min("oldest"))
    }
    hour = now.replace(minute=0, second=0, microsecond=0)
    done = {
        row["receiver_id"]: row
        for row in SyncHour.objects.filter(hour=hour)
        .order_by()
        .values("receiver_id")
        .annotate(taken=Sum("accepted"), noes=Sum("refused"), lost=Sum("failed"), most=Max("lag_most"))
    }

    def age(at: dt.datetime | None) -> float | None:
        return max(0.0, (now - at).total_seconds()) if at else None

    found = {}
    for receiver in Receiver.objects.all():
        stood, did = stands.get(receiver.pk, {}), done.get(receiver.pk, {})
        found[receiver.code] = {
            "on": float(receiver.is_on),
            "paused": float(receiver.paused_at is not None),
            "breaker_open": float(receiver.breaker_open),
            "failures": float(receiver.failures),
            "counted_age_seconds": age(receiver.counted_at),
            "accepted_age_seconds": age(receiver.last_accepted_at),
            "waiting": stood.get("waits", 0),
            "stuck": stood.get("stops", 0),
            "oldest_waiting_seconds": age(stood.get("first")) or 0.0,
            "accepted_this_hour": did.get("taken", 0),
            "refused_this_hour": did.get("noes", 0),
            "failed_this_hour": did.get("lost", 0),
            "lag_seconds_max": did.get("most", 0),
        }
    return found
