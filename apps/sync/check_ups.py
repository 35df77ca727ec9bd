"""Giấy khám sức khỏe on their way: read as they now are, put into the outbox, taken back.

A paper is never amended: it is cancelled and another one issued, which is another record. Read under the
system's scope.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from apps.encounters.events import CertificateCancelled, CheckUpIssued, VisitAmended
from apps.encounters.leaving import visit_may_leave
from apps.encounters.leaving_papers import check_ups_for_sync
from apps.encounters.models import Certificate, CertificateKind
from apps.patients import restricted
from apps.sync import gather, kinds, outbox, unread
from apps.sync.mappings import records

KIND = "check_up"
TITLE = "Giấy khám sức khỏe"


def kind() -> kinds.Kind:
    """The kind to register."""
    return kinds.Kind(
        KIND,
        TITLE,
        check_up,
        owners,
        several=check_ups,
        follows=False,
        page=lambda key: reverse("encounters:certificate", args=[key]),
        page_right="certificates.view",
        called=called,
        few=few,
    )


def check_up(certificate_id: UUID) -> records.CheckUp | None:
    """One paper (`check_ups`)."""
    return check_ups([certificate_id]).get(certificate_id)


def check_ups(certificate_ids: Collection[UUID]) -> dict[UUID, records.CheckUp]:
    """Papers with whom they are about and what was measured and found on their visits; of one that may not
    leave, or was cancelled, only which it was. The number of queries does not grow with the papers.
    """
    found = check_ups_for_sync(certificate_ids)
    open_ = [each for each in found.values() if not each.stays and not each.cancelled]
    visits = gather.visits({each.visit_id for each in open_})
    people = gather.people({each.person_id for each in found.values()})
    told = {}
    for key, paper in found.items():
        visit = visits.get(paper.visit_id) if paper in open_ else None
        place = records.Organization(paper.facility_id, paper.facility_name, paper.facility_code)
        told[key] = records.CheckUp(
            id=key,
            version=paper.version if visit else records.WITHDRAWN,
            changed_at=paper.changed_at,
            person=people[paper.person_id],
            paper=paper,
            facility=place,
            measurements=visit.measurements if visit else (),
            orders=visit.orders if visit else (),
            examined_at=visit.start if visit else None,
        )
    return told


def owners(certificate_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Whose each paper is now. One query; unscoped: what has left does not depend on who asks."""
    return dict(Certificate.unscoped.filter(pk__in=certificate_ids).values_list("pk", "person_id"))


def few(certificate_ids: Collection[UUID]) -> Collection[UUID]:
    """The papers of visits in which something is read by right alone. Two queries."""
    # unscoped: whether anything restricted is in it; nothing of it is told
    rows = Certificate.unscoped.filter(pk__in=certificate_ids, visit__isnull=False)
    visits = dict(rows.values_list("pk", "visit_id"))
    restricted_visits = unread.of_visits(visits.values())
    return {key for key, visit_id in visits.items() if visit_id in restricted_visits}


def called(certificate_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Number and day of those that the reader may open. One query."""
    rows = Certificate.objects.filter(pk__in=certificate_ids).values_list("pk", "number", "on")
    return {key: f"{TITLE} số {number} ngày {on:%d/%m/%Y}" for key, number, on in rows}


def issued(event: CheckUpIssued) -> None:
    """A paper was issued; one of a visit that may not leave the house is not put beside the door."""
    # unscoped: told by the service of a paper that it has found through the scope
    visit_id = Certificate.unscoped.values_list("visit_id", flat=True).get(pk=event.certificate_id)
    if visit_id and visit_may_leave(visit_id):
        outbox.put(
            kind=KIND,
            aggregate_id=event.certificate_id,
            person_id=event.person_id,
            facility_id=event.facility_id,
        )


def cancelled(event: CertificateCancelled) -> None:
    """A paper holds no more: whoever has it, or is just being told of it, hears so."""
    if event.kind == CertificateKind.CHECK_UP:
        _withdraw(event.certificate_id, event.person_id, event.facility_id)


def visit_amended(event: VisitAmended) -> None:
    """A visit that may no longer leave the house takes along what its papers have told."""
    if visit_may_leave(event.visit_id):
        return
    # unscoped: of a visit that its own service has just written
    for row in Certificate.unscoped.filter(visit=event.visit_id, kind=CertificateKind.CHECK_UP):
        _withdraw(row.pk, row.person_id, row.facility_id)


def withdraw_restricted(day: dt.date) -> int:
    """Of the night: papers that were accepted before a rule said that they stay; their number."""
    sent = outbox.accepted(outbox.held()).filter(kind=KIND, aggregate_id=OuterRef("pk"))
    # unscoped: what has left does not depend on who asks
    rows = Certificate.unscoped.filter(Exists(sent), visit__restricted=True).select_related("visit")
    taken = 0
    for row in rows.iterator(500):
        if row.visit and not restricted.may_leave(row.visit.restricted_by, day):
            with transaction.atomic():
                taken += _withdraw(row.pk, row.person_id, row.facility_id)
    return taken


def _withdraw(certificate_id: UUID, person_id: UUID, facility_id: UUID) -> bool:
    told = outbox.withdraw(
        kind=KIND, aggregate_id=certificate_id, person_id=person_id, facility_id=facility_id
    )
    return bool(told)


def of_visit(visit_id: UUID) -> Q:
    """The rows of a visit's papers, for whoever has found the visit."""
    # unscoped: of a visit that was found through the scope
    papers = Certificate.unscoped.filter(visit=visit_id, kind=CertificateKind.CHECK_UP)
    return Q(kind=KIND, aggregate_id__in=papers.values("pk"))
