"""Everything that is read about visits: the day's list, one visit, a person's, a visit that travels.

A visit is found within its scope; its parts are then read unscoped, since whoever sees the visit sees them.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from apps.care.models import FactState, Measurement
from apps.catalogues import codes
from apps.core import parameters
from apps.core.paging import Page, keyset
from apps.core.scope import Scope
from apps.encounters import states, travel
from apps.encounters.models import Diagnosis, Prescription, PrescriptionLine, Visit, VisitDraft, VisitRevision
from apps.encounters.writing import SOURCE
from apps.facilities.models import Practitioner
from apps.patients.models import Allergy, AllergyState

ROW = ("person", "performer")


def day(
    scope: Scope, *, on: dt.date, state: str = "", point_id: UUID | None = None, cursor: str = ""
) -> Page[Visit]:
    """A station's visits of a day in the order of the queue: one query, with their people."""
    rows = Visit.visible(scope).filter(facility_id__in=scope.facility_ids, on=on).select_related(*ROW)
    if state:
        rows = rows.filter(state=state)
    if point_id:
        rows = rows.filter(point_id=point_id)
    return keyset(rows, order=("queue_no", "id"), cursor=cursor, size=page_size(on))


def page_size(on: dt.date) -> int:
    """How many rows a list shows at once."""
    return int(parameters.value("visits.page_size", on=on))


def counts(scope: Scope, on: dt.date) -> dict[str, int]:
    """How many visits of the day stand in each state, and 'unsigned': all that wait for a signature."""
    rows = Visit.visible(scope).filter(facility_id__in=scope.facility_ids)
    found = rows.filter(on=on).aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in states.TABLE}
    )
    found["unsigned"] = rows.filter(state=states.AWAITING_SIGNATURE).count()
    return found


def waiting(scope: Scope, on: dt.date, limit: int) -> list[Visit]:
    """Who waits or is being examined today, in order: for the home page."""
    return list(
        Visit.visible(scope)
        .filter(facility_id__in=scope.facility_ids, on=on, state__in=(states.WAITING, states.IN_PROGRESS))
        .select_related("person")
        .order_by("queue_no")[:limit]
    )


def unsigned(scope: Scope, *, cursor: str = "", on: dt.date) -> Page[Visit]:
    """What waits for a signature at the scope's stations, oldest first."""
    rows = (
        Visit.visible(scope)
        .filter(facility_id__in=scope.facility_ids, state=states.AWAITING_SIGNATURE)
        .select_related(*ROW)
    )
    return keyset(rows, order=("occurred_at", "id"), cursor=cursor, size=page_size(on))


def visit_page(visit_id: UUID) -> Visit | None:
    """One visit that the scope in force sees, with person, place and people; None otherwise. One query."""
    return (
        Visit.objects.select_related(
            "person__hamlet__commune__parent",
            "facility__unit",
            "point",
            "performer",
            "doctor",
            "card",
        )
        .defer("person__tokens", "person__search")
        .filter(pk=visit_id)
        .first()
    )


def of_person(scope: Scope, person_id: UUID, *, before: Visit | None = None, limit: int) -> list[Visit]:
    """A person's visits, newest first; with `before` only those earlier than that one."""
    rows = Visit.visible(scope).filter(person_id=person_id).select_related("facility", "performer")
    if before is not None:
        rows = rows.filter(occurred_at__lt=before.occurred_at)
    return list(rows.order_by("-occurred_at")[:limit])


def unfinished(scope: Scope, person_id: UUID) -> list[Visit]:
    """A person's visits at the scope's stations that are not finished, newest first. One query."""
    return list(
        Visit.visible(scope)
        .filter(person_id=person_id, facility_id__in=scope.facility_ids, state__in=states.OPEN_STATES)
        .order_by("-occurred_at")
    )


def sheets(visit: Visit) -> list[Prescription]:
    """The prescriptions of a visit with their lines, in the order they are printed. Two queries."""
    return list(
        Prescription.unscoped.filter(visit=visit)
        .order_by("kind")
        .prefetch_related(
            Prefetch("lines", queryset=PrescriptionLine.unscoped.select_related("drug").order_by("position"))
        )
    )


def visit_of_sheet(prescription_id: UUID) -> UUID | None:
    """The visit that a prescription belongs to; its page decides who may see it."""
    return Prescription.unscoped.filter(pk=prescription_id).values_list("visit_id", flat=True).first()


def revisions(visit: Visit) -> list[VisitRevision]:
    """The earlier versions of a visit, newest first."""
    return list(VisitRevision.unscoped.filter(visit=visit).order_by("-at"))


def draft_of(visit: Visit, user_id: UUID | None) -> VisitDraft | None:
    """What this user has typed into the visit and not saved."""
    return VisitDraft.unscoped.filter(visit=visit, user_id=user_id).first() if user_id else None


class UsualCodes:
    """What a facility used most in the last year: comes first in the pickers (catalogues.frequency)."""

    def top(self, kind: str, facility_id: UUID, limit: int) -> Sequence[str]:
        """ICD-10 or drug codes, most used first; one query, none for other kinds."""
        since = timezone.localdate() - dt.timedelta(days=365)
        if kind == "icd10":
            rows: QuerySet[Any] = Diagnosis.unscoped.filter(
                visit__facility_id=facility_id, visit__on__gte=since
            )
            name = "icd_code"
        elif kind == "drug":
            rows = PrescriptionLine.unscoped.filter(
                prescription__visit__facility_id=facility_id, prescription__visit__on__gte=since
            )
            name = "drug__code"
        else:
            return []
        counted = rows.values(name).annotate(times=Count("pk")).order_by("-times", name)
        return [row[name] for row in counted[:limit]]


# ---- a visit that travels


def visit_for_sync(visit_id: UUID) -> travel.TravelVisit:
    """The visit as it now is, with all another system is told. Six queries; raises Visit.DoesNotExist."""
    visit = Visit.objects.select_related("facility", "performer", "doctor").get(pk=visit_id)
    return travel.TravelVisit(
        id=visit.pk,
        version=visit.version,
        number=visit.number,
        kind=visit.kind,
        state=visit.state,
        amended=visit.finalised_at is not None and visit.finalised_at != visit.signed_at,
        changed_at=visit.updated_at,
        start=visit.started_at or visit.occurred_at,
        end=visit.finalised_at or visit.signed_at,
        on=visit.on,
        person_id=visit.person_id,
        facility_id=visit.facility_id,
        facility_name=visit.facility.name,
        facility_code=visit.facility.kcb_code,
        facility_phone=visit.facility.phone,
        facility_address=visit.facility.address,
        point_id=visit.point_id,
        payer=visit.payer,
        reason=visit.reason,
        history=visit.history,
        examination=visit.examination,
        course=visit.course,
        summary=visit.summary,
        treatment_text=visit.treatment_text,
        advice=visit.advice,
        follow_up_on=visit.follow_up_on,
        outcome=visit.outcome,
        outcome_name=codes.label("discharge_type", visit.outcome, visit.on),
        result=visit.result,
        performer=_practitioner(visit.performer),
        performer_text=visit.performer_text,
        doctor=_practitioner(visit.doctor),
        diagnoses=tuple(
            _diagnosis(row) for row in Diagnosis.unscoped.filter(visit=visit).order_by("position")
        ),
        observations=_observations(visit),
        prescriptions=tuple(_prescription(sheet) for sheet in sheets(visit)),
        allergies=tuple(
            _allergy(row)
            for row in Allergy.unscoped.filter(person_id=visit.person_id).exclude(
                state=AllergyState.ENTERED_IN_ERROR
            )
        ),
    )


def _practitioner(who: Practitioner | None) -> travel.TravelPractitioner | None:
    if who is None:
        return None
    return travel.TravelPractitioner(
        who.pk, who.full_name, who.licence_no, who.prescriber_code, who.get_grade_display()
    )


def _diagnosis(row: Diagnosis) -> travel.TravelDiagnosis:
    return travel.TravelDiagnosis(row.pk, row.role, row.icd_edition, row.icd_code, row.icd_name, row.text)


def _observations(visit: Visit) -> tuple[travel.TravelObservation, ...]:
    rows = Measurement.unscoped.filter(source_kind=SOURCE, source_id=visit.pk, state=FactState.FINAL)
    return tuple(
        travel.TravelObservation(row.pk, row.code, row.value, row.unit, row.occurred_at)
        for row in rows.order_by("code")
    )


def _prescription(sheet: Prescription) -> travel.TravelPrescription:
    lines = tuple(
        travel.TravelLine(
            id=row.pk,
            drug_code=row.drug.code,
            bhyt_code=row.drug.bhyt_code,
            drug_name=row.drug_name,
            strength=row.strength,
            unit=row.unit,
            route_code=row.route_code,
            dose=row.dose,
            dose_unit=row.dose_unit,
            times_per_day=row.times_per_day,
            days=row.days,
            quantity=row.quantity,
            usage=row.usage,
        )
        for row in sheet.lines.all()
    )
    return travel.TravelPrescription(sheet.pk, sheet.code, sheet.kind, lines)


def _allergy(row: Allergy) -> travel.TravelAllergy:
    return travel.TravelAllergy(
        row.pk, row.kind, row.substance, row.drug_code, row.reaction, row.certainty, row.noted_on, row.state
    )
