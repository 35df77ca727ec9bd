"""What every fact written by hand begins with: who, where, when, and the person as she then was."""

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from apps.core.errors import Refused
from apps.core.scope import current
from apps.facilities.models import Practitioner
from apps.patients import facts
from apps.patients.facts import EntryMode
from apps.patients.models import Person


def occasion(person: Person, at: dt.datetime, *, late_after_days: int = 1) -> dict[str, Any]:
    """The fields of ClinicalFact for something that happened to `person` at `at`, written now from here.

    Refuses the future, a day before her birth and a day after her death.
    """
    scope = current()
    if scope.workplace_id is None:
        raise PermissionDenied("workplace")
    on = timezone.localdate(at)
    refuse_day(person, on)
    performer = None
    if scope.practitioner_id is not None:
        performer = Practitioner.objects.filter(pk=scope.practitioner_id).first()
    late = (timezone.localdate() - on).days >= late_after_days
    return facts.snapshot(person, at) | {
        "person": person,
        "facility_id": scope.workplace_id,
        "point_id": scope.point_id,
        "performer": performer,
        "performer_text": performer.full_name if performer else scope.shown_name[:120],
        "occurred_at": at,
        "recorded_by": scope.user_id,
        "entry_mode": EntryMode.BACK_ENTERED if late else EntryMode.DIRECT,
    }


def refuse_day(person: Person, on: dt.date, field: str = "on") -> None:
    """A day on which nothing can have happened to that person."""
    if on > timezone.localdate():
        raise Refused("Ngày này ở trong tương lai.", field=field, code="future")
    if person.birth_date is not None and on < person.birth_date:
        raise Refused(f"Người này sinh {person.birth_words}, sau ngày ghi.", field=field, code="before-birth")
    if person.died_on is not None and on > person.died_on:
        raise Refused(f"Hồ sơ ghi người này đã mất ngày {person.died_on:%d/%m/%Y}.", field=field, code="dead")


def noon(on: dt.date) -> dt.datetime:
    """The moment of something whose hour nobody wrote down."""
    return timezone.make_aware(dt.datetime.combine(on, dt.time(12)))
