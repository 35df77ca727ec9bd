"""Invented practitioners, medicines, codes and visits for tests."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from apps.catalogues.models import CodeEntry, Drug
from apps.core.scope import Scope, enter
from apps.encounters import services
from apps.encounters.inputs import DiagnosisInput, LineInput, Opening, VisitInput
from apps.encounters.models import Visit
from apps.facilities.models import Facility, Practitioner
from apps.patients.models import Person
from tests.factories.catalogues import an_icd10
from tests.factories.patients import scope_at

ALL_SMALL_LISTS = (
    ("drug_routes", "1.01", "Uống"),
    ("discharge_type", "1", "Ra viện"),
    ("discharge_type", "2", "Chuyển tuyến theo yêu cầu chuyên môn"),
    ("treatment_result", "1", "Khỏi"),
    ("treatment_result", "2", "Đỡ"),
)


def a_practitioner(station: Facility, full_name: str = "Trần Văn Bình", **fields: Any) -> Practitioner:
    """A doctor who may sign, unless `can_sign` says otherwise."""
    fields.setdefault("grade", "doctor")
    if fields.setdefault("can_sign", True):
        fields.setdefault("licence_no", f"{Practitioner.objects.count() + 1:06d}/QNG-CCHN")
    return Practitioner.objects.create(facility=station, full_name=full_name, **fields)


def a_drug(code: str = "TD001.1", ingredient: str = "Paracetamol", **fields: Any) -> Drug:
    fields.setdefault("name", ingredient)
    fields.setdefault("strength", "500mg")
    fields.setdefault("unit", "viên")
    fields.setdefault("route_code", "1.01")
    fields.setdefault("kind", "commune")
    return Drug.objects.create(code=code, ingredient=ingredient, **fields)


def catalogues() -> None:
    """The few rows that a visit needs: two codes, two medicines, the small lists."""
    an_icd10("J06.9", "Nhiễm trùng đường hô hấp trên cấp")
    an_icd10("I10", "Tăng huyết áp vô căn (nguyên phát)", flags={"long_rx_max_days": 90})
    a_drug()
    a_drug("TD028.1", "Amoxicilin", is_antibiotic=True)
    for name, code, label in ALL_SMALL_LISTS:
        CodeEntry.objects.create(list=name, code=code, name=label)


def scope_of(practitioner: Practitioner, **fields: Any) -> Scope:
    """The scope of a practitioner at her station."""
    return scope_at(practitioner.facility, practitioner_id=practitioner.pk, **fields)


PARACETAMOL = LineInput("TD001.1", Decimal(1), 2, 5)
USUAL = VisitInput(
    fields={"reason": "Ho, sốt 2 ngày", "advice": "Uống nhiều nước"},
    vitals={"temperature": Decimal("38.2"), "pulse": Decimal(92), "weight": Decimal(52)},
    diagnoses=[DiagnosisInput("J06.9", "main")],
    lines=[PARACETAMOL],
)


def a_visit(
    person: Person, practitioner: Practitioner, *, at: dt.datetime | None = None, **fields: Any
) -> Visit:
    """A visit just received."""
    with enter(scope_of(practitioner)):
        opening = Opening(reason=fields.pop("reason", ""), at=at or timezone.now(), **fields)
        return services.visit_open(person=person, opening=opening, override="lần nữa trong ngày")


def an_examined_visit(
    person: Person, practitioner: Practitioner, data: VisitInput = USUAL, **fields: Any
) -> Visit:
    """A visit with vital signs, a diagnosis and a medicine, not ended."""
    visit = a_visit(person, practitioner, **fields)
    with enter(scope_of(practitioner)):
        return services.visit_save(visit_id=visit.pk, expected_version=visit.version, data=data)


def a_finished_visit(person: Person, practitioner: Practitioner, **fields: Any) -> Visit:
    """A visit that was ended: signed when the practitioner may sign, else waiting for a signature."""
    visit = an_examined_visit(person, practitioner, **fields)
    with enter(scope_of(practitioner)):
        return services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
