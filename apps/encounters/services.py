"""Everything that changes a visit: a function a step, each in one transaction, audited, with its event."""

import datetime as dt
import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.care import services as care
from apps.core import audit, drafts, numbering, parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.encounters import checking, dosing, notifying, states
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitFinalised, VisitOpened
from apps.encounters.inputs import Opening, VisitInput
from apps.encounters.models import Prescription, Visit, VisitRevision
from apps.encounters.revisions import snapshot
from apps.encounters.writing import SOURCE, refuse, write
from apps.facilities import books
from apps.facilities.asof import working_place
from apps.facilities.models import Practitioner
from apps.patients import facts, projections
from apps.patients.models import InsuranceCard, Person
from apps.patients.services import treating_access_put

TIMELINE = "visit"
NUMBER, QUEUE = "visit", "queue"  # the books of core.numbering
DRAFT = "visit"  # what is typed into the form of a visit, by core.drafts
TREATING_DAYS = "visits.treating_days"  # for so long a station still sees whom it has treated
DAY_CLOSED = "Người này đã có lượt khám {number} hôm nay, {state}."


# ---- reception


@transaction.atomic
def visit_open(*, person: Person, opening: Opening, override: str = "") -> Visit:
    """Receive a person: number of the year, number in the day's queue, state 'chờ khám'.

    Asks for a reason when she has a visit here on that day already. Refuses the dead and an expired card.
    """
    scope = current()
    scope.require("visits.enter")
    if scope.workplace_id is None:
        raise PermissionDenied("visits.enter")
    at = opening.at or timezone.now()
    on = timezone.localtime(at).date()
    _refuse_dead(person, on)
    card = _card(person, opening.card_id, on)
    here, point = working_place(scope, on, timezone.localdate())
    assert here is not None  # noqa: S101 - there is a workplace, see above
    warnings = _same_day(person, here, on)
    if warnings and not override.strip():
        raise NeedsReason(warnings)
    practitioner = opening.performer or own_practitioner(scope)
    as_of = facts.snapshot(person, at)
    as_of["payer"] = opening.payer or as_of["payer"]
    visit = Visit(
        **as_of,
        person=person,
        facility_id=here,
        point_id=point,
        performer=practitioner,
        performer_text=practitioner.full_name if practitioner else "",
        occurred_at=at,
        recorded_by=scope.user_id,
        entry_mode=opening.entry_mode,
        on=on,
        card=card,
        reason=clean(opening.reason),
    )
    _keep_overrides(visit, warnings, override)
    book = books.book_at(here, point)
    visit.number = numbering.take(
        NUMBER, facility_id=book.facility_id, on=on, object_id=visit.pk, mark=book.mark
    )
    visit.queue_no = int(numbering.take(QUEUE, facility_id=here, on=on, object_id=visit.pk))
    visit.save(force_insert=True)
    if person.station_id != visit.facility_id:
        until = on + dt.timedelta(days=int(parameters.value(TREATING_DAYS, on=on)))
        treating_access_put(person_id=person.id, facility_id=visit.facility_id, until=until)
    care.appointments_met(person_id=person.id, facility_id=visit.facility_id, on=on)
    _timeline(visit)
    _audit("visit.opened", visit, number=visit.number)
    publish(VisitOpened(visit.id, visit.person_id, visit.facility_id, visit.on, visit.version))
    return visit


def _refuse_dead(person: Person, on: dt.date) -> None:
    if person.life_status == "dead" and (person.died_on is None or person.died_on < on):
        raise Refused("Hồ sơ ghi người này đã mất. Hãy xem lại hồ sơ trước khi tiếp nhận.", code="dead")


def _card(person: Person, card_id: Any, on: dt.date) -> InsuranceCard | None:
    if not card_id:
        return None
    card = InsuranceCard.objects.filter(pk=card_id, person=person).first()
    if card is None:
        raise Refused("Thẻ BHYT này không phải của người bệnh.", field="card", code="card")
    if not card.in_force(on):
        raise Refused("Thẻ BHYT không có giá trị vào ngày khám.", field="card", code="card-date")
    return card


def _same_day(person: Person, facility_id: UUID, on: dt.date) -> list[Warning]:
    other = (  # unscoped: at the facility where she works, which the caller has checked
        Visit.unscoped.filter(person=person, facility_id=facility_id, on=on)
        .exclude(state=states.ENTERED_IN_ERROR)
        .first()
    )
    if other is None:
        return []
    sentence = DAY_CLOSED.format(number=other.number, state=states.TITLES[other.state])
    return [Warning("same-day", sentence, "override")]


def number_in_year(number: str) -> int:
    """'2026-000123' is the 123rd of its year."""
    return int(number.rpartition("-")[2])


# ---- the examination


@transaction.atomic
def visit_save(*, visit_id: UUID, expected_version: int, data: VisitInput) -> Visit:
    """Keep what was entered so far. Refuses what cannot be; what is only odd is asked about at the end."""
    visit = _for("save", visit_id, expected_version, data)
    changed = write(visit, data)
    if visit.state == states.WAITING:
        visit.state = states.IN_PROGRESS
        late = visit.entry_mode == facts.EntryMode.BACK_ENTERED  # it began when the paper says
        visit.started_at = visit.occurred_at if late else timezone.now()
        changed.append("state")
    _take_over(visit)
    save_versioned(visit, expected=expected_version)
    drafts.drop(DRAFT, visit.pk)
    _audit("visit.saved", visit, changed=changed)
    return visit


@transaction.atomic
def visit_finalise(*, visit_id: UUID, expected_version: int, override: str = "") -> Visit:
    """End a visit: checked, prescriptions coded, appointment made; signed, or waiting for a signature.

    Raises Problems for what law or arithmetic forbids, NeedsReason for what is odd while `override` is empty.
    """
    visit = _for("finalise", visit_id, expected_version)
    _take_over(visit)
    _check(visit, override)
    _end(visit)
    save_versioned(visit, expected=expected_version)
    drafts.drop(DRAFT, visit.pk)
    _tell_end(visit)
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
    _tell_end(visit)
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
    *, visit_id: UUID, expected_version: int, data: VisitInput, reason: str, override: str = ""
) -> Visit:
    """Change a finalised visit: the earlier version is kept with `reason`, and it is signed anew."""
    visit = _for("amend", visit_id, expected_version, data)
    reason = clean(reason)
    if not reason:
        raise Refused("Ghi lý do sửa đổi.", field="amend_reason", code="no-reason")
    scope = current()
    author = own_practitioner(scope)
    VisitRevision.unscoped.create(  # of a visit that was taken through the scope
        visit=visit,
        of_version=visit.version,
        data=snapshot(visit),
        reason=reason,
        by=scope.user_id,
        by_name=author.full_name if author else scope.shown_name,
        at=timezone.now(),
    )
    changed = write(visit, data)
    _check(visit, override)
    _end(visit)
    save_versioned(visit, expected=expected_version)
    drafts.drop(DRAFT, visit.pk)
    _audit("visit.amended", visit, number=visit.number, changed=changed)
    _tell_end(visit)
    return visit


@transaction.atomic
def visit_entered_in_error(*, visit_id: UUID, expected_version: int, reason: str) -> Visit:
    """Say that a visit should never have been written; it stays readable and counts nowhere."""
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
    _timeline(visit)
    _audit("visit.entered_in_error", visit, number=visit.number)
    publish(
        VisitEnteredInError(visit.id, visit.person_id, visit.facility_id, visit.on, visit.version, was_final)
    )
    return visit


# ---- the parts of a step


def _for(action: str, visit_id: UUID, expected_version: int, data: VisitInput | None = None) -> Visit:
    """The visit, locked, when this scope may do `action` on it now.

    Raises Visit.DoesNotExist for one out of sight, PermissionDenied for another station's or a missing right,
    StaleVersion when somebody has saved since, Refused when its state does not allow the action.
    """
    scope = current()
    visit = (
        Visit.objects.select_for_update(of=("self",))
        .select_related("performer", "facility", "person")
        .defer("person__tokens", "person__search")
        .get(pk=visit_id)
    )
    if not scope.reaches(visit.facility_id):
        raise PermissionDenied(action)
    scope.require(states.right_for(visit.state, action))
    if data is not None and data.lines is not None:
        scope.require("prescriptions.enter")
        # Without a practitioner the visit cannot end before a licensed one has taken it over.
        if data.lines and (author := own_practitioner(scope)) and (no := why_not("prescribe", author)):
            raise Refused(no, code="cannot-prescribe")
    if visit.version != expected_version:
        mine = Visit.unscoped.get(pk=visit_id)  # the same that was found through the scope
        for name, value in (data.fields if data else {}).items():
            setattr(mine, name, value)
        raise StaleVersion(current=visit, mine=mine)
    if not states.allows(visit.state, action):
        raise Refused(
            f"Lượt khám {visit.number} {states.TITLES[visit.state]}: không làm được việc này.", code="state"
        )
    return visit


def _take_over(visit: Visit) -> None:
    """Who examines first stands on the slip; reception by somebody without a practitioner leaves it open."""
    if visit.performer is None:
        visit.performer = own_practitioner(current())
        visit.performer_text = visit.performer.full_name if visit.performer else ""


def _check(visit: Visit, override: str) -> None:
    remarks = checking.remarks(visit)
    refuse(remarks)
    asked = [Warning(remark.code, remark.sentence, remark.field) for remark in remarks]
    answered = {entry["code"] + entry["sentence"] for entry in visit.overrides}
    asked = [warning for warning in asked if warning.code + warning.sentence not in answered]
    if asked and not override.strip():
        raise NeedsReason(asked)
    _keep_overrides(visit, asked, override)


def _keep_overrides(visit: Visit, warnings: Iterable[Warning], reason: str) -> None:
    scope = current()
    visit.overrides = [
        *visit.overrides,
        *(
            {
                "code": warning.code,
                "sentence": warning.sentence,
                "reason": clean(reason)[:300],
                "by": scope.user_id,
                "at": timezone.now(),
            }
            for warning in warnings
        ),
    ]


def _end(visit: Visit) -> None:
    """What the end of a visit brings: codes, appointment, outcome, the signature or the wait for it."""
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
    signer = own_practitioner(current())
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


def _tell_end(visit: Visit) -> None:
    """Audit, timeline, duty to report and event of a visit that has just been ended or signed."""
    _timeline(visit)
    notifying.look(visit)
    if visit.state != states.FINALISED:
        _audit("visit.sent_to_sign", visit, number=visit.number)
        return
    _audit("visit.finalised", visit, number=visit.number)
    event = VisitFinalised if visit.finalised_at == visit.signed_at else VisitAmended
    publish(event(visit.id, visit.person_id, visit.facility_id, visit.on, visit.version))


def _timeline(visit: Visit) -> None:
    projections.put_timeline(
        person_id=visit.person_id,
        at=visit.occurred_at,
        kind=TIMELINE,
        title=visit.summary or visit.reason or "Khám bệnh",
        object_id=visit.id,
        facility_id=visit.facility_id,
        restricted=visit.restricted,
        state="entered_in_error" if visit.state == states.ENTERED_IN_ERROR else "done",
    )


def _audit(action: str, visit: Visit, **data: Any) -> None:
    audit.record(
        action, person_id=visit.person_id, object_id=visit.id, facility_id=visit.facility_id, data=data
    )
