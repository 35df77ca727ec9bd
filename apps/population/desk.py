"""The demo's desk: what was given out on the latest prescriptions, in part, elsewhere, brought back. Through
the services, so that the stock follows.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Refused
from apps.core.scope import Scope, enter, system
from apps.encounters import states
from apps.encounters.dispensing import offers, services
from apps.encounters.dispensing.inputs import BackInput, DispenseInput, Part
from apps.encounters.models import Dispensing, DispensingLot, Visit
from apps.facilities.models import Facility
from apps.facilities.posts import scope_for
from apps.stock.models import StockLocation
from apps.stock.queries import dispensing_places

DAYS, MOST = 3, 24  # prescriptions of the last days: the first of them are given out
WAITING = 6  # how many of the latest wait, at most half of them


@transaction.atomic
def desk(station: Facility) -> int:
    """Give out what the desk has on most of the last days' prescriptions, once a day. How many acts."""
    with system("find the demo's pharmacist"):
        pharmacist = User.objects.filter(username="duocsi").first()
        scope = scope_for(pharmacist, station.pk) if pharmacist else None
    if scope is None:
        return 0
    with enter(scope):
        places = dispensing_places(scope)
        today = timezone.localdate()
        if not places or Dispensing.objects.filter(facility=station, on=today).exists():
            return 0
        since = today - timedelta(days=DAYS)
        visits = Visit.objects.filter(
            facility=station, state=states.FINALISED, on__gte=since, prescriptions__isnull=False
        )
        found = list(visits.distinct().order_by("-finalised_at", "pk")[:MOST])
        given = [
            act
            for place, visit in enumerate(found[min(WAITING, len(found) // 2) :])
            if (act := give(scope, visit, places[0], place)) is not None
        ]
        if given:
            _bring_back(given[0])
    return len(given)


def give(scope: Scope, visit: Visit, place: StockLocation, number: int = 1) -> Dispensing | None:
    """What there is; of every third prescription a part, of every second the rest is bought elsewhere."""
    lines, _ = offers.offered(scope, visit, place, timezone.localdate())
    parts = []
    for line in lines:
        best = line.best
        if best and best.alike and line.proposed and not best.item.controlled:
            half = line.proposed // 2 if number % 3 == 0 and line.proposed > 1 else line.proposed
            parts.append(Part(line.line.pk, half, best.item.pk))
        elif not best and number % 2 == 0:
            parts.append(Part(line.line.pk, line.standing.remaining))
    if not parts:
        return None
    data = DispenseInput(parts, place.pk)
    try:
        with transaction.atomic():
            return services.dispense(
                visit_id=visit.pk, expected_version=visit.version, data=data, override="Dữ liệu giả định"
            )
    except Refused:
        return None  # a demo goes on without it


def _bring_back(act: Dispensing) -> None:
    lot = DispensingLot.objects.filter(line__dispensing=act).order_by("pk").first()
    if lot is not None:
        services.medicines_back(
            dispensing_id=act.pk,
            expected_version=act.version,
            data=BackInput({lot.pk: 1}, "Bác sĩ đổi thuốc"),
        )
