"""Claimed rows of one receiver: read as they now are, built, checked, noted; then sent, each by itself."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.core.words import quantity_words
from apps.sync import codemaps, kinds, noting
from apps.sync.mappings.parts import is_wrong
from apps.sync.mappings.records import WITHDRAWN, Visit
from apps.sync.models import Delivery, Need, OutboxRow
from apps.sync.noting import Going, Note
from apps.sync.receivers.base import Adapter, Answer, Issue, Outcome, Part, Prepared, Telling, Verdict
from apps.sync.receivers.limits import limits_of
from apps.sync.settle import Attempt, Done

log = logging.getLogger("tramyte.sync")
Clock = Callable[[], datetime]
OURS = ("visit", "person", "place", "vaccination", "check_up")  # what the station itself can correct
BY_HAND = "Nơi nhận không nhận sửa hay rút qua đường truyền."
NEEDS = (Need.FIELD, Need.DUPLICATE, Need.HAND)
ATTEMPT = timedelta(seconds=60)  # above what one request may take (receivers.http.TOTAL)


@dataclass(frozen=True)
class Ready:
    """A record that may leave: built, checked, and noted as perhaps being there."""

    row: OutboxRow
    prepared: Prepared
    note: Note
    read_at: datetime


@dataclass(frozen=True)
class Told:
    """What came of sending one record, in so many requests."""

    attempt: Attempt
    requests: int


@dataclass
class _Read:
    """Records that were read together, what their receiver holds of them, and its codes by day."""

    records: dict[tuple[str, UUID], Any] = field(default_factory=dict)
    held: dict[tuple[str, UUID], Delivery] = field(default_factory=dict)
    codes: codemaps.ByDay = field(default_factory=dict)


def make_ready(rows: Sequence[OutboxRow], adapter: Adapter, clock: Clock) -> tuple[list[Ready], list[Done]]:
    """Read rows of one receiver in as many queries as one takes, build and check each, note what may leave.
    What is not to be sent comes back as done. Never raises for one bad record.
    """
    at = clock()
    read = _read(rows, adapter)
    going: list[tuple[Going, Prepared]] = []
    done: list[Done] = []
    for row in rows:
        found = _build(row, adapter, read or _read([row], adapter))
        if isinstance(found, tuple):
            going.append(found)
        else:
            done.append((row, found))
    notes = noting.note([each for each, _ in going])
    ready = [
        Ready(each.row, prepared, before, at) for (each, prepared), before in zip(going, notes, strict=True)
    ]
    return ready, done


def _read(rows: Sequence[OutboxRow], adapter: Adapter) -> _Read | None:
    """What changes after the claim sends its row back to pending, so a record read some seconds early is no
    more than an earlier version that is followed by the later one. None: one of them cannot be read.
    """
    read = _Read()
    try:
        for kind in sorted({row.kind for row in rows}):
            ids = [row.aggregate_id for row in rows if row.kind == kind]
            found = kinds.several(kind, ids, form=adapter.form)
            read.records.update({(kind, key): record for key, record in found.items()})
        read.held.update({(each.kind, each.aggregate_id): each for each in noting.same(rows)})
    except Exception:  # of several each alone will tell which
        log.exception("sync.read_failed", extra={"rows": [str(row.pk) for row in rows]})
        return None
    return read


def _build(row: OutboxRow, adapter: Adapter, read: _Read | None) -> tuple[Going, Prepared] | Attempt | None:
    """What may leave, or what is to be said instead."""
    try:
        if read is None:
            raise ValueError("it cannot be read")
        known = read.held.get((row.kind, row.aggregate_id))
        record = read.records.get((row.kind, row.aggregate_id))
        prepared = build(row, adapter, record, known, in_parts=row.in_parts, codes=read.codes)
    except Exception:
        log.exception("sync.build_failed", extra={"row": str(row.pk)})
        return Attempt(Verdict(Outcome.REJECTED, "Chưa dựng được gói tin từ bản ghi này.", need=Need.ADMIN))
    if prepared is None:
        return None
    if prepared.problems:
        verdict = Verdict(
            Outcome.REJECTED,
            "Chưa gửi vì bản ghi không đạt kiểm tra.",
            prepared.problems,
            need_of(prepared.problems),
        )
        return Attempt(verdict, prepared=prepared)
    if known and known.body_hash == prepared.hash:
        return Attempt(Verdict(Outcome.UNCHANGED), prepared=prepared)
    if not prepared.leaving:
        return Attempt(_by_hand(prepared.by_hand), prepared=prepared)
    return Going(row, prepared.leaving, is_new=known is None), prepared


def need_of(problems: Sequence[Issue]) -> Need:
    """Who can end what stops a record before it leaves."""
    return Need.FIELD if any(each.target in OURS for each in problems) else Need.ADMIN


def prepare(row: OutboxRow, adapter: Adapter, *, in_parts: bool) -> Prepared | None:
    """The record as it now is, ready to leave; None when there is nothing to tell this receiver."""
    record = kinds.gather(row.kind, row.aggregate_id, form=adapter.form)
    return build(row, adapter, record, held_of(row), in_parts=in_parts)


def held_of(row: OutboxRow) -> Delivery | None:
    """What its receiver holds, or may hold, of a row's record."""
    return noting.same([row]).first()


def build(
    row: OutboxRow,
    adapter: Adapter,
    record: Any,
    known: Delivery | None,
    *,
    in_parts: bool,
    codes: codemaps.ByDay | None = None,
) -> Prepared | None:
    """A record that was read, ready to leave. `known`: what the receiver holds of it; `codes`: what was read
    of the receiver's codes for others of the same batch.
    """
    if record is None:
        return None
    keys = known.keys if known else frozenset()
    if not keys and _holds_no_more(record):
        return None  # this one was never told
    change = f"{row.pk}-{row.sent_change}"
    known_codes = codemaps.known(row.receiver, record, codes)
    telling = Telling(record, keys, known_codes, change, in_parts)
    prepared = adapter.prepare(telling)
    most = limits_of(row.receiver.settings).bytes
    if prepared and most and not in_parts and _longest(prepared) > most:
        prepared = adapter.prepare(replace(telling, in_parts=True))
    if prepared and most and _longest(prepared) > most:
        too_large = Issue("Bundle", f"Gói tin lớn hơn {quantity_words(most)} byte mà nơi nhận cho phép.")
        prepared = replace(prepared, problems=(*prepared.problems, too_large))
    return prepared


def _holds_no_more(record: Any) -> bool:
    """Whether all that is left to tell of a record is that it is none."""
    return getattr(record, "version", None) == WITHDRAWN or (isinstance(record, Visit) and is_wrong(record))


def _longest(prepared: Prepared) -> int:
    return max((len(part.body) for part in prepared.parts), default=0)


def time_left(row: OutboxRow, clock: Clock) -> bool:
    """Whether one more request ends before the lease does: another worker must not overtake it."""
    return row.leased_until is None or clock() + ATTEMPT <= row.leased_until


def send(adapter: Adapter, ready: Ready, clock: Clock) -> Told:
    """Every part in order until one is not stored; of parts that stand for themselves a refused one holds up
    none. A refused token is read anew and tried once more. Touches no database.
    """
    row, prepared = ready.row, ready.prepared
    stored: dict[str, dict[str, str]] = {}
    answer, requests = Answer(), 0
    refused = [_by_hand(prepared.by_hand)] if prepared.by_hand else []

    def told(verdict: Verdict) -> Told:
        verdict = replace(verdict, stored=stored)
        return Told(Attempt(verdict, answer, prepared, ready.note.unproven), requests)

    for number, part in enumerate(prepared.leaving):
        if number and not time_left(row, clock):
            return told(Verdict(Outcome.RETRY, "Nơi nhận trả lời quá chậm.", receiver_fault=True))
        name = row.request_id if number == 0 else f"{row.request_id}.{number}"
        answer, verdict = _one(adapter, part, name)
        requests += 1
        if verdict.outcome is Outcome.TOKEN and time_left(row, clock):
            answer, verdict = _one(adapter, part, name)
            requests += 1
        stored |= verdict.stored
        if verdict.outcome is Outcome.REJECTED and prepared.apart:
            refused.append(verdict)
        elif verdict.outcome is not Outcome.STORED:
            return told(verdict)
    return told(_together(refused) if refused else Verdict(Outcome.STORED))


def _by_hand(issues: tuple[Issue, ...]) -> Verdict:
    """What no line carries: somebody of the station does it at the receiver."""
    return Verdict(Outcome.REJECTED, BY_HAND, issues, Need.HAND)


def _together(refused: list[Verdict]) -> Verdict:
    """One verdict on parts that were refused each for itself: what the station can correct comes first."""
    first = min(refused, key=lambda each: NEEDS.index(each.need) if each.need in NEEDS else len(NEEDS))
    return replace(first, issues=tuple(dict.fromkeys(issue for each in refused for issue in each.issues)))


def _one(adapter: Adapter, part: Part, request_id: str) -> tuple[Answer, Verdict]:
    try:
        answer = adapter.send(part, request_id)
        return answer, adapter.judge(answer, part)
    except Exception:  # an adapter's mistake must not leave the row, nor those beside it, without an end
        log.exception("sync.send_failed", extra={"request": request_id})
        answer = Answer(error="connection")
        return answer, adapter.judge(answer, part)
