"""Invented families for tests, saved directly: no audit, no events."""

from typing import Any

from apps.facilities.models import Facility, Hamlet
from apps.households.models import HEAD, Household, Membership
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
