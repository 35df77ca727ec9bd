"""Invented follow-up forms for tests."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from apps.care.models import Enrolment, fact_values
from apps.core.scope import Scope, enter
from apps.encounters import services as visits
from apps.encounters.inputs import DiagnosisInput, LineInput, VisitInput
from apps.encounters.models import Visit
from apps.facilities.models import Practitioner
from apps.ncd import services
from apps.ncd.models import FollowUp, FollowUpRevision
from apps.patients.models import Person
from tests.factories import encounters as make
from tests.factories.care import an_enrolment
from tests.factories.patients import RIGHTS, scope_at

AMLODIPINE = LineInput("TD060.1", Decimal(1), 1, 30)


MINE = RIGHTS | {"ncd.view", "ncd.enter", "ncd.edit", "care.enter", "care.edit"}


def scope_of(practitioner: Practitioner, **fields: Any) -> Scope:
    """Who examines and follows up at her station."""
    return scope_at(practitioner.facility, MINE, practitioner_id=practitioner.pk, **fields)


def pressed(high: int, low: int, **fields: Any) -> VisitInput:
    """A visit with a pressure, the diagnosis I10 and a medicine of 30 days."""
    return VisitInput(
        fields={"reason": "Tái khám tăng huyết áp", **fields},
        vitals={"systolic": Decimal(high), "diastolic": Decimal(low), "weight": Decimal(55)},
        diagnoses=[DiagnosisInput("I10", "main")],
        lines=[AMLODIPINE],
    )


def a_pressed_visit(
    person: Person, practitioner: Practitioner, high: int = 148, low: int = 92, **fields: Any
) -> Visit:
    """An open visit of somebody whose pressure was taken."""
    return make.an_examined_visit(person, practitioner, pressed(high, low), **fields)


def a_follow_up(
    visit: Visit, practitioner: Practitioner, programme: str = "hypertension", **said: Any
) -> FollowUp:
    """The form of a visit, saved."""
    said.setdefault("medicine_days", 30)
    said.setdefault("next_on", visit.on + dt.timedelta(days=30))
    with enter(scope_of(practitioner)):
        return services.follow_up_put(
            visit_id=visit.pk,
            programme=programme,
            visit_version=Visit.unscoped.get(pk=visit.pk).version,
            expected_version=0,
            data=services.FollowUpInput(**said),
        )


def a_finished_follow_up(
    person: Person,
    practitioner: Practitioner,
    high: int = 148,
    low: int = 92,
    *,
    days_ago: int = 0,
    **said: Any,
) -> FollowUp:
    """A visit of so many days ago with its form, ended."""
    at = timezone.now() - dt.timedelta(days=days_ago)
    visit = a_pressed_visit(person, practitioner, high, low, at=at)
    form = a_follow_up(visit, practitioner, **said)
    with enter(scope_of(practitioner)):
        visits.visit_finalise(
            visit_id=visit.pk,
            expected_version=Visit.unscoped.get(pk=visit.pk).version,
            override="đã xem kỹ",
        )
    return FollowUp.unscoped.get(pk=form.pk)


def an_old_enrolment(person: Person, programme: str = "hypertension", days_ago: int = 400) -> Enrolment:
    """Followed for longer than a year."""
    return an_enrolment(person, programme, since=timezone.localdate() - dt.timedelta(days=days_ago))


def a_plain_form(visit: Visit, enrolment: Enrolment, **fields: Any) -> FollowUp:
    """A form as a row that was amended once, without the services."""
    fields = {"programme": enrolment.programme, "systolic": 148, "diastolic": 92, "side_effects": ""} | fields
    form = FollowUp.unscoped.create(
        **fact_values(visit), visit=visit, enrolment=enrolment, on=visit.on, **fields
    )
    FollowUpRevision.unscoped.create(
        follow_up=form, of_version=1, data={}, reason="bổ sung", by_name="Thu", at=timezone.now()
    )
    return form
