"""A visit as it leaves the house: what may be told of it, and what was typed that may not (patients/hush.py).

Unscoped: what leaves does not depend on who asks. The parts belong to a visit that was found.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from apps.care.models import FactState, Measurement
from apps.catalogues import codes
from apps.encounters import dosing, leaving_dispensed, leaving_orders, leaving_papers, organs, travel
from apps.encounters.leaving_orders import Words, practitioner
from apps.encounters.models import (
    Attachment,
    Diagnosis,
    DiagnosisRole,
    HerbalFormula,
    HerbalLine,
    Order,
    Prescription,
    PrescriptionLine,
    Visit,
)
from apps.encounters.queries import sheets_of
from apps.encounters.writing import SOURCE, route_word
from apps.patients import hush, restricted
from apps.patients.facts import EntryMode

Row = TypeVar("Row")
TYPED = ("reason", "history", "examination", "course", "treatment_text", "advice")


def visit_may_leave(visit_id: UUID) -> bool:
    """Whether other systems may be told of the visit at all."""
    # unscoped: asked by the event of a visit that its own service has just written
    groups = Visit.unscoped.filter(pk=visit_id).values_list("restricted_by", flat=True).first()
    return groups is not None and restricted.may_leave(groups)


def visit_for_sync(visit_id: UUID) -> travel.TravelVisit:
    """One visit (visits_for_sync). Raises Visit.DoesNotExist."""
    found = visits_for_sync([visit_id])
    if visit_id not in found:
        raise Visit.DoesNotExist
    return found[visit_id]


def visits_for_sync(visit_ids: Collection[UUID]) -> dict[UUID, travel.TravelVisit]:
    """Visits as they now are, with all another system is told; those that are there. However many they are,
    eleven queries; four more where something was ordered, one for the herbs of formulas, two for what was
    given out.
    """
    related = ("facility", "person", "performer", "doctor")
    visits = list(Visit.objects.filter(pk__in=visit_ids).select_related(*related))
    if not visits:
        return {}
    parts = _parts(visits)
    return {visit.pk: _visit(visit, parts) for visit in visits}


@dataclass(frozen=True)
class _Parts:
    """What hangs on many visits, by visit."""

    hush: hush.Hush
    diagnoses: dict[UUID, list[Diagnosis]]
    measurements: dict[UUID, list[Measurement]]
    sheets: dict[UUID, list[Prescription]]
    formulas: dict[UUID, list[HerbalFormula]]
    herbs: dict[UUID, list[HerbalLine]]  # by formula
    files: dict[UUID, list[Attachment]]
    orders: dict[UUID, list[Order]]
    came: leaving_orders.CameOf
    given: leaving_dispensed.Given
    papers: dict[UUID, list[travel.TravelPaper]]


def _parts(visits: list[Visit]) -> _Parts:
    ids = [visit.pk for visit in visits]
    orders = leaving_orders.orders(visits)
    formulas = list(HerbalFormula.unscoped.filter(visit__in=ids, in_error=False).select_related("prescriber"))
    herbs = HerbalLine.unscoped.filter(formula__in=formulas).order_by("position") if formulas else ()
    return _Parts(
        hush=hush.of(None, [visit.person_id for visit in visits]),
        diagnoses=_by("visit_id", Diagnosis.unscoped.filter(visit__in=ids).order_by("position")),
        measurements=_by(
            "source_id",
            Measurement.unscoped.filter(
                source_kind=SOURCE, source_id__in=ids, state=FactState.FINAL
            ).order_by("code"),
        ),
        sheets=_by("visit_id", sheets_of(visits)),
        formulas=_by("visit_id", formulas),
        herbs=_by("formula_id", herbs),
        files=_by(
            "visit_id",
            Attachment.unscoped.filter(visit__in=ids, state="final").order_by("created_at", "pk"),
        ),
        orders=orders,
        came=leaving_orders.came_of([order for some in orders.values() for order in some]),
        given=leaving_dispensed.given(visits),
        papers=leaving_papers.papers(visits),
    )


def _by(name: str, rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _visit(visit: Visit, parts: _Parts) -> travel.TravelVisit:
    words = Words(parts.hush, visit.person_id)
    typed: dict[str, Any] = {name: words.told(name, getattr(visit, name)) for name in TYPED}
    orders = parts.orders.get(visit.pk, [])
    return travel.TravelVisit(
        id=visit.pk,
        version=visit.version,
        number=visit.number,
        kind=visit.kind,
        state=visit.state,
        amended=visit.finalised_at is not None and visit.finalised_at != visit.signed_at,
        changed_at=visit.updated_at,
        start=visit.started_at or visit.occurred_at,
        end=_end_of(visit),
        on=visit.on,
        person_id=visit.person_id,
        facility_id=visit.facility_id,
        facility_name=visit.facility.name,
        facility_code=visit.facility.kcb_code,
        facility_phone=visit.facility.phone,
        facility_address=visit.facility.address,
        point_id=visit.point_id,
        payer=visit.payer,
        **typed,
        summary=words.told("diagnosis", visit.summary),
        follow_up_on=visit.follow_up_on,
        outcome=visit.outcome,
        outcome_name=codes.label("discharge_type", visit.outcome, visit.on),
        result=visit.result,
        stays=not restricted.may_leave(visit.restricted_by),
        performer=practitioner(visit.performer),
        performer_text=visit.performer_text,
        doctor=practitioner(visit.doctor),
        diagnoses=tuple(
            _diagnosis(row, words)
            for row in parts.diagnoses.get(visit.pk, [])
            # Receivers know no system of traditional codes yet (docs/adding-a-receiver.md).
            if row.role != DiagnosisRole.TRADITIONAL
        ),
        observations=tuple(_observation(row) for row in parts.measurements.get(visit.pk, [])),
        prescriptions=tuple(_prescription(sheet, visit, words) for sheet in parts.sheets.get(visit.pk, [])),
        findings=_findings(visit, words),
        injury_cause=visit.injury_cause,
        injury_cause_name=codes.label("injury_cause", visit.injury_cause, visit.on),
        orders=leaving_orders.told(visit, orders, parts.came, words),
        formulas=tuple(
            _formula(row, parts.herbs.get(row.pk, []), words.again())
            for row in parts.formulas.get(visit.pk, [])
        ),
        dispensed=leaving_dispensed.dispensed(visit, parts.given, words),
        files=_files(parts.files.get(visit.pk, []), orders, words),
        papers=tuple(parts.papers.get(visit.pk, [])),
        forms=leaving_papers.sick_child(visit),
        hidden=words.hidden,
    )


def _end_of(visit: Visit) -> dt.datetime | None:
    """When she went: a visit entered from paper was over long before it was signed here."""
    if visit.entry_mode == EntryMode.BACK_ENTERED:
        return visit.started_at
    return visit.finalised_at or visit.signed_at


def _findings(visit: Visit, words: Words) -> tuple[tuple[str, str, str], ...]:
    organ = {each.key: each.title for each in organs.listed(visit.on)}
    return tuple(
        (key, organ.get(key, key), said)
        for key, found in visit.findings.items()
        if (said := words.told("findings", found))
    )


def _diagnosis(row: Diagnosis, words: Words) -> travel.TravelDiagnosis:
    return travel.TravelDiagnosis(
        row.pk,
        row.role,
        row.icd_edition,
        row.icd_code,
        row.icd_name,
        words.told("diagnosis", row.text),
        row.certainty,
    )


def _observation(row: Measurement) -> travel.TravelObservation:
    return travel.TravelObservation(
        row.pk, row.code, row.value, row.unit, row.occurred_at, tuple(row.readings), row.oedema
    )


def _prescription(sheet: Prescription, visit: Visit, words: Words) -> travel.TravelPrescription:
    lines = tuple(_line(row, visit, words) for row in sheet.lines.all())
    return travel.TravelPrescription(sheet.pk, sheet.code, sheet.kind, lines)


def _line(row: PrescriptionLine, visit: Visit, words: Words) -> travel.TravelLine:
    usage = row.usage
    if row.note and not words.told("usage", row.note):  # the words that stand behind it stay here
        route = route_word(row.drug, visit.on)
        usage = dosing.usage(row.dose, row.dose_unit, row.times_per_day, route)
    return travel.TravelLine(
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
        usage=usage,
    )


def _formula(row: HerbalFormula, herbs: list[HerbalLine], words: Words) -> travel.TravelFormula:
    return travel.TravelFormula(
        id=row.pk,
        name=words.told("name", row.name),
        packets=row.packets,
        usage=words.told("usage", row.usage),
        note=words.told("note", row.note),
        at=row.created_at,
        prescriber=practitioner(row.prescriber),
        herbs=tuple(
            travel.TravelHerb(
                each.code, each.name if each.code else words.told("herb", each.name), each.grams
            )
            for each in herbs
        ),
        hidden=words.hidden,
    )


def _files(rows: list[Attachment], orders: list[Order], words: Words) -> tuple[travel.TravelFile, ...]:
    """Of orders that stay in the house the files stay too."""
    told = {order.pk for order in orders}
    return tuple(
        travel.TravelFile(
            row.pk, words.told("file", row.title), row.type, row.size, row.created_at, row.order_id
        )
        for row in rows
        if row.order_id is None or row.order_id in told
    )
