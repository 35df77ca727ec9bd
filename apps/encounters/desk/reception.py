"""Receiving somebody, changing what was said then, and letting her go unseen."""

import datetime as dt
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.care import services as care
from apps.core import drafts, numbering, parameters
from apps.core.errors import NeedsReason, Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.encounters import checks, states
from apps.encounters.bedside import own_practitioner
from apps.encounters.desk import priority, receiving
from apps.encounters.events import VisitOpened
from apps.encounters.inputs import Opening
from apps.encounters.models import CallState, Payer, Visit
from apps.encounters.steps import (
    DRAFT,
    NUMBER,
    audited,
    keep_overrides,
    put_timeline,
    taken,
)
from apps.facilities import books
from apps.facilities.asof import working_place
from apps.patients import facts
from apps.patients.models import Person
from apps.patients.treating import treating_access_put

TREATING_DAYS = "visits.treating_days"  # for so long a station still sees whom it has treated


@transaction.atomic
def visit_open(*, person: Person, opening: Opening, override: str = "") -> Visit:
    """Receive a person: number of the year, place in the day's queue, state 'chờ khám'.

    Asks for a reason when she has a visit here on that day already, or no card though insurance is to pay.
    Refuses the dead and an expired card.
    """
    scope = current()
    scope.require("visits.enter")
    if scope.workplace_id is None:
        raise PermissionDenied("visits.enter")
    at = opening.at or timezone.now()
    on = timezone.localtime(at).date()
    receiving.refuse_dead(person, on)
    receiving.check_codes(opening, on)
    card = receiving.card_for(person, opening.card_id, on)
    here, point = working_place(scope, on, timezone.localdate())
    assert here is not None  # noqa: S101 - there is a workplace, see above
    room = receiving.room_for(opening.room_id, (here, point))
    urgent = [person.pk] if opening.emergency else []
    place = receiving.priorities([person], on, urgent, receiving.rules_on(on))[person.pk]
    warnings = [*receiving.same_day(person, here, on), *receiving.cardless(opening, card, place)]
    if warnings and not clean(override):
        raise NeedsReason(warnings)
    practitioner = opening.performer or own_practitioner(scope)
    as_of = facts.snapshot(person, at)
    as_of["payer"] = opening.payer or as_of["payer"]
    visit = Visit(
        **as_of,
        person=person,
        facility_id=here,
        point_id=point,
        performer=practitioner,
        performer_text=practitioner.full_name if practitioner else "",
        occurred_at=at,
        recorded_by=scope.user_id,
        entry_mode=opening.entry_mode,
        on=on,
        kind=opening.kind,
        card=card,
        free_for=opening.free_for if as_of["payer"] == Payer.FREE else "",
        reason=clean(opening.reason),
        rank=place.rank,
        priority_for=list(place.reasons),
        room=room,
    )
    keep_overrides(visit, warnings, override)
    _number_put(visit)
    visit.save(force_insert=True)
    if opening.lookup:
        checks.check_put(visit=visit, lookup=opening.lookup)
    if person.station_id != visit.facility_id:
        until = on + dt.timedelta(days=int(parameters.value(TREATING_DAYS, on=on)))
        treating_access_put(person_id=person.id, facility_id=visit.facility_id, until=until)
    care.appointments_met(person_id=person.id, facility_id=visit.facility_id, on=on, met_by=visit.id)
    put_timeline(visit)
    audited("visit.opened", visit, number=visit.number)
    publish(VisitOpened(visit.id, visit.person_id, visit.facility_id, visit.on, visit.version))
    return visit


def _number_put(visit: Visit) -> None:
    """Its number in the book of the year, its place in the day's queue."""
    book = books.book_at(visit.facility_id, visit.point_id)
    visit.number = numbering.take(
        NUMBER, facility_id=book.facility_id, on=visit.on, object_id=visit.pk, mark=book.mark
    )
    visit.queue_no = receiving.queue_number(visit.facility_id, visit.point_id, visit.on, visit.pk)


@transaction.atomic
def visit_left(*, visit_id: UUID, expected_version: int, reason: str = "") -> Visit:
    """She went away before anybody saw her. Her number stays hers; the visit counts nowhere."""
    visit = taken("leave", visit_id, expected_version)
    visit.state = states.LEFT
    visit.left_at, visit.left_reason = timezone.now(), clean(reason)[:300]
    save_versioned(visit, expected=expected_version)
    drafts.drop(DRAFT, visit.pk)
    care.appointments_unmet(met_by=visit.id, today=timezone.localdate())
    put_timeline(visit)
    audited("visit.left", visit, number=visit.number)
    return visit


@transaction.atomic
def visit_return(*, visit_id: UUID, expected_version: int) -> Visit:
    """She has come back on the same day: she waits again under her number."""
    visit = taken("return", visit_id, expected_version)
    if visit.on != timezone.localdate():
        raise Refused("Người này bỏ về từ hôm trước: hãy tiếp nhận lượt mới.", code="day")
    visit.state, visit.call = states.WAITING, CallState.WAITING
    visit.left_at, visit.left_reason = None, ""
    save_versioned(visit, expected=expected_version)
    care.appointments_met(
        person_id=visit.person_id, facility_id=visit.facility_id, on=visit.on, met_by=visit.id
    )
    put_timeline(visit)
    audited("visit.returned", visit, number=visit.number)
    return visit


@transaction.atomic
def visit_reception(*, visit_id: UUID, expected_version: int, opening: Opening, override: str = "") -> Visit:
    """Change what reception said: kind, reason, payer, card, emergency. Papers of an emergency come later.

    A look-up of the card is kept beside the earlier ones. Raises as `visit_open` does.
    """
    visit = taken("reception", visit_id, expected_version)
    receiving.check_codes(opening, visit.on)
    visit.card = receiving.card_for(visit.person, opening.card_id, visit.on)
    rules = receiving.rules_on(visit.on)
    urgent = [visit.person_id] if opening.emergency else []
    place = receiving.priorities([visit.person], visit.on, urgent, rules)[visit.person_id]
    if priority.DANGER in visit.priority_for:
        place = priority.endangered(place, rules)
    warnings = receiving.cardless(opening, visit.card, place)
    if warnings and not clean(override):
        raise NeedsReason(warnings)
    visit.kind, visit.reason = opening.kind, clean(opening.reason)
    visit.payer = opening.payer
    visit.free_for = opening.free_for if opening.payer == Payer.FREE else ""
    visit.rank, visit.priority_for = place.rank, list(place.reasons)
    keep_overrides(visit, warnings, override)
    save_versioned(visit, expected=expected_version)
    if opening.lookup:
        checks.check_put(visit=visit, lookup=opening.lookup)
    put_timeline(visit)
    audited("visit.reception_changed", visit, number=visit.number)
    return visit
