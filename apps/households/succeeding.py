"""Households come under the station that succeeds theirs, each with a code that nobody has there.

A code that changes stays with the household among its former ones and is found in the search box. Unscoped
throughout: a reform is the province's, approved by a second person; its stations were checked there.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.journal import Journal
from apps.core.registry import Succession
from apps.households.models import (
    AskState,
    Household,
    ImportBatch,
    ImportState,
    Transfer,
    TransferAsk,
    TransferState,
)
from apps.patients import codes
from apps.patients.succeeding import reserve, taken_codes, waiting

BATCH = 500
HOUSEHOLD = "households.Household"


def _households(step: Succession) -> QuerySet[Household]:
    return Household.unscoped.filter(waiting(step))


def households(step: Succession) -> int:
    return _households(step).count()


def move_households(step: Succession, journal: Journal) -> int:
    rows = list(_households(step).select_for_update().order_by("pk")[:BATCH])
    target = {row.pk: step.station_for(row.station_id, row.hamlet_id) for row in rows}
    changing = [row for row in rows if target[row.pk] != row.station_id]
    for station_id in dict.fromkeys(target[row.pk] for row in changing):
        _arrive(journal, station_id, [row for row in changing if target[row.pk] == station_id])
    for old in dict.fromkeys(row.hamlet_id for row in rows):
        heir = step.hamlets.get(old)
        if heir is not None and heir.hamlet_id != old:
            ids = [row.pk for row in rows if row.hamlet_id == old]
            journal.repoint(HOUSEHOLD, "hamlet", old, heir.hamlet_id, ids)
    return len(rows)


def _arrive(journal: Journal, station_id: UUID, arriving: Sequence[Household]) -> None:
    taken = taken_codes(Household, station_id, [row.code for row in arriving])
    keeping: list[Household] = []
    anew: list[Household] = []
    seen: set[str] = set()
    for row in arriving:
        (anew if row.code in taken or row.code in seen else keeping).append(row)
        seen.add(row.code)
    reserve(station_id, "household", [row.code for row in keeping])
    for former in dict.fromkeys(row.station_id for row in keeping):
        ids = [row.pk for row in keeping if row.station_id == former]
        journal.repoint(HOUSEHOLD, "station", former, station_id, ids)
    for row, code in zip(anew, codes.take(station_id, "household", len(anew)) if anew else [], strict=True):
        journal.change(row, code=code, station_id=station_id, former_codes=[*row.former_codes, row.code])


def since(step: Succession, at: dt.datetime) -> int:
    """Households entered at the successors since then."""
    return Household.unscoped.filter(station__in=step.successors, created_at__gt=at).count()


def _newcomers(step: Succession) -> QuerySet[Transfer]:
    return Transfer.unscoped.filter(station__in=step.stations, state=TransferState.WAITING)


def newcomers(step: Succession) -> int:
    return _newcomers(step).count()


def move_newcomers(step: Succession, journal: Journal) -> int:
    """Who was told to a former station waits at its successor."""
    rows = list(_newcomers(step).select_for_update(of=("self",)).order_by("pk")[:BATCH])
    for row in rows:
        journal.change(row, station_id=step.stations[row.station_id])
    return len(rows)


def _asks(step: Succession) -> QuerySet[TransferAsk]:
    either = Q(station__in=step.stations) | Q(from_station__in=step.stations)
    return TransferAsk.unscoped.filter(either, state=AskState.WAITING)


def asks(step: Succession) -> int:
    return _asks(step).count()


def move_asks(step: Succession, journal: Journal) -> int:
    """What a former station asked for, or was asked for, its successor waits for and answers."""
    rows = list(_asks(step).select_for_update(of=("self",)).order_by("pk")[:BATCH])
    for row in rows:
        journal.change(
            row,
            station_id=step.stations.get(row.station_id, row.station_id),
            from_station_id=step.stations.get(row.from_station_id, row.from_station_id),
        )
    return len(rows)


def _lists(step: Succession) -> QuerySet[ImportBatch]:
    ended = [ImportState.REFUSED, ImportState.DONE, ImportState.EXPIRED]
    return ImportBatch.unscoped.exclude(state__in=ended).filter(station__in=step.stations)


def lists(step: Succession) -> int:
    return _lists(step).count()


def move_lists(step: Succession, journal: Journal) -> int:
    """A list that was sent and not yet taken in is judged anew against the successor's people."""
    rows = list(_lists(step).select_for_update()[:BATCH])
    for row in rows:
        journal.change(row, station_id=step.stations[row.station_id])
    return len(rows)
