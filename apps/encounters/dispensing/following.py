"""What becomes of dispensings when their visit is undone, entered in error, moved or found to be restricted.

Unscoped: told by the visit's own service, which has checked everything and holds the visit.
"""

from uuid import UUID

from apps.core.errors import Refused
from apps.encounters.dispensing import services, states, steps
from apps.encounters.events import VisitEnteredInError, VisitEvent, VisitMoved, VisitUndone
from apps.encounters.models import Dispensing, Visit
from apps.patients.models import TimelineEntry

UNDO = "Đã cấp thuốc theo lượt khám này. Hủy lần cấp trước, hoặc dùng Sửa đổi, ghi lý do."
IN_ERROR = "Đã cấp thuốc theo lượt khám này. Hủy lần cấp (thuốc chưa ra khỏi trạm) hoặc nhận trả lại trước."
# As of the event: what the person she turned out to be brings with her.
OWN = ("hamlet_id", "commune_id", "ethnicity", "occupation", "poverty", "payer", "age_days", "restricted")


def refuse_undo(event: VisitUndone) -> None:
    """What was given out stands on a prescription that is signed."""
    if hinders_undoing(event.visit_id):
        raise Refused(UNDO, code="dispensed")


def hinders_undoing(visit_id: UUID) -> bool:
    """Whether something was given out on a visit, or waits for a second person."""
    return Dispensing.unscoped.filter(visit_id=visit_id).exclude(state=states.CANCELLED).exists()


def refuse_error(event: VisitEnteredInError) -> None:
    """Medicines that somebody has now were given for something: a person says first where they are. What all
    came back is no hindrance.
    """
    if event.moved:
        return
    waits = Dispensing.unscoped.filter(visit_id=event.visit_id, state=states.PREPARATION).exists()
    if waits or services.kept_on(event.visit_id):
        raise Refused(IN_ERROR, code="dispensed")


def follow_move(event: VisitMoved) -> None:
    """The medicines are in the right person's hands: the acts are hers, the stock is not touched."""
    if event.to_visit_id is None:
        return
    new = Visit.unscoped.select_related("person").get(pk=event.to_visit_id)
    acts = Dispensing.unscoped.filter(visit_id=event.visit_id)
    for act in acts.select_for_update(of=("self",)).order_by("pk"):
        act.first_visit_id = act.first_visit_id or act.visit_id
        act.visit, act.person_id = new, new.person_id
        for name in OWN:
            setattr(act, name, getattr(new, name))
        act.version += 1
        act.save()
        if act.state != states.PREPARATION:
            steps.put_timeline(act)
        steps.audit_act("dispensing.moved", act, was=event.visit_id)


def follow_end(event: VisitEvent) -> None:
    """A visit that turned out restricted takes along what its dispensings have put elsewhere."""
    if not Visit.unscoped.filter(pk=event.visit_id, restricted=True).exists():
        return
    acts = Dispensing.unscoped.filter(visit_id=event.visit_id, restricted=False)
    ids = list(acts.values_list("pk", flat=True))
    if ids:
        TimelineEntry.unscoped.filter(kind=steps.SOURCE, object_id__in=ids).update(restricted=True)
        acts.update(restricted=True)
