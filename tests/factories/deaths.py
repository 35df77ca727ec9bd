"""Invented deaths, recorded by their own service."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.utils import timezone

from apps.core.scope import Scope, enter
from apps.patients.death_data import DeathData, data_of
from apps.patients.death_rules import Cause
from apps.patients.deaths import death_amend, death_record
from apps.patients.models import Death, Person
from tests.factories.patients import RIGHTS, scope_at

DEATH_RIGHTS = RIGHTS | {f"deaths.{action}" for action in ("view", "enter", "edit", "approve", "export")}
UNKNOWN = (Cause("a", "", "Không rõ nguyên nhân"),)


def death_data(**fields: Any) -> DeathData:
    """A death at home ten days ago, of an unknown cause unless said otherwise."""
    today = timezone.localdate()
    fields.setdefault("died_on", today - dt.timedelta(days=10))
    fields.setdefault("entered_on", today)
    fields.setdefault("place", "home")
    fields.setdefault("causes", UNKNOWN)
    return DeathData(**fields)


def death_scope(person: Person, **fields: Any) -> Scope:
    return scope_at(person.station, fields.pop("rights", DEATH_RIGHTS), **fields)


def a_death(person: Person, *, reason: str = "gia đình xác nhận", **fields: Any) -> Death:
    """Recorded by somebody of the person's own station."""
    if person.sex == "female":
        fields.setdefault("maternal", "no")
    with enter(death_scope(person)):
        return death_record(person=person, data=death_data(**fields), reason=reason)


def an_amended_death(person: Person, **fields: Any) -> Death:
    """A death with an earlier version."""
    death = a_death(person, **fields)
    with enter(death_scope(person)):
        said = replace(data_of(death), informant="Con trai")
        return death_amend(death=death, data=said, expected_version=death.version, reason="hỏi lại")
