"""Controlled medicines are given out by two names: one writes the act, another agrees to it; only then it
is taken off the shelf, and both stand in the book with who received it.
"""

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core import approvals
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import Scope, current
from apps.encounters import states as visit_states
from apps.encounters.dispensing import reading, states
from apps.encounters.dispensing.steps import act_locked, audit_act, close, save, take
from apps.encounters.models import Dispensing, DispensingLine, Visit

CHANGE = "dispensing.second"
UNANSWERED = "Không có người thứ hai đồng ý trong hạn"
DAYS = 1  # nobody waits longer for a medicine that is needed now


def second_ask(act: Dispensing) -> PendingChange:
    """Put an act that waits before a second person, without the patient's name."""
    # unscoped: of an act that its own service has just written
    rows = DispensingLine.unscoped.filter(dispensing=act).select_related("item").order_by("position")
    return approvals.ask(
        CHANGE,
        object_id=act.pk,
        facility_id=act.facility_id,
        title=f"Cấp thuốc kiểm soát đặc biệt, lượt khám {act.visit.number}",
        lines=[(row.item_name, "", row.item.words(row.taken)) for row in rows if row.item is not None],
        args={"version": act.version},
    )


def may_agree(scope: Scope, change: PendingChange) -> bool:
    """Whether the second person may see the visit at all. One query."""
    return Dispensing.visible(scope).filter(pk=change.object_id).exists()


@transaction.atomic
def second_agreed(change: PendingChange) -> None:
    """The second person, whose scope this is, agrees: now it is taken, under both names. Refused when the act
    was dropped or the prescription has changed since.
    """
    act = act_locked(change.object_id, "complete")
    if act.version != change.args["version"]:
        raise Refused("Lần cấp này đã đổi sau khi gửi.", code="changed")
    if act.visit.state != visit_states.FINALISED:
        raise Refused("Lượt khám không còn ở trạng thái đã hoàn tất: không cấp được.", code="state")
    # unscoped: of an act that was taken through the scope
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
    save(act)
    take(act, rows)


@transaction.atomic
def second_dropped(change: PendingChange) -> None:
    """The second person said no, or the asker took it back: what waited for her is dropped, so that the
    prescription is free for another act.
    """
    drop_waiting(change.object_id, "Người thứ hai không đồng ý, hoặc người xin đã rút")


def unanswered_drop() -> str:
    """Drop what nobody agreed to in time. For the night: each in a transaction of its own."""
    since = timezone.now() - dt.timedelta(days=DAYS)
    acts = Dispensing.objects.filter(state=states.PREPARATION, recorded_at__lt=since)
    ids = list(acts.order_by("pk").values_list("pk", flat=True))
    for pk in ids:
        with transaction.atomic():
            drop_waiting(pk, UNANSWERED)
    return f"{len(ids)} lần cấp"


def drop_waiting(dispensing_id: UUID, reason: str) -> None:
    """Nothing was taken: the act is closed with its reason. Unscoped: its change was taken by whoever may."""
    visit_id = Dispensing.unscoped.values_list("visit_id", flat=True).get(pk=dispensing_id)
    visit = Visit.unscoped.select_for_update(of=("self",)).get(pk=visit_id)
    act = Dispensing.unscoped.select_for_update(of=("self",)).get(pk=dispensing_id)
    act.visit = visit
    if act.state == states.PREPARATION:
        close(act, reason)
        audit_act("dispensing.cancelled", act)
