"""An event that was entered in error is taken back: what it changed stands as before, the event stays.

All unscoped: the event was taken through the scope, and what it changed was written within it.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.core.words import date_words
from apps.households.bhxh_codes import is_taken
from apps.households.events import MembershipChanged, ResidenceCorrected
from apps.households.locking import lock_households
from apps.households.models import Closed, EventKind, EventState, Household, Membership, ResidenceEvent
from apps.patients import residence, transfer
from apps.patients.models import LifeStatus, Person
from apps.patients.services import person_relocate

OF_A_DEATH = (
    "Việc rời hộ này theo ghi nhận tử vong. Nếu ghi tử vong nhầm, hãy sửa ở trang tử vong của người đó; "
    "chỗ trong hộ trở lại theo."
)


class ChangedSince(Exception):
    """What the event left behind is not there any more: something later has built upon it."""


@transaction.atomic
def event_withdraw(*, event: ResidenceEvent, reason: str, expected_version: int) -> ResidenceEvent:
    """The event was entered in error. What was entered with it is taken back first.

    Raises Refused where something later depends on it, naming that event; StaleVersion.
    """
    scope = current()
    scope.require("households.edit")
    reason = clean(reason)
    if not reason:
        raise Refused("Hãy ghi vì sao biến động này là nhập nhầm.", field="reason")
    if len(reason) > 300:
        raise Refused("Lý do dài quá 300 chữ.", field="reason")
    if event.state != EventState.FINAL:
        raise Refused("Biến động này đã được ghi là nhập nhầm.", field="reason")
    if event.kind == EventKind.DIED:
        raise Refused(OF_A_DEATH, field="reason")
    parts = list(ResidenceEvent.unscoped.filter(part_of=event, state=EventState.FINAL).order_by("-pk"))
    lock_households(_homes(event, *parts))
    for part in parts:
        _take_back(part)
        _mark(part, reason, part.version)
    _take_back(event)
    return _mark(event, reason, expected_version)


@transaction.atomic
def event_follow(*, event: ResidenceEvent, reason: str) -> bool:
    """What the event followed was itself a mistake: taken back where nothing later depends on it.

    Marked in any case; False where the family has gone on and its rows must be mended by the caller.
    """
    lock_households(_homes(event))
    try:
        with transaction.atomic():
            _take_back(event)
    except Refused:
        _mark(event, reason, event.version)
        return False
    _mark(event, reason, event.version)
    return True


def _homes(*events: ResidenceEvent) -> set[UUID]:
    return {pk for each in events for pk in (each.household_id, each.from_household_id) if pk}


def _mark(event: ResidenceEvent, reason: str, expected_version: int) -> ResidenceEvent:
    scope = current()
    event.state, event.error_reason = EventState.ENTERED_IN_ERROR, reason
    event.error_at, event.error_by, event.error_by_name = (
        timezone.now(),
        scope.user_id,
        scope.shown_name[:150],
    )
    save_versioned(event, expected=expected_version)
    audit.record(
        "household.event_withdrawn",
        object_id=event.household_id or event.from_household_id,
        facility_id=event.station_id,
        data={"kind": event.get_kind_display().lower(), "event": str(event.pk)},
    )
    publish(ResidenceCorrected(event.pk, event.station_id, event.kind, event.on))
    return event


def _take_back(event: ResidenceEvent) -> None:
    if follower := ResidenceEvent.unscoped.filter(follows=event, state=EventState.FINAL).first():
        raise Refused(_first(follower), field="reason")
    try:
        for step in reversed(event.changes):
            UNDO[step["what"]](event, step)
        _orders(event)
    except ChangedSince as changed:
        later = _later(event)
        raise Refused(
            _first(later)
            if later
            else "Hộ hoặc người trong biến động này đã được sửa sau đó, không rút lại được nữa. "
            "Hãy ghi một biến động mới cho đúng.",
            field="reason",
        ) from changed


def _first(later: ResidenceEvent) -> str:
    what = f"{later.get_kind_display()} ngày {date_words(later.on)}"
    return f"Hãy rút lại trước: {what}, được ghi sau và dựa vào biến động này."


def _later(event: ResidenceEvent) -> ResidenceEvent | None:
    """The latest event written after this one about the same people or families."""
    homes = [pk for pk in (event.household_id, event.from_household_id) if pk]
    people = event.people(manager="unscoped").values("person_id")
    touching = Q(household__in=homes) | Q(from_household__in=homes) | Q(people__person__in=people)
    rows = ResidenceEvent.unscoped.filter(touching, state=EventState.FINAL, pk__gt=event.pk)
    return rows.exclude(part_of=event).order_by("-pk").first()


# --- one step back


def _membership_opened(event: ResidenceEvent, step: dict[str, Any]) -> None:
    row = Membership.unscoped.filter(pk=step["id"]).first()
    if row is None or not _same(row, {**step["after"], "relation": row.relation}):
        raise ChangedSince
    row.delete()  # the event keeps what it said
    publish(MembershipChanged(row.person_id, None, event.on))


def _membership_changed(event: ResidenceEvent, step: dict[str, Any]) -> None:
    row = Membership.unscoped.filter(pk=step["id"]).first()
    if row is None or not _same(row, step["after"]):
        raise ChangedSince
    back = step["before"]
    reopened = "valid_to" in back and back["valid_to"] is None
    if reopened and Membership.unscoped.filter(person=row.person_id, valid_to__isnull=True).exists():
        raise ChangedSince
    now_head = back.get("is_head", row.is_head) and (reopened or row.valid_to is None)
    heads = Membership.unscoped.filter(household=row.household_id, valid_to__isnull=True, is_head=True)
    if now_head and heads.exclude(pk=row.pk).exists():
        raise ChangedSince
    _restore(row, back)
    if reopened:
        publish(MembershipChanged(row.person_id, row.household_id, event.on))


def _household_changed(_event: ResidenceEvent, step: dict[str, Any]) -> None:
    row = Household.unscoped.get(pk=step["id"])
    if not _same(row, step["after"]):
        raise ChangedSince
    if step["before"].get("closed") == Closed.OPEN and is_taken(row.bhxh_code, row.pk):
        raise ChangedSince
    _restore(row, step["before"])


def _household_opened(event: ResidenceEvent, step: dict[str, Any]) -> None:
    row = Household.unscoped.get(pk=step["id"])
    later = ResidenceEvent.unscoped.filter(
        Q(household=row) | Q(from_household=row), state=EventState.FINAL
    ).exclude(Q(pk=event.pk) | Q(part_of=event))
    if row.closed or later.exists() or Membership.unscoped.filter(household=row).exists():
        raise ChangedSince
    row.closed, row.closed_on = Closed.ERROR, event.on
    save_versioned(row, expected=row.version)


def _person_home(event: ResidenceEvent, step: dict[str, Any]) -> None:
    person = Person.unscoped.get(pk=step["id"])
    if not _same(person, step["after"]):
        raise ChangedSince
    if hamlet_id := step["before"]["hamlet_id"]:
        person_relocate(
            person=person,
            hamlet_id=UUID(hamlet_id),
            address_text=step["before"]["address_text"],
            on=event.on,
        )


def _person_life(event: ResidenceEvent, step: dict[str, Any]) -> None:
    person = Person.unscoped.get(pk=step["id"])
    if person.life_status != step["after"]["status"]:
        raise ChangedSince
    cause = UUID(step["after"]["cause"]) if step["after"]["cause"] else None
    if step["before"]["status"] == LifeStatus.MOVED:
        residence.person_depart(person=person, event_id=cause or person.pk, on=event.on)
    else:
        residence.person_come_back(person=person, event_id=cause, on=event.on)


def _person_received(event: ResidenceEvent, step: dict[str, Any]) -> None:
    person = Person.unscoped.get(pk=step["id"])
    if not _same(person, step["after"]):
        raise ChangedSince
    before = dict(step["before"])
    cause = UUID(before.pop("cause"))
    transfer.person_give_back(person=person, before=before, departure_id=cause, on=event.on)


def _person_marital(_event: ResidenceEvent, step: dict[str, Any]) -> None:
    person = Person.unscoped.get(pk=step["id"])
    if person.marital_status != step["after"]["code"]:
        raise ChangedSince
    residence.marital_status_put(person=person, status=step["before"]["code"])


UNDO: dict[str, Callable[[ResidenceEvent, dict[str, Any]], None]] = {
    "membership.opened": _membership_opened,
    "membership.changed": _membership_changed,
    "household.opened": _household_opened,
    "household.changed": _household_changed,
    "person.home": _person_home,
    "person.life": _person_life,
    "person.marital": _person_marital,
    "person.received": _person_received,
}


def _same(row: Any, values: dict[str, Any]) -> bool:
    now = {name: getattr(row, name) for name in values}
    return bool(json.loads(json.dumps(now, cls=DjangoJSONEncoder)) == values)


def _restore(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, row._meta.get_field(name).to_python(value))
    save_versioned(row, expected=row.version)


def _orders(event: ResidenceEvent) -> None:
    """The households stand in the order of whoever heads them again."""
    for home in filter(None, {event.household, event.from_household}):
        head = Membership.unscoped.filter(household=home, is_head=True, valid_to__isnull=True)
        sort_key = head.values_list("person__sort_key", flat=True).first()
        if sort_key is not None:
            Household.unscoped.filter(pk=home.pk).update(sort_key=sort_key)
