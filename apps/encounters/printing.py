"""What stands on the papers of a visit. Layout: templates/print/; wording: TT 26/2025/TT-BYT."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.care.vitals import SIGNS, bmi, number_text
from apps.catalogues import codes
from apps.core import parameters, words
from apps.core.scope import current
from apps.core.words import quantity_words
from apps.encounters import checking, dosing, organs, states
from apps.encounters.dispensing.queries import kept_of
from apps.encounters.models import Prescription, Visit
from apps.encounters.sick_child import reading, sheet
from apps.encounters.writing import CHILD_MONTHS
from apps.facilities import asof
from apps.patients import addresses, kin
from apps.patients.models import Identifier, Person

SIGNER = {"doctor": "Bác sĩ", "assistant": "Y sĩ", "traditional": "Y sĩ", "midwife": "Hộ sinh"}


def exam_slip(visit: Visit) -> dict[str, Any]:
    """Phiếu khám bệnh, A5: all that was found and done, signed."""
    parts = checking.parts(visit)
    return common(visit, parts) | {
        "title": "Phiếu khám bệnh",
        "number": visit.number,
        "ethnicity": codes.label("ethnic_groups", visit.ethnicity, visit.on),
        "occupation": codes.label("occupations", visit.occupation, visit.on),
        "vitals": _vitals(parts),
        "findings": organs.told(visit.findings, visit.on),
        "sick_signs": sheet.told(visit.sick_child, reading.sheet_for(visit.person, visit.on)),
        "sick_classes": reading.lines(visit.sick_judged, visit.on),
        "lines": [_line(row, narcotic=False) for row in parts.lines],
        "outcome": codes.label("discharge_type", visit.outcome, visit.on),
    }


def prescription(visit: Visit, sheet: Prescription) -> dict[str, Any]:
    """Đơn thuốc, A5: one sheet of medicines of one kind, with what the station has given of each."""
    parts, kept = checking.parts(visit), kept_of(visit)
    return common(visit, parts) | {
        "title": dosing.KINDS[sheet.kind],
        "code": sheet.code,
        "sheet": sheet,
        "lines": [
            _line(row, narcotic=sheet.kind == "n")
            | {"given": quantity_words(kept[row.pk].normalize()) if kept.get(row.pk) else ""}
            for row in sheet.lines.all()
        ],
        "long": sheet.kind in ("n", "h"),
    }


def _line(row: Any, *, narcotic: bool) -> dict[str, str]:
    return {
        "name": f"{row.drug_name} {row.strength}".strip(),
        "quantity": f"{dosing.quantity_text(row.quantity, narcotic=narcotic)} {row.unit}",
        "usage": row.usage,
    }


def common(visit: Visit, parts: checking.Parts) -> dict[str, Any]:
    """What every paper of a visit shows: who, where, when, by whom."""
    person = visit.person
    signed = visit.state == states.FINALISED and visit.doctor is not None
    on = timezone.localtime(visit.signed_at).date() if visit.signed_at else visit.on
    place = asof.face(visit.facility, visit.on)
    return {
        "size": "A5",
        "visit": visit,
        "person": person,
        "age": words.age_words(person.birth_date, visit.on, person.birth_precision),
        "birth": person.birth_words,
        "small_child": is_small_child(person, visit.on),
        "weight": number_text(parts.measured["weight"]) if "weight" in parts.measured else "",
        "guardian": guardian_of(person),
        "identity": identity_on(person, visit.on),
        "address": addresses.home_on(person, visit.hamlet, visit.on),
        "card": visit.card.number if visit.card else "",
        "diagnoses": [row.label for row in parts.diagnoses],
        "facility_name": place.name,
        "facility_address": place_words(place),
        "signed": signed,
        "signer": visit.doctor.full_name if signed and visit.doctor else "",
        "signer_role": SIGNER.get(visit.doctor.grade, "Người") if signed and visit.doctor else "Bác sĩ",
        "place_date": f"{place.place}, ngày {on.day:02d} tháng {on.month:02d} năm {on.year}",
    }


def place_words(place: asof.Face) -> str:
    parts = [place.address or place.unit_name]
    if place.phone:
        parts.append(f"ĐT: {place.phone}")
    return " - ".join(parts)


def is_small_child(person: Person, on: dt.date) -> bool:
    """A child whose form shows the weight and who came with it."""
    if person.birth_date is None:
        return False
    return words.completed_months(person.birth_date, on) < int(parameters.value(CHILD_MONTHS, on=on))


def guardian_of(person: Person) -> str:
    if person.guardian_name:
        return person.guardian_name
    parent = kin.mother_of(current(), person) or person.father
    return parent.full_name if parent else ""


def identity_on(person: Person, on: dt.date) -> str:
    """The citizen number that holds on the day, else another paper's."""
    # unscoped: the paper of a visit names who she is, also where she is only treated
    in_force = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    in_force &= Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    found = {row.kind: row.value for row in Identifier.unscoped.filter(in_force, person=person)}
    return next((found[kind] for kind in ("cccd", "cmnd", "passport") if kind in found), "")


def _vitals(parts: checking.Parts) -> list[str]:
    return signs(dict(parts.measured))


def signs(figures: dict[str, Decimal]) -> list[str]:
    """The figures by their keys as they are said; blood pressure as one, with the BMI."""
    shown = []
    for vital in SIGNS:
        if vital.key == "systolic" and "systolic" in figures and "diastolic" in figures:
            both = f"{number_text(figures['systolic'])}/{number_text(figures['diastolic'])}"
            shown.append(f"Huyết áp {both} mmHg")
        elif vital.key in figures and vital.key not in ("systolic", "diastolic"):
            shown.append(f"{vital.title} {number_text(figures[vital.key])} {vital.unit_text}")
    index = bmi(figures.get("weight"), figures.get("height") or figures.get("length"))
    return [*shown, f"BMI {number_text(index)}"] if index else shown
