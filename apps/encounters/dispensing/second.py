"""Controlled medicines are given out by two names: one writes the act, another agrees to it; only then it
is taken off the shelf, and both stand in the book with who received it.
"""

from apps.core import approvals
from apps.core.models import PendingChange
from apps.core.scope import Scope
from apps.encounters.models import Dispensing, DispensingLine

CHANGE = "dispensing.second"
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
