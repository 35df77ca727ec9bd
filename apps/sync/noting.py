"""What may be at a receiver from now on: written down before anything leaves, taken back when nothing did."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from apps.sync import together
from apps.sync.models import Delivery, OutboxRow, RowState
from apps.sync.receivers.base import Part


@dataclass(frozen=True)
class Going:
    """A record that is about to leave. `is_new`: nothing was known to be there when it was read."""

    row: OutboxRow
    parts: tuple[Part, ...]
    is_new: bool = True


@dataclass(frozen=True)
class Note:
    """What stood there of one record before. `unproven`: keys in doubt before this attempt."""

    unproven: tuple[str, ...]
    body_hash: str
    is_new: bool


def same(rows: Sequence[OutboxRow]) -> QuerySet[Delivery]:
    """The deliveries of these records of one receiver."""
    return Delivery.objects.filter(
        receiver=rows[0].receiver_id,
        kind__in={row.kind for row in rows},
        aggregate_id__in=[row.aggregate_id for row in rows],
    )


def note(going: Sequence[Going]) -> list[Note]:
    """Before anything leaves: what may be there of these records of one receiver from now on. Three
    statements however many they are. Gives what stood there before, in the same order.
    """
    found = _note(going, wait=len(going) == 1) if going else {}
    for each in going:
        if each.row.pk not in found:  # somebody else was just looking at it
            found |= _note([each], wait=True)
    return [found[each.row.pk] for each in going]


def _note(going: Sequence[Going], *, wait: bool) -> dict[UUID, Note]:
    """By row; without `wait` only those that nobody else has locked."""
    notes: dict[UUID, Note] = {}
    with transaction.atomic():
        Delivery.objects.bulk_create(
            [_first(each.row) for each in going if each.is_new], ignore_conflicts=True
        )
        deliveries = together.locked(same([each.row for each in going]), wait=wait)
        by_record = {(each.kind, each.aggregate_id): each for each in deliveries}
        for each in going:
            known = by_record.get((each.row.kind, each.row.aggregate_id))
            if known is None:
                continue
            notes[each.row.pk] = Note(tuple(known.maybe), known.body_hash, each.is_new)
            keys = [key for part in each.parts for key in part.keys]
            known.maybe += [key for key in keys if key not in known.resources and key not in known.maybe]
            known.body_hash = ""
        together.update(deliveries, ("maybe", "body_hash"))
    return notes


def _first(row: OutboxRow) -> Delivery:
    return Delivery(
        receiver_id=row.receiver_id,
        kind=row.kind,
        aggregate_id=row.aggregate_id,
        person_id=row.person_id,
        facility_id=row.facility_id,
    )


def take_back(row: OutboxRow, before: Note) -> bool:
    """Nothing left of what was noted: all stands there as before, and nothing of who was never told.

    False when our lease is lost: then what stands there is another worker's.
    """
    with transaction.atomic():
        mine = OutboxRow.objects.filter(pk=row.pk, state=RowState.IN_FLIGHT, lease=row.lease)
        if not together.locked(mine, wait=True):
            return False
        known = same([row])
        known.update(maybe=list(before.unproven), body_hash=before.body_hash)
        if before.is_new:
            known.filter(at=None, resources={}, maybe=[]).delete()
    return True
