"""One prescription: the JSON that leaves, what tells it from another content, what speaks against it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.core.words import completed_months

from .. import jsonform, records
from ..check import Problem
from ..fhir import ZONE
from .options import Options

CODE = re.compile(r"[0-9]{2}[0-9a-z]{3}[0-9a-z]{7}-[cnhy]")
WEIGHT = "29463-7"  # LOINC
# How she is reached may change without the prescription being another.
REACHED = ("address", "phone")
NO_CODE = "Đơn chưa có mã. Ghi mã cơ sở 5 ký tự ở trang của trạm, rồi Sửa đổi lượt khám này."
NO_WEIGHT = "Trẻ dưới {} tháng cần ghi cân nặng."
NO_GUARDIAN = "Trẻ dưới {} tháng cần ghi người giám hộ."


@dataclass(frozen=True)
class Sheet:
    """`body`: UTF-8 JSON; `content`: 16 hex signs that are the same for the same prescription."""

    code: str
    body: bytes
    content: str
    problems: tuple[Problem, ...]


def sheets(visit: records.Visit, options: Options) -> tuple[Sheet, ...]:
    """One for each prescription of the visit, in the order of their kinds."""
    return tuple(_sheet(each, visit, options) for each in visit.prescriptions)


def _sheet(prescription: records.Prescription, visit: records.Visit, options: Options) -> Sheet:
    tree = options.forms.fields
    said = _said(prescription, visit, options)
    told = jsonform.written(tree, said, options.forms)
    found = [*jsonform.problems(tree, told, options.forms), *_needed(said, visit, options)]
    if not CODE.fullmatch(said["code"]):
        found = [each for each in found if each.expression != "prescription.code"]
        found.append(Problem("prescription.code", NO_CODE))
    same = jsonform.written(tree, {k: v for k, v in said.items() if k not in REACHED}, options.forms)
    content = hashlib.sha256(_bytes(same)).hexdigest()[:16]
    return Sheet(said["code"], _bytes(told), content, tuple(found))


def _bytes(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _said(prescription: records.Prescription, visit: records.Visit, options: Options) -> dict[str, Any]:
    person = visit.person
    numbers = {each.kind: each.value for each in person.identifiers}
    code = prescription.code.lower()
    return {
        "kind": code.rpartition("-")[2] if code else prescription.kind,
        "code": code,
        "name": person.full_name,
        "health_number": numbers.get("cccd"),
        "citizen": numbers.get("cccd"),
        "born": (person.birth_date, person.birth_precision) if person.birth_date else None,
        "weight": next((each.value for each in visit.measurements if each.code == WEIGHT), None),
        "sex": options.sexes.get(person.sex),
        "card": numbers.get("bhyt"),
        "guardian": person.guardian,
        "address": ", ".join(part for part in (person.address, person.commune, person.province) if part),
        "diagnosis": [
            {
                "code": options.code("icd10", each.icd_code),
                "name": each.icd_name or each.text,
                "conclusion": each.text if each.icd_name else "",
            }
            for each in visit.diagnoses
        ],
        "treatment": options.treatment,
        "course": _course(prescription, visit),
        "line": [_line(each, options) for each in prescription.lines],
        "advice": visit.advice,
        "phone": person.phone,
        "follow_up": _follow_up(visit, options),
        "at": visit.end,
    }


def _line(line: records.Line, options: Options) -> dict[str, Any]:
    return {
        "code": options.code("drug", line.drug_code),
        "brand": line.drug_name,
        "name": f"{line.drug_name} {line.strength}".strip(),
        "unit": line.unit,
        "quantity": line.quantity,
        "usage": line.usage,
    }


def _course(prescription: records.Prescription, visit: records.Visit) -> dict[str, Any]:
    """From the day of the visit for as long as its longest medicine lasts; nothing where none says."""
    days = max((line.days for line in prescription.lines), default=0)
    since = visit.start.astimezone(ZONE).date()
    return {"number": 1, "since": since, "until": since + timedelta(days=days - 1)} if days else {}


def _follow_up(visit: records.Visit, options: Options) -> str | int | None:
    if visit.follow_up_on is None:
        return None
    if options.follow_up == "date":
        return visit.follow_up_on.strftime(options.forms.date_format)
    return (visit.follow_up_on - visit.start.astimezone(ZONE).date()).days


def _needed(said: dict[str, Any], visit: records.Visit, options: Options) -> Iterator[Problem]:
    """What a small child's prescription must tell."""
    born = visit.person.birth_date
    if born is None:
        return
    months = completed_months(born, visit.start.astimezone(ZONE).date())
    if months < options.weight_months and said["weight"] is None:
        yield Problem("prescription.weight", NO_WEIGHT.format(options.weight_months))
    if months < options.guardian_months and not said["guardian"]:
        yield Problem("prescription.guardian", NO_GUARDIAN.format(options.guardian_months))
