"""Many new families at once, as a list brings them: the same codes, memberships, audit and events as
household_create and member_add, in a few statements for hundreds of families.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core import audit
from apps.core.audit import Act
from apps.core.events import publish
from apps.core.scope import current
from apps.households.events import HouseholdCreated, MembershipChanged, ResidenceRecorded
from apps.households.ledger import MEMBERSHIP
from apps.households.models import (
    HEAD,
    EventKind,
    Household,
    Membership,
    ResidenceEvent,
    ResidenceEventPerson,
)
from apps.households.services import FIELDS, HouseholdData
from apps.patients import codes
from apps.patients.models import Person

AT_ONCE = 500  # rows of one statement


@dataclass(frozen=True)
class Family:
    """A new household: its head, and the others with what they are to her. None belongs to another."""

    data: HouseholdData
    head: Person
    others: Sequence[tuple[Person, str]] = field(default_factory=tuple)


@transaction.atomic
def households_create(*, station_id: UUID, families: Sequence[Family], on: dt.date) -> list[Household]:
    """Enters families whose people have just been entered at the same address."""
    current().require("households.enter")
    made = [
        Household(
            station_id=station_id,
            code=code,
            sort_key=family.head.sort_key,
            **{name: getattr(family.data, name) for name in FIELDS},
        )
        for family, code in zip(
            families, codes.take(station_id, "household", len(families)) if families else [], strict=True
        )
    ]
    Household.objects.bulk_create(made, batch_size=AT_ONCE)
    rows = [
        Membership(household=household, person=person, relation=relation, is_head=person is family.head)
        for household, family in zip(made, families, strict=True)
        for person, relation in ((family.head, HEAD), *family.others)
    ]
    Membership.objects.bulk_create(rows, batch_size=AT_ONCE)
    audit.record_many(
        "household.created",
        [Act(None, household.pk, station_id, {"code": household.code}) for household in made],
    )
    for household in made:
        publish(HouseholdCreated(household.pk, station_id))
    for row in rows:
        publish(MembershipChanged(row.person_id, row.household_id, on))
    _tell(made, rows, on)
    return made


def _tell(made: Sequence[Household], rows: Sequence[Membership], on: dt.date) -> None:
    """One event a family, with its first members in it, as the ledger would note them."""
    members: dict[UUID, list[Membership]] = defaultdict(list)
    for row in rows:
        members[row.household_id].append(row)
    scope = current()
    events = [
        ResidenceEvent(
            kind=EventKind.CREATED,
            on=on,
            station_id=household.station_id,
            household=household,
            hamlet_id=household.hamlet_id,
            recorded_by=scope.user_id,
            recorded_by_name=scope.username[:150],
            changes=[
                {"what": "household.opened", "id": household.pk, "before": {}, "after": {}},
                *(
                    {"what": "membership.opened", "id": row.pk, "before": {}, "after": _said(row)}
                    for row in members[household.pk]
                ),
            ],
        )
        for household in made
    ]
    ResidenceEvent.unscoped.bulk_create(events, batch_size=AT_ONCE)  # of families that this scope enters
    ResidenceEventPerson.unscoped.bulk_create(  # as above
        [
            ResidenceEventPerson(event=event, person_id=row.person_id)
            for household, event in zip(made, events, strict=True)
            for row in members[household.pk]
        ],
        batch_size=AT_ONCE,
    )
    audit.record_many(
        f"household.event.{EventKind.CREATED.value}",
        [
            Act(None, household.pk, household.station_id, {"code": household.code, "event": str(event.pk)})
            for household, event in zip(made, events, strict=True)
        ],
    )
    for event in events:
        publish(ResidenceRecorded(event.pk, event.station_id, event.kind, event.on))


def _said(row: Membership) -> dict[str, Any]:
    return {name: getattr(row, name) for name in MEMBERSHIP}
