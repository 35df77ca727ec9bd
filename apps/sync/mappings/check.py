"""Nothing leaves that is not FHIR R4: fhir.resources looks at every Bundle; the rest is looked at here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .fhir import Resource

# The library's own sentences are English, and quote what stands in the record.
INVALID = "Giá trị không đúng kiểu FHIR R4."
WRONG = {"missing": "Thiếu giá trị bắt buộc của FHIR R4.", "extra_forbidden": "FHIR R4 không có mục này."}


@dataclass(frozen=True)
class Problem:
    """`expression`: where, as a FHIRPath; `text`: what."""

    expression: str
    text: str


def problems(bundle: Resource) -> list[Problem]:
    """Why the Bundle may not leave; empty when it may. The library is loaded at the first use (0.2 s)."""
    from fhir.resources.R4B.bundle import Bundle
    from pydantic import ValidationError

    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        return [Problem(_path(bundle, e["loc"]), WRONG.get(e["type"], INVALID)) for e in error.errors()]
    known = {entry["fullUrl"] for entry in bundle["entry"]}
    found = []
    for entry in bundle["entry"]:
        for reference in _references(entry["resource"]):
            if reference.startswith("urn:uuid:") and reference not in known:
                found.append(
                    Problem(entry["resource"]["resourceType"], "Tham chiếu tới bản ghi không có trong gói.")
                )
    if len(known) != len(bundle["entry"]):
        found.append(Problem("Bundle.entry", "Một bản ghi có hai mục trong gói."))
    return found


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [r for item in node for r in _references(item)]
    if isinstance(node, dict):
        own = [node["reference"]] if isinstance(node.get("reference"), str) else []
        return own + [r for item in node.values() for r in _references(item)]
    return []


def _path(bundle: Resource, loc: tuple[int | str, ...]) -> str:
    """`('entry', 3, 'resource', 'code')` as `Condition.code`."""
    if len(loc) > 3 and loc[0] == "entry" and isinstance(loc[1], int):
        kind = bundle["entry"][loc[1]]["resource"].get("resourceType", "?")
        loc = (kind, *loc[3:])
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path
