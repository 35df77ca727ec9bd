"""Everything that gives medicines out and takes them back: one transaction each, audited, with its event.

Locks, always in this order: the visit, the dispensing, the items of the stock (in the order of their keys),
receipts. What hangs on a visit that was taken through the scope is unscoped here.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from apps.care.models import fact_values
from apps.core import approvals, audit, parameters
from apps.core.errors import NeedsReason, Refused, Warning
from apps.core.events import publish
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.core.text import clean
from apps.encounters import states as visit_states
from apps.encounters.bedside import own_practitioner, why_not
from apps.encounters.dispensing import reading, rules, second, states
from apps.encounters.dispensing.inputs import BackInput, DispenseInput
from apps.encounters.dispensing.judging import AMENDED, lines_for
from apps.encounters.events import DispensingCancelled, MedicationDispensed, MedicationReturned
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
from apps.patients import projections
from apps.stock import services as stock
from apps.stock.services import Source, Want

SOURCE = "dispensing"  # of the stock's movements, and the kind of the timeline
BACK = "medicine_return"  # the source of what a return sets apart
VALID_DAYS = "dispensing.valid_days"
APART = "Người bệnh trả lại, chờ đánh giá"
UNANSWERED = "Không có người thứ hai đồng ý trong hạn"


@transaction.atomic
def dispense(*, visit_id: UUID, expected_version: int, data: DispenseInput, override: str = "") -> Dispensing:
    """Give out what `data` says, all of it or nothing. With a controlled medicine nothing is taken yet: the
    act waits for a second person (second_agreed).

    `expected_version` is the visit's as it was shown: of an amended prescription nothing is given unseen.
    Raises Problems (by the box of each line), Refused, NeedsReason for a prescription that is too old.
    """
    visit = visit_locked(visit_id, "dispensing.enter")
    _may_dispense()
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
    warnings = _old(visit, on)
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
        _take(act, rows)
    return act


@transaction.atomic
def second_agreed(change: PendingChange) -> None:
    """The second person, whose scope this is, agrees: now it is taken, under both names. Refused when the act
    was dropped or the prescription has changed since.
    """
    act = _act_locked(change.object_id, "complete")
    if act.version != change.args["version"]:
        raise Refused("Lần cấp này đã đổi sau khi gửi.", code="changed")
    if act.visit.state != visit_states.FINALISED:
        raise Refused("Lượt khám không còn ở trạng thái đã hoàn tất: không cấp được.", code="state")
    rows = list(DispensingLine.unscoped.filter(dispensing=act).select_related("item").order_by("position"))
    _, found, _ = reading.standings_of(act.visit)
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        wanted[str(row.line_id)] += row.quantity
    if any(key not in found or quantity > found[key].allowed for key, quantity in wanted.items()):
        raise Refused("Đơn thuốc đã được sửa hoặc cấp thêm sau khi gửi. Lập lại lần cấp.", code="amended")
    act.state = states.COMPLETED
    act.second_by, act.second_name = current().user_id, current().shown_name
    act.occurred_at = timezone.now()
    act.on = timezone.localdate()
    _save(act)
    _take(act, rows)


@transaction.atomic
def second_dropped(change: PendingChange) -> None:
    """The second person said no, or the asker took it back: what waited for her is dropped, so that the
    prescription is free for another act.
    """
    _drop_waiting(change.object_id, "Người thứ hai không đồng ý, hoặc người xin đã rút")


def unanswered_drop() -> str:
    """Drop what nobody agreed to in time. For the night: each in a transaction of its own."""
    since = timezone.now() - dt.timedelta(days=second.DAYS)
    acts = Dispensing.objects.filter(state=states.PREPARATION, recorded_at__lt=since)
    ids = list(acts.order_by("pk").values_list("pk", flat=True))
    for pk in ids:
        with transaction.atomic():
            _drop_waiting(pk, UNANSWERED)
    return f"{len(ids)} lần cấp"


def _drop_waiting(dispensing_id: UUID, reason: str) -> None:
    """Nothing was taken: the act is closed with its reason. Unscoped: its change was taken by whoever may."""
    visit_id = Dispensing.unscoped.values_list("visit_id", flat=True).get(pk=dispensing_id)
    visit = Visit.unscoped.select_for_update(of=("self",)).get(pk=visit_id)
    act = Dispensing.unscoped.select_for_update(of=("self",)).get(pk=dispensing_id)
    act.visit = visit
    if act.state == states.PREPARATION:
        _close(act, reason)
        audit_act("dispensing.cancelled", act)


def _close(act: Dispensing, reason: str) -> None:
    act.state = states.CANCELLED
    act.end_reason, act.ended_at, act.ended_by_name = reason, timezone.now(), current().shown_name
    _save(act)


@transaction.atomic
def dispensing_cancel(*, dispensing_id: UUID, expected_version: int, reason: str) -> Dispensing:
    """Say that nothing was given: what is still out lies again where it lay. What waits is dropped.

    Own acts of today by 'dispensing.enter', others by 'dispensing.edit'.
    """
    approvals.drop(second.CHANGE, dispensing_id)  # first, as whoever agrees takes it first
    act = _act_locked(dispensing_id, "cancel", expected_version)
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
        if lots.exists() and _still_out(act):
            stock.put_back(
                source=Source(SOURCE, act.pk), on=timezone.localdate(), reason=f"Hủy cấp: {reason}"
            )
    _close(act, reason)
    if was == states.COMPLETED:
        put_timeline(act)
        coming_back.name(act.visit_id)
        publish(DispensingCancelled(act.pk, act.visit_id, act.person_id, act.facility_id, act.on))
    audit_act("dispensing.cancelled", act)
    return act


@transaction.atomic
def medicines_back(*, dispensing_id: UUID, expected_version: int, data: BackInput) -> MedicineReturn:
    """Take back some of what was given, into the lots it came from; what had left the station lies apart."""
    act = _act_locked(dispensing_id, "return", expected_version)
    _may_dispense()
    reason = clean(data.reason)[:300]
    if not reason:
        raise Refused("Ghi lý do trả lại.", field="reason", code="no-reason")
    quantities = {key: many for key, many in data.quantities.items() if many}
    if not quantities:
        raise Refused("Ghi số lượng trả lại của ít nhất một thuốc.", code="nothing")
    out = _still_out(act)
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
    _save(act)
    coming_back.name(act.visit_id)
    audit_act("dispensing.returned", act, lots=len(quantities), apart=data.left_station)
    publish(MedicationReturned(act.pk, act.visit_id, act.person_id, act.facility_id, today, back.pk))
    return back


# ---- the parts of a step


def visit_locked(visit_id: UUID, right: str) -> Visit:
    """The visit, held until the transaction ends, where this scope may do `right` for it."""
    scope = current()
    scope.require(right)
    visit = (
        Visit.objects.select_for_update(of=("self",))
        .select_related("facility", "person")
        .defer("person__tokens", "person__search")
        .get(pk=visit_id)
    )
    if not scope.reaches(visit.facility_id):
        raise PermissionDenied(right)
    return visit


def _act_locked(dispensing_id: UUID, action: str, expected_version: int | None = None) -> Dispensing:
    """The act, locked after its visit. Raises DoesNotExist for one out of sight, Refused when outrun."""
    right = states.RIGHTS[action]
    visit_id = Dispensing.objects.values_list("visit_id", flat=True).get(pk=dispensing_id)
    visit = visit_locked(visit_id, right)
    act: Dispensing = Dispensing.objects.select_for_update(of=("self",)).get(pk=dispensing_id)
    act.visit = visit
    if expected_version is not None and act.version != expected_version:
        raise Refused("Lần cấp này vừa có người trả lại hoặc hủy. Xem lại rồi làm tiếp.", code="outrun")
    if not states.allows(act.state, action):
        raise Refused(f"Lần cấp này {act.state_word}: không làm được việc này.", code="state")
    return act


def _may_dispense() -> None:
    if sentence := why_not("dispense", own_practitioner(current())):
        raise Refused(sentence, code="cannot-dispense")


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
            _drop_waiting(act.pk, UNANSWERED)
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


def _take(act: Dispensing, rows: Sequence[DispensingLine]) -> None:
    """Take what the lines want off the shelf, keep which lots it was, tell the house."""
    wants = [Want(row.item_id, row.taken) for row in rows if row.item_id is not None]
    if wants:
        assert act.location_id is not None  # noqa: S101 - refused before
        taken = stock.take_all(wants, location_id=act.location_id, source=Source(SOURCE, act.pk), on=act.on)
        DispensingLot.unscoped.bulk_create(_lots(rows, taken))
    put_timeline(act)
    audit_act("dispensing.done", act, lines=len(rows))
    publish(MedicationDispensed(act.pk, act.visit_id, act.person_id, act.facility_id, act.on))


def _lots(rows: Sequence[DispensingLine], taken: Sequence[stock.Taken]) -> list[DispensingLot]:
    found = []
    by_key = {str(row.pk): row for row in rows}
    for item_id in {row.item_id for row in rows if row.item_id is not None}:
        here = {str(each.movement_id): each for each in taken if each.item_id == item_id}
        parts = rules.shared(
            [(key, each.quantity) for key, each in here.items()],
            [(str(row.pk), row.taken) for row in rows if row.item_id == item_id],
        )
        for line, key, quantity in parts:
            lot = here[key].lot
            found.append(
                DispensingLot(
                    line=by_key[line],
                    lot=lot,
                    lot_number=lot.number,
                    expiry=lot.expiry,
                    month_only=lot.month_only,
                    quantity=quantity,
                    source=lot.source,
                    price=lot.price,
                    why=here[key].why[:200],
                )
            )
    return found


def _still_out(act: Dispensing) -> dict[UUID, tuple[DispensingLot, int]]:
    """What of each lot of an act has not come back."""
    return {
        lot.pk: (lot, lot.quantity - back)
        for line in reading.given_on([act.visit_id], acts=[act.pk])
        for lot, back in line.lots
        if lot.quantity > back
    }


def is_own(act: Dispensing) -> bool:
    """Whether this account gave it out, today: she may say by herself that nothing was given."""
    user = current().user_id
    return user is not None and act.recorded_by == user and act.on == timezone.localdate()


def kept_on(visit_id: UUID) -> bool:
    """Whether somebody still has what was given on a visit. Two queries; the visit is the caller's."""
    return any(lot.quantity > back for line in reading.given_on([visit_id]) for lot, back in line.lots)


def put_timeline(act: Dispensing) -> None:
    """The line of an act in the person's course; it names no medicine."""
    rows = DispensingLine.unscoped.filter(dispensing=act).values_list("pk", "formula_id")
    formulas = {formula for _, formula in rows if formula}
    medicines = sum(formula is None for _, formula in rows)
    many = [f"{medicines} thuốc"] if medicines or not formulas else []
    many += [f"{len(formulas)} bài thuốc thang"] if formulas else []
    projections.put_timeline(
        person_id=act.person_id,
        at=act.occurred_at,
        kind=SOURCE,
        title=f"Cấp phát {' và '.join(many)}",
        object_id=act.pk,
        facility_id=act.facility_id,
        restricted=act.visit.restricted,
        state="entered_in_error" if act.state == states.CANCELLED else "done",
    )


def _save(act: Dispensing) -> None:
    act.version += 1
    act.save()


def audit_act(action: str, act: Dispensing, **data: Any) -> None:
    audit.record(action, person_id=act.person_id, object_id=act.pk, facility_id=act.facility_id, data=data)
