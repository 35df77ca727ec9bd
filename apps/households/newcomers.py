"""Who comes from another station of the house: told to ours, asked for by ours; as the station reads it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.paging import Page, keyset
from apps.core.scope import Scope, current
from apps.households.models import HEAD, AskState, Membership, Transfer, TransferAsk, TransferState
from apps.patients.models import Person

PAGE = 50
DIGEST_DAYS = 7
DIGEST_ROWS = 20


def waiting(scope: Scope, cursor: str) -> Page[Transfer]:
    """Those who wait for an answer, with who they are and what they have left. Two queries."""
    rows = Transfer.visible(scope).filter(station__in=scope.facility_ids, state=TransferState.WAITING)
    page = keyset(
        rows.select_related("part__event", "from_station__unit"), order=("id",), cursor=cursor, size=PAGE
    )
    _name(page.items)
    return page


def waiting_count(scope: Scope) -> int:
    rows = Transfer.visible(scope).filter(station__in=scope.facility_ids, state=TransferState.WAITING)
    return rows.count()


def waiting_rows(departure: UUID) -> list[Transfer]:
    """Who of a departure waits at a station of the scope, with the departure and the people. Two queries."""
    rows = Transfer.objects.filter(
        part__event=departure, state=TransferState.WAITING, station__in=current().facility_ids
    )
    found = list(rows.select_related("part__event__household", "from_station__unit").order_by("pk"))
    _name(found)
    return found


def relations_before(rows: Sequence[Transfer]) -> dict[UUID, str]:
    """What each was to the head of the family that they have left, where its head is among them. One query.

    Unscoped: of people who were told to this station, and no more than how they belong together.
    """
    left = rows[0].part.event
    last = left.on - dt.timedelta(days=1)
    people = [row.part.person_id for row in rows]
    were = Membership.unscoped.filter(household=left.household_id, person__in=people, valid_to=last)
    found = dict(were.values_list("person_id", "relation"))
    return found if HEAD in found.values() else {}


def _name(rows: list[Transfer]) -> None:
    # unscoped: people who were told to this station, and no more of them than who they are
    known = Person.unscoped.defer("tokens", "search")
    people = known.in_bulk([row.part.person_id for row in rows])
    for row in rows:
        row.part.person = people[row.part.person_id]


# --- asked for


def asks(scope: Scope, cursor: str) -> Page[TransferAsk]:
    """What the scope's stations have asked for and are asked for, newest first. Two queries.

    `is_ours`: she is the scope's and named; of somebody of elsewhere nothing is told.
    """
    rows = TransferAsk.visible(scope).select_related("station", "from_station")
    page = keyset(rows, order=("-id",), cursor=cursor, size=PAGE)
    _name_asked([row for row in _marked(scope, page.items) if row.is_ours])
    return page


def asked_count(scope: Scope) -> int:
    """How many wait for an answer of ours."""
    rows = TransferAsk.visible(scope).filter(state=AskState.WAITING)
    return rows.filter(from_station__in=scope.facility_ids).count()


def asked_of_us(pk: UUID) -> TransferAsk | None:
    """One that we are to answer, with whom it is about."""
    rows = TransferAsk.objects.filter(pk=pk, from_station__in=current().facility_ids)
    found = rows.select_related("station__unit", "from_station").first()
    if found is not None:
        _name_asked([found])
    return found


def asked_by_us(pk: UUID) -> TransferAsk | None:
    return TransferAsk.objects.filter(pk=pk, station__in=current().facility_ids).first()


def asked_lately(scope: Scope) -> list[Any]:
    """What was asked in these days by the scope's stations, or of them. One query, nobody named; whose she is
    is known to her own station alone (`is_ours`).
    """
    since = timezone.now() - dt.timedelta(days=DIGEST_DAYS)
    rows = TransferAsk.visible(scope).filter(created_at__gte=since).select_related("station", "from_station")
    return _marked(scope, rows.order_by("-id")[:DIGEST_ROWS])


def _marked(scope: Scope, rows: Iterable[TransferAsk]) -> list[Any]:
    found: list[Any] = list(rows)
    for row in found:
        row.is_ours = row.from_station_id in scope.facility_ids
    return found


def _name_asked(rows: Sequence[TransferAsk]) -> None:
    # unscoped: people of the station that is asked, also once they have become the other's
    known = Person.unscoped.defer("tokens", "search")
    people = known.in_bulk([row.person_id for row in rows])
    for row in rows:
        row.person = people[row.person_id]
