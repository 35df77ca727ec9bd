"""What a move, a marriage or a divorce makes of a person. The record of what happened is its own room's,
which has checked it and tells of it in its history.
"""

import datetime as dt
from uuid import UUID

from django.db import transaction

from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.versions import save_versioned
from apps.patients import closing, life
from apps.patients.events import PersonChanged, PersonDeparted, PersonReturned
from apps.patients.models import ClosingKind, LifeStatus, Person


@transaction.atomic
def person_depart(*, person: Person, event_id: UUID, on: dt.date) -> Person:
    """She lives outside the commune now; her record stays. `event_id` is her own part of the departure."""
    _check_ours(person)
    if person.life_status == LifeStatus.DEAD:
        raise Refused(f"{person.full_name} đã mất, không ghi chuyển đi được.", field="people")
    life.status_put(person=person, status=LifeStatus.MOVED)
    closing.close(person_id=person.pk, event_id=event_id, kind=ClosingKind.DEPARTURE, on=on)
    _audit(person, "person.departed")
    publish(PersonDeparted(person.pk, event_id, on))
    return person


@transaction.atomic
def person_come_back(*, person: Person, event_id: UUID | None, on: dt.date) -> Person:
    """She lives here again: what her departure (`event_id`, where it was recorded) ended holds again."""
    _check_ours(person)
    if person.life_status == LifeStatus.DEAD:
        raise Refused(f"{person.full_name} đã mất, không ghi chuyển về được.", field="people")
    life.status_put(person=person, status=LifeStatus.ALIVE)
    _audit(person, "person.returned")
    # without a record of how she left, her status was typed: its closing carries her own id
    for closed_by in filter(None, [event_id, person.pk]):
        closing.reopen(person_id=person.pk, event_id=closed_by)
    if event_id:
        publish(PersonReturned(person.pk, event_id, on))
    return person


@transaction.atomic
def marital_status_put(*, person: Person, status: str) -> Person:
    """As a marriage, a divorce or its correction says."""
    _check_ours(person)
    if person.marital_status != status:
        person.marital_status = status
        save_versioned(person, expected=person.version)
        publish(PersonChanged(person.pk, ("marital_status",)))
        _audit(person, "person.marital_status")
    return person


def _check_ours(person: Person) -> None:
    scope = current()
    scope.require("people.edit")
    if not scope.reaches(person.station_id):
        raise Refused("Người này thuộc địa bàn trạm khác; chỉ trạm đó sửa được hồ sơ.", field="people")


def _audit(person: Person, action: str) -> None:
    audit.record(action, person_id=person.pk, object_id=person.pk, facility_id=person.station_id, data={})
