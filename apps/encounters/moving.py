"""Wrong person: what was written under one record is written under the right one, in one act.

The visit of the wrong person stays as entered in error and points to the new one; the new one is checked
against who she is (age, sex, allergies) and ends as the old one had ended. Stock is not touched.

Parts are unscoped: the visit was found within the scope.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.care import queries as care
from apps.care import services as care_services
from apps.core import numbering, parameters
from apps.core.errors import NeedsReason, Refused
from apps.core.events import publish
from apps.core.ids import uuid7
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.encounters import services, states, steps
from apps.encounters.desk import priority, receiving, reception
from apps.encounters.events import VisitMoved, VisitOpened
from apps.encounters.models import Diagnosis, Payer, Prescription, PrescriptionLine, Visit
from apps.encounters.sick_child import reading
from apps.encounters.writing import SOURCE
from apps.facilities import books
from apps.patients import facts
from apps.patients.models import InsuranceCard, Person
from apps.patients.treating import treating_access_put

# What belongs to the record itself or to who she is: the new visit has its own.
OWN = frozenset(
    {
        *("id", "created_at", "updated_at", "version", "number", "person_id", "card_id", "state"),
        *("hamlet_id", "commune_id", "ethnicity", "occupation", "poverty", "payer", "age_days"),
        *("recorded_at", "recorded_by", "overrides", "moved_to_id", "error_reason"),
        *("doctor_id", "signed_at", "signed_by", "finalised_at", "rank", "priority_for", "free_for"),
    }
)
NEW = ("id", "created_at", "updated_at", "version")
ENDED = (states.FINALISED, states.AWAITING_SIGNATURE)
REASON = "Nhầm người: {reason}"


@transaction.atomic
def visit_move(
    *, visit_id: UUID, expected_version: int, person: Person, reason: str, override: str = ""
) -> Visit:
    """Move a visit to the person it is of; the new visit. `person` was found within the scope.

    Raises Problems or NeedsReason when what was written cannot be hers or is odd for her.
    """
    old = steps.taken("error", visit_id, expected_version)
    reason = clean(reason)
    if not reason:
        raise Refused("Ghi lý do: vì sao biết là nhầm người.", field="reason", code="no-reason")
    if person.pk == old.person_id:
        raise Refused("Lượt khám đang là của chính người này.", field="person", code="same")
    if person.birth_date and person.birth_date > old.on:
        raise Refused("Người này sinh sau ngày khám.", field="person", code="born-later")
    receiving.refuse_dead(person, old.on)
    warnings = receiving.same_day(person, old.facility_id, old.on)
    if warnings and not clean(override):
        raise NeedsReason(warnings)
    ended, was_signed = old.state in ENDED, old.state == states.FINALISED
    figures = care.measured(SOURCE, old.pk)
    services.visit_entered_in_error(
        visit_id=visit_id,
        expected_version=expected_version,
        reason=REASON.format(reason=reason),
        moved=True,
    )
    new = _written(old, person, ended=ended)
    steps.keep_overrides(new, warnings, override)
    care_services.appointments_met(person_id=person.pk, facility_id=new.facility_id, on=new.on, met_by=new.pk)
    if figures:
        care_services.measurements_put(fact=new, source_kind=SOURCE, source_id=new.pk, values=figures)
    _copy_parts(old, new)
    Visit.unscoped.filter(pk=old.pk).update(moved_to=new)  # its own save is done, see above
    publish(VisitOpened(new.id, new.person_id, new.facility_id, new.on, new.version))
    publish(VisitMoved(old.id, old.person_id, old.facility_id, old.on, old.version, new.id, new.person_id))
    steps.audited("visit.moved", new, number=new.number, was=old.number)
    if ended:
        _end(new, override, signs=was_signed)
    return new


def _end(new: Visit, override: str, *, signs: bool) -> None:
    """As at the end of any visit: checked against who she is, signed by who may sign, told to all. What
    waited for its signature waits on.
    """
    services.check_end(new, override)
    services.end_put(new, signs=signs)
    save_versioned(new, expected=new.version)
    services.tell_end(new)


def _written(old: Visit, person: Person, *, ended: bool) -> Visit:
    """The new visit, with a number of its own; the number in the queue stays on the ticket in her hand."""
    card = InsuranceCard.objects.filter(person=person).on(old.on).order_by("-valid_from").first()
    as_of = facts.snapshot(person, old.occurred_at)
    if old.payer in (Payer.BHYT, Payer.FEE):  # what her own card says; whoever paid had none
        as_of["payer"] = Payer.BHYT if card else Payer.FEE
    else:
        as_of["payer"] = old.payer
    urgent = [person.pk] if priority.EMERGENCY in old.priority_for else []
    rules = receiving.rules_on(old.on)
    place = receiving.priorities([person], old.on, urgent, rules)[person.pk]
    if priority.DANGER in old.priority_for:
        place = priority.endangered(place, rules)
    names = [field.attname for field in Visit._meta.concrete_fields if field.attname not in OWN]
    values: dict[str, Any] = {name: getattr(old, name) for name in names}
    new = Visit(
        **values,
        **as_of,
        id=uuid7(),
        person=person,
        card=card if as_of["payer"] == Payer.BHYT else None,
        rank=place.rank,
        priority_for=list(place.reasons),
        free_for=old.free_for if as_of["payer"] == Payer.FREE else "",
        state=states.IN_PROGRESS if ended else old.state,
        recorded_by=current().user_id,
    )
    book = books.book_at(old.facility_id, old.point_id)
    new.number = numbering.take(
        steps.NUMBER, facility_id=book.facility_id, on=old.on, object_id=new.pk, mark=book.mark
    )
    if reading.sheet_for(person, old.on) != reading.sheet_for(old.person, old.on):
        new.sick_child = new.sick_judged = {}  # a form of another age says nothing of her
    new.save(force_insert=True)
    if person.station_id != new.facility_id:
        days = int(parameters.value(reception.TREATING_DAYS, on=old.on))
        until = old.on + dt.timedelta(days=days)
        treating_access_put(person_id=person.id, facility_id=new.facility_id, until=until)
    steps.put_timeline(new)
    return new


def _copy_parts(old: Visit, new: Visit) -> None:
    """Diagnoses and medicines as rows of the new visit; its prescriptions get codes of their own."""
    rows = list(Diagnosis.unscoped.filter(visit=old))
    Diagnosis.unscoped.bulk_create(_anew(row, visit=new) for row in rows)
    for sheet in Prescription.unscoped.filter(visit=old):
        lines = list(PrescriptionLine.unscoped.filter(prescription=sheet))
        copy = _anew(sheet, visit=new, code="")
        Prescription.unscoped.bulk_create([copy])
        PrescriptionLine.unscoped.bulk_create(_anew(line, prescription=copy) for line in lines)


def _anew(row: Any, **changes: Any) -> Any:
    """The same as a row of its own."""
    names = [field.attname for field in row._meta.concrete_fields]
    copy = type(row)(**{name: getattr(row, name) for name in names if name not in NEW})
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy
