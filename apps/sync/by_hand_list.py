"""Gửi tay of many: what waits for the vaccination system is given in as one list in its Excel form.

A morning of a hundred children is one file, not a hundred. The steps are those of one record (by_hand.py):
taken out of the queue, given in as a file, its receipt written down; never called accepted. The list is one
of people, so the file is a guarded one (core.guarded).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.registry import ExportKind, ExportSheet
from apps.core.scope import current, system
from apps.core.versions import StaleVersion
from apps.sync import by_hand, codemaps, kinds, outbox, troubles
from apps.sync.models import OutboxRow, Receiver, ReceiverKind, RowState
from apps.sync.push import build, held_of, need_of
from apps.sync.receivers import adapter_or_refuse
from apps.sync.receivers.vaccination.adapter import WIDE, VaccinationAdapter
from apps.sync.unread import refuse_unread

KEY = "sync.hand_list"
WAITING = (RowState.PENDING, RowState.PAUSED, RowState.DEAD)
MOST = 200  # records taken at one press: each is built and checked
AT_ONCE = 100  # records of the file that are built together
STOPPED = "Chưa nộp vì bản ghi không đạt kiểm tra."
UNFIT = "Có bản ghi đã lấy để nộp tay nay không đạt kiểm tra. Mở danh sách Gửi tay, xem từng bản ghi."


@dataclass(frozen=True)
class Standing:
    """How much of these facilities waits for a receiver, and is given in by hand and has no receipt yet.
    `until`: when the last of these was taken.
    """

    waiting: int
    in_hand: int
    until: dt.datetime | None


@dataclass
class Taken:
    """What came of a press: taken, stopped by the checks (each told as a task), left as they were."""

    taken: int = 0
    stopped: int = 0
    left: int = 0


def receivers() -> list[Receiver]:
    """The receivers whose form holds many records. One query."""
    return list(Receiver.objects.filter(kind=ReceiverKind.VACCINATION))


def standing(receiver: Receiver) -> Standing:
    """What a list would hold. One query."""
    return Standing(
        **_mine(receiver).aggregate(
            waiting=Count("pk", filter=Q(state__in=WAITING)),
            in_hand=Count("pk", filter=_IN_HAND),
            until=Max("hand_at", filter=_IN_HAND),
        )
    )


_IN_HAND = Q(state=RowState.BY_HAND, hand_receipt="")


def _mine(receiver: Receiver) -> QuerySet[OutboxRow]:
    """A receiver's rows of one's own facilities."""
    rows = OutboxRow.objects.filter(receiver=receiver)
    scope = current()
    return rows if scope.everything else rows.filter(facility_id__in=scope.facility_ids)


def take(*, receiver: Receiver) -> Taken:
    """Take what waits out of the queue, the oldest first, at most MOST. Needs sync.export.

    What does not pass the checks is refused as by the worker, with each field to correct.
    """
    current().require("sync.export")
    done = Taken()
    for row in _mine(receiver).filter(state__in=WAITING).order_by("pk")[:MOST]:
        try:
            by_hand.hand_take(row_id=row.pk, expected_version=row.version)
        except by_hand.NotReady as stopped:
            done.stopped += _stop(row, stopped)
        except (Refused, StaleVersion):  # on its way meanwhile, or not for this reader
            done.left += 1
        else:
            done.taken += 1
    return done


@transaction.atomic
def _stop(row: OutboxRow, stopped: by_hand.NotReady) -> bool:
    """Keep why a record cannot be given in; False when it has moved meanwhile."""
    issues, need, now = [vars(issue) for issue in stopped.problems], need_of(stopped.problems), timezone.now()
    # unscoped: the row was found through the scope
    rows = OutboxRow.unscoped.filter(pk=row.pk, version=row.version, state__in=WAITING)
    changed = rows.update(
        state=RowState.REJECTED, reason=STOPPED, issues=issues, need=need, settled_at=now, updated_at=now,
        version=F("version") + 1,
    )  # fmt: skip
    if changed:
        troubles.refused(row, need, issues, now)
        outbox.person_apart([row.pk])
    return bool(changed)


@transaction.atomic
def receipt(*, receiver: Receiver, until: dt.datetime, on: dt.date, number: str) -> int:
    """Write down under which number the receiver took the list: of all that was taken by `until` and has no
    receipt yet; how many. Needs sync.enter.
    """
    current().require("sync.enter")
    rows = _mine(receiver).filter(_IN_HAND, hand_at__lte=until)
    last = rows.aggregate(at=Max("hand_at"))["at"]
    if last is None:
        raise Refused("Không còn bản ghi nào chờ số biên nhận.")
    number = by_hand.checked_receipt(number, on, last)
    many = rows.update(hand_on=on, hand_receipt=number, version=F("version") + 1, updated_at=timezone.now())
    audit.record(
        "sync.hand_list_receipt", object_id=receiver.pk, data={"receiver": receiver.code, "rows": many}
    )
    return many


# ---- the guarded file


def as_args(receiver: Receiver) -> dict[str, str]:
    """What is kept with the file."""
    return {"receiver": str(receiver.pk)}


def _receiver(args: Mapping[str, Any]) -> Receiver:
    return Receiver.objects.get(pk=args["receiver"], kind=ReceiverKind.VACCINATION)


def count(args: Mapping[str, Any]) -> int:
    """How many records the file is made of."""
    return _mine(_receiver(args)).filter(_IN_HAND).count()


def sheet(args: Mapping[str, Any]) -> ExportSheet:
    """The receiver's form, the oldest record first, a row a dose."""
    receiver = _receiver(args)
    adapter = adapter_or_refuse(receiver)
    if not isinstance(adapter, VaccinationAdapter):
        raise Refused("Nơi nhận này không nhận danh sách.")
    return ExportSheet(adapter.headings, _cells(receiver, adapter), dict.fromkeys(range(99), WIDE))


def _cells(receiver: Receiver, adapter: VaccinationAdapter) -> Iterator[tuple[UUID | None, Sequence[str]]]:
    ids = list(_mine(receiver).filter(_IN_HAND).order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(ids), AT_ONCE):
        yield from _built(receiver, adapter, ids[begin : begin + AT_ONCE])


def _built(
    receiver: Receiver, adapter: VaccinationAdapter, ids: Sequence[UUID]
) -> list[tuple[UUID | None, Sequence[str]]]:
    """The rows of some records as they now are. Raises Refused where one may not leave any more."""
    found: list[tuple[UUID | None, Sequence[str]]] = []
    for row in _mine(receiver).filter(_IN_HAND, pk__in=ids).order_by("pk"):
        refuse_unread(row)
        with system("làm tệp nộp tay"):
            record = kinds.gather(row.kind, row.aggregate_id, form=adapter.form)
            prepared = build(row, adapter, record, held_of(row), in_parts=False)
            known = codemaps.known(receiver, record)
        if prepared is None or prepared.problems or record.managed_by:
            raise Refused(UNFIT)
        found += [(row.person_id, cells) for cells in adapter.cells(record, known)]
    return found


EXPORT = ExportKind(
    KEY, "Tệp nộp tay theo mẫu của nơi nhận", ("sync.export",), "sync.hand_file", "nop-tay", count, sheet
)
