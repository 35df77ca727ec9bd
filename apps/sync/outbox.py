"""Putting a record into the outbox, inside the record's own transaction.

| the record changes while its row is | then |
|---|---|
| absent | a pending row for each receiver |
| pending, paused | the same row: it will read the newest state when it is sent |
| in flight | the same row, marked changed: its answer sends it back to pending |
| accepted, verified | a new pending row |
| rejected, dead, differs, by hand | that row becomes superseded, a new pending row |
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from apps.core import audit
from apps.core.ids import uuid7
from apps.sync import kinds
from apps.sync.mappings.records import WITHDRAWN
from apps.sync.models import OPEN_STATES, SENT_STATES, STUCK_STATES, Delivery, OutboxRow, Receiver, RowState
from apps.sync.receivers import taking

CHANNEL = "tramyte_outbox"  # the worker listens here

AGAIN = (*STUCK_STATES, RowState.BY_HAND)  # from where a row may be sent again
_OPEN = "('pending', 'in_flight', 'paused')"
_STOPPED = "('rejected', 'dead', 'differs', 'by_hand')"
# Behind the rows that the record has already, whose newest tells where it stands: where a clock was set back,
# or another machine's stands ahead, an id of this moment would sort before them.
_NEXT = """
COALESCE((SELECT CASE WHEN new.id > old.id THEN new.id ELSE (left(old.id::text, 24)
        || lpad(to_hex(('x' || right(old.id::text, 12))::bit(48)::bigint + 1), 12, '0'))::uuid END
    FROM sync_outboxrow old
    WHERE old.kind = %(kind)s AND old.aggregate_id = %(aggregate)s AND old.receiver_id = new.receiver
    ORDER BY old.id DESC LIMIT 1), new.id)"""
# Locked whatever their state: one that is just being settled is seen as it comes out, not as it went in.
_PUT = f"""
WITH known AS (
    SELECT id, state FROM sync_outboxrow
    WHERE kind = %(kind)s AND aggregate_id = %(aggregate)s AND receiver_id = ANY(%(receivers)s)
      AND state <> 'superseded'
    ORDER BY id FOR UPDATE
), old AS (
    UPDATE sync_outboxrow SET state = 'superseded', updated_at = %(now)s
    FROM known WHERE sync_outboxrow.id = known.id AND known.state IN {_STOPPED}
)
INSERT INTO sync_outboxrow (id, created_at, updated_at, version, receiver_id, kind, aggregate_id, person_id,
    facility_id, state, change_no, sent_change, attempts, tries, conflicts, in_parts, next_at, changed_at,
    reason, issues, need)
SELECT {_NEXT}, %(now)s, %(now)s, 1, receiver, %(kind)s, %(aggregate)s, %(person)s,
    facility, 'pending', 1, 0, 0, 0, 0, false, %(now)s, %(now)s, '', '[]', ''
FROM unnest(%(ids)s::uuid[], %(receivers)s::uuid[], %(facilities)s::uuid[]) AS new(id, receiver, facility)
ON CONFLICT (receiver_id, kind, aggregate_id) WHERE state IN {_OPEN}
DO UPDATE SET change_no = sync_outboxrow.change_no + 1, changed_at = %(now)s, updated_at = %(now)s,
    person_id = CASE WHEN sync_outboxrow.state = 'in_flight' THEN sync_outboxrow.person_id
                     ELSE EXCLUDED.person_id END,
    next_at = LEAST(sync_outboxrow.next_at, %(now)s), tries = 0, first_failed_at = NULL
RETURNING pg_notify('{CHANNEL}', '')
"""  # noqa: S608 - only the constants above are put in  # nosec B608

_MARK = f"""
UPDATE sync_outboxrow SET change_no = change_no + 1, changed_at = %(now)s, updated_at = %(now)s
WHERE person_id = %(person)s AND state IN {_OPEN} RETURNING receiver_id
"""  # noqa: S608 - only the constant above is put in  # nosec B608


def put(*, kind: str, aggregate_id: UUID, person_id: UUID | None, facility_id: UUID) -> int:
    """Queue a record for every receiver that takes its kind; their number. Two statements, no network."""
    receivers = Receiver.objects.filter(kind__in=taking(kind)).values_list("pk", flat=True)
    return _put(dict.fromkeys(receivers, facility_id), kind, aggregate_id, person_id)


def retract(*, kind: str, aggregate_id: UUID, person_id: UUID | None, facility_id: UUID) -> int:
    """Queue a record that holds no more, for whoever has it, is just being told of it, or was to be; the
    number of those who have it. Nobody else hears that there was one.
    """
    same = {"kind": kind, "aggregate_id": aggregate_id}
    has = set(held().filter(**same).values_list("receiver_id", flat=True))
    # who is on the way to a receiver does not depend on who asks
    rows = OutboxRow.unscoped.filter(**same, state__in=[*OPEN_STATES, *AGAIN])
    told = {*has, *rows.values_list("receiver_id", flat=True)}
    _put(dict.fromkeys(told, facility_id), kind, aggregate_id, person_id)
    return len(has)


def withdraw(*, kind: str, aggregate_id: UUID, person_id: UUID | None, facility_id: UUID) -> int:
    """The same of a record that may no longer leave, audited where anybody has it."""
    has = retract(kind=kind, aggregate_id=aggregate_id, person_id=person_id, facility_id=facility_id)
    if has:
        audit.record(
            "sync.withdrawn",
            person_id=person_id,
            object_id=aggregate_id,
            facility_id=facility_id,
            data={"kind": kinds.title(kind).lower()},
        )
    return has


def recall(*, kind: str, aggregate_id: UUID) -> bool:
    """Take a record back out of the outbox of which nobody was told; False when somebody was, or is just
    being told. Unscoped: what has left does not depend on who asks.
    """
    same = {"kind": kind, "aggregate_id": aggregate_id}
    rows = list(OutboxRow.unscoped.select_for_update().filter(**same))
    if has_left(kind=kind, aggregate_id=aggregate_id):
        return False
    ids = [row.pk for row in rows]
    OutboxRow.unscoped.filter(pk__in=ids).update(state=RowState.SUPERSEDED)
    person_apart(ids)
    return True


def has_left(*, kind: str, aggregate_id: UUID) -> bool:
    """Whether anybody was told of a record, or is just being told. Two queries at most."""
    same = {"kind": kind, "aggregate_id": aggregate_id}
    # unscoped: what has left does not depend on who asks
    begun = Q(attempts__gt=0) | Q(state=RowState.IN_FLIGHT)
    return (
        OutboxRow.unscoped.filter(begun, **same).exists()
        or Delivery.unscoped.filter(**same).exists()  # unscoped: as above
    )


def held() -> QuerySet[Delivery]:
    """What receivers hold, or may hold, and has not been taken back."""
    # unscoped: what has left does not depend on who asks
    return Delivery.unscoped.exclude(resources={}, maybe=[]).exclude(aggregate_version=WITHDRAWN)


def accepted(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Those of which the newest row says that the receiver has taken them as they were."""
    rows = OutboxRow.unscoped.filter(  # unscoped: as held
        receiver=OuterRef("receiver"), kind=OuterRef("kind"), aggregate_id=OuterRef("aggregate_id")
    )
    newest = Subquery(rows.order_by("-id").values("state")[:1])
    return deliveries.annotate(newest=newest).filter(newest__in=SENT_STATES)


def person_changed(person_id: UUID, *, receiver_kinds: Collection[str] | None = None) -> int:
    """Send a person again to each receiver that knows her; the number of rows. With `receiver_kinds` to
    receivers of these kinds alone.

    Where a record of hers is open it carries the change by itself. The order matters: first the open rows are
    marked (a row that is just being settled makes us wait), then what has been delivered is looked up. The
    row belongs to the facility that sent her last.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_MARK, {"now": timezone.now(), "person": person_id})
            carried = {row[0] for row in cursor.fetchall()}
        wanted = taking("person") if receiver_kinds is None else receiver_kinds
        # unscoped: who knows her does not depend on who asks
        known = Delivery.unscoped.filter(person_id=person_id, receiver__kind__in=wanted)
        facilities = dict(known.order_by("id").values_list("receiver_id", "facility_id"))
        if carried:
            notify()
        if receiver_kinds is None:
            _again_for(person_id)
        new = {receiver: facility for receiver, facility in facilities.items() if receiver not in carried}
        return len(carried) + _put(new, "person", person_id, person_id)


def person_apart(row_ids: Collection[UUID]) -> int:
    """These rows have ended and may have told nothing: a change of the person that they carried leaves by
    itself, where she is known and nothing else of hers is open; the number of rows. To be asked in the
    transaction that ends them.
    """
    same = {"receiver": OuterRef("receiver"), "person_id": OuterRef("person_id")}
    # unscoped, all three: who knows her does not depend on who asks
    open_ = OutboxRow.unscoped.filter(**same, state__in=OPEN_STATES)
    known = Delivery.unscoped.filter(**same).exclude(resources={}, maybe=[])
    ended = OutboxRow.unscoped.filter(pk__in=row_ids, change_no__gt=1, receiver__kind__in=taking("person"))
    ended = ended.exclude(kind="person").exclude(state__in=[*OPEN_STATES, *SENT_STATES])
    found = ended.filter(~Exists(open_), Exists(known)).order_by("pk")
    rows = list(found.values_list("person_id", "receiver_id", "facility_id"))
    return sum(_put({receiver: place}, "person", her, her) for her, receiver, place in rows if her)


def _again_for(person_id: UUID) -> None:
    """What was refused for something of her own waits again: it may have been put right."""
    # unscoped: whose the rows are does not depend on who asks
    refused = OutboxRow.unscoped.filter(
        person_id=person_id, state=RowState.REJECTED, issues__contains=[{"target": "person"}]
    )
    send_all_again(refused)


def people_joined(person_ids: Sequence[UUID]) -> int:
    """Records have changed hands between these people: send them again under whose they are now, wherever
    they are known or on the way, and both people too; the number of rows.
    """
    named = ("kind", "aggregate_id", "person_id", "receiver_id", "facility_id", "receiver__kind")
    # unscoped, both: who knows them does not depend on who asks
    known = Delivery.unscoped.filter(person_id__in=person_ids).order_by("id").values(*named)
    # a receiver that takes nothing back is not told the same again under another person
    told_again = [row for row in known if kinds.follows(row["kind"])]
    waiting = OutboxRow.unscoped.filter(  # unscoped: as above
        person_id__in=person_ids, state__in=[*OPEN_STATES, *STUCK_STATES]
    ).order_by("id")
    records: dict[tuple[str, UUID], dict[UUID, UUID]] = {}
    people: dict[UUID, dict[UUID, UUID]] = {person_id: {} for person_id in person_ids}
    before: dict[tuple[str, UUID], UUID] = {}
    tellers = taking("person")
    for row in [*told_again, *waiting.values(*named)]:
        record = (row["kind"], row["aggregate_id"])
        if row["kind"] != "person":
            records.setdefault(record, {})[row["receiver_id"]] = row["facility_id"]
            before[record] = row["person_id"]
        for told in people.values() if row["receiver__kind"] in tellers else ():
            told.setdefault(row["receiver_id"], row["facility_id"])
    sent = 0
    for kind in sorted({kind for kind, _ in records}):
        owners = kinds.owners(kind, [aggregate for key, aggregate in records if key == kind])
        for (key, aggregate), facilities in records.items():
            if key == kind:
                owner = owners.get(aggregate, before[key, aggregate])
                sent += _put(facilities, kind, aggregate, owner)
    return sent + sum(_put(told, "person", person_id, person_id) for person_id, told in people.items())


def _put(facilities: dict[UUID, UUID], kind: str, aggregate_id: UUID, person_id: UUID | None) -> int:
    """`facilities`: by receiver, the facility that the row belongs to."""
    if not facilities:
        return 0
    values: dict[str, Any] = {
        "now": timezone.now(),
        "kind": kind,
        "aggregate": aggregate_id,
        "person": person_id,
        "receivers": list(facilities),
        "facilities": list(facilities.values()),
        "ids": [uuid7() for _ in facilities],
    }
    with connection.cursor() as cursor:
        cursor.execute(_PUT, values)  # the worker hears of it when the transaction ends
    return len(facilities)


def send_again(row: OutboxRow, *, now: datetime | None = None) -> bool:
    """Let a rejected, dead or differing row, or one that was to go by hand, wait again. False when it is not
    that any more, or a newer row waits.

    Unscoped: the caller has fetched `row` through her scope.
    """
    return send_all_again(OutboxRow.unscoped.filter(pk=row.pk), now=now) == 1


def send_all_again(rows: QuerySet[OutboxRow], *, now: datetime | None = None) -> int:
    """The same of all these rows, however many, in one statement; their number."""
    now = now or timezone.now()
    same = {name: OuterRef(name) for name in ("receiver", "kind", "aggregate_id")}
    # unscoped: whether something newer is there does not depend on who asks
    others = OutboxRow.unscoped.filter(**same)
    newer = others.filter(Q(state__in=OPEN_STATES) | Q(state__in=AGAIN, pk__gt=OuterRef("pk")))
    with transaction.atomic():
        changed = rows.filter(~Exists(newer), state__in=AGAIN).update(
            state="pending", next_at=now, tries=0, conflicts=0, first_failed_at=None, issues=[], need="",
            reason="", settled_at=None, changed_at=now, updated_at=now,
        )  # fmt: skip
        if changed:
            notify()
    return changed


def notify() -> None:
    """Wake the worker when this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
