"""Invented families for tests, saved directly: no audit, no events."""

import datetime as dt
from typing import Any

from apps.facilities.models import Facility, Hamlet
from apps.households.models import (
    HEAD,
    Household,
    HouseholdStatus,
    LivingSurvey,
    Membership,
    PersonStatus,
    ResidenceEvent,
    ResidenceEventPerson,
    TransferAsk,
)
from apps.patients import codes
from apps.patients.models import Person
from tests.factories.patients import a_person


def a_household(station: Facility, head: Person | None = None, **fields: Any) -> Household:
    """A family of the station's first hamlet with its head (Nguyễn Thị Hòa unless given)."""
    fields.setdefault("hamlet", Hamlet.objects.filter(catchments__facility=station).first())
    code = fields.pop("code", None) or codes.take(station.pk, "household")[0]
    head = head or a_person(station)
    household = Household.unscoped.create(station=station, code=code, sort_key=head.sort_key, **fields)
    a_member(household, head, relation=HEAD, is_head=True)
    return household


def a_member(household: Household, person: Person, relation: str = "05", **fields: Any) -> Membership:
    return Membership.unscoped.create(household=household, person=person, relation=relation, **fields)


def an_event(household: Household, kind: str, *people: Person, **fields: Any) -> ResidenceEvent:
    """Something that happened to the family, as a row alone: nothing has moved."""
    fields.setdefault("on", dt.date(2026, 3, 1))
    event = ResidenceEvent.unscoped.create(
        station_id=household.station_id, household=household, hamlet=household.hamlet, kind=kind, **fields
    )
    for person in people:
        ResidenceEventPerson.unscoped.create(event=event, person=person)
    return event


def a_status(household: Household, poverty: str = "poor", **fields: Any) -> HouseholdStatus:
    return HouseholdStatus.unscoped.create(household=household, poverty=poverty, **fields)


def a_person_status(person: Person, kind: str = "merit", category: str = "4", **fields: Any) -> PersonStatus:
    return PersonStatus.unscoped.create(person=person, kind=kind, category=category, **fields)


def a_survey(household: Household, **fields: Any) -> LivingSurvey:
    fields.setdefault("on", dt.date(2026, 3, 1))
    return LivingSurvey.unscoped.create(household=household, **fields)


def an_ask(person: Person, station: Facility, **fields: Any) -> TransferAsk:
    """A station asks the person's own for her, as a row alone."""
    fields.setdefault("since", dt.date(2026, 3, 1))
    fields.setdefault("reason", "Về ở với con")
    return TransferAsk.unscoped.create(
        person=person,
        from_station_id=person.station_id,
        station=station,
        number_end="0001",
        asked_by_name="Điều dưỡng xin",
        **fields,
    )
