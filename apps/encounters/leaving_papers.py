"""Issued papers and the sick-child form of visits, as they leave the house: no typed word of a paper, but of
the giấy khám sức khỏe for whom it is made to be told.

Unscoped: the papers belong to visits that were found.
"""

from collections.abc import Collection
from uuid import UUID

from apps.encounters import travel
from apps.encounters.leaving_orders import Words, practitioner
from apps.encounters.models import Certificate, CertificateKind, CertificateState, Visit
from apps.encounters.sick_child import reading, sheet
from apps.patients import hush, restricted


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


def check_ups_for_sync(certificate_ids: Collection[UUID]) -> dict[UUID, travel.TravelCheckUp]:
    """Giấy khám sức khỏe with their words, cancelled ones too. Two queries."""
    rows = list(
        Certificate.unscoped.filter(pk__in=certificate_ids, kind=CertificateKind.CHECK_UP).select_related(
            "signer", "facility", "visit"
        )
    )
    told = hush.of(None, {row.person_id for row in rows}) if rows else hush.Hush()
    return {row.pk: _check_up(row, Words(told, row.person_id)) for row in rows}


def _check_up(row: Certificate, words: Words) -> travel.TravelCheckUp:
    said, paper = row.said, row.paper
    assert row.visit is not None  # noqa: S101 - a constraint: only a notice of death has none
    return travel.TravelCheckUp(
        id=row.pk,
        version=row.version,
        number=row.number,
        form=said.get("form", ""),
        form_code=paper.get("form_code", ""),
        form_name=paper.get("form", ""),
        visit_id=row.visit.pk,
        person_id=row.person_id,
        facility_id=row.facility_id,
        facility_code=row.facility.kcb_code,
        facility_code13=row.facility.code13,
        facility_name=row.facility.name,
        at=row.issued_at,
        changed_at=row.cancelled_at or row.issued_at,
        signer=practitioner(row.signer),
        signer_text=row.signer_name,
        cancelled=row.state == CertificateState.CANCELLED,
        stays=not restricted.may_leave(row.visit.restricted_by),
        purpose=words.told("purpose", said.get("purpose", "")),
        family=words.told("family", said.get("family", "")),
        own_history=words.told("own_history", said.get("own_history", "")),
        examined=tuple(
            (section, words.told("examined", found)) for section, found in paper.get("examined", []) if found
        ),
        general=words.told("general", paper.get("general", "")),
        health_class=said.get("health_class", ""),
        health_class_name=paper.get("health_class", ""),
        conclusion=words.told("conclusion", said.get("conclusion", "")),
        valid_until=row.until,
        hidden=words.hidden,
    )


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
