"""Handing over: what is left is counted and noted by one, taken by another."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.scope import Scope, current
from apps.core.text import clean
from apps.core.versions import StaleVersion, save_versioned
from apps.shifts import queries, rules
from apps.shifts.models import HandoverState, Shift, ShiftHandover, TakenBy


@transaction.atomic
def handover_give(*, shift: str, note: str, override: str = "") -> ShiftHandover:
    """Hand over what is left now, with a note. Nobody is kept from it: what ought to be done first is asked
    about (NeedsReason) and goes through with a reason.
    """
    scope, workplace_id, user_id = _allowed()
    lines = queries.lines(scope)
    note, override = clean(note, lines=True)[:2000], clean(override)[:300]
    asked = rules.questions(lines)
    if asked and not override:
        raise NeedsReason([Warning(key, sentence, None) for key, sentence in asked])
    now = timezone.now()
    made = ShiftHandover.unscoped.create(  # unscoped: at the workplace of who hands over
        facility_id=workplace_id,
        point_id=scope.point_id,
        on=timezone.localdate(now),
        shift=Shift(shift),
        lines=[line.stored() for line in lines],
        note=note,
        override=override if asked else "",
        given_at=now,
        given_by=user_id,
        given_by_name=scope.shown_name,
    )
    _audit("shift.given", made, left=rules.left(lines))
    return made


@transaction.atomic
def handover_change(*, handover_id: UUID, expected_version: int, note: str) -> ShiftHandover:
    """The giver puts her note right while nobody has taken it."""
    found = _own(handover_id, expected_version, note=note)
    found.note = clean(note, lines=True)[:2000]
    save_versioned(found, expected=expected_version)
    _audit("shift.changed", found)
    return found


@transaction.atomic
def handover_withdraw(*, handover_id: UUID, expected_version: int, reason: str) -> ShiftHandover:
    """The giver takes it back: work goes on. It stays readable."""
    found = _own(handover_id, expected_version)
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do rút lại.", field="reason", code="no-reason")
    found.state, found.withdrawn_reason = HandoverState.WITHDRAWN, reason
    save_versioned(found, expected=expected_version)
    _audit("shift.withdrawn", found)
    return found


@transaction.atomic
def handover_take(
    *, handover_id: UUID, expected_version: int, remark: str = "", how: str = TakenBy.OWN
) -> ShiftHandover:
    """Whoever acts now takes the shift: another than who gave it. `how`: signed in herself, or confirmed at
    the giver's computer (then the scope in force is hers all the same).
    """
    scope, _, user_id = _allowed()
    found = _waiting(scope, handover_id, expected_version)
    if user_id == found.given_by:
        raise Refused("Người nhận phải khác người giao.", field="second_name", code="same-person")
    found.state = HandoverState.TAKEN
    found.taken_at, found.taken_how = timezone.now(), TakenBy(how)
    found.taken_by, found.taken_by_name = user_id, scope.shown_name
    found.remark = clean(remark)[:500]
    save_versioned(found, expected=expected_version)
    _audit("shift.taken", found, how=TakenBy(how).label)
    return found


def _allowed() -> tuple[Scope, UUID, UUID]:
    """The scope in force, where it works, whose it is."""
    scope = current()
    scope.require("shifts.enter")
    if scope.workplace_id is None or scope.user_id is None or scope.hamlet_ids is not None:
        raise PermissionDenied("shifts.enter")
    return scope, scope.workplace_id, scope.user_id


def _waiting(
    scope: Scope, handover_id: UUID, expected_version: int, note: str | None = None
) -> ShiftHandover:
    """The hand-over of this workplace, locked, while nobody has taken it."""
    rows = ShiftHandover.objects.select_for_update(of=("self",))
    found: ShiftHandover | None = rows.filter(pk=handover_id, facility_id=scope.workplace_id).first()
    if found is None:
        raise Refused("Không có lần bàn giao này.", code="no-handover")
    if found.state != HandoverState.WAITING:
        raise Refused(f"Lần bàn giao này {found.get_state_display().lower()}.", code="state")
    if found.version != expected_version:
        mine = ShiftHandover.objects.get(pk=handover_id)
        mine.note = found.note if note is None else note
        raise StaleVersion(current=found, mine=mine)
    return found


def _own(handover_id: UUID, expected_version: int, note: str | None = None) -> ShiftHandover:
    scope, _, user_id = _allowed()
    found = _waiting(scope, handover_id, expected_version, note)
    if found.given_by != user_id:
        raise Refused("Chỉ người giao mới sửa hoặc rút lại được.", code="not-hers")
    return found


def _audit(action: str, handover: ShiftHandover, **data: object) -> None:
    audit.record(
        action,
        object_id=handover.pk,
        facility_id=handover.facility_id,
        data={"shift": str(handover).lower(), **data},
    )
