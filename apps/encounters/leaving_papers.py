"""Issued papers and the sick-child form of visits, as they leave the house: no typed word of a paper.

Unscoped: the papers belong to visits that were found.
"""

from collections.abc import Collection
from uuid import UUID

from apps.encounters import travel
from apps.encounters.leaving_orders import practitioner
from apps.encounters.models import Certificate, CertificateKind, CertificateState, Visit
from apps.encounters.sick_child import reading, sheet


def papers(visits: Collection[Visit]) -> dict[UUID, list[travel.TravelPaper]]:
    """The papers of each visit that hold, in the order they were issued. One query."""
    rows = Certificate.unscoped.filter(visit__in=visits, state=CertificateState.FINAL)
    found: dict[UUID, list[travel.TravelPaper]] = {}
    for row in rows.select_related("signer", "facility", "destination").order_by("issued_at", "pk"):
        if row.visit_id is not None:
            found.setdefault(row.visit_id, []).append(_paper(row))
    return found


def notices_for_sync(person_ids: Collection[UUID]) -> dict[UUID, list[travel.TravelPaper]]:
    """The notices of these people's deaths, cancelled ones too. One query."""
    rows = Certificate.unscoped.filter(person__in=person_ids, kind=CertificateKind.DEATH)
    found: dict[UUID, list[travel.TravelPaper]] = {}
    for row in rows.select_related("signer", "facility", "destination").order_by("issued_at", "pk"):
        found.setdefault(row.person_id, []).append(_paper(row))
    return found


def _paper(row: Certificate) -> travel.TravelPaper:
    return travel.TravelPaper(
        id=row.pk,
        kind=row.kind,
        title=row.get_kind_display(),
        number=row.number,
        facility_code=row.facility.kcb_code,
        at=row.issued_at,
        since=row.since,
        until=row.until,
        signer=practitioner(row.signer),
        signer_text=row.signer_name,
        destination=row.destination.name if row.destination else "",
        cancelled=row.state == CertificateState.CANCELLED,
    )


def sick_child(visit: Visit) -> tuple[travel.TravelForm, ...]:
    """The form of a sick child as it is printed: what was found, and the classes it came to. No query."""
    of_age = reading.sheet_for(visit.person, visit.on) if visit.sick_child else ""
    if not of_age:
        return ()
    return (
        travel.TravelForm(
            key=f"imci-{of_age}",
            answers=tuple(sheet.told(visit.sick_child, of_age)),
            conclusions=tuple(reading.lines(visit.sick_judged, visit.on)),
        ),
    )
