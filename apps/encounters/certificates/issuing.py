"""Issuing a paper and cancelling it. One transaction each, audited, with an event.

Locks, always in this order: the person, the visit or the death, the paper, the number book.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.core import audit, numbering
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.ids import uuid7
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.encounters import checking, events, steps
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.certificates import kinds, printing
from apps.encounters.certificates.kinds import Kind, Subject
from apps.encounters.models import Certificate, CertificateKind, CertificateState, Visit
from apps.encounters.rules import Problem
from apps.encounters.writing import refuse
from apps.facilities import books
from apps.facilities.models import Practitioner
from apps.patients import deaths, keys, projections
from apps.patients.holding import hold_people
from apps.patients.models import Death

TIMELINE = "certificate"
ISSUED: dict[str, type[events.CertificateEvent]] = {
    CertificateKind.APPOINTMENT: events.AppointmentSlipIssued,
    CertificateKind.REFERRAL: events.ReferralIssued,
    CertificateKind.SICK_LEAVE: events.SickLeaveIssued,
    CertificateKind.CHECK_UP: events.CheckUpIssued,
    CertificateKind.SUMMARY: events.SummaryIssued,
    CertificateKind.DEATH: events.DeathNoticeIssued,
}
# What of a person's course is worth a line; an appointment stands there as a due item already.
ON_TIMELINE = frozenset(ISSUED) - {CertificateKind.APPOINTMENT, CertificateKind.DEATH}
ONCE = "Đã có {title} số {number} của lượt khám này. Hủy giấy đó trước khi cấp giấy khác."
MOVED = "Lượt khám vừa được sửa. Xem lại rồi cấp giấy."


def subject_of_visit(visit: Visit) -> Subject:
    """A visit as its papers see it. Four queries."""
    return Subject(visit.person, visit.facility, visit.on, visit=visit, parts=checking.parts(visit))


def subject_of_death(death: Death) -> Subject:
    return Subject(death.person, death.facility, death.died_on, death=death)


@transaction.atomic
def certificate_issue(
    *, kind: str, visit_id: UUID, expected_version: int, said: dict[str, Any], override: str = ""
) -> Certificate:
    """Issue a paper of a signed visit. `said` is what its kind's form has read.

    Raises Visit.DoesNotExist, PermissionDenied, Refused (also Problems) for what must not be, NeedsReason for
    what is odd while `override` is empty.
    """
    known = _kind(kind)
    person_id = Visit.objects.values_list("person_id", flat=True).get(pk=visit_id)
    hold_people([person_id])
    visit = (
        Visit.objects.select_for_update(of=("self",))
        .select_related(
            "person__hamlet__commune__parent", "facility__unit", "hamlet__commune__parent__parent"
        )
        .select_related("card", "doctor", "point", "person__father")
        .defer("person__tokens", "person__search")
        .get(pk=visit_id)
    )
    if visit.version != expected_version:
        raise Refused(MOVED, code="moved")
    standing = Certificate.unscoped.filter(  # unscoped: of the visit that was found through the scope
        visit=visit, kind=kind, state=CertificateState.FINAL
    ).first()
    if standing is not None and kind != CertificateKind.SUMMARY:
        raise Refused(ONCE.format(title=kinds.small(known.title), number=standing.number), code="once")
    signer = _signer(known, visit)
    return _issued(known, subject_of_visit(visit), said, override, signer, visit.point_id)


@transaction.atomic
def death_notice_issue(
    *, death_id: UUID, expected_version: int, said: dict[str, Any], override: str = ""
) -> Certificate:
    """Issue the notice of a recorded death. Raises as `certificate_issue` does."""
    known = _kind(CertificateKind.DEATH)
    person_id = Death.objects.values_list("person_id", flat=True).get(pk=death_id)
    hold_people([person_id])
    death = (
        Death.objects.select_for_update(of=("self",))
        .select_related("person__hamlet__commune__parent", "facility__unit")
        .defer("person__tokens", "person__search")
        .get(pk=death_id)
    )
    if death.version != expected_version:
        raise Refused("Ghi nhận tử vong vừa được sửa. Xem lại rồi cấp giấy.", code="moved")
    standing = Certificate.unscoped.filter(death=death, state=CertificateState.FINAL).first()  # as above
    if standing is not None:
        raise Refused(f"Đã có giấy báo tử số {standing.number}. Hủy giấy đó trước.", code="once")
    signer = _signer(known, None)
    return _issued(known, subject_of_death(death), said, override, signer, death.point_id)


def why_not_sign(kind: Kind) -> str:
    """Why the account at work may not issue this kind, as a sentence; empty when she may."""
    scope = current()
    if not scope.can("certificates.enter"):
        return "Vai trò của bạn không được cấp giấy."
    return why_not(kind.act, own_practitioner(scope)) if kind.act else ""


def _signer(kind: Kind, visit: Visit | None) -> Practitioner | None:
    """Who stands on the paper: who issues it, where the act is hers; else who has signed the visit."""
    if sentence := why_not_sign(kind):
        raise Refused(sentence, code="cannot-sign")
    if kind.act:
        return own_practitioner(current())
    return visit.doctor if visit else None


def _issued(
    kind: Kind,
    subject: Subject,
    said: dict[str, Any],
    override: str,
    signer: Practitioner | None,
    point_id: UUID | None,
) -> Certificate:
    scope, now = current(), timezone.now()
    on = timezone.localdate(now)
    scope.require("certificates.enter")
    if not scope.reaches(subject.facility.pk):
        raise PermissionDenied("certificates.enter")
    keys.refuse_pointer(subject.person)
    if sentence := kind.why_not(subject):
        raise Refused(sentence, code="none")
    asked = _asked(kind.judge(subject, said, on), override)
    book = books.book_at(subject.facility.pk, point_id)
    made = Certificate(
        id=uuid7(),
        kind=kind.key,
        on=on,
        issued_at=now,
        person=subject.person,
        facility=subject.facility,
        point_id=point_id,
        visit=subject.visit,
        death=subject.death,
        said=said,
        paper=printing.frozen(kind, subject, said, signer, on),
        signer=signer,
        signer_name=signer.full_name if signer else "",
        issued_by=scope.user_id,
        issued_by_name=scope.shown_name,
        overrides=[
            {"code": warning.code, "sentence": warning.sentence, "reason": clean(override)[:300]}
            for warning in asked
        ],
    )
    marks = kind.marks(subject, said, on)
    made.since, made.until, made.holder = marks.since, marks.until, marks.holder
    made.destination_id = marks.destination_id
    made.number = numbering.take(
        kind.number, facility_id=book.facility_id, on=on, object_id=made.pk, mark=book.mark
    )
    made.save(force_insert=True)
    put_timeline(made, subject)
    if made.death_id:
        deaths.notice_put(death_id=made.death_id, number=made.number, on=made.on, at=made.issued_at)
    _audit("certificate.issued", made, kind=kind.title, number=made.number)
    publish(ISSUED[kind.key](made.pk, made.person_id, made.facility_id, made.on))
    return made


def _asked(problems: Sequence[Problem], override: str) -> list[Warning]:
    """Refuse what must not be; ask for a reason for what is odd."""
    refuse(problems)
    asked = [Warning(problem.code, problem.sentence, problem.field) for problem in problems]
    if asked and not clean(override):
        raise NeedsReason(asked)
    return asked


@transaction.atomic
def certificate_cancel(*, certificate_id: UUID, expected_version: int, reason: str) -> Certificate:
    """The paper holds no more; its number stays in the book with the reason."""
    scope = current()
    scope.require("certificates.edit")
    hold_people([Certificate.objects.values_list("person_id", flat=True).get(pk=certificate_id)])
    found = Certificate.objects.select_for_update(of=("self",)).get(pk=certificate_id)
    if not scope.reaches(found.facility_id):
        raise PermissionDenied("certificates.edit")
    if found.version != expected_version:
        raise StaleVersion(current=found, mine=found)
    if not found.is_final:
        raise Refused("Giấy này đã hủy trước đó.", code="cancelled")
    reason = clean(reason)
    if not reason:
        raise Refused("Ghi lý do hủy giấy.", field="reason", code="no-reason")
    return cancel(found, reason)


def cancel(found: Certificate, reason: str) -> Certificate:
    """The parts of a cancellation, for a paper that was locked; what follows its record calls it too."""
    scope = current()
    found.state = CertificateState.CANCELLED
    found.cancel_reason = reason[:300]
    found.cancelled_at = timezone.now()
    found.cancelled_by, found.cancelled_by_name = scope.user_id, scope.shown_name
    save_versioned(found, expected=found.version)
    numbering.void(
        _kind(found.kind).number,
        facility_id=books.book_of(found.number, found.facility_id, found.point_id),
        on=found.on,
        number=steps.number_in_year(found.number),
        object_id=found.pk,
        reason=reason,
    )
    projections.drop_timeline(kind=TIMELINE, object_id=found.pk)
    if found.death_id:
        deaths.notice_withdraw(death_id=found.death_id, number=found.number, at=found.cancelled_at)
    _audit("certificate.cancelled", found, kind=found.get_kind_display(), number=found.number)
    publish(events.CertificateCancelled(found.pk, found.person_id, found.facility_id, found.on, found.kind))
    return found


def put_timeline(made: Certificate, subject: Subject) -> None:
    if made.kind not in ON_TIMELINE or subject.visit is None:
        return
    where = f": {made.said['destination']}" if made.kind == CertificateKind.REFERRAL else ""
    projections.put_timeline(
        person_id=made.person_id,
        at=made.issued_at,
        kind=TIMELINE,
        title=f"{made.get_kind_display()}{where}"[:300],
        object_id=made.pk,
        facility_id=made.facility_id,
        restricted=subject.visit.restricted,
        state="done",
    )


def _kind(key: str) -> Kind:
    found = kinds.registry.get(key)
    if found is None:
        raise KeyError(f"certificate kind {key!r} is not registered")
    return found


def _audit(action: str, made: Certificate, **data: Any) -> None:
    audit.record(action, person_id=made.person_id, object_id=made.pk, facility_id=made.facility_id, data=data)
