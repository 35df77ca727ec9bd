"""Whom the lists of target groups find by what her household, or she herself, is entitled to on a day.

Unscoped: each is a condition on people whom the list's own query takes through the scope.
"""

import datetime as dt
from collections.abc import Callable

from django.db.models import Exists, OuterRef, Q

from apps.core.registry import TargetGroup
from apps.core.scope import RESTRICTED_RIGHT, current
from apps.households.models import EventState, Membership, PersonStatus, Poverty, StatusKind
from apps.households.models.conditions import MENTAL
from apps.households.statuses import poverty_on

ON_THE_DAY = "Theo diện ghi trong hồ sơ cho ngày đó"


def _in_force(on: dt.date) -> Q:
    return Q(Q(valid_from__isnull=True) | Q(valid_from__lte=on)) & Q(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    )


def of_poverty(poverty: str) -> Callable[[dt.date], Q]:
    """Who belonged that day to a household that was poor, or near poor, that day."""

    def condition(on: dt.date) -> Q:
        homes = (
            Membership.unscoped.filter(_in_force(on), person=OuterRef("pk"))
            .annotate(poverty_then=poverty_on(on, "household"))
            .filter(poverty_then=poverty)
        )
        return Q(Exists(homes))

    return condition


def of_status(kind: str) -> Callable[[dt.date], Q]:
    """Who was that day of merit, under social protection, disabled; a mental disability by right alone."""

    def condition(on: dt.date) -> Q:
        rows = PersonStatus.unscoped.filter(
            _in_force(on), person=OuterRef("pk"), kind=kind, state=EventState.FINAL
        )
        if kind == StatusKind.DISABILITY and not current().can(RESTRICTED_RIGHT):
            rows = rows.exclude(category=MENTAL)
        return Q(Exists(rows))

    return condition


GROUPS = (
    TargetGroup("poor", "Người thuộc hộ nghèo", of_poverty(Poverty.POOR), note=ON_THE_DAY, order=60),
    TargetGroup(
        "near_poor", "Người thuộc hộ cận nghèo", of_poverty(Poverty.NEAR_POOR), note=ON_THE_DAY, order=61
    ),
    TargetGroup("disabled", "Người khuyết tật", of_status(StatusKind.DISABILITY), note=ON_THE_DAY, order=62),
    TargetGroup("merit", "Người có công", of_status(StatusKind.MERIT), note=ON_THE_DAY, order=63),
    TargetGroup(
        "social", "Người hưởng bảo trợ xã hội", of_status(StatusKind.SOCIAL), note=ON_THE_DAY, order=64
    ),
)
