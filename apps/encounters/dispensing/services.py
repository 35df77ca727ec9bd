"""Everything that gives medicines out and takes them back: one transaction each, audited, with its event.

Locks, always in this order: the visit, the dispensing, the items of the stock (in the order of their keys),
receipts. What hangs on a visit that was taken through the scope is unscoped here.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.care.models import fact_values
from apps.core import approvals, parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.encounters import states as visit_states
from apps.encounters.bedside import own_practitioner
from apps.encounters.dispensing import reading, second, states
from apps.encounters.dispensing.inputs import BackInput, DispenseInput
from apps.encounters.dispensing.judging import AMENDED, lines_for, unexplained
from apps.encounters.dispensing.steps import (
    SOURCE,
    act_locked,
    audit_act,
    close,
    may_dispense,
    put_timeline,
    save,
    still_out,
    take,
    visit_locked,
)
from apps.encounters.events import DispensingCancelled, MedicationReturned
from apps.encounters.models import (
    Dispensing,
    DispensingLine,
    DispensingLot,
    MedicineReturn,
    MedicineReturnLine,
    Visit,
)
from apps.encounters.money import coming_back
from apps.encounters.ordering.orders import keep_overrides
from apps.encounters.rules import Problem
from apps.encounters.writing import Problems
from apps.stock import services as stock
from apps.stock.services import Source

BACK = "medicine_return"  # the source of what a return sets apart
VALID_DAYS = "dispensing.valid_days"
APART = "Người bệnh trả lại, chờ đánh giá"


@transaction.atomic
def dispense(*, visit_id: UUID, expected_version: int, data: DispenseInput, override: str = "") -> Dispensing:
    """Give out what `data` says, all of it or nothing. With a controlled medicine nothing is taken yet: the
    act waits for a second person (second_agreed).

    `expected_version` is the visit's as it was shown: of an amended prescription nothing is given unseen.
    Raises Problems (by the box of each line), Refused, NeedsReason for a prescription that is too old, or for
    many more units than are prescribed.
    """
    visit = visit_locked(visit_id, "dispensing.enter")
    may_dispense()
    if visit.state != visit_states.FINALISED:
        raise Refused(
            f"Lượt khám {visit.number} {visit_states.TITLES[visit.state]}: chỉ cấp thuốc theo đơn đã ký.",
            code="state",
        )
    if visit.version != expected_version:
        raise Refused(AMENDED, code="amended")
    on = _day(visit, data.on)
    parts = [part for part in data.parts if part.quantity != 0 or part.taken]
    if not parts:
        raise Refused("Ghi số lượng cấp cho ít nhất một thuốc.", code="nothing")
    rows = lines_for(visit, parts, data)
    controlled = [row for row in rows if row.item is not None and row.item.controlled]
    _refuse_without_recipient(controlled, data)
    warnings = [*_old(visit, on), *unexplained(rows)]
    if warnings and not clean(override):
        raise NeedsReason(warnings)
    act = _act(visit, on, data)
    keep_overrides(act, warnings, override)
    if controlled:
        _refuse_second_waiting(visit)
        act.state = states.PREPARATION
    else:
        act.state = states.COMPLETED
    act.save(force_insert=True)
    for row in rows:
        row.dispensing = act
    DispensingLine.unscoped.bulk_create(rows)
    if controlled:
        audit_act("dispensing.asked", act, lines=len(rows))
        second.second_ask(act)
    else:
        take(act, rows)
    return act


@transaction.atomic
def dispensing_cancel(*, dispensing_id: UUID, expected_version: int, reason: str) -> Dispensing:
    """Say that nothing was given: what is still out lies again where it lay. What waits is dropped.

    Own acts of today by 'dispensing.enter', others by 'dispensing.edit'.
    """
    approvals.drop(second.CHANGE, dispensing_id)  # first, as whoever agrees takes it first
    act = act_locked(dispensing_id, "cancel", expected_version)
    scope = current()
    if not is_own(act):
        scope.require("dispensing.edit")
    reason = clean(reason)[:300]
    if not reason:
        raise Refused("Ghi lý do hủy lần cấp.", field="reason", code="no-reason")
    was = act.state
    if was == states.COMPLETED:
        if MedicineReturn.unscoped.filter(dispensing=act, left_station=True).exists():
            raise Refused(
                "Đã có thuốc mang khỏi trạm được trả lại từ lần cấp này: không hủy được. "
                "Nhận trả lại phần còn lại.",
                code="returned",
            )
        lots = DispensingLot.unscoped.filter(line__dispensing=act)
        if lots.exists() and still_out(act):
            stock.put_back(
                source=Source(SOURCE, act.pk), on=timezone.localdate(), reason=f"Hủy cấp: {reason}"
            )
    close(act, reason)
    if was == states.COMPLETED:
        put_timeline(act)
        coming_back.name(act.visit_id)
        publish(DispensingCancelled(act.pk, act.visit_id, act.person_id, act.facility_id, act.on))
    audit_act("dispensing.cancelled", act)
    return act


@transaction.atomic
def medicines_back(*, dispensing_id: UUID, expected_version: int, data: BackInput) -> MedicineReturn:
    """Take back some of what was given, into the lots it came from; what had left the station lies apart."""
    act = act_locked(dispensing_id, "return", expected_version)
    may_dispense()
    reason = clean(data.reason)[:300]
    if not reason:
        raise Refused("Ghi lý do trả lại.", field="reason", code="no-reason")
    quantities = {key: many for key, many in data.quantities.items() if many}
    if not quantities:
        raise Refused("Ghi số lượng trả lại của ít nhất một thuốc.", code="nothing")
    out = still_out(act)
    problems = []
    for key, many in quantities.items():
        given = out.get(key)
        if given is None or many < 0 or many > given[1]:
            there = given[1] if given else 0
            problems.append(Problem("too-much", f"Chỉ còn {there} chưa trả lại.", f"back-{key}", blocks=True))
    if problems:
        raise Problems(problems)
    scope, now, today = current(), timezone.now(), timezone.localdate()
    by_lot: dict[UUID, int] = defaultdict(int)
    for key, many in quantities.items():
        by_lot[out[key][0].lot_id] += many
    back = MedicineReturn.unscoped.create(
        dispensing=act,
        at=now,
        on=today,
        reason=reason,
        left_station=data.left_station,
        by=scope.user_id,
        by_name=scope.shown_name,
    )
    MedicineReturnLine.unscoped.bulk_create(
        MedicineReturnLine(back=back, given=out[key][0], quantity=many) for key, many in quantities.items()
    )
    moved = stock.put_back(source=Source(SOURCE, act.pk), on=today, quantities=by_lot, reason=reason)
    if data.left_station:
        stock.set_aside(moved, source=Source(BACK, back.pk), on=today, reason=APART)
    save(act)
    coming_back.name(act.visit_id)
    audit_act("dispensing.returned", act, lots=len(quantities), apart=data.left_station)
    publish(MedicationReturned(act.pk, act.visit_id, act.person_id, act.facility_id, today, back.pk))
    return back


# ---- the parts of a step


def _day(visit: Visit, on: dt.date | None) -> dt.date:
    today = timezone.localdate()
    on = on or today
    if on > today:
        raise Refused("Ngày cấp không thể ở tương lai.", field="on", code="future")
    if on < visit.on:
        raise Refused(f"Ngày cấp trước ngày khám {visit.on:%d/%m/%Y}.", field="on", code="before")
    return on


def _old(visit: Visit, on: dt.date) -> list[Warning]:
    days = int(parameters.value(VALID_DAYS, on=visit.on))
    if (on - visit.on).days < days:
        return []
    sentence = f"Đơn ngày {visit.on:%d/%m/%Y} đã quá {days} ngày, hạn lĩnh thuốc."
    return [Warning("old-prescription", sentence, "override")]


def _refuse_without_recipient(controlled: Sequence[DispensingLine], data: DispenseInput) -> None:
    if not controlled:
        return
    name = controlled[0].item_name
    if not clean(data.recipient):
        raise Refused(f"{name}: ghi họ tên người nhận thuốc.", field="recipient", code="recipient")
    if not clean(data.recipient_paper):
        raise Refused(f"{name}: ghi số giấy tờ của người nhận.", field="recipient_paper", code="recipient")


def _refuse_second_waiting(visit: Visit) -> None:
    """One at a time; what nobody can agree to any more is none."""
    for act in Dispensing.unscoped.filter(visit=visit, state=states.PREPARATION).order_by("pk"):
        if not approvals.waiting_on(second.CHANGE, act.pk):
            second.drop_waiting(act.pk, second.UNANSWERED)
            continue
        raise Refused(
            "Đơn này đã có một lần cấp đang chờ người thứ hai. Đồng ý hoặc bỏ lần đó trước.", code="waiting"
        )


def _act(visit: Visit, on: dt.date, data: DispenseInput) -> Dispensing:
    scope, now = current(), timezone.now()
    author = data.by or own_practitioner(scope)
    at = data.at or now
    if data.at is None and on != timezone.localdate():  # entered later: the end of that day
        at = timezone.make_aware(dt.datetime.combine(on, dt.time(23, 59)))
    return Dispensing(
        **fact_values(visit)
        | {
            "performer_id": author.pk if author else None,
            "performer_text": author.full_name if author else scope.shown_name,
            "occurred_at": at,
            "recorded_at": now,
            "recorded_by": scope.user_id,
        },
        visit=visit,
        on=on,
        location_id=data.location_id if any(part.item_id for part in data.parts) else None,
        recipient=clean(data.recipient)[:120],
        recipient_paper=clean(data.recipient_paper)[:60],
    )


def is_own(act: Dispensing) -> bool:
    """Whether this account gave it out, today: she may say by herself that nothing was given."""
    user = current().user_id
    return user is not None and act.recorded_by == user and act.on == timezone.localdate()


def kept_on(visit_id: UUID) -> bool:
    """Whether somebody still has what was given on a visit. Two queries; the visit is the caller's."""
    return any(lot.quantity > back for line in reading.given_on([visit_id]) for lot, back in line.lots)
