"""What is measured of somebody who waits: she goes on waiting, and a danger sign lets her go first."""

from collections.abc import Collection

from apps.encounters import checking
from apps.encounters.bedside import why_not
from apps.encounters.desk import priority, receiving
from apps.encounters.inputs import VisitInput
from apps.encounters.models import Visit
from apps.facilities.models import Practitioner

MEASURED = frozenset({"reason", "vitals", "sick_child", "diagnoses", "prescription"})  # those two empty


def goes_on_waiting(changed: Collection[str], data: VisitInput, author: Practitioner | None) -> bool:
    """Whether a save measured alone, by somebody who is not the one who examines."""
    if data.diagnoses or data.lines or set(changed) - MEASURED:
        return False
    return bool(why_not("prescribe", author))


def place(visit: Visit) -> priority.Priority:
    """Where she stands in the queue by what the record says of her, her danger included."""
    urgent = [visit.person_id] if priority.EMERGENCY in visit.priority_for else []
    rules = receiving.rules_on(visit.on)
    found = receiving.priorities([visit.person], visit.on, urgent, rules)[visit.person_id]
    return priority.endangered(found, rules) if priority.DANGER in visit.priority_for else found


def judge(visit: Visit) -> None:
    """Put her before the others, or back among them, by the figures as they now are stored."""
    danger = bool(checking.look(visit, checking.parts(visit)).dangers)
    if danger == (priority.DANGER in visit.priority_for):
        return
    others = [reason for reason in visit.priority_for if reason != priority.DANGER]
    visit.priority_for = [priority.DANGER, *others] if danger else others
    found = place(visit)
    visit.rank, visit.priority_for = found.rank, list(found.reasons)
