"""Templates of a station: filled into a visit that is open.

Only what is still empty is filled, and everything is looked at with the eyes of the day: a code or medicine
that is out of force is left out and told; what is odd is asked about when the visit ends.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.catalogues.models import Drug
from apps.core import audit
from apps.core.errors import Refused
from apps.core.paging import Page, keyset
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.encounters import checking, diagnosing, organs, rules, services
from apps.encounters.bedside import own_practitioner
from apps.encounters.inputs import DiagnosisInput, LineInput, VisitInput
from apps.encounters.models import ExamTemplate, PrescriptionLine, Visit

TEXTS = ("examination", "treatment_text", "advice")  # the history is one person's own
OFFERED = 4  # buttons under a diagnosis
PAGE = 30
LEFT_OUT = "Không điền {what}: không còn trong danh mục ngày khám."
TAKEN = "Trạm đã có mẫu khám tên này. Đặt tên khác."


@dataclass(frozen=True)
class Filled:
    """The visit as it now is, and what could not be filled in, in sentences."""

    visit: Visit
    left: list[str]


def offered(scope: Scope, main: str) -> list[ExamTemplate]:
    """The station's templates for a main diagnosis (its own code, then its group), most used first; without
    one the most used of all. One query.
    """
    rows = ExamTemplate.objects.filter(station_id__in=scope.facility_ids, retired_at__isnull=True)
    if main:
        rows = rows.filter(Q(icd_code=main) | Q(icd_code__startswith=main[:3]) | Q(icd_code=""))
    found = list(rows.only("id", "name", "icd_code", "used").order_by("-used", "name")[: 4 * OFFERED])
    return sorted(found, key=lambda row: bool(main) and row.icd_code != main)[:OFFERED]


def listed(scope: Scope, cursor: str) -> Page[ExamTemplate]:
    """All of the station's templates by name."""
    rows = ExamTemplate.objects.filter(retired_at__isnull=True)
    return keyset(rows, order=("name", "id"), cursor=cursor, size=PAGE)


@transaction.atomic
def template_make(*, visit: Visit, name: str) -> ExamTemplate:
    """Keep what a visit says about a disease, and nothing of the person, under a name of the station."""
    scope = current()
    scope.require("prescriptions.enter")
    if not scope.reaches(visit.facility_id):
        raise Visit.DoesNotExist
    if visit.restricted:  # a template is read by everybody of the station
        raise Refused("Lượt khám này có thông tin hạn chế xem: không lưu làm mẫu được.", code="restricted")
    name = clean(name)[:100]
    if not name:
        raise Refused("Đặt tên cho mẫu khám.", field="name", code="no-name")
    parts = checking.parts(visit)
    author = own_practitioner(scope)
    template = ExamTemplate(
        station_id=visit.facility_id,
        name=name,
        icd_code=next((row.icd_code for row in parts.diagnoses if row.role == "main"), ""),
        made_by_name=author.full_name if author else scope.shown_name,
        data={
            "texts": {field: text for field in TEXTS if (text := getattr(visit, field))},
            "findings": visit.findings,
            "follow_up_days": (visit.follow_up_on - visit.on).days if visit.follow_up_on else None,
            "diagnoses": [
                {"code": row.icd_code, "role": row.role, "text": row.text}
                for row in parts.diagnoses
                if row.role != "external"
            ],
            "lines": [line_data(row) for row in parts.lines],
        },
    )
    try:
        with transaction.atomic():
            template.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(TAKEN, field="name", code="taken") from error
    audit.record("template.made", object_id=template.pk, facility_id=template.station_id)
    return template


@transaction.atomic
def template_retire(*, template_id: UUID, expected_version: int) -> ExamTemplate:
    """Offer a template no longer."""
    current().require("prescriptions.enter")
    template = ExamTemplate.objects.select_for_update().get(pk=template_id, retired_at__isnull=True)
    template.retired_at = timezone.now()
    save_versioned(template, expected=expected_version)
    audit.record("template.retired", object_id=template.pk, facility_id=template.station_id)
    return template


@transaction.atomic
def template_apply(*, visit_id: UUID, expected_version: int, template_id: UUID) -> Filled:
    """Fill what is empty in an open visit from a template of the station."""
    template = ExamTemplate.objects.get(pk=template_id, retired_at__isnull=True)
    visit = Visit.objects.select_related("person").get(pk=visit_id)
    data = template.data
    fields: dict[str, Any] = {
        name: text
        for name, text in data.get("texts", {}).items()
        if name in TEXTS and not getattr(visit, name)
    }
    fields["findings"] = {**_findings(visit, data.get("findings", {})), **visit.findings}
    if data.get("follow_up_days") and not visit.follow_up_on:
        fields["follow_up_on"] = visit.on + dt.timedelta(days=int(data["follow_up_days"]))
    parts = checking.parts(visit)
    diagnoses, left = _diagnoses(parts, data.get("diagnoses", []), visit.on)
    lines, out = _lines(parts, data.get("lines", []), visit.on)
    saved = services.visit_save(
        visit_id=visit_id,
        expected_version=expected_version,
        data=VisitInput(fields=fields, diagnoses=diagnoses, lines=lines),
    )
    ExamTemplate.objects.filter(pk=template.pk).update(used=F("used") + 1)
    return Filled(saved, left + out)


def _findings(visit: Visit, wanted: Mapping[str, str]) -> dict[str, str]:
    """Of a template's organs those that this person's form shows: no man has a gynaecology."""
    shown = organs.offered(
        organs.listed(visit.on),
        sex=visit.person.sex,
        age_months=rules.age_months(visit.person.birth_date, visit.on),
        written={},
    )
    return {organ.key: wanted[organ.key] for organ in shown if organ.key in wanted}


def line_data(row: PrescriptionLine) -> dict[str, Any]:
    """A line as a template keeps it."""
    return {
        "drug": row.drug.code,
        "dose": str(row.dose),
        "dose_unit": row.dose_unit,
        "times": row.times_per_day,
        "days": row.days,
        "quantity": str(row.quantity),
        "note": row.note,
    }


def _diagnoses(
    parts: checking.Parts, wanted: Sequence[Mapping[str, str]], on: dt.date
) -> tuple[list[DiagnosisInput], list[str]]:
    """Those of the visit, and of the template what it does not say yet; a second main one goes along."""
    have = [
        DiagnosisInput(row.icd_code, row.role, row.text, row.certainty, row.disease_key)
        for row in parts.diagnoses
    ]
    present = {entry.code for entry in have}
    has_main = any(entry.role == "main" for entry in have)
    asked = [DiagnosisInput(row["code"], row["role"], row.get("text", "")) for row in wanted]
    fresh = [
        entry for entry in asked if entry.code not in present and not (has_main and entry.role == "main")
    ]
    known = diagnosing.known(fresh, on)
    left = [LEFT_OUT.format(what=f"mã bệnh {entry.code}") for entry in fresh if entry.code not in known]
    return have + [entry for entry in fresh if entry.code in known], left


def _lines(
    parts: checking.Parts, wanted: Sequence[Mapping[str, Any]], on: dt.date
) -> tuple[list[LineInput], list[str]]:
    """The medicines of the visit, and of `wanted` those that do not stand there yet and are in force."""
    have = [input_of(line_data(row)) for row in parts.lines]
    present = {line.drug_code for line in have}
    fresh = [input_of(row) for row in wanted if row["drug"] not in present]
    drugs = {drug.code: drug for drug in Drug.objects.filter(code__in=[line.drug_code for line in fresh])}
    good = {code for code, drug in drugs.items() if drug.in_force(on)}
    left = [
        LEFT_OUT.format(what=f"thuốc {drugs.get(line.drug_code) or line.drug_code}")
        for line in fresh
        if line.drug_code not in good
    ]
    return have + [line for line in fresh if line.drug_code in good], left


def input_of(row: Mapping[str, Any]) -> LineInput:
    """What line_data has made, as a save takes it."""
    return LineInput(
        drug_code=row["drug"],
        dose=Decimal(row["dose"]),
        times_per_day=int(row["times"]),
        days=int(row["days"]),
        dose_unit=row.get("dose_unit", ""),
        quantity=Decimal(row["quantity"]) if row.get("quantity") else None,
        note=row.get("note", ""),
    )
