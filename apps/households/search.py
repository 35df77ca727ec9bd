"""The households' answer to the one search box: a household code opens the family."""

import re

from django.urls import reverse

from apps.core.registry import Hit
from apps.core.scope import Scope
from apps.core.text import clean
from apps.households import queries


def search(scope: Scope, text: str, limit: int) -> list[Hit]:
    """'H123' and 'h0000123' are the household H0000123; ten figures may be its insurance number. No query
    for any other text.
    """
    if not scope.can("households.view"):
        return []
    asked = clean(text)
    if match := re.fullmatch("[hH]0*([0-9]{1,7})", asked):
        found = queries.household_by_code(f"H{int(match[1]):07d}")
    elif re.fullmatch("[0-9]{10}", asked):
        found = queries.household_by_bhxh_code(asked)
    else:
        return []
    return [
        Hit(
            title=f"Hộ {household.code}",
            subtitle=household.hamlet.name,
            url=reverse("households:household", args=[household.pk]),
            note=f"Chủ hộ {household.heads[0].person.full_name}" if household.heads else "",
            kind="household",
            person_id=household.heads[0].person_id if household.heads else None,
        )
        for household in found[:limit]
    ]
