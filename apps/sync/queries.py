"""What waits and what is stuck: for the station's page, the province's page, the home page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q

from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.encounters.models import Visit
from apps.sync import kinds, unread
from apps.sync.models import (
    DIFFERENT,
    OPEN_STATES,
    SENT_STATES,
    STUCK_STATES,
    Comparison,
    Need,
    OutboxRow,
    Receiver,
    RowState,
    SyncAnswer,
)
from apps.sync.standings import OPEN_TO_ALL, Standing, address, standing, with_delivery

PAGE = 30  # rows of a list
COMPARED = 20  # days and kinds on a receiver's page


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
    rows = with_delivery(OutboxRow.visible(scope).filter(state__in=TABS[tab][1]))
    if tab == "lech":
        rows = rows.filter(found__in=DIFFERENT)
    page = keyset(rows, order=("-id",), cursor=cursor, size=PAGE)
    return page, lines(scope, page.items)


def lines(scope: Scope, rows: Sequence[OutboxRow]) -> list[Line]:
    """Rows with what they are called: the visit's number and date; no name of a person."""
    names = _names(scope, rows)
    quiet = quiet_rows(scope, rows)
    opens = opens_to(scope)
    return [_line(row, names.get((row.kind, row.aggregate_id)), row.pk not in quiet, opens) for row in rows]


def opens_to(scope: Scope) -> frozenset[str]:
    """Which pages a scope may open to correct something."""
    rights = {
        "visit": "visits.view",
        "person": "people.view",
        "place": "facilities.view",
        **kinds.rights(),
    }
    return OPEN_TO_ALL | {target for target, right in rights.items() if scope.can(right)}


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


def quiet_rows(scope: Scope, rows: Sequence[OutboxRow]) -> frozenset[UUID]:
    """The rows of which a scope may not read what receivers say. The station that wrote a record may, unless
    something in it is read by right alone.
    """
    if scope.level == "station" or scope.can("sync.export"):
        return unread.among(rows)
    return frozenset(row.pk for row in rows)


def _line(row: OutboxRow, name: str | None, words: bool, opens: frozenset[str]) -> Line:
    of_visit = row.kind in kinds.of_visits()
    target = "visit" if of_visit else row.kind if row.kind in kinds.rights() else "person"
    shown = target in opens and (name is not None or target == "person")
    url = address(target, row) if shown else ""
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


# What may be sent again all at once: given up, held otherwise by the receiver, stopped for what changes no
# record when it is put right (a setting, a code, a rule of the receiver, the station's own page).
ALL_AGAIN = {
    "dead": Q(state=RowState.DEAD),
    "differs": Q(state=RowState.DIFFERS),
    "refused": Q(state=RowState.REJECTED) & (Q(need=Need.ADMIN) | Q(issues__contains=[{"target": "place"}])),
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
    return with_delivery(OutboxRow.visible(scope).filter(pk=pk)).first()


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
