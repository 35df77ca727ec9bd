"""How sending goes at all stations, out of the hours that the worker has counted; nothing is counted here."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, Max, Min, OuterRef, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.core.charts import Also, trend
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.facilities.models import Facility
from apps.facilities.standing import stations
from apps.sync.hours import EVERY
from apps.sync.models import Receiver, SyncHour
from apps.sync.queries import receiver_word

PAGE = 30
DAYS = 30  # of the pictures
A_DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
LATE = dt.timedelta(hours=1)  # waiting longer counts as trouble


@dataclass(frozen=True)
class StationLine:
    """A station's sending: over the last 24 hours, the running hour, and as it stood."""

    station: Facility
    accepted: int
    this_hour: int
    refused: int
    lag: int | None  # seconds on average from a change to its acceptance
    lag_most: int
    waiting: int
    stuck: int
    oldest: dt.datetime | None

    @property
    def chip(self) -> str:
        if self.stuck:
            return "danger"
        return "warning" if self.late else "done"

    @property
    def late(self) -> bool:
        return self.oldest is not None and self.oldest < timezone.now() - LATE


@dataclass(frozen=True)
class ReceiverState:
    """A receiver as the province watches it: `silent`, its figures are old, so no worker runs."""

    receiver: Receiver
    chip: str
    word: str
    silent: bool


def receiver_states(now: dt.datetime) -> list[ReceiverState]:
    """Every receiver: switch, pause, breaker, when its figures were counted. One query."""
    return [
        ReceiverState(receiver, *receiver_word(receiver), silent=is_silent(receiver, now))
        for receiver in Receiver.objects.all()
    ]


def is_silent(receiver: Receiver, now: dt.datetime) -> bool:
    return receiver.is_on and (receiver.counted_at is None or receiver.counted_at < now - 3 * EVERY)


def standing(scope: Scope) -> Any:
    """The rows that tell how it stood at the last count, of all receivers."""
    return SyncHour.visible(scope).filter(
        receiver__counted_at__gte=F("hour"), receiver__counted_at__lt=F("hour") + HOUR
    )


def station_page(
    scope: Scope, *, cursor: str, trouble: bool, now: dt.datetime
) -> tuple[Page[Facility], list[StationLine]]:
    """Stations by name, those in trouble alone where wished: three queries, however many there are."""
    rows = stations(scope)
    if trouble:
        bad = standing(scope).filter(facility_id=OuterRef("pk"))
        rows = rows.filter(Exists(bad.filter(Q(stuck__gt=0) | Q(oldest__lt=now - LATE))))
    page = keyset(rows, order=("sort_key", "pk"), cursor=cursor, size=PAGE)
    ids = [station.pk for station in page.items]
    done = _done(scope, ids, now)
    stands = {
        row["facility_id"]: row
        for row in standing(scope)
        .filter(facility_id__in=ids)
        .order_by()
        .values("facility_id")
        .annotate(waits=Sum("waiting"), stops=Sum("stuck"), first=Min("oldest"))
    }
    return page, [
        _line(station, done.get(station.pk, {}), stands.get(station.pk, {})) for station in page.items
    ]


def _done(scope: Scope, ids: Sequence[UUID], now: dt.datetime) -> dict[UUID, Mapping[str, Any]]:
    recent = Q(hour__gt=now - HOUR)
    rows = SyncHour.visible(scope).filter(facility_id__in=ids, hour__gte=now - A_DAY).order_by()
    return {
        row["facility_id"]: row
        for row in rows.values("facility_id").annotate(
            taken=Sum("accepted"),
            lately=Sum("accepted", filter=recent),
            noes=Sum("refused"),
            lag=Sum("lag_total"),
            most=Max("lag_most"),
        )
    }


def _line(station: Facility, done: Mapping[str, Any], stands: Mapping[str, Any]) -> StationLine:
    taken = done.get("taken") or 0
    return StationLine(
        station=station,
        accepted=taken,
        this_hour=done.get("lately") or 0,
        refused=done.get("noes") or 0,
        lag=round(done["lag"] / taken) if taken else None,
        lag_most=done.get("most") or 0,
        waiting=stands.get("waits") or 0,
        stuck=stands.get("stops") or 0,
        oldest=stands.get("first"),
    )


def totals(scope: Scope) -> dict[str, Any]:
    """What waits and is stuck in the whole scope, and since when. One query."""
    found: dict[str, Any] = standing(scope).aggregate(
        waiting=Sum("waiting", default=0), stuck=Sum("stuck", default=0), oldest=Min("oldest")
    )
    return found


def pictures(scope: Scope, now: dt.datetime) -> list[dict[str, Any]]:
    """A month of days: what was accepted and refused, and the longest lag. One query."""
    zone = timezone.get_current_timezone()
    first = timezone.localdate(now) - dt.timedelta(days=DAYS - 1)
    rows = SyncHour.visible(scope).filter(hour__gte=dt.datetime.combine(first, dt.time(), zone)).order_by()
    days = list(
        rows.values(day=TruncDate("hour", tzinfo=zone)).annotate(
            taken=Sum("accepted"), noes=Sum("refused"), most=Max("lag_most")
        )
    )
    if not days:
        return []
    found = {row["day"]: row for row in days}
    every = [
        min(found) + dt.timedelta(days=n) for n in range((timezone.localdate(now) - min(found)).days + 1)
    ]
    none: dict[str, Any] = {"taken": 0, "noes": 0, "most": 0}
    told = [(day, found.get(day, none)) for day in every]
    drawn = [
        trend(
            [(day, float(row["taken"])) for day, row in told],
            title="Bản ghi được tiếp nhận mỗi ngày",
            unit="bản ghi",
            also=Also("lần bị từ chối", [(day, float(row["noes"])) for day, row in told]),
        ),
        trend(
            [(day, round(row["most"] / 60, 1)) for day, row in told],
            title="Lần gửi chậm nhất trong ngày",
            unit="phút",
        ),
    ]
    return [picture | {"counts": "ngày"} for picture in drawn]
