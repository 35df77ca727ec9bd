"""Where records stand: for a record's page, the station's page, the province's page, the home page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.core.paging import Page, keyset
from apps.core.ports import SyncLine
from apps.core.scope import Scope
from apps.core.words import datetime_words
from apps.encounters.models import Visit
from apps.sync import kinds
from apps.sync.models import (
    DIFFERENT,
    OPEN_STATES,
    SENT_STATES,
    STUCK_STATES,
    Comparison,
    Delivery,
    Need,
    OutboxRow,
    Receiver,
    RowState,
    SyncAnswer,
)

PAGE = 30  # rows of a list
COMPARED = 20  # days and kinds on a receiver's page
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
    def about(self) -> str:
        """What the record is called, where it is more than the visit itself."""
        return "" if self.row.kind == "visit" else kinds.title(self.row.kind)

    @property
    def settled(self) -> bool:
        return self.state not in OPEN_STATES

    @property
    def stuck(self) -> bool:
        return self.state in STUCK_STATES


def standings(
    wanted: Sequence[str], ids: Sequence[UUID], also: Q | None = None
) -> dict[UUID, list[Standing]]:
    """Where records stand at each receiver, and other rows `also`; one query, unscoped: the caller has
    fetched the records. A receiver takes one of the kinds.
    """
    found_by = Q(kind__in=wanted, aggregate_id__in=ids)
    rows = (
        _with_delivery(OutboxRow.unscoped.filter(found_by | also if also else found_by))
        .order_by("aggregate_id", "receiver_id", "-id")
        .distinct("aggregate_id", "receiver_id")
    )
    found: dict[UUID, list[Standing]] = {}
    for row in sorted(rows, key=lambda r: r.receiver.name):
        found.setdefault(row.aggregate_id, []).append(standing(row))
    return found


def standing(
    row: OutboxRow, *, words: bool = True, opens: frozenset[str] = OPEN_TO_ALL | {"visit", "person"}
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
        fixes=tuple(_fix(row, issue | QUIET if quiet else issue, opens) for issue in row.issues),
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


def _fix(row: OutboxRow, issue: dict[str, Any], opens: frozenset[str]) -> Fix:
    target = str(issue.get("target") or "")
    return Fix(
        str(issue.get("field") or ""),
        str(issue.get("text") or ""),
        str(issue.get("expression") or ""),
        _address(target, row) if target in opens else "",
    )


def _address(target: str, row: OutboxRow) -> str:
    try:
        if target == "visit" and row.kind in kinds.of_visits():
            return reverse("encounters:visit", args=[row.aggregate_id])
        if target == "codes":
            return reverse("sync:codes", args=[row.receiver_id])
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
            for key, lines in standings([kind], ids).items()
        }


def _with_delivery(rows: Any) -> Any:
    delivered = Delivery.unscoped.filter(  # of rows that were found within the scope
        receiver=OuterRef("receiver"), kind=OuterRef("kind"), aggregate_id=OuterRef("aggregate_id")
    )
    return rows.select_related("receiver").annotate(
        delivered_at=Subquery(delivered.values("at")[:1]),
        checked_at=Subquery(delivered.values("checked_at")[:1]),
        found=Subquery(delivered.values("found")[:1]),
    )


@dataclass(frozen=True)
class Line:
    """One line of the station's list."""

    standing: Standing
    title: str
    url: str
    changed_at: datetime


TABS = {
    "tu-choi": ("Bị từ chối, không thành", STUCK_STATES),
    "cho": ("Đang chờ", OPEN_STATES),
    "lech": ("Lệch khi đối chiếu", (*OPEN_STATES, *STUCK_STATES)),
    "gui-tay": ("Gửi tay", (RowState.BY_HAND,)),
    "xong": ("Đã tiếp nhận", SENT_STATES),
}


def station_lines(scope: Scope, tab: str, cursor: str) -> tuple[Page[OutboxRow], list[Line]]:
    """The station's rows of one tab, newest first; two queries (a third when they are visits)."""
    rows = _with_delivery(OutboxRow.visible(scope).filter(state__in=TABS[tab][1]))
    if tab == "lech":
        rows = rows.filter(found__in=DIFFERENT)
    page = keyset(rows, order=("-id",), cursor=cursor, size=PAGE)
    return page, lines(scope, page.items)


def lines(scope: Scope, rows: Sequence[OutboxRow]) -> list[Line]:
    """Rows with what they are called: the visit's number and date; no name of a person."""
    names = _names(scope, rows)
    words = may_read_words(scope)
    rights = {"visit": "visits.view", "person": "people.view", **kinds.rights()}
    opens = OPEN_TO_ALL | {target for target, right in rights.items() if scope.can(right)}
    return [_line(row, names.get((row.kind, row.aggregate_id)), words, opens) for row in rows]


def _names(scope: Scope, rows: Sequence[OutboxRow]) -> dict[tuple[str, UUID], str]:
    """What the records are called that the scope sees, by kind and id."""
    ids: dict[str, list[UUID]] = {}
    for row in rows:
        ids.setdefault(row.kind, []).append(row.aggregate_id)
    names = {(kind, key): name for kind in ids for key, name in kinds.called(kind, ids[kind]).items()}
    of_visits = [(kind, key) for kind in kinds.of_visits() for key in ids.get(kind, ())]
    visits = Visit.visible(scope).filter(pk__in=[key for _, key in of_visits]) if of_visits else ()
    known = {visit.pk: f"{visit.number} ngày {visit.on:%d/%m/%Y}" for visit in visits}
    names |= {(kind, key): f"{kinds.title(kind)} {known[key]}" for kind, key in of_visits if key in known}
    return names


def may_read_words(scope: Scope) -> bool:
    """Whether a scope may read what receivers say of its records: the station that wrote them may."""
    return scope.level == "station" or scope.can("sync.export")


def _line(row: OutboxRow, name: str | None, words: bool, opens: frozenset[str]) -> Line:
    of_visit = row.kind in kinds.of_visits()
    target = "visit" if of_visit else row.kind if row.kind in kinds.rights() else "person"
    shown = target in opens and (name is not None or target == "person")
    url = _address(target, row) if shown else ""
    return Line(standing(row, words=words, opens=opens), name or kinds.title(row.kind), url, row.changed_at)


def station_counts(scope: Scope) -> dict[str, Any]:
    """What waits, what is stuck, since when the oldest waits, what was taken to be given in by hand and has
    no receipt yet: one query.
    """
    return (
        OutboxRow.visible(scope)
        .filter(Q(state__in=(*OPEN_STATES, *STUCK_STATES)) | Q(state=RowState.BY_HAND, hand_receipt=""))
        .aggregate(
            waiting=Count("pk", filter=Q(state__in=OPEN_STATES)),
            stuck=Count("pk", filter=Q(state__in=STUCK_STATES)),
            oldest=Min("changed_at", filter=Q(state__in=OPEN_STATES)),
            receipts=Count("pk", filter=Q(state=RowState.BY_HAND)),
            differs=Count("pk", filter=Q(state=RowState.DIFFERS)),
        )
    )


@dataclass(frozen=True)
class ReceiverLine:
    """A receiver as the province sees it."""

    receiver: Receiver
    chip: str
    word: str
    waiting: int
    stuck: int
    oldest: datetime | None


def receiver_lines(scope: Scope) -> list[ReceiverLine]:
    """Every receiver with its state and the rows of the scope's facilities: two queries."""
    rows = OutboxRow.visible(scope).filter(state__in=(*OPEN_STATES, *STUCK_STATES)).values("receiver_id")
    counted: dict[Any, Any] = {
        row["receiver_id"]: row
        for row in rows.annotate(
            waiting=Count("pk", filter=Q(state__in=OPEN_STATES)),
            stuck=Count("pk", filter=Q(state__in=STUCK_STATES)),
            oldest=Min("changed_at", filter=Q(state__in=OPEN_STATES)),
        )
    }
    found = []
    for receiver in Receiver.objects.all():
        row = counted.get(receiver.pk, {"waiting": 0, "stuck": 0, "oldest": None})
        chip, word = receiver_word(receiver)
        found.append(ReceiverLine(receiver, chip, word, row["waiting"], row["stuck"], row["oldest"]))
    return found


def receivers_in_trouble() -> list[tuple[Receiver, str, str]]:
    """Receivers that take nothing now, with their state in words: one query."""
    found = [(receiver, *receiver_word(receiver)) for receiver in Receiver.objects.all()]
    return [line for line in found if line[1] != "done"]


def receiver_word(receiver: Receiver) -> tuple[str, str]:
    """(chip, what it is doing)."""
    if not receiver.is_on:
        return "off", "Đang tắt"
    if receiver.paused_at:
        return "danger", "Tạm dừng"
    if receiver.breaker_open:
        return "warning", "Không trả lời"
    return "done", "Đang gửi"


def receiver_failing(receiver: Receiver) -> list[SyncAnswer]:
    """The last troubles of a receiver: not those of single records, which may quote a person."""
    rows = SyncAnswer.objects.filter(row__receiver=receiver)
    rows = rows.filter(outcome__in=("retry", "limited", "token", "pause"))
    return list(rows.select_related("row").order_by("-id")[:10])


# What may be sent again all at once: given up, held otherwise by the receiver, refused for what no station
# can put right (a setting, a code, a rule of the receiver).
ALL_AGAIN = {
    "dead": Q(state=RowState.DEAD),
    "differs": Q(state=RowState.DIFFERS),
    "refused": Q(state=RowState.REJECTED, need=Need.ADMIN),
}


def all_again(scope: Scope, receiver: Receiver) -> dict[str, int]:
    """How many rows of the scope a receiver has of each. One query."""
    rows = OutboxRow.visible(scope).filter(receiver=receiver)
    return rows.aggregate(**{key: Count("pk", filter=which) for key, which in ALL_AGAIN.items()})


def comparisons_of(receiver: Receiver) -> list[tuple[Comparison, str]]:
    """What was found by day and kind, the newest days first, with what the kind is called: figures only."""
    rows = Comparison.objects.filter(receiver=receiver)[:COMPARED]
    return [(row, kinds.title(row.kind)) for row in rows]


def row_for(scope: Scope, pk: UUID) -> OutboxRow | None:
    """A row the scope sees, with its receiver."""
    return _with_delivery(OutboxRow.visible(scope).filter(pk=pk)).first()


def answers_of(row: OutboxRow) -> list[SyncAnswer]:
    """What the receiver said to each attempt, newest first."""
    return list(SyncAnswer.objects.filter(row=row).order_by("-attempt", "-id")[:20])


def waiting_by_station(station_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many records of each station are on their way."""
    return _by_station(station_ids, OPEN_STATES)


def stuck_by_station(station_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many records of each station were refused or given up."""
    return _by_station(station_ids, STUCK_STATES)


def _by_station(station_ids: Sequence[UUID], states: Sequence[str]) -> dict[UUID, int]:
    # figures of stations that the asker's scope holds; no receiver's words
    rows = OutboxRow.unscoped.filter(facility_id__in=station_ids, state__in=states).order_by()
    return dict(rows.values("facility_id").annotate(many=Count("pk")).values_list("facility_id", "many"))
