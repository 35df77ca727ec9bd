"""Notices of death -> DocumentReference, with the person's own data; a cancelled one says so of itself."""

from __future__ import annotations

from apps.encounters import travel

from . import fhir, records
from .fhir import Resource
from .systems import Options


def document(paper: travel.TravelPaper, person: records.Person, own: Resource, options: Options) -> Resource:
    """The notice under our identity `own`."""
    author = [{"display": paper.signer_text}] if paper.signer_text else []
    return fhir.slim(
        {
            "resourceType": "DocumentReference",
            "identifier": [own, *number(paper, options)],
            "status": "entered-in-error" if paper.cancelled else "current",
            "type": {"text": paper.title},
            "subject": fhir.ref(person.id),
            "date": fhir.when(paper.at),
            "author": author,
            "content": [content(paper)],
        }
    )


def number(paper: travel.TravelPaper, options: Options) -> list[Resource]:
    """A number is unique within its facility and kind only: both stand before it."""
    value = ".".join(part for part in (paper.facility_code, paper.kind, paper.number) if part)
    return [{"system": options.systems.paper, "value": value}]


def content(paper: travel.TravelPaper) -> Resource:
    return {"attachment": {"title": f"{paper.title} số {paper.number}", "creation": fhir.when(paper.at)}}
