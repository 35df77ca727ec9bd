"""Section A: who the record is about, from the person, her papers, her household."""

from __future__ import annotations

from typing import Any

from .. import records
from .options import Options

SEXES = {"male": "1", "female": "2"}


def general(person: records.Person, options: Options) -> dict[str, Any]:
    """THONGTINCHUNG."""
    health = person.health or records.Health()
    numbers = {each.kind: each for each in person.identifiers}
    identity = numbers.get("cccd") or numbers.get("cmnd") or numbers.get("passport")
    said = health.said.get("hanh-chinh", {})
    return {
        "number": number_of(person, options),
        "vneid": _value(numbers.get("cccd")),
        "bhxh": _value(numbers.get("bhxh")),
        "card": _value(numbers.get("bhyt")),
        "household": health.household,
        "own_number": person.code,
        "full_name": person.full_name,
        "relation": health.relation,
        "sex": SEXES.get(person.sex, ""),
        "blood": health.blood_group.rstrip("+-"),
        "rhesus": health.blood_group[len(health.blood_group.rstrip("+-")) :],
        "born": (person.birth_date, person.birth_precision) if person.birth_date else None,
        "born_at": said.get("birth_registered_in"),
        "ethnicity": health.ethnicity,
        "nationality": person.nationality,
        "religion": said.get("religion"),
        "occupation": health.occupation,
        "identity": _value(identity),
        "identity_on": identity.issued_on if identity else None,
        "identity_by": identity.issuer if identity else "",
        "permanent": health.permanent,
        "address": ", ".join(part for part in (person.address, person.commune, person.province) if part),
        "province": health.province_code,
        "commune": health.commune_code,
        "hamlet": health.hamlet,
        "home_phone": said.get("home_phone"),
        "phone": person.phone,
        "email": health.email,
        "relative": [
            {"kind": each.kind, "name": each.name, "phone": each.phone, "guardian": each.guardian}
            for each in health.relatives
        ],
    }


def number_of(person: records.Person, options: Options) -> str:
    """The number by which the receiver knows her; our UUID is the one that never changes."""
    if options.match_patient == "record":
        return str(person.id)
    if options.match_patient == "number":
        return person.code
    return next((each.value for each in person.identifiers if each.kind == options.match_patient), "")


def _value(identifier: records.Identifier | None) -> str:
    return identifier.value if identifier else ""
