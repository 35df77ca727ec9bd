"""Appointments by hand: made, moved, cancelled, and the calls to who did not come. Each audited.

What a record of another room expects comes by services.appointment_put.
"""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.care.models import Appointment, AppointmentCall, AppointmentState, CallOutcome
from apps.care.occasion import occasion
from apps.care.services import tell
from apps.core import audit, parameters, registry
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.ids import uuid7
from apps.core.models import Holiday, HolidayKind
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.patients import closing
from apps.patients.models import Person

SOURCE = "hand"
MANY, FARTHEST = "appointments.many_a_day", "appointments.farthest_days"
OPEN_STATES = (AppointmentState.PLANNED, AppointmentState.MISSED)
LONGEST_REASON = 300


@transaction.atomic
def appointment_make(
    *, person: Person, on: dt.date, kind: str, reason: str = "", override: str = ""
) -> Appointment:
    """Expect a person on a day. Asks for a reason on a day off, and on a day that is full already."""
    current().require("appointments.enter")
    known = registry.appointment_kinds.get(kind)
    if known is None or not known.by_hand:
        raise Refused("Hãy chọn loại hẹn.", field="kind", code="kind")
    fact = occasion(person, timezone.now())
    if closing.standing(person.pk):
        raise Refused("Hồ sơ ghi người này đã mất hoặc đã chuyển đi.", code="closed")
    _refuse_day(on)
    if Appointment.unscoped.filter(  # unscoped: at the workplace itself
        person=person, facility_id=fact["facility_id"], on=on, kind=kind, state=AppointmentState.PLANNED
    ).exists():
        raise Refused("Người này đã có lịch hẹn loại này vào ngày đó.", field="on", code="twice")
    _ask(fact["facility_id"], on, override)
    made = Appointment(
        **fact, on=on, kind=kind, reason=_text(reason, "reason"), source_kind=SOURCE, source_id=uuid7()
    )
    made.hand_reason = clean(override)[:300]
    made.save(force_insert=True)
    tell(made)
    _audit("appointment.made", made, kind=kind)
    return made


@transaction.atomic
def appointment_move(
    *, appointment_id: UUID, expected_version: int, on: dt.date, why: str = "", override: str = ""
) -> Appointment:
    """She comes on another day. Who has missed the old one is expected again."""
    current().require("appointments.edit")
    found = _open(appointment_id)
    if closing.standing(found.person_id):
        raise Refused("Hồ sơ ghi người này đã mất hoặc đã chuyển đi.", code="closed")
    _refuse_day(on)
    if on == found.on:
        raise Refused("Ngày mới giống ngày cũ.", field="on", code="same")
    _ask(found.facility_id, on, override)
    old = found.on
    _moved(found, on, "; ".join(filter(None, (_text(why, "why"), clean(override))))[:300], expected_version)
    _audit("appointment.moved", found, old=old, on=on)
    return found


@transaction.atomic
def appointment_cancel(*, appointment_id: UUID, expected_version: int, why: str) -> Appointment:
    """Nobody waits for her on that day any more."""
    current().require("appointments.edit")
    found = _open(appointment_id)
    why = _text(why, "why")
    if not why:
        raise Refused("Hãy ghi lý do hủy hẹn.", field="why", code="no-reason")
    found.asked_on = found.asked_on or found.on
    found.state, found.hand_reason = AppointmentState.CANCELLED, why
    save_versioned(found, expected=expected_version)
    tell(found)
    _audit("appointment.cancelled", found)
    return found


@transaction.atomic
def call_record(
    *, appointment_id: UUID, outcome: str, come_on: dt.date | None = None, note: str = ""
) -> AppointmentCall:
    """Somebody called who did not come. A new day that was agreed on moves the appointment."""
    scope = current()
    scope.require("appointments.enter")
    found = _open(appointment_id)
    if outcome not in CallOutcome.values:
        raise Refused("Hãy chọn kết quả gọi.", field="outcome", code="outcome")
    if outcome == CallOutcome.WILL_COME:
        if come_on is None:
            raise Refused("Hãy ghi ngày người đó hẹn đến.", field="come_on", code="no-day")
        if closing.standing(found.person_id):
            raise Refused("Hồ sơ ghi người này đã mất hoặc đã chuyển đi.", code="closed")
        _refuse_day(come_on, "come_on")
    elif come_on is not None:
        raise Refused("Chỉ ghi ngày khi người đó hẹn lại.", field="come_on", code="day")
    note = clean(note)
    if len(note) > 200:
        raise Refused("Ghi chú dài quá 200 ký tự.", field="note", code="long")
    call = AppointmentCall.objects.create(
        appointment=found,
        by=scope.user_id,
        by_name=scope.shown_name[:150],
        outcome=outcome,
        come_on=come_on,
        note=note,
    )
    if come_on is not None and (come_on != found.on or found.state != AppointmentState.PLANNED):
        _moved(found, come_on, "", found.version)
    _audit("appointment.called", found, outcome=outcome)
    return call


def _moved(found: Appointment, on: dt.date, why: str, expected_version: int) -> None:
    found.asked_on = found.asked_on or found.on
    found.on, found.state, found.hand_reason = on, AppointmentState.PLANNED, why
    save_versioned(found, expected=expected_version)
    tell(found)


def _open(appointment_id: UUID) -> Appointment:
    """An appointment of these stations that can still be kept or was missed, locked."""
    scope = current()
    found = Appointment.objects.select_for_update(of=("self",)).filter(pk=appointment_id).first()
    if found is None or not scope.reaches(found.facility_id):
        raise Refused("Không thấy lịch hẹn này ở nơi làm việc đang chọn.", code="gone")
    if found.state not in OPEN_STATES:
        raise Refused(f"Lịch hẹn này {found.get_state_display()}.", code="ended")
    return found


def _refuse_day(on: dt.date, field: str = "on") -> None:
    today = timezone.localdate()
    if on < today:
        raise Refused("Ngày hẹn đã qua.", field=field, code="past")
    farthest = int(parameters.value(FARTHEST, on=today))
    if (on - today).days > farthest:
        raise Refused(f"Ngày hẹn xa quá {farthest} ngày.", field=field, code="far")


def _ask(facility_id: UUID, on: dt.date, override: str) -> None:
    """A day off, and a day on which as many are expected as the station can see, ask for a reason."""
    warnings = []
    if off := day_off(on):
        warnings.append(Warning("day-off", f"Ngày {on:%d/%m/%Y} là {off}.", "on"))
    many = int(parameters.value(MANY, on=on))
    # unscoped: a count at the workplace itself, restricted ones too
    expected = Appointment.unscoped.filter(facility_id=facility_id, on=on, state=AppointmentState.PLANNED)
    if (count := expected.count()) >= many:
        warnings.append(Warning("full", f"Ngày {on:%d/%m/%Y} đã có {count} người hẹn.", "on"))
    if warnings and not clean(override):
        raise NeedsReason(warnings)


def day_off(on: dt.date) -> str:
    """'ngày nghỉ: Quốc khánh', 'Chủ nhật', or '' for a day of work. One query."""
    row = Holiday.objects.filter(on=on).first()
    if row is not None and row.kind == HolidayKind.HOLIDAY:
        return f"ngày nghỉ: {row.name}"
    if on.isoweekday() == 7 and row is None:
        return "Chủ nhật"
    return ""


def _text(text: str, field: str) -> str:
    said = clean(text)
    if len(said) > LONGEST_REASON:
        raise Refused(f"Nội dung dài quá {LONGEST_REASON} ký tự.", field=field, code="long")
    return said


def _audit(action: str, found: Appointment, **data: object) -> None:
    audit.record(
        action, person_id=found.person_id, object_id=found.pk, facility_id=found.facility_id, data=data
    )
