"""Where a record stands at each receiver, in words: for its own page, for lists, for the rooms below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.core.ports import SyncLine
from apps.core.words import datetime_words
from apps.sync import kinds
from apps.sync.models import (
    DIFFERENT,
    OPEN_STATES,
    SENT_STATES,
    STUCK_STATES,
    Delivery,
    Need,
    OutboxRow,
    Receiver,
    RowState,
)

OPEN_TO_ALL = frozenset({"codes"})  # what whoever sees rows may open
CHIPS = {
    RowState.PENDING: "info",
    RowState.IN_FLIGHT: "info",
    RowState.PAUSED: "warning",
    RowState.ACCEPTED: "done",
    RowState.VERIFIED: "done",
    RowState.DIFFERS: "danger",
    RowState.REJECTED: "danger",
    RowState.DEAD: "danger",
    RowState.BY_HAND: "warning",
    RowState.SUPERSEDED: "off",
}


@dataclass(frozen=True)
class Fix:
    """What a receiver finds wrong, in our word and its own; `url` opens what must be corrected."""

    field: str
    text: str
    expression: str
    url: str


QUIET = {"text": "", "expression": ""}  # of an issue: both are the receiver's words


@dataclass(frozen=True)
class Standing:
    """Where one record stands at one receiver. `before`: when an earlier version was accepted."""

    row: OutboxRow
    receiver: str
    state: str
    chip: str
    word: str
    detail: str
    at: datetime | None
    before: datetime | None
    fixes: tuple[Fix, ...]

    @property
    def said(self) -> str:
        """The words beside the state, unless a line of `fixes` says them."""
        return "" if any(fix.text == self.detail for fix in self.fixes) else self.detail

    @property
    def of_place(self) -> bool:
        """Whether something of the station's own page is to be corrected: nothing is sent again by that."""
        return any(issue.get("target") == "place" for issue in self.row.issues)

    @property
    def since(self) -> datetime | None:
        """Since when it stands there, where its words do not say so."""
        if self.state in (RowState.ACCEPTED, RowState.VERIFIED, RowState.SUPERSEDED):
            return None
        return self.row.hand_at if self.state == RowState.BY_HAND else self.at or self.row.changed_at

    @property
    def about(self) -> str:
        """What the record is called, where it is more than the visit itself."""
        return "" if self.row.kind == "visit" else kinds.title(self.row.kind)

    @property
    def settled(self) -> bool:
        return self.state not in OPEN_STATES

    @property
    def stuck(self) -> bool:
        return self.state in STUCK_STATES


def of(
    wanted: Sequence[str], ids: Sequence[UUID], also: Q | None = None, *, words: bool = True
) -> dict[UUID, list[Standing]]:
    """Where records stand at each receiver, and other rows `also`; one query, unscoped: the caller has
    fetched the records. A receiver takes one of the kinds.
    """
    found_by = Q(kind__in=wanted, aggregate_id__in=ids)
    rows = (
        with_delivery(OutboxRow.unscoped.filter(found_by | also if also else found_by))
        .order_by("aggregate_id", "receiver_id", "-id")
        .distinct("aggregate_id", "receiver_id")
    )
    found: dict[UUID, list[Standing]] = {}
    for row in sorted(rows, key=lambda r: r.receiver.name):
        found.setdefault(row.aggregate_id, []).append(standing(row, words=words))
    return found


def standing(
    row: OutboxRow, *, words: bool = True, opens: frozenset[str] = OPEN_TO_ALL | {"visit", "person", "place"}
) -> Standing:
    """A row in words. It says 'đã tiếp nhận' only when the receiver has said so.

    Without `words` what the receiver said is left out, whatever state it led to: it may quote the person.
    `opens`: which pages the reader may open, so that nobody is led to a closed door.
    """
    state = RowState(row.state)
    lost = getattr(row, "found", "") in DIFFERENT  # what was accepted once is not there as it was
    before = getattr(row, "delivered_at", None) if state not in SENT_STATES and not lost else None
    word, detail = _words(row, state)
    quiet = not words
    return Standing(
        row=row,
        receiver=row.receiver.name,
        state=state,
        chip=CHIPS[state],
        word=word,
        detail="" if quiet else detail,
        at=row.settled_at,
        before=before,
        fixes=tuple(fix(row, issue | QUIET if quiet else issue, opens) for issue in row.issues),
    )


def _words(row: OutboxRow, state: RowState) -> tuple[str, str]:
    """(the state, the receiver's or our own words to it)."""
    match state:
        case RowState.ACCEPTED:
            moment = datetime_words(timezone.localtime(row.settled_at)) if row.settled_at else ""
            return f"đã tiếp nhận lúc {moment}", ""
        case RowState.VERIFIED:
            return _verified(row), ""
        case RowState.DIFFERS:
            return "lệch với nơi nhận", row.reason
        case RowState.IN_FLIGHT:
            return "đang gửi", ""
        case RowState.REJECTED if row.need == Need.HAND:
            return "phải làm tay ở nơi nhận", row.reason
        case RowState.REJECTED if row.last_status is None:  # no receiver has said so
            return "dừng lại", row.reason
        case RowState.REJECTED:
            return "bị từ chối", row.reason
        case RowState.DEAD:
            return f"gửi {row.attempts} lần không thành", row.reason
        case RowState.PAUSED:
            return "tạm dừng, chờ quản trị tỉnh", row.reason
        case RowState.BY_HAND:
            return _by_hand(row)
        case RowState.SUPERSEDED:
            return "đã thay bằng bản mới hơn", ""
        case _:
            return ("chờ gửi lại", row.reason) if row.reason else ("chờ gửi", _why_waiting(row.receiver))


def _verified(row: OutboxRow) -> str:
    """Since when the receiver has said that it holds the record as it is here."""
    at = getattr(row, "checked_at", None)
    return f"đã đối chiếu lúc {datetime_words(timezone.localtime(at))}" if at else "đã đối chiếu"


def _by_hand(row: OutboxRow) -> tuple[str, str]:
    """Never 'accepted': only the person who gave it in says so."""
    if row.hand_receipt and row.hand_on:
        return f"đã nộp tay ngày {row.hand_on:%d/%m/%Y}", f"Biên nhận số {row.hand_receipt}."
    return "gửi tay, chưa có số biên nhận", ""


def _why_waiting(receiver: Receiver) -> str:
    if not receiver.is_on:
        return "Nơi nhận đang tắt."
    if receiver.paused_at:
        return "Nơi nhận đang tạm dừng."
    return "Nơi nhận đang không trả lời." if receiver.breaker_open else ""


def fix(row: OutboxRow, issue: Mapping[str, Any], opens: frozenset[str]) -> Fix:
    """What is wrong with a row's record, with the way to correct it where the reader may go there."""
    target = str(issue.get("target") or "")
    return Fix(
        str(issue.get("field") or ""),
        str(issue.get("text") or ""),
        str(issue.get("expression") or ""),
        address(target, row) if target in opens else "",
    )


def address(target: str, row: OutboxRow) -> str:
    """What to open to correct that part of a row's record; empty where there is no such page."""
    try:
        if target == "visit" and row.kind in kinds.of_visits():
            return reverse("encounters:visit", args=[row.aggregate_id])
        if target == "codes":
            return reverse("sync:codes", args=[row.receiver_id])
        if target == "place":
            return reverse("facilities:page", args=[row.facility_id])
        if target == "person" and row.person_id:
            return reverse("patients:person", args=[row.person_id])
        if target == row.kind:
            return kinds.page(row.kind, row.aggregate_id)
    except NoReverseMatch:  # a house without that room's pages
        pass
    return ""


class Port:
    """ports.SyncState."""

    def of(self, kind: str, ids: Sequence[UUID]) -> dict[UUID, list[SyncLine]]:
        return {
            key: [
                SyncLine(s.receiver, s.state, f"{s.word}: {s.detail}" if s.stuck else s.word, s.at, s.detail)
                for s in lines
            ]
            for key, lines in of([kind], ids).items()
        }


def with_delivery(rows: Any) -> Any:
    """Rows with their receiver and what it holds of the record, without another query."""
    delivered = Delivery.unscoped.filter(  # of rows that were found within the scope
        receiver=OuterRef("receiver"), kind=OuterRef("kind"), aggregate_id=OuterRef("aggregate_id")
    )
    return rows.select_related("receiver").annotate(
        delivered_at=Subquery(delivered.values("at")[:1]),
        checked_at=Subquery(delivered.values("checked_at")[:1]),
        found=Subquery(delivered.values("found")[:1]),
    )
