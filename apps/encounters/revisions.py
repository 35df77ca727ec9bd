"""A version of a visit as plain data, and two versions side by side.

Unscoped: the visit itself was found within its scope.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from apps.care import queries as care
from apps.care.vitals import BY_KEY, SIGNS, number_text
from apps.catalogues import codes
from apps.encounters import organs
from apps.encounters.dosing import quantity_text
from apps.encounters.models import Diagnosis, HerbalFormula, PrescriptionLine, Visit
from apps.encounters.sick_child import reading

TEXTS = (
    "reason",
    "history",
    "examination",
    "course",
    "injury_cause",
    "treatment_text",
    "advice",
    "follow_up_on",
    "outcome",
    "result",
)


def snapshot(visit: Visit) -> dict[str, Any]:
    """The whole of a visit as it now stands in the database, ready for JSON."""
    stored = Visit.unscoped.select_related("doctor").get(pk=visit.pk)
    figures = care.measured("visit", visit.pk)
    return {
        "fields": {name: getattr(stored, name) for name in TEXTS},
        "findings": stored.findings,
        "sick_child": stored.sick_child,
        "sick_judged": stored.sick_judged,
        "vitals": {key: str(value) for key, value in figures.items()},
        "diagnoses": [
            {"role": row.role, "code": row.icd_code, "label": row.label}
            for row in Diagnosis.unscoped.filter(visit=visit)
        ],
        "lines": [
            {
                "drug": f"{row.drug_name} {row.strength}".strip(),
                "quantity": str(row.quantity),
                "unit": row.unit,
                "usage": row.usage,
            }
            for row in PrescriptionLine.unscoped.filter(prescription__visit=visit)
        ],
        "formulas": [
            {"name": row.name, "packets": row.packets, "usage": row.usage}
            for row in HerbalFormula.unscoped.filter(visit=visit, in_error=False).order_by("created_at", "pk")
        ],
        "doctor": stored.doctor.full_name if stored.doctor else "",
        "signed_at": stored.signed_at,
    }


@dataclass(frozen=True)
class Row:
    """One line of the comparison."""

    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


def side_by_side(before: dict[str, Any], after: dict[str, Any]) -> list[Row]:
    """Every part of two snapshots, the earlier and the later, in the order of the page."""
    rows = [
        Row(str(getattr(Visit, name).field.verbose_name), _text(before, name), _text(after, name))
        for name in TEXTS
    ]
    rows.insert(1, Row("sinh hiệu", _vitals(before), _vitals(after)))
    rows.insert(4, Row("khám từng cơ quan", _findings(before), _findings(after)))
    if before.get("sick_child") or after.get("sick_child"):
        rows.append(Row("phiếu trẻ bệnh", _sick_child(before), _sick_child(after)))
    rows.insert(6, Row("chẩn đoán", _diagnoses(before), _diagnoses(after)))
    rows.insert(7, Row("đơn thuốc", _lines(before), _lines(after)))
    rows.insert(8, Row("bài thuốc thang", _formulas(before), _formulas(after)))
    return rows


LISTS = {"outcome": "discharge_type", "result": "treatment_result", "injury_cause": "injury_cause"}


def _text(data: dict[str, Any], name: str) -> str:
    value = data["fields"].get(name) or ""
    if name in LISTS:
        return codes.label(LISTS[name], value)
    if name == "follow_up_on" and value:
        # A stored snapshot has the day as text.
        return f"{value if isinstance(value, dt.date) else dt.date.fromisoformat(value):%d/%m/%Y}"
    return str(value)


def _vitals(data: dict[str, Any]) -> str:
    parts = []
    for vital in SIGNS:
        if vital.key in data["vitals"]:
            figure = number_text(Decimal(data["vitals"][vital.key]))
            parts.append(f"{BY_KEY[vital.key].title} {figure} {vital.unit_text}")
    return "; ".join(parts)


def _findings(data: dict[str, Any]) -> str:
    # a version of before organs were written one by one has none
    found = organs.said(data.get("findings") or {}, timezone.localdate())
    return "\n".join(f"{title}: {words}" for title, words in found)


def _sick_child(data: dict[str, Any]) -> str:
    # a version of before the form was there has none
    return "\n".join(reading.lines(data.get("sick_judged") or {}, timezone.localdate()))


def _diagnoses(data: dict[str, Any]) -> str:
    return "\n".join(row["label"] for row in data["diagnoses"])


def _lines(data: dict[str, Any]) -> str:
    return "\n".join(
        f"{row['drug']}: {quantity_text(Decimal(row['quantity']))} {row['unit']}. {row['usage']}"
        for row in data["lines"]
    )


def _formulas(data: dict[str, Any]) -> str:
    # a version of before formulas were kept with it has none
    return "\n".join(
        f"{row['name'] or 'Bài thuốc'}: {row['packets']} thang. {row['usage']}"
        for row in data.get("formulas") or []
    )
