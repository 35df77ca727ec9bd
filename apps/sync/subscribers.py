"""What the other rooms tell us, put into the outbox within the same transaction."""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from apps.catalogues.models import CodeEntry
from apps.core.errors import Refused
from apps.core.words import quantity_words
from apps.encounters import states
from apps.encounters.events import (
    CertificateEvent,
    DispensingEvent,
    ResultVerified,
    VisitEnteredInError,
    VisitEvent,
    VisitPartChanged,
    VisitUndone,
)
from apps.encounters.leaving import visit_may_leave
from apps.encounters.models import Certificate, Order, Prescription, Visit
from apps.ncd.events import NcdEvent
from apps.patients import restricted
from apps.patients.events import (
    HealthRecordChanged,
    IdentifierChanged,
    PersonChanged,
    PersonMerged,
    PersonUnmerged,
)
from apps.sync import check_ups, outbox
from apps.sync.models import Delivery
from apps.sync.receivers import telling_health

PRESCRIPTION = "prescription"  # the kind
VISIT_KINDS = ("visit", PRESCRIPTION)
ALREADY_SENT = "Lượt khám đã gửi, hoặc đang gửi lên tuyến trên. Hãy dùng Sửa đổi, ghi lý do."


def visit_final(event: VisitEvent | ResultVerified | VisitPartChanged | DispensingEvent) -> None:
    """A visit was finalised or amended, or says more. One that may not leave the house is not put beside the
    door, and is taken back from where it went before.
    """
    if not visit_may_leave(event.visit_id):
        withdraw(event.visit_id, event.person_id, event.facility_id)
        return
    outbox.put(
        kind="visit",
        aggregate_id=event.visit_id,
        person_id=event.person_id,
        facility_id=event.facility_id,
    )


def prescriptions_final(event: VisitEvent) -> None:
    """The prescriptions of a visit that was finalised or amended, for who takes them alone; where there are
    none, or they may not leave, for who has heard of any.
    """
    # unscoped: told by the service of a visit that it has found through the scope
    written = Prescription.unscoped.filter(visit=event.visit_id).exists()
    if written and visit_may_leave(event.visit_id):
        outbox.put(
            kind=PRESCRIPTION,
            aggregate_id=event.visit_id,
            person_id=event.person_id,
            facility_id=event.facility_id,
        )
    else:
        withdraw(event.visit_id, event.person_id, event.facility_id, PRESCRIPTION)


def visit_grew(event: ResultVerified | VisitPartChanged | DispensingEvent) -> None:
    """A result was verified, a sheet ended, a file added, a medicine given out: told again where the visit is
    final. An open one tells all of it at its end.
    """
    # unscoped: told by the service of a record that it has found through the scope
    if Visit.unscoped.filter(pk=event.visit_id, state=states.FINALISED).exists():
        visit_final(event)


def form_changed(event: NcdEvent) -> None:
    """A follow-up form says something else, or nothing any more: told with its visit, where that is final."""
    _grew(event.visit_id)


def paper_changed(event: CertificateEvent) -> None:
    """A paper was issued or cancelled: told with its visit, or with the person whose death it tells."""
    # unscoped: told by the service of a paper that it has found through the scope
    visit_id = Certificate.unscoped.values_list("visit_id", flat=True).get(pk=event.certificate_id)
    if visit_id is None:
        outbox.person_changed(event.person_id)
    else:
        _grew(visit_id)


def _grew(visit_id: UUID) -> None:
    # unscoped: as in visit_grew
    visit = Visit.unscoped.filter(pk=visit_id, state=states.FINALISED).first()
    if visit is not None:
        visit_final(VisitPartChanged(visit.pk, visit.person_id, visit.facility_id, visit.on))


def withdraw(visit_id: UUID, person_id: UUID, facility_id: UUID, kind: str = "visit") -> bool:
    """Take a visit, or its prescriptions, back from all who hold it; whether anybody does."""
    told = outbox.withdraw(kind=kind, aggregate_id=visit_id, person_id=person_id, facility_id=facility_id)
    return bool(told)


def withdraw_restricted(day: dt.date) -> str:
    """Of the night: take back what was sent before a rule said that it stays in the house."""
    taken = _taken_back(day, "visit", outbox.held())
    # What the system of prescriptions has a person takes back, once: no row asks for it a second time.
    taken += _taken_back(day, PRESCRIPTION, outbox.accepted(outbox.held()))
    taken += check_ups.withdraw_restricted(day)
    orders = quantity_words(_orders_again(day))
    visits = quantity_words(taken)
    return f"Đã cho rút lại {visits} lượt khám, {orders} chỉ định đã gửi trước khi có quy tắc hạn chế."


def _taken_back(day: dt.date, kind: str, sent: QuerySet[Delivery]) -> int:
    """How many records of visits that stay in the house are taken back, of those that were sent."""
    sent = sent.filter(kind=kind, aggregate_id=OuterRef("pk"))
    rows = Visit.objects.filter(Exists(sent), restricted=True)
    taken = 0
    for visit in rows.only("pk", "person_id", "facility_id", "restricted_by").iterator(500):
        if not restricted.may_leave(visit.restricted_by, day):
            with transaction.atomic():
                taken += withdraw(visit.pk, visit.person_id, visit.facility_id, kind)
    return taken


def _orders_again(day: dt.date) -> int:
    """Tell visits again whose orders left by a rule that holds no longer: without them. Once after each
    change of the rules; how many orders that were.
    """
    changed = CodeEntry.objects.filter(list=restricted.LIST).aggregate(at=Max("updated_at"))["at"]
    taken = 0
    for order in Order.objects.filter(restricted=True, visit__restricted=False).iterator(500):
        if changed is None or restricted.may_leave(order.restricted_by, day):
            continue
        told = outbox.held().filter(kind="visit", aggregate_id=order.visit_id, at__lt=changed)
        if told.filter(resources__has_key=f"ServiceRequest/{order.pk}").exists():
            outbox.put(
                kind="visit",
                aggregate_id=order.visit_id,
                person_id=order.person_id,
                facility_id=order.facility_id,
            )
            taken += 1
    return taken


def visit_in_error(event: VisitEnteredInError) -> None:
    """A visit was entered in error: told only to those who may have heard of it."""
    for kind in VISIT_KINDS if event.was_final else ():
        outbox.retract(
            kind=kind,
            aggregate_id=event.visit_id,
            person_id=event.person_id,
            facility_id=event.facility_id,
        )


def visit_undone(event: VisitUndone) -> None:
    """The end of a visit is taken back: only while nobody was told of it."""
    for kind in VISIT_KINDS:
        if not outbox.recall(kind=kind, aggregate_id=event.visit_id):
            raise Refused(ALREADY_SENT, code="sent")


def hinders_undoing(visit_id: UUID) -> bool:
    """Whether somebody was told of a visit already."""
    return any(outbox.has_left(kind=kind, aggregate_id=visit_id) for kind in VISIT_KINDS)


def person_changed(event: PersonChanged | IdentifierChanged) -> None:
    """A person's data or numbers changed: told where she is known."""
    outbox.person_changed(event.person_id)


def health_record_changed(event: HealthRecordChanged) -> None:
    """A section of her health record was written: told where she is known and it is wanted."""
    outbox.person_changed(event.person_id, receiver_kinds=telling_health())


def people_joined(event: PersonMerged | PersonUnmerged) -> None:
    """Two records became one person, or were two after all: both are told again (the old one inactive, with
    the way to the other, or active again), and each record that was theirs under whose it is now.
    """
    outbox.people_joined([event.old_id, event.kept_id])
