"""Who has left another station of the house for the area of ours, as the station reads it."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from apps.core.paging import Page, keyset
from apps.core.scope import Scope, current
from apps.households.models import HEAD, Membership, Transfer, TransferState
from apps.patients.models import Person

PAGE = 50


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
