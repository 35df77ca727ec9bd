"""Everything that writes a follow-up form: saved with its open visit, amended once the visit is finished.

What belongs to the visit (glucose, HbA1c, the next day) is written through the visit's own services, with
its version, so that there is one record of it. Each write is audited and has its event.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.care import enrolling
from apps.care.events import EnrolmentChanged
from apps.care.models import Enrolment, EnrolmentState
from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.encounters import copying, states
from apps.encounters import services as visits
from apps.encounters.events import VisitAmended, VisitEnteredInError, VisitFinalised, VisitMoved
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Visit
from apps.ncd import figures, judging, limits, target
from apps.ncd.events import NcdFollowedUp, NcdFollowUpAmended, NcdFollowUpInError
from apps.ncd.models import FollowUp, FollowUpRevision, FollowUpState, Programme
from apps.patients import projections

TIMELINE = "ncd"
OTHER_WINDOW = "Lượt khám vừa được lưu ở cửa sổ khác. Xem lại phiếu rồi bấm Lưu lần nữa."
# What a form says of its own; the rest is copied from the visit or computed.
SAID = (
    *("cholesterol", "smoker", "complications", "adherence", "side_effects", "medicine_days"),
    *("aim_systolic", "aim_diastolic", "aim_hba1c", "target", "target_why"),
)
KEPT = (
    *("systolic", "diastolic", "glucose", "glucose_kind", "hba1c", *SAID, "medicines_until", "next_on"),
    *("computed", "computed_why", "risk", "risk_word", "risk_chart"),
)


@dataclass(frozen=True)
class FollowUpInput:
    """What a form brings. mmol/L, %, mmHg, days; `aim_…` None takes what the rules aim at, `target` None what
    the arithmetic says.
    """

    glucose: Decimal | None = None
    glucose_kind: str = target.FASTING
    hba1c: Decimal | None = None
    cholesterol: Decimal | None = None
    smoker: bool | None = None
    complications: Sequence[str] = ()
    adherence: str = ""
    side_effects: str = ""
    medicine_days: int | None = None
    next_on: dt.date | None = None
    aim_systolic: int | None = None
    aim_diastolic: int | None = None
    aim_hba1c: Decimal | None = None
    target: int | None = None
    target_why: str = ""


@transaction.atomic
def take_in(*, visit_id: UUID, programme: str) -> Enrolment:
    """Take the person of a visit into a programme, from the visit's day on."""
    scope = current()
    scope.require("ncd.enter")
    visit = _visit(visit_id)
    if programme not in Programme.values:
        raise Refused("Chương trình này không có sổ theo dõi ở đây.", code="programme")
    return enrolling.enrol(person=visit.person, programme=programme, since=visit.on)


@transaction.atomic
def refill(*, visit_id: UUID, visit_version: int, of_visit: UUID | None) -> copying.Copied:
    """Bring the medicines of `of_visit`, the last one of her programme, into an open visit, whatever else she
    was given since; they are looked at before it ends.
    """
    current().require("ncd.enter")
    visit = _visit(visit_id)
    if visit.version != visit_version:
        raise Refused(OTHER_WINDOW, code="visit-stale")
    if of_visit is None:
        raise Refused(copying.NO_LAST, code="no-last")
    return copying.prescription_copy(visit_id=visit_id, expected_version=visit_version, of_visit=of_visit)


@transaction.atomic
def follow_up_put(
    *,
    visit_id: UUID,
    programme: str,
    visit_version: int,
    expected_version: int,
    data: FollowUpInput,
    reason: str = "",
) -> FollowUp:
    """Save the form of an open visit, or amend that of a finished one with `reason`.

    `expected_version` is 0 for a form that is not there yet. Raises Visit.DoesNotExist for a visit out of
    sight, Refused beside a field, StaleVersion when somebody has saved the form since.
    """
    scope = current()
    scope.require("ncd.enter")
    visit = _visit(visit_id)
    _refuse_state(visit)
    amends = not visit.is_open
    reason = clean(reason)[:500]
    if amends:
        scope.require("ncd.edit")
        if not reason:
            raise Refused("Ghi lý do sửa đổi.", field="reason", code="no-reason")
    if visit.version != visit_version:
        raise Refused(OTHER_WINDOW, code="visit-stale")
    enrolment = judging.enrolment_on(visit, programme)
    # unscoped: of a visit that was found within the scope
    found = FollowUp.unscoped.select_for_update(of=("self",)).filter(visit=visit, programme=programme).first()
    known = limits.on(visit.on)
    _check(data, visit, known)
    form = found or FollowUp(visit=visit, programme=programme, version=0)
    before = {name: getattr(form, name) for name in KEPT}
    for name in SAID:
        setattr(form, name, getattr(data, name))
    form.complications, form.side_effects = sorted(data.complications), clean(data.side_effects)
    form.glucose_kind = data.glucose_kind
    if found is not None and form.version != expected_version:
        # unscoped: the same form as it is stored
        raise StaleVersion(current=FollowUp.unscoped.get(pk=found.pk), mine=form)
    form.enrolment = enrolment
    chosen: dict[str, Any] = {"chosen": data.target, "why": clean(data.target_why)}
    if amends:
        _amended(form, visit, known, data, reason, before if found else None, expected_version, chosen)
    else:
        judging.renew(form, _bring(visit, data), known, **chosen)
        _written(form, is_new=found is None, expected=expected_version)
    changed = sorted(name for name in KEPT if before[name] != getattr(form, name))
    _told("ncd.amended" if amends else "ncd.saved", form, changed=changed)
    return form


def _amended(
    form: FollowUp,
    visit: Visit,
    known: limits.Limits,
    data: FollowUpInput,
    reason: str,
    before: dict[str, Any] | None,
    expected: int,
    chosen: dict[str, Any],
) -> None:
    """First the form's own words; then the visit, where it has to say something else: its amendment renews
    the form (follow_end) and tells of it.
    """
    judging.renew(form, visit, known, **chosen)
    if before is not None:
        _keep(form, before, reason)
    _written(form, is_new=before is None, expected=expected)
    brought = _brought(visit, data)
    if brought is None:
        _publish(NcdFollowUpAmended if before is not None else NcdFollowedUp, form)
        return
    changed = visits.visit_amend(
        visit_id=visit.pk, expected_version=visit.version, data=brought, reason=reason, override=reason
    )
    form.refresh_from_db()
    judging.renew(form, changed, known, **chosen)
    save_versioned(form, expected=form.version)


def _written(form: FollowUp, *, is_new: bool, expected: int) -> None:
    if is_new:
        form.version = 1
        form.save(force_insert=True)
    else:
        save_versioned(form, expected=expected)


# --- what other rooms' events bring


def follow_end(event: VisitFinalised | VisitAmended) -> None:
    """The visit is finished, or says something else: its forms take over what it says now."""
    # unscoped: told by the visit's own service
    forms = list(FollowUp.unscoped.select_for_update(of=("self",)).filter(visit_id=event.visit_id))
    if not forms:
        return
    visit = Visit.unscoped.select_related("person").get(pk=event.visit_id)  # unscoped: as above
    known = limits.on(visit.on)
    for form in forms:
        before = {name: getattr(form, name) for name in KEPT}
        by_hand = form.target if form.by_hand else None
        judging.renew(form, visit, known, chosen=by_hand, why=form.target_why)
        if before != {name: getattr(form, name) for name in KEPT} or form.restricted != visit.restricted:
            save_versioned(form, expected=form.version)
        _timeline(form)
        _publish(NcdFollowedUp if isinstance(event, VisitFinalised) else NcdFollowUpAmended, form)


def follow_error(event: VisitEnteredInError) -> None:
    """A visit that should never have been written takes its forms with it."""
    # unscoped: as above
    _in_error(FollowUp.unscoped.filter(visit_id=event.visit_id), told=event.was_final)


def follow_move(event: VisitMoved) -> None:
    """It was another person's visit: where she is followed too, the form is written for her."""
    if event.to_visit_id is None:
        return
    visit = Visit.unscoped.select_related("person").get(pk=event.to_visit_id)  # unscoped: as above
    known = limits.on(visit.on)
    for old in FollowUp.unscoped.filter(visit_id=event.visit_id):  # unscoped: as above
        try:
            enrolment = judging.enrolment_on(visit, old.programme)
        except Refused:
            continue  # she is not followed: the page of her visit proposes it
        form = FollowUp(visit=visit, programme=old.programme, enrolment=enrolment)
        for name in SAID:
            setattr(form, name, getattr(old, name))
        form.glucose_kind = old.glucose_kind
        judging.renew(form, visit, known, chosen=old.target if old.by_hand else None, why=old.target_why)
        form.save(force_insert=True)
        _told("ncd.saved", form, changed=[])


def follow_enrolment(event: EnrolmentChanged) -> None:
    """She never was in the programme: its forms go the same way."""
    if event.state == EnrolmentState.ENTERED_IN_ERROR:
        # unscoped: told by the enrolment's own service
        _in_error(FollowUp.unscoped.filter(enrolment_id=event.enrolment_id), told=True)


def _in_error(rows: Any, *, told: bool) -> None:
    for form in rows.exclude(state=FollowUpState.ENTERED_IN_ERROR).select_for_update(of=("self",)):
        form.state = FollowUpState.ENTERED_IN_ERROR
        save_versioned(form, expected=form.version)
        projections.drop_timeline(kind=TIMELINE, object_id=form.pk)
        _audit("ncd.in_error", form)
        if told:
            _publish(NcdFollowUpInError, form)


# --- the parts of a step


def _visit(visit_id: UUID) -> Visit:
    """The visit, locked, of a station where this scope works."""
    found = Visit.objects.select_for_update(of=("self",)).select_related("person").get(pk=visit_id)
    if not current().reaches(found.facility_id):
        raise PermissionDenied("ncd")
    return found


def _refuse_state(visit: Visit) -> None:
    if visit.is_open or visit.state == states.FINALISED:
        return
    word = states.TITLES[visit.state]
    more = ": mở lại lượt khám để sửa" if visit.state == states.AWAITING_SIGNATURE else ""
    raise Refused(f"Lượt khám {word}{more}.", code="state")


def _check(data: FollowUpInput, visit: Visit, known: limits.Limits) -> None:
    most = int(known.ncd["medicine_days"]["most"])
    if data.medicine_days is not None and not 1 <= data.medicine_days <= most:
        raise Refused(f"Cho thuốc từ 1 đến {most} ngày.", field="medicine_days", code="days")
    if data.next_on is not None and data.next_on <= visit.on:
        raise Refused("Ngày hẹn phải sau ngày khám.", field="next_on", code="before")
    if data.glucose_kind not in target.GLUCOSE_WORDS:
        raise Refused("Hãy chọn cách đo đường huyết.", field="glucose_kind", code="kind")
    if data.cholesterol is not None and not 1 <= data.cholesterol <= 20:
        raise Refused(
            "Cholesterol toàn phần tính bằng mmol/L, từ 1 đến 20.", field="cholesterol", code="range"
        )
    _check_aim(data)
    if set(data.complications) - set(known.ncd["complications"]):
        raise Refused("Hãy chọn biến chứng trong danh sách.", field="complications", code="unknown")
    if len(clean(data.side_effects)) > 200 or len(clean(data.target_why)) > 200:
        raise Refused("Nội dung dài quá 200 ký tự.", code="long")
    if data.target not in (None, target.NOT_REACHED, target.REACHED, target.NOT_JUDGED):
        raise Refused("Hãy chọn đạt hay không đạt.", field="target", code="unknown")


# No guideline aims outside these: what lies beyond was mistyped. mmHg, %.
HIGHS, LOWS, HBA1C = (110, 170), (60, 100), (Decimal(6), Decimal(10))


def _check_aim(data: FollowUpInput) -> None:
    high, low = data.aim_systolic, data.aim_diastolic
    if (high is None) != (low is None):
        raise Refused("Ghi cả hai số, ví dụ 130/80.", field="aim_systolic", code="aim")
    if (
        high is not None
        and low is not None
        and not (HIGHS[0] <= high <= HIGHS[1] and LOWS[0] <= low <= LOWS[1])
    ):
        raise Refused(
            f"Mục tiêu huyết áp từ {HIGHS[0]}/{LOWS[0]} đến {HIGHS[1]}/{LOWS[1]}.",
            field="aim_systolic",
            code="aim",
        )
    if data.aim_hba1c is not None and not HBA1C[0] <= data.aim_hba1c <= HBA1C[1]:
        raise Refused(f"Mục tiêu HbA1c từ {HBA1C[0]} đến {HBA1C[1]} %.", field="aim_hba1c", code="aim")


def _brought(visit: Visit, data: FollowUpInput) -> VisitInput | None:
    """What of a form belongs to the visit; None where the visit says so already."""
    vitals = figures.brought(figures.of_visit(visit), data.glucose, data.glucose_kind, data.hba1c)
    if not vitals and visit.follow_up_on == data.next_on:
        return None
    return VisitInput(fields={"follow_up_on": data.next_on}, vitals=vitals or None)


def _bring(visit: Visit, data: FollowUpInput) -> Visit:
    """Save the open visit with what belongs to it; it is under way from now on."""
    brought = _brought(visit, data) or VisitInput()
    return visits.visit_save(visit_id=visit.pk, expected_version=visit.version, data=brought)


def _keep(form: FollowUp, before: dict[str, Any], reason: str) -> None:
    """The version that is being amended, whole."""
    scope = current()
    FollowUpRevision.unscoped.create(  # of a form that was found through the scope
        follow_up_id=form.pk,
        of_version=form.version,
        data=before,
        reason=reason,
        by=scope.user_id,
        by_name=scope.shown_name,
        at=timezone.now(),
    )


def title_of(form: FollowUp) -> str:
    """'Theo dõi tăng huyết áp: 148/92, không đạt', as the timeline says it."""
    figure = form.pressure_words
    if form.programme == Programme.DIABETES:
        figure = f"đường huyết {form.glucose}".replace(".", ",") if form.glucose is not None else ""
        figure = f"HbA1c {form.hba1c} %".replace(".", ",") if form.hba1c is not None else figure
    said = ", ".join(filter(None, (figure, form.get_target_display().lower())))
    return f"Theo dõi {form.get_programme_display().lower()}: {said}"


def _timeline(form: FollowUp) -> None:
    projections.put_timeline(
        person_id=form.person_id,
        at=form.occurred_at,
        kind=TIMELINE,
        title=title_of(form),
        object_id=form.pk,
        facility_id=form.facility_id,
        restricted=form.restricted,
    )


def _told(action: str, form: FollowUp, **data: Any) -> None:
    _timeline(form)
    _audit(action, form, **data)


def _audit(action: str, form: FollowUp, **data: Any) -> None:
    audit.record(
        action,
        person_id=form.person_id,
        object_id=form.pk,
        facility_id=form.facility_id,
        data={"programme": form.programme, **data},
    )


def _publish(
    event: type[NcdFollowedUp] | type[NcdFollowUpAmended] | type[NcdFollowUpInError], form: FollowUp
) -> None:
    publish(
        event(form.pk, form.visit_id, form.person_id, form.facility_id, form.programme, form.on, form.version)
    )
