"""Visits that ended before a receiver was there: counted first, then queued by a job, the oldest first.

It may send away years of records at one press, so a second person says yes (core.approvals).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.core import approvals, audit, jobs
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.models import Job, PendingChange
from apps.core.scope import Scope, current
from apps.core.words import quantity_words
from apps.encounters import states
from apps.encounters.models import Prescription, Visit
from apps.sync import kinds
from apps.sync.models import Delivery, OutboxRow, Receiver
from apps.sync.outbox import notify
from apps.sync.receivers import adapter_class

JOB = "sync.backfill"
CHANGE = "sync.backfill"  # the ChangeKind
CHUNK = 500  # visits a transaction
A_SECOND = 10  # so many become due each second: a visit that ends meanwhile does not wait behind them


@dataclass(frozen=True)
class Preview:
    """What would be queued: figures only."""

    visits: int
    stations: int
    first: dt.date | None
    last: dt.date | None

    @property
    def minutes(self) -> int:
        """How long the queue takes at least, in whole minutes."""
        return -(-self.visits // (A_SECOND * 60))


def preview(*, receiver: Receiver, since: dt.date) -> Preview:
    """What a backfill from that day would send of the scope's facilities. Needs sync.edit; writes nothing."""
    current().require("sync.edit")
    found = _untold(current(), receiver, since).aggregate(
        visits=Count("pk"), stations=Count("facility", distinct=True), first=Min("on"), last=Max("on")
    )
    return Preview(**found)


@transaction.atomic
def backfill_ask(*, receiver_id: UUID, since: dt.date) -> PendingChange:
    """Put it before a second person. Refused for a receiver that is off: nothing would be sent."""
    scope = current()
    scope.require("sync.edit")
    receiver = _open_receiver(receiver_id)
    found = preview(receiver=receiver, since=since)
    if not found.visits:
        raise Refused("Không còn lượt khám nào cần gửi từ ngày này.", field="since")
    return approvals.ask(
        CHANGE,
        object_id=receiver.pk,
        title=f"Gửi các lượt khám đã hoàn tất từ {since:%d/%m/%Y} đến {receiver.name}",
        lines=[
            ("Địa chỉ", "", receiver.base_url),
            ("Lượt khám", "", quantity_words(found.visits)),
            ("Cơ sở", "", quantity_words(found.stations)),
            ("Ngày khám", "", f"từ {found.first:%d/%m/%Y} đến {found.last:%d/%m/%Y}"),
        ],
        args={"since": since, "base_url": receiver.base_url, "scope": jobs.pack_scope(scope)},
    )


def backfill_approved(change: PendingChange) -> None:
    """Queue the job, of the facilities of who asked: what the second has seen counted."""
    receiver, since = _open_receiver(change.object_id), dt.date.fromisoformat(change.args["since"])
    if receiver.base_url != change.args["base_url"]:
        raise Refused("Thiết lập nơi nhận đã đổi từ lúc xin. Người xin cần gửi lại yêu cầu.")
    audit.record(
        "sync.backfill_started",
        object_id=receiver.pk,
        data={"receiver": receiver.code, "since": f"{since:%d/%m/%Y}"},
    )
    jobs.start(
        JOB,
        title=f"Xếp hàng gửi các lượt khám từ {since:%d/%m/%Y} đến {receiver.name}"[:200],
        scope=jobs.unpack_scope(change.args["scope"]),
        args={"receiver": receiver.pk, "since": since},
    )


def kind_of(receiver: Receiver) -> str | None:
    """As which kind of records the receiver is told of visits; None where it is not."""
    return next((kind for kind in kinds.of_visits() if kind in adapter_class(receiver.kind).kinds), None)


def _open_receiver(receiver_id: UUID) -> Receiver:
    receiver = Receiver.objects.select_for_update().get(pk=receiver_id)
    if not receiver.is_on:
        raise Refused("Nơi nhận đang tắt. Hãy bật nơi nhận trước.")
    if kind_of(receiver) is None:
        raise Refused("Nơi nhận này không nhận lượt khám.")
    return receiver


def run(job: Job) -> None:
    """The job. Taken over after a worker died it goes on with what is still untold."""
    receiver = Receiver.objects.get(pk=job.args["receiver"])
    total = 0
    for done, total in queue(receiver, dt.date.fromisoformat(job.args["since"])):
        jobs.progress(job, done, total, "Đang xếp hàng chờ gửi.")
    job.result = {"url": reverse("sync:receiver", args=[receiver.pk]), "url_title": "Mở nơi nhận"}
    jobs.progress(job, total, total, "Các lượt khám đã vào hàng chờ và được gửi dần, cũ trước mới sau.")


def queue(receiver: Receiver, since: dt.date) -> Iterator[tuple[int, int]]:
    """Queue the scope's visits from that day on; after each chunk (queued, all)."""
    visits = _untold(current(), receiver, since).order_by("occurred_at", "pk")
    lines = list(visits.values_list("pk", "person_id", "facility_id"))
    now = timezone.now()
    for begin in range(0, len(lines), CHUNK):
        chunk = lines[begin : begin + CHUNK]
        _queue(receiver, chunk, now, begin, len(lines))
        yield begin + len(chunk), len(lines)


def _queue(receiver: Receiver, lines: list[Any], now: dt.datetime, begin: int, total: int) -> None:
    """One chunk. Ids lie before this moment, in order; a visit that came into the outbox meanwhile stays."""
    oldest = int(now.timestamp() * 1000) - total
    rows = [
        OutboxRow(
            id=uuid7(at_ms=oldest + number),
            receiver=receiver,
            kind=kind_of(receiver) or "",
            aggregate_id=visit,
            person_id=person,
            facility_id=facility,
            next_at=now + dt.timedelta(seconds=number / A_SECOND),
            changed_at=now,
        )
        for number, (visit, person, facility) in enumerate(lines, start=begin)
    ]
    with transaction.atomic():
        OutboxRow.unscoped.bulk_create(rows, ignore_conflicts=True)  # the visits were read through the scope
        notify()


def _untold(scope: Scope, receiver: Receiver, since: dt.date) -> QuerySet[Visit]:
    """Final visits of the scope from that day on which this receiver was never to be told of."""
    kind = kind_of(receiver)
    if kind is None:
        return Visit.objects.none()
    # unscoped: whether a visit of the scope is in the outbox does not depend on who asks
    rows = OutboxRow.unscoped.filter(receiver=receiver, kind=kind, aggregate_id=OuterRef("pk"))
    known = Delivery.unscoped.filter(receiver=receiver, kind=kind, aggregate_id=OuterRef("pk"))
    final = Visit.visible(scope).filter(state=states.FINALISED, on__gte=since)
    if kind == "prescription":
        # unscoped: of visits that the scope sees
        coded = Prescription.unscoped.filter(visit=OuterRef("pk")).exclude(code="")
        final = final.filter(Exists(coded))
    if not scope.everything:  # what others did for our people is theirs to send
        final = final.filter(facility__in=scope.facility_ids)
    return final.filter(~Exists(rows), ~Exists(known))
