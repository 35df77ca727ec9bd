"""The head of a paper that tells about a day: the station's name of that day, not of today.

Every paper about people takes its head from here (or, of one act, from `asof.face`);
tests/house/test_letterheads.py fails for one that does not.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.scope import Scope
from apps.facilities import asof, queries
from apps.facilities.models import Facility, FacilityKind, FacilityPast, Hamlet


def letterhead(
    scope: Scope, on: dt.date, *, facility: Facility | None = None, hamlet: Hamlet | None = None
) -> dict[str, Any]:
    """facility_name, facility_address and place_date of a paper that tells about `on` and is signed today.

    The station that cared for `hamlet` then; else `facility`; else the workplace, or the stations that have
    come under it since, where it was not there yet. One query for a paper of today, a few for an older one.
    """
    today = timezone.localdate()
    here = Facility.objects.select_related("unit").filter(pk__in=[scope.workplace_id]).first()
    then = []
    if on < today and hamlet is not None:
        found = queries.station_of(asof.hamlet_on(hamlet, on).pk, on)
        then = [found] if found else []
    if not then and facility is not None:
        then = [facility]
    if not then:
        then = _houses(scope, here, on) if on < today else [here] if here else []
    if not then:
        return {"facility_name": scope.label}
    faces = list(asof.faces(then, on).values())
    head = {
        "facility_name": "; ".join(sorted(face.name for face in faces)),
        "facility_address": faces[0].address if len(faces) == 1 else "",
    }
    if here is not None:
        head["place_date"] = (
            f"{here.unit.name}, ngày {today.day:02d} tháng {today.month:02d} năm {today.year}"
        )
    return head


def former_stations(scope: Scope) -> list[tuple[UUID, str]]:
    """The stations that have become points of the workplace, by the names that they had. One query."""
    rows = FacilityPast.objects.filter(
        facility__in=scope.facility_ids, facility__kind=FacilityKind.POINT, kind=FacilityKind.STATION
    ).exclude(facility=scope.workplace_id)
    found = {
        row.facility_id: f"{row.name} (đến {row.valid_to:%d/%m/%Y})" for row in rows.order_by("valid_to")
    }
    return sorted(found.items(), key=lambda each: each[1])


def _houses(scope: Scope, here: Facility | None, on: dt.date) -> list[Facility]:
    """The workplace if it stood on that day, else the stations of that day that are its points now."""
    if here is None or here.in_force(on):
        return [here] if here else []
    rows = FacilityPast.objects.filter(
        facility__in=scope.facility_ids, kind=FacilityKind.STATION, valid_to__gte=on
    )
    past = [row.facility for row in rows.select_related("facility__unit") if row.in_force(on)]
    return list({each.pk: each for each in past}.values()) or [here]
