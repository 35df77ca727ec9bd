"""Everything that changes a visit: a function a step, each in one transaction, audited, with its event."""

import secrets
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.care import services as care
from apps.core import drafts, numbering
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.encounters import checking, dosing, notifying, states
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.desk import triage
from apps.encounters.desk.reception import visit_left as visit_left
from apps.encounters.desk.reception import visit_open as visit_open
from apps.encounters.desk.reception import visit_return as visit_return
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitFinalised
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Prescription, Visit
from apps.encounters.steps import DRAFT as DRAFT
from apps.encounters.steps import NUMBER as NUMBER
from apps.encounters.steps import TIMELINE as TIMELINE
from apps.encounters.steps import audited as _audit
from apps.encounters.steps import author_of, keep_revision
from apps.encounters.steps import keep_overrides as _keep_overrides
from apps.encounters.steps import number_in_year as number_in_year
from apps.encounters.steps import put_timeline as _timeline
from apps.encounters.steps import taken as _for
from apps.encounters.writing import EXAMINED, SOURCE, refuse, write
from apps.facilities import books
from apps.facilities.models import Practitioner
from apps.patients import facts

# ---- the examination


@transaction.atomic
def visit_save(*, visit_id: UUID, expected_version: int, data: VisitInput, ends: bool = False) -> Visit:
    """Keep what was entered so far. Refuses what cannot be; what is only odd is asked about at the end.

    Of whom somebody has only measured who does not examine her, she goes on waiting; not where it `ends`.
    """
    visit = _for("save", visit_id, expected_version, data)
    author = author_of(visit, data)
    changed = write(visit, data)
    late = visit.entry_mode == facts.EntryMode.BACK_ENTERED  # begun when, and by whom, the paper says
    waits = visit.state == states.WAITING and not ends and triage.goes_on_waiting(changed, data, author)
    if waits:
        triage.judge(visit)
    elif visit.state == states.WAITING:
        visit.state = states.IN_PROGRESS
        visit.started_at = visit.occurred_at if late else timezone.now()
        changed.append("state")
    if author is not None and (visit.performer is None or (EXAMINED in changed and not late)):
        _take_over(visit, author)
    save_versioned(visit, expected=expected_version)
    drafts.drop(DRAFT, visit.pk)
    _audit("visit.saved", visit, changed=changed)
    return visit


@transaction.atomic
def visit_finalise(
    *, visit_id: UUID, expected_version: int, override: str = "", apart: str | None = None
) -> Visit:
    """End a visit: checked, prescriptions coded, appointment made; signed, or waiting for a signature.

    Raises Problems for what law or arithmetic forbids, NeedsReason for what is odd while its reason is empty:
    `override`, and `apart` for what a form asks apart.
    """
    visit = _for("finalise", visit_id, expected_version)
    if visit.performer is None and (author := own_practitioner(current())):
        _take_over(visit, author)
    check_end(visit, override, apart)
    end_put(visit)
    save_versioned(visit, expected=expected_version)
    drafts.drop(DRAFT, visit.pk)
    tell_end(visit)
    return visit


@transaction.atomic
def visit_sign(*, visit_id: UUID, expected_version: int) -> Visit:
    """The signature of a practitioner who may sign, on a visit that waits for it."""
    visit = _for("sign", visit_id, expected_version)
    doctor = own_practitioner(current())
    if (sentence := why_not("sign", doctor)) or doctor is None:
        raise Refused(sentence, code="cannot-sign")
    _sign(visit, doctor)
    save_versioned(visit, expected=expected_version)
    tell_end(visit)
    return visit


@transaction.atomic
def visit_reopen(*, visit_id: UUID, expected_version: int) -> Visit:
    """Take a visit back that waits for its signature, to go on with it."""
    visit = _for("reopen", visit_id, expected_version)
    visit.state = states.IN_PROGRESS
    save_versioned(visit, expected=expected_version)
    _timeline(visit)
    _audit("visit.reopened", visit, number=visit.number)
    return visit


@transaction.atomic
def visit_amend(
    *,
    visit_id: UUID,
    expected_version: int,
    data: VisitInput,
    reason: str,
    override: str = "",
    apart: str | None = None,
) -> Visit:
    """Change a finalised visit: the earlier version is kept with `reason`, and it is signed anew."""
    visit = _for("amend", visit_id, expected_version, data)
    author = author_of(visit, data)
    reason = clean(reason)
    if not reason:
        raise Refused("Ghi lý do sửa đổi.", field="amend_reason", code="no-reason")
    keep_revision(visit, reason, author)
    changed = write(visit, data)
    check_end(visit, override, apart)
    end_put(visit)
    save_versioned(visit, expected=expected_version)
    drafts.drop(DRAFT, visit.pk)
    _audit("visit.amended", visit, number=visit.number, changed=changed)
    tell_end(visit)
    return visit


@transaction.atomic
def visit_entered_in_error(
    *, visit_id: UUID, expected_version: int, reason: str, moved: bool = False
) -> Visit:
    """Say that a visit should never have been written; it stays readable and counts nowhere. `moved`: the
    same is written under the right person in this transaction.
    """
    visit = _for("error", visit_id, expected_version)
    reason = clean(reason)
    if not reason:
        raise Refused("Ghi lý do nhập nhầm.", field="error_reason", code="no-reason")
    was_final = visit.finalised_at is not None
    visit.state = states.ENTERED_IN_ERROR
    visit.error_reason = reason[:500]
    save_versioned(visit, expected=expected_version)
    numbering.void(
        NUMBER,
        facility_id=books.book_of(visit.number, visit.facility_id, visit.point_id),
        on=visit.on,
        number=number_in_year(visit.number),
        object_id=visit.id,
        reason=reason,
    )
    notifying.forget(visit)
    care.measurements_in_error(source_kind=SOURCE, source_id=visit.id)
    care.appointment_drop(source_kind=SOURCE, source_id=visit.id)
    care.appointments_unmet(met_by=visit.id, today=timezone.localdate())
    _timeline(visit)
    _audit("visit.entered_in_error", visit, number=visit.number)
    publish(
        VisitEnteredInError(
            visit.id, visit.person_id, visit.facility_id, visit.on, visit.version, was_final, moved
        )
    )
    return visit


# ---- the parts of a step


def _take_over(visit: Visit, author: Practitioner) -> None:
    """Who writes the first diagnosis has examined her and stands in register A1, whoever received her."""
    visit.performer, visit.performer_text = author, author.full_name


def check_end(visit: Visit, override: str, apart: str | None = None) -> None:
    """Refuse what law or arithmetic forbids; ask for a reason for what is odd and not answered yet. Where
    nothing asks `apart`, `override` answers that too.
    """
    remarks = checking.remarks(visit)
    refuse(remarks)
    asked = [Warning(remark.code, remark.sentence, remark.field, remark.apart) for remark in remarks]
    answered = {entry["code"] + entry["sentence"] for entry in visit.overrides}
    asked = [warning for warning in asked if warning.code + warning.sentence not in answered]
    reasons = {False: override, True: override if apart is None else apart}
    if any(not clean(reasons[warning.apart]) for warning in asked):
        raise NeedsReason(asked)
    for is_apart, reason in reasons.items():
        _keep_overrides(visit, [warning for warning in asked if warning.apart is is_apart], reason)


def end_put(visit: Visit, *, signs: bool = True) -> None:
    """What the end of a visit brings: codes, appointment, outcome, the signature (where it `signs`) or the
    wait for it.
    """
    _code_prescriptions(visit)
    visit.outcome = visit.outcome or "1"  # discharge_type 1: home
    if visit.follow_up_on:
        care.appointment_put(
            fact=visit,
            on=visit.follow_up_on,
            reason=visit.summary[:200],
            source_kind=SOURCE,
            source_id=visit.id,
        )
    else:
        care.appointment_drop(source_kind=SOURCE, source_id=visit.id)
    signer = own_practitioner(current()) if signs else None
    if signer is not None and not why_not("sign", signer):
        _sign(visit, signer)
    else:
        visit.state = states.AWAITING_SIGNATURE
        visit.doctor, visit.signed_at, visit.signed_by = None, None, None


def _sign(visit: Visit, doctor: Practitioner) -> None:
    visit.state = states.FINALISED
    visit.doctor = doctor
    visit.signed_at = timezone.now()
    visit.signed_by = current().user_id
    visit.finalised_at = visit.finalised_at or visit.signed_at


def _code_prescriptions(visit: Visit) -> None:
    """Draw the code of each sheet that has lines and none yet; a facility without its own code gets none."""
    if not dosing.is_facility_code(visit.facility.kcb_code):
        return
    for sheet in Prescription.unscoped.filter(visit=visit, code=""):  # of a visit within the scope
        sheet.code = dosing.prescription_code(visit.facility.kcb_code, sheet.kind, secrets.choice)
        sheet.save(update_fields=["code", "updated_at"])


def tell_end(visit: Visit) -> None:
    """Audit, timeline, duty to report and event of a visit that has just been ended or signed."""
    _timeline(visit)
    notifying.look(visit)
    if visit.state != states.FINALISED:
        _audit("visit.sent_to_sign", visit, number=visit.number)
        return
    _audit("visit.finalised", visit, number=visit.number)
    event = VisitFinalised if visit.finalised_at == visit.signed_at else VisitAmended
    publish(event(visit.id, visit.person_id, visit.facility_id, visit.on, visit.version))
