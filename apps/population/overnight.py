"""What the demo's earlier days left open is closed before a later day begins: whoever still waited has gone
home, whoever was being seen is written up, what waited for a signature is signed. Through the services that
everybody uses.
"""

import random
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.scope import Scope, enter
from apps.encounters import services, states
from apps.encounters.models import Diagnosis, Order, OrderKind, Visit
from apps.encounters.ordering import orders
from apps.encounters.ordering import states as order_states
from apps.population.examining import found, illness_of

WENT_HOME = "Hết giờ, về, hẹn hôm sau quay lại"
TAKEN_ELSEWHERE = "Người nhà xin đưa lên bệnh viện"
NOT_DONE = "Hết giờ, chưa làm"
SAMPLE = "Dữ liệu mẫu"


def close_earlier(nurse: Scope, doctor: Scope) -> int:
    """Close what was left open before today at the station of these two. How many visits are closed."""
    steps: tuple[tuple[str, Scope, Callable[[Visit], None]], ...] = (
        (states.WAITING, nurse, _leave),
        (states.IN_PROGRESS, doctor, _finish),
        (states.AWAITING_SIGNATURE, doctor, _sign),
    )
    closed = 0
    for state, scope, step in steps:
        with enter(scope):
            rows = Visit.objects.filter(
                facility_id=scope.workplace_id, on__lt=timezone.localdate(), state=state
            )
            for visit in rows.select_related("person").order_by("pk"):
                closed += _done(step, visit)
    return closed


def _done(step: Callable[[Visit], None], visit: Visit) -> bool:
    """A demo goes on without what cannot be closed so."""
    try:
        with transaction.atomic():
            step(visit)
    except (Refused, NeedsReason):
        return False
    return True


def _leave(visit: Visit) -> None:
    reason = TAKEN_ELSEWHERE if "emergency" in visit.priority_for else WENT_HOME
    services.visit_left(visit_id=visit.pk, expected_version=visit.version, reason=reason)


def _finish(visit: Visit) -> None:
    person, version = visit.person, visit.version
    if not Diagnosis.objects.filter(visit=visit, role="main").exists() and person.birth_date:
        rng = random.Random(f"overnight {visit.pk}")  # invented people  # nosec B311
        seen = found(person, illness_of(rng, person, "", visit.on), visit.on)
        version = services.visit_save(visit_id=visit.pk, expected_version=version, data=seen).version
    for order in Order.objects.filter(visit=visit, state=order_states.ORDERED).exclude(kind=OrderKind.COURSE):
        orders.order_cancel(order_id=order.pk, expected_version=order.version, reason=NOT_DONE)
    services.visit_finalise(visit_id=visit.pk, expected_version=version, override=SAMPLE)


def _sign(visit: Visit) -> None:
    services.visit_sign(visit_id=visit.pk, expected_version=visit.version)
