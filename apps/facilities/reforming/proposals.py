"""What the table of units and the names of stations suggest; the administrator decides."""

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from apps.facilities.models import Catchment, Facility, Post, UnitSuccession
from apps.facilities.posting import lasting
from apps.facilities.resolve import heirs

STATION = re.compile(r"^trạm y tế\s+(?:(?:xã|phường|thị trấn|đặc khu)\s+)?(?:cũ\s+)?", re.IGNORECASE)
LONGEST = 200


@dataclass(frozen=True)
class Proposal:
    """Where a station or hamlet goes; `doubtful` when its commune went to several."""

    station: Facility | None
    doubtful: bool = False


def point_name(station_name: str) -> str:
    """'Trạm Y tế xã Ba Thành' -> 'Điểm trạm Ba Thành'."""
    return f"Điểm trạm {STATION.sub('', station_name).strip() or station_name}"[:LONGEST]


def of_unit(units: Collection[UUID], successors: Sequence[Facility], on: dt.date) -> dict[UUID, Proposal]:
    """unit id -> Proposal, by what each unit has become on that day and which successor stands there."""
    by_unit = {station.unit_id: station for station in reversed(successors)}
    found = heirs(units, on)
    usual = dict(
        UnitSuccession.objects.filter(old__in=units, is_default=True).values_list("old_id", "new_id")
    )
    proposals = {}
    for unit, now in found.items():
        fitting = [by_unit[each.pk] for each in now if each.pk in by_unit]
        if len(fitting) == 1:
            proposals[unit] = Proposal(fitting[0], doubtful=len(now) > 1)
        elif fitting:
            wanted = by_unit.get(usual[unit]) if unit in usual else None
            proposals[unit] = Proposal(wanted or fitting[0], doubtful=True)
        elif len(successors) == 1:
            proposals[unit] = Proposal(successors[0])
        else:
            proposals[unit] = Proposal(None, doubtful=True)
    return proposals


def open_catchments(stations: Collection[Facility]) -> list[Catchment]:
    """The hamlets that these stations and their points care for, until somebody else does."""
    here = Q(facility__in=stations) | Q(facility__part_of__in=stations)
    rows = Catchment.objects.filter(here, valid_to__isnull=True)
    return list(rows.select_related("hamlet__commune", "facility").order_by("hamlet__sort_order", "pk"))


def lasting_posts(stations: Collection[Facility]) -> list[Post]:
    """The posts at these stations that have not ended."""
    rows = Post.objects.filter(lasting(), facility__in=stations, revoked_at=None, role__is_active=True)
    return list(rows.select_related("user", "role", "facility").order_by("role__order", "user__sort_key"))


def must_be_decided(post: Post) -> bool:
    """Who leads a station that ends does not lead its successor by herself."""
    return bool({"users.enter", "users.edit", "facilities.edit"} & set(post.role.rights))
