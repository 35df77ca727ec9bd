"""A slip of the hand at the end: a visit that was ended a moment ago is open again, while nobody knows of it.

Once something was printed, sent or given out, it is amended instead.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.care import services as care
from apps.core import parameters
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.models import PaperCode
from apps.core.scope import Scope, current
from apps.core.versions import save_versioned
from apps.encounters import notifying, states, steps
from apps.encounters.events import VisitUndone
from apps.encounters.models import Certificate, HerbalFormula, Order, Prescription, Visit, VisitRevision
from apps.encounters.writing import SOURCE

MINUTES = "visits.undo_minutes"
LATE = "Quá {minutes} phút từ lúc hoàn tất. Hãy dùng Sửa đổi, ghi lý do."
PRINTED = "Giấy của lượt khám đã được in. Hãy dùng Sửa đổi, ghi lý do."
NOT_YOURS = "Chỉ người vừa hoàn tất lượt khám được hoàn tác. Hãy dùng Sửa đổi, ghi lý do."


# Of rooms that have to do with an ended visit: whether what they did with it hinders taking the end back.
hindrances: list[Callable[[UUID], bool]] = []


def offered(visit: Visit, scope: Scope, now: dt.datetime) -> dt.datetime | None:
    """Until when the page offers it: not once something was printed, sent or given out."""
    last = until(visit, scope, now)
    if last is None or printed(visit) or any(hinders(visit.pk) for hinders in hindrances):
        return None
    return last


def until(visit: Visit, scope: Scope, now: dt.datetime) -> dt.datetime | None:
    """Until when this account may take the end of the visit back; None when it may not, or no longer."""
    first_end = visit.finalised_at is not None and visit.finalised_at == visit.signed_at
    if visit.state != states.FINALISED or not first_end or visit.signed_by != scope.user_id:
        return None
    assert visit.finalised_at is not None  # noqa: S101 - see above
    last = visit.finalised_at + dt.timedelta(minutes=minutes(visit.on))
    return last if now < last else None


def minutes(on: dt.date) -> int:
    return int(parameters.value(MINUTES, on=on))


@transaction.atomic
def visit_undo(*, visit_id: UUID, expected_version: int) -> Visit:
    """Open a visit again that was ended within the last minutes by the same account.

    Refused when something was printed; a room that has sent or given out something refuses by its answer to
    VisitUndone. Unscoped: the visit was found within the scope.
    """
    visit = steps.taken("undo", visit_id, expected_version)
    scope, now = current(), timezone.now()
    if visit.signed_by != scope.user_id:
        raise Refused(NOT_YOURS, code="not-yours")
    if until(visit, scope, now) is None or VisitRevision.unscoped.filter(visit=visit).exists():
        raise Refused(LATE.format(minutes=minutes(visit.on)), code="late")
    if printed(visit):
        raise Refused(PRINTED, code="printed")
    visit.state = states.IN_PROGRESS
    visit.doctor, visit.signed_at, visit.signed_by, visit.finalised_at = None, None, None, None
    save_versioned(visit, expected=expected_version)
    notifying.forget(visit, notifying.UNDONE)
    care.appointment_drop(source_kind=SOURCE, source_id=visit.id)
    steps.put_timeline(visit)
    steps.audited("visit.undone", visit, number=visit.number)
    publish(VisitUndone(visit.id, visit.person_id, visit.facility_id, visit.on, visit.version))
    return visit


def printed(visit: Visit) -> bool:
    """Whether any paper of the visit, of what was prescribed, ordered or issued, has left the printer."""
    # unscoped: the sheets of a visit that was found within the scope
    kinds: tuple[Any, ...] = (Prescription, Order, HerbalFormula, Certificate)
    sheets = [pk for kind in kinds for pk in kind.unscoped.filter(visit=visit).values_list("pk", flat=True)]
    return PaperCode.objects.filter(object_id__in=[visit.pk, *sheets], copies__gt=0).exists()
