"""What a leaver leaves behind in this room: open visits, visits that wait for a signature, days of
return. What she has done keeps her name; what is still to be done gets the colleague's.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.care.models import Appointment, AppointmentState
from apps.core import audit
from apps.core.errors import Refused
from apps.core.registry import HandoverItem, Holder
from apps.core.scope import Scope
from apps.core.versions import save_versioned
from apps.core.words import date_words
from apps.encounters import states
from apps.encounters.models import Visit
from apps.facilities.models import Practitioner

TO_GO_ON = (states.WAITING, states.IN_PROGRESS)


def open_visits(scope: Scope, holder: Holder, limit: int) -> list[HandoverItem]:
    """Visits that she began and nobody has finished."""
    return _lines(_hers(scope, holder).filter(state__in=TO_GO_ON), limit)


def unsigned_visits(scope: Scope, holder: Holder, limit: int) -> list[HandoverItem]:
    """Visits that she finished and nobody has signed: whoever may sign signs them; they keep her name."""
    return _lines(_hers(scope, holder).filter(state=states.AWAITING_SIGNATURE), limit)


def _hers(scope: Scope, holder: Holder) -> QuerySet[Visit]:
    return Visit.visible(scope).filter(performer__in=holder.practitioner_ids)


def _lines(visits: QuerySet[Visit], limit: int) -> list[HandoverItem]:
    rows = visits.select_related("person").order_by("occurred_at", "pk")[:limit]
    return [
        HandoverItem(
            id=visit.pk,
            title=f"{visit.number} – {visit.person.full_name}",
            note=f"{date_words(visit.on)}, {states.TITLES[visit.state]}",
            url=reverse("encounters:visit", args=[visit.pk]),
            person_id=visit.person_id,
        )
        for visit in rows
    ]


def move_visits(scope: Scope, holder: Holder, taker: Holder, ids: Collection[UUID]) -> int:
    """The colleague goes on with the visits."""
    practitioner = _practitioner(scope, taker)
    visits = _hers(scope, holder).filter(pk__in=list(ids), state__in=TO_GO_ON).select_for_update(of=("self",))
    moved = 0
    for visit in visits:
        visit.performer, visit.performer_text = practitioner, practitioner.full_name
        save_versioned(visit, expected=visit.version)
        audit.record(
            "visit.handed_over",
            person_id=visit.person_id,
            object_id=visit.pk,
            facility_id=visit.facility_id,
            data={"number": visit.number, "to": str(practitioner.pk)},
        )
        moved += 1
    return moved


def _practitioner(scope: Scope, taker: Holder) -> Practitioner:
    found = (
        Practitioner.objects.on(timezone.localdate())
        .filter(pk__in=taker.practitioner_ids, facility__in=scope.facility_ids)
        .first()
    )
    if found is None:
        raise Refused(f"{taker.name} chưa gắn với người hành nghề của đơn vị nên không nhận lượt khám được.")
    return found


# --- days of return


def appointments(scope: Scope, holder: Holder, limit: int) -> list[HandoverItem]:
    """People whom she has asked to come back."""
    rows = _planned(scope, holder).select_related("person").order_by("on", "pk")[:limit]
    return [
        HandoverItem(
            id=row.pk,
            title=row.person.full_name,
            note=f"hẹn {date_words(row.on)}{f', {row.reason}' if row.reason else ''}",
            url=reverse("patients:person", args=[row.person_id]),
            person_id=row.person_id,
        )
        for row in rows
    ]


def _planned(scope: Scope, holder: Holder) -> QuerySet[Appointment]:
    return Appointment.visible(scope).filter(
        performer__in=holder.practitioner_ids, state=AppointmentState.PLANNED
    )


def move_appointments(scope: Scope, holder: Holder, taker: Holder, ids: Collection[UUID]) -> int:
    """The colleague expects them."""
    practitioner = _practitioner(scope, taker)
    rows = _planned(scope, holder).filter(pk__in=list(ids))
    return rows.update(performer=practitioner, performer_text=practitioner.full_name)
