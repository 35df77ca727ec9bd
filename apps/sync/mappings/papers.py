"""Issued papers -> DocumentReference: that a paper with this number was issued, for which days, by whom.

Its words stay at the station: what may be told of the visit travels with the visit. A cancelled paper is
withdrawn like everything that the visit no longer has. Notices of death: notices.py.
"""

from __future__ import annotations

from apps.encounters import travel

from . import fhir, records
from .fhir import Entry, Resource
from .notices import content, number
from .parts import WRONG, People, is_wrong, part
from .person import own_identifier
from .systems import Options


def papers(visit: records.Visit, people: People, options: Options) -> list[Entry]:
    """The papers of a visit that hold."""
    return [
        part("DocumentReference", paper.id, visit, options, _fields(paper, visit, people, options))
        for paper in visit.papers
    ]


def _fields(paper: travel.TravelPaper, visit: records.Visit, people: People, options: Options) -> Resource:
    signer = people.ref(paper.signer, paper.signer_text)
    fields: Resource = {
        "identifier": [own_identifier(paper.id, options), *number(paper, options)],
        "status": WRONG if is_wrong(visit) else "current",
        "type": {"text": paper.title},
        "date": fhir.when(paper.at),
        "author": [signer] if signer else [],
        "custodian": fhir.ref(visit.facility.id),
        "content": [content(paper)],
    }
    context: Resource = {"encounter": [fhir.ref(visit.id)]}
    if paper.since:
        period = {"start": paper.since.isoformat(), "end": paper.until.isoformat() if paper.until else ""}
        context["period"] = fhir.slim(period)
    if paper.destination:
        context["related"] = [{"type": "Organization", "display": paper.destination}]
    return fields | {"context": context}
