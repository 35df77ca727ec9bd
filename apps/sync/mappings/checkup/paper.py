"""One giấy khám sức khỏe: its content as JSON, and what speaks against sending it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from apps.care import vitals

from .. import jsonform, records
from ..check import Problem
from ..fhir import ZONE
from ..qd831.examination import GROUPS, result_text
from .options import Options

DIGITS = 13  # of a unit's code on the data axis
NO_CODE = "Trạm chưa có mã cơ sở 13 số."
SIGNS = ("height", "weight", "waist", "pulse", "systolic", "diastolic")


def content(record: records.CheckUp, options: Options) -> tuple[bytes, tuple[Problem, ...]]:
    """UTF-8 JSON, the same for the same record, and why it must not leave."""
    tree = options.forms.fields
    told = jsonform.written(tree, _said(record, options), options.forms)
    found = list(jsonform.problems(tree, told, options.forms))
    if not is_unit(sender_of(record, options)):
        found = [each for each in found if each.expression != "check_up.unit.code13"]
        found.append(Problem("check_up.unit.code13", NO_CODE))
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(), tuple(found)


def sender_of(record: records.CheckUp, options: Options) -> str:
    """The unit's code in whose name it is sent."""
    return options.sender or record.paper.facility_code13


def is_unit(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def _said(record: records.CheckUp, options: Options) -> dict[str, Any]:
    paper = record.paper
    return {
        "unit": {
            "code13": sender_of(record, options),
            "code": paper.facility_code,
            "name": paper.facility_name,
        },
        "person": _person(record.person, options),
        "exam": {
            "number": paper.number,
            "form": paper.form_code or paper.form,
            "form_name": paper.form_name,
            "on": record.examined_at.astimezone(ZONE).date() if record.examined_at else None,
            "issued": paper.at,
            "purpose": paper.purpose,
            "family": paper.family,
            "own_history": paper.own_history,
        },
        "signs": _signs(record),
        "section": [{"name": section, "found": found} for section, found in paper.examined],
        "general": paper.general,
        "test": list(_tests(record, options)),
        "end": {
            "class": paper.health_class,
            "class_name": paper.health_class_name,
            "conclusion": paper.conclusion,
            "signer": paper.signer.full_name if paper.signer else paper.signer_text,
            "licence": paper.signer.licence_no if paper.signer else "",
            "until": paper.valid_until,
        },
    }


def _person(person: records.Person, options: Options) -> dict[str, Any]:
    numbers = {each.kind: each.value for each in person.identifiers}
    return {
        "name": person.full_name,
        "born": (person.birth_date, person.birth_precision) if person.birth_date else None,
        "sex": options.sexes.get(person.sex),
        "citizen": numbers.get("cccd") or numbers.get("passport"),
        "card": numbers.get("bhyt"),
        "phone": person.phone,
        "address": ", ".join(part for part in (person.address, person.commune, person.province) if part),
        "province": person.province_code,
        "commune": person.commune_code,
    }


def _signs(record: records.CheckUp) -> dict[str, Any]:
    by_code = {each.code: each.value for each in record.measurements}
    signs = {key: by_code.get(vitals.BY_KEY[key].code) for key in SIGNS}
    signs["bmi"] = vitals.bmi(signs["weight"], signs["height"])
    return {key: value for key, value in signs.items() if value is not None}


def _tests(record: records.CheckUp, options: Options) -> Iterator[dict[str, str]]:
    for order in record.orders:
        if order.kind in GROUPS and order.result is not None:
            yield {
                "code": options.code("service", order.code),
                "name": order.name,
                "result": result_text(order.result),
            }
