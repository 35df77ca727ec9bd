"""A visit as it leaves the house: what may be told of it, and what was typed that may not (patients/hush.py).

Unscoped: what leaves does not depend on who asks. The parts belong to a visit that was found.
"""

from typing import Any
from uuid import UUID

from apps.care.models import FactState, Measurement
from apps.catalogues import codes
from apps.encounters import dosing, leaving_dispensed, leaving_orders, organs, travel
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
from apps.encounters.queries import sheets
from apps.encounters.writing import SOURCE, route_word
from apps.patients import hush, restricted
from apps.patients.facts import EntryMode

TYPED = ("reason", "history", "examination", "course", "treatment_text", "advice")


def visit_may_leave(visit_id: UUID) -> bool:
    """Whether other systems may be told of the visit at all."""
    # unscoped: asked by the event of a visit that its own service has just written
    groups = Visit.unscoped.filter(pk=visit_id).values_list("restricted_by", flat=True).first()
    return groups is not None and restricted.may_leave(groups)


def visit_for_sync(visit_id: UUID) -> travel.TravelVisit:
    """The visit as it now is, with all another system is told. Ten queries; four more where something was
    ordered, one for the herbs of formulas, two for what was given out. Raises Visit.DoesNotExist.
    """
    visit = Visit.objects.select_related("facility", "performer", "doctor").get(pk=visit_id)
    words = Words(hush.of(None, [visit.person_id]), visit.person_id)
    typed: dict[str, Any] = {name: words.told(name, getattr(visit, name)) for name in TYPED}
    organ = {each.key: each.title for each in organs.listed(visit.on)}
    orders = leaving_orders.orders(visit)
    return travel.TravelVisit(
        id=visit.pk,
        version=visit.version,
        number=visit.number,
        kind=visit.kind,
        state=visit.state,
        amended=visit.finalised_at is not None and visit.finalised_at != visit.signed_at,
        changed_at=visit.updated_at,
        start=visit.started_at or visit.occurred_at,
        # A visit entered from paper was over long before it was signed here.
        end=visit.started_at
        if visit.entry_mode == EntryMode.BACK_ENTERED
        else visit.finalised_at or visit.signed_at,
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
            for row in Diagnosis.unscoped.filter(visit=visit).order_by("position")
            # Receivers know no system of traditional codes yet (docs/adding-a-receiver.md).
            if row.role != DiagnosisRole.TRADITIONAL
        ),
        observations=_observations(visit),
        prescriptions=tuple(_prescription(sheet, visit, words) for sheet in sheets(visit)),
        findings=tuple(
            (key, organ.get(key, key), said)
            for key, found in visit.findings.items()
            if (said := words.told("findings", found))
        ),
        injury_cause=visit.injury_cause,
        injury_cause_name=codes.label("injury_cause", visit.injury_cause, visit.on),
        orders=leaving_orders.told(visit, orders, words),
        formulas=_formulas(visit, words),
        dispensed=leaving_dispensed.dispensed(visit, words),
        files=_files(visit, orders, words),
        hidden=words.hidden,
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


def _observations(visit: Visit) -> tuple[travel.TravelObservation, ...]:
    rows = Measurement.unscoped.filter(source_kind=SOURCE, source_id=visit.pk, state=FactState.FINAL)
    return tuple(
        travel.TravelObservation(
            row.pk, row.code, row.value, row.unit, row.occurred_at, tuple(row.readings), row.oedema
        )
        for row in rows.order_by("code")
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


def _formulas(visit: Visit, words: Words) -> tuple[travel.TravelFormula, ...]:
    """Two queries; one where there are none."""
    rows = list(HerbalFormula.unscoped.filter(visit=visit, in_error=False).select_related("prescriber"))
    if not rows:
        return ()
    herbs: dict[UUID, list[HerbalLine]] = {}
    for line in HerbalLine.unscoped.filter(formula__in=rows).order_by("position"):
        herbs.setdefault(line.formula_id, []).append(line)
    return tuple(_formula(row, herbs.get(row.pk, []), words.again()) for row in rows)


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


def _files(visit: Visit, orders: list[Order], words: Words) -> tuple[travel.TravelFile, ...]:
    """Of orders that stay in the house the files stay too. One query."""
    told = {order.pk for order in orders}
    return tuple(
        travel.TravelFile(
            row.pk, words.told("file", row.title), row.type, row.size, row.created_at, row.order_id
        )
        for row in Attachment.unscoped.filter(visit=visit, state="final").order_by("created_at", "pk")
        if row.order_id is None or row.order_id in told
    )
