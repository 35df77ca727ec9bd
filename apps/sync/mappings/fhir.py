"""The small words of FHIR R4 that every mapping uses: dates, codes, identifiers, entries, bundles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

Resource = dict[str, Any]
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
TERMS = "http://terminology.hl7.org/CodeSystem/"
ABSENT = TERMS + "data-absent-reason"
LOINC = "http://loinc.org"


@dataclass(frozen=True)
class Entry:
    """One resource of a Bundle. `id` is its UUID here; `mastered`: the receiver's copy is never overwritten.

    `by_id`: for types that cannot be searched by identifier (Provenance): PUT Type/id.
    """

    id: UUID
    resource: Resource
    match: tuple[str, str] = ("", "")  # system, value
    mastered: bool = False
    by_id: bool = False

    @property
    def key(self) -> str:
        return f"{self.resource['resourceType']}/{self.id}"

    @property
    def condition(self) -> str:
        """`identifier=system%7Cvalue`, percent-encoded."""
        return "identifier=" + quote("|".join(self.match), safe=":/")


def bundle(entries: list[Entry]) -> Resource:
    """A transaction Bundle; the same entries always give the same Bundle."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(e) for e in entries]}


def _entry(entry: Entry) -> Resource:
    kind = entry.resource["resourceType"]
    resource = {**entry.resource, "id": str(entry.id)} if entry.by_id else entry.resource
    if entry.by_id:
        request = {"method": "PUT", "url": f"{kind}/{entry.id}"}
    elif entry.mastered:
        request = {"method": "POST", "url": kind, "ifNoneExist": entry.condition}
    else:
        request = {"method": "PUT", "url": f"{kind}?{entry.condition}"}
    return {"fullUrl": entry.id.urn, "resource": resource, "request": request}


def made_id(owner: UUID, *parts: object) -> UUID:
    """A UUID for a part of a record that has no lasting row of its own: always the same for the same part."""
    return uuid5(owner, ":".join(str(p) for p in parts))


def ref(id_: UUID, display: str = "") -> Resource:
    return {"reference": id_.urn, **({"display": display} if display else {})}


def when(moment: datetime) -> str:
    """Local time with seconds and zone: 2026-11-20T08:00:00+07:00."""
    return moment.astimezone(ZONE).isoformat(timespec="seconds")


def partial(day: date, precision: str) -> str:
    """A date as far as it is known: 1950, 1950-03 or 1950-03-07."""
    return day.isoformat()[: {"year": 4, "month": 7}.get(precision, 10)]


def concept(system: str, code: str, display: str = "", text: str = "") -> Resource:
    """A CodeableConcept; without a code only its text."""
    out: Resource = {}
    if code:
        coding = {"system": system, "code": code, "display": display}
        out["coding"] = [{k: v for k, v in coding.items() if v}]
    if text or not code:
        out["text"] = text or display
    return out


def hidden() -> Resource:
    """A CodeableConcept for what is known here and may not be told."""
    return concept(ABSENT, "masked", "Masked", "Không gửi nội dung")


def marked(entry: Entry, hidden: Collection[str]) -> Entry:
    """The same entry; where something typed was left `hidden`, its resource says so of itself."""
    if not hidden:
        return entry
    label = {"system": TERMS + "v3-ObservationValue", "code": "REDACTED", "display": "redacted"}
    return replace(entry, resource={**entry.resource, "meta": {"security": [label]}})


def quantity(value: object, unit: str, ucum: bool = False) -> Resource:
    out: Resource = {"value": number(value), "unit": unit}
    if ucum:
        out |= {"system": "http://unitsofmeasure.org", "code": unit}
    return {k: v for k, v in out.items() if v != ""}


def number(value: object) -> int | float:
    """A JSON number: 37.5, and 120 rather than 120.0."""
    real = float(str(value))
    return int(real) if real.is_integer() else real


def slim(resource: Resource) -> Resource:
    """Without empty members: FHIR forbids them."""
    return {k: v for k, v in resource.items() if v not in ("", None, [], {})}
