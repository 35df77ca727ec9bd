"""What the parts of a visit share: who did something, and the members that each of them has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.encounters import travel

from . import fhir, records
from .fhir import Entry, Resource
from .person import own_identifier, pair, practitioner
from .systems import Options

WRONG = "entered-in-error"
ONE_IDENTIFIER = ("Composition", "QuestionnaireResponse")
Who = records.Practitioner | travel.TravelPractitioner | None


@dataclass
class People:
    """Everybody who did something on a visit, each once, however many of our rows carry her licence."""

    options: Options
    entries: list[Entry] = field(default_factory=list)
    _known: dict[tuple[str, str], UUID] = field(default_factory=dict)

    def ref(self, who: Who, text: str = "") -> Resource:
        """The reference to her, who then travels along; where nobody is known the name, or nothing."""
        if who is None:
            return {"display": text} if text else {}
        entry = practitioner(who, self.options)
        if entry.match not in self._known:
            self._known[entry.match] = entry.id
            self.entries.append(entry)
        return fhir.ref(self._known[entry.match], who.full_name)


def is_wrong(visit: records.Visit) -> bool:
    return visit.state == "entered_in_error"


def part(kind: str, id_: UUID, visit: records.Visit, options: Options, fields: dict[str, Any]) -> Entry:
    """A resource about the visit's patient during the visit, under our identity `id_`."""
    own = own_identifier(id_, options)
    members: Resource = {
        "resourceType": kind,
        "identifier": own if kind in ONE_IDENTIFIER else [own],
        "subject": fhir.ref(visit.person.id),
        "encounter": fhir.ref(visit.id),
    }
    if kind == "DocumentReference":
        members["context"] = {"encounter": [members.pop("encounter")]}
    if kind == "MedicationDispense":
        members["context"] = members.pop("encounter")
    return Entry(id_, fhir.slim(members | fields), pair(own))


def notes(*texts: str) -> list[Resource]:
    """Annotations of what is said; none for what is empty."""
    return [{"text": text} for text in texts if text]
