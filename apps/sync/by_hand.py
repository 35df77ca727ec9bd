"""Gửi tay: a record that the line does not carry is taken away as a file and given in by a person.

The row then waits for no worker. It says that it was given in by hand, when, by whom and under which receipt,
and never that the receiver has accepted it: nobody here has heard the receiver say so. What may be there is
written down as before any attempt, so that a later correction or withdrawal reaches it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.scope import current, system
from apps.core.text import clean
from apps.core.versions import StaleVersion
from apps.sync import codemaps, kinds, outbox, troubles
from apps.sync.models import Need, OutboxRow, RowState
from apps.sync.noting import Going, note
from apps.sync.push import build, held_of
from apps.sync.receivers import adapter_or_refuse
from apps.sync.receivers.base import Adapter, Issue, Prepared
from apps.sync.unread import refuse_unread

TAKEN_FROM = (RowState.PENDING, RowState.PAUSED, RowState.REJECTED, RowState.DEAD, RowState.DIFFERS)
LONGEST = 60  # signs of a receipt number
MOST_TOLD = 20  # things wrong with a record that are told at once


class NotReady(Refused):
    """A record that does not pass the checks before sending: `problems` says why."""

    def __init__(self, problems: tuple[Issue, ...]) -> None:
        said = [f"{each.field or each.expression}: {each.text}" for each in problems[:MOST_TOLD]]
        more = len(problems) - len(said)
        said += [f"và {more} chỗ nữa"] * bool(more)
        super().__init__(f"Gói tin chưa đạt kiểm tra: {'; '.join(said)}")
        self.problems = problems


@transaction.atomic
def hand_take(*, row_id: UUID, expected_version: int) -> OutboxRow:
    """Take a row out of the queue, to be given in by hand. Needs sync.export: its file names the person; for
    what a person has to do at the receiver anyway sync.enter is enough.

    Refused for one that is just being sent, was accepted, or does not pass the checks before sending.
    """
    scope = current()
    row = _mine(row_id, expected_version)
    scope.require(right_to_take(row))
    refuse_unread(row)
    if row.state not in TAKEN_FROM:
        raise Refused("Bản ghi đang được gửi hoặc không còn chờ gửi, nên không chuyển sang gửi tay được.")
    with system("chuyển một bản ghi sang gửi tay"):
        built = _built(row)
        note([Going(row, built.prepared.parts)])
    # unscoped: the row was taken through the scope
    OutboxRow.unscoped.filter(pk=row.pk).update(
        state=RowState.BY_HAND,
        hand_at=timezone.now(),
        hand_by_name=scope.shown_name[:150],
        hand_on=None,
        hand_receipt="",
        need="",
        issues=[],
        reason="",
        settled_at=None,
        version=F("version") + 1,
        updated_at=timezone.now(),
    )
    troubles.by_hand(row)
    outbox.person_apart([row.pk])
    _audit("sync.hand_taken", row)
    return row


def right_to_take(row: OutboxRow) -> str:
    """Which right takes a row out of the queue."""
    return "sync.enter" if row.need == Need.HAND else "sync.export"


@transaction.atomic
def hand_file(*, row_id: UUID) -> tuple[bytes, str, str]:
    """(content, type, file name) of a row that is given in by hand: the record as it now is. Needs
    sync.export.
    """
    current().require("sync.export")
    row = OutboxRow.objects.select_related("receiver").get(pk=row_id)
    refuse_unread(row)
    if row.state != RowState.BY_HAND:
        raise Refused("Bản ghi này không còn ở trạng thái gửi tay.")
    with system("lấy tệp gửi tay"):
        built = _built(row)
        # a code that was mapped since names its parts otherwise
        note([Going(row, built.prepared.parts)])
    _audit("sync.hand_file", row)
    kind, ending = built.adapter.file_type
    return built.content, kind, f"goi-tin-{row.pk}.{ending}"


@transaction.atomic
def hand_receipt(*, row_id: UUID, expected_version: int, on: dt.date, number: str) -> OutboxRow:
    """Write down under which number the receiver took the file. Needs sync.enter."""
    current().require("sync.enter")
    row = _mine(row_id, expected_version)
    if row.state != RowState.BY_HAND or row.hand_at is None:
        raise Refused("Bản ghi này không còn ở trạng thái gửi tay.")
    number = checked_receipt(number, on, row.hand_at)
    # unscoped: the row was taken through the scope
    OutboxRow.unscoped.filter(pk=row.pk).update(
        hand_on=on, hand_receipt=number, version=F("version") + 1, updated_at=timezone.now()
    )
    _audit("sync.hand_receipt", row)
    return row


def checked_receipt(number: str, on: dt.date, taken_at: dt.datetime) -> str:
    """The receipt's number as it is kept. Raises Refused for one that cannot be, and for a wrong day."""
    number = clean(number)
    if not 1 <= len(number) <= LONGEST:
        raise Refused(f"Ghi số biên nhận, nhiều nhất {LONGEST} ký tự.", field="receipt")
    if not timezone.localdate(taken_at) <= on <= timezone.localdate():
        raise Refused("Ngày nộp phải từ ngày lấy tệp đến hôm nay.", field="on")
    return number


def _mine(row_id: UUID, expected_version: int) -> OutboxRow:
    """The row, locked, of these facilities, as it was when the page was opened."""
    row = OutboxRow.objects.select_for_update(of=("self",)).select_related("receiver").get(pk=row_id)
    if not current().reaches(row.facility_id):
        raise Refused("Bản ghi này thuộc cơ sở khác.")
    if row.version != expected_version:
        raise StaleVersion(current=row, mine=row)
    return row


@dataclass(frozen=True)
class _Built:
    adapter: Adapter
    record: Any
    prepared: Prepared
    content: bytes


def _built(row: OutboxRow) -> _Built:
    """The whole record in one body and as the file to give in. Raises Refused where it may not leave."""
    adapter = adapter_or_refuse(row.receiver)
    record = kinds.gather(row.kind, row.aggregate_id, form=adapter.form)
    prepared = build(row, adapter, record, held_of(row), in_parts=False)
    if prepared is None:
        raise Refused("Bản ghi này chưa hoàn tất nên không có gì để gửi.")
    if prepared.problems:
        raise NotReady(prepared.problems)
    content = adapter.as_file(record, prepared, codemaps.known(row.receiver, record))
    return _Built(adapter, record, prepared, content)


def _audit(action: str, row: OutboxRow) -> None:
    audit.record(
        action,
        person_id=row.person_id,
        object_id=row.aggregate_id,
        facility_id=row.facility_id,
        data={"receiver": row.receiver.code},
    )
