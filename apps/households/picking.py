"""A household in a code picker: found by anybody who lives in it, or by its code; chosen by its code."""

import datetime as dt
import re
from collections.abc import Sequence
from uuid import UUID

from apps.catalogues.picks import Kind, Pick
from apps.core import readlog
from apps.core.scope import Scope
from apps.core.text import clean
from apps.households import queries
from apps.households.models import Household, Membership
from apps.patients.queries import find_people

SHOWN = 12


def _find(scope: Scope, text: str, _on: dt.date) -> list[Pick]:
    if not scope.can("households.view") or not scope.can("people.view"):
        return []
    if match := re.fullmatch("[hH]0*([0-9]{1,7})", clean(text)):
        found = queries.household_by_code(f"H{int(match[1]):07d}")
        return _shown(found)
    lines = find_people(scope, text, SHOWN)
    rows = Membership.objects.filter(
        person__in=[line.id for line in lines], valid_to__isnull=True
    ).values_list("household_id", flat=True)
    return _shown(queries.households_with_heads(list(dict.fromkeys(rows))))


def _shown(households: Sequence[Household]) -> list[Pick]:
    open_ones = [household for household in households if not household.closed][:SHOWN]
    seen: list[UUID] = [household.heads[0].person_id for household in open_ones if household.heads]
    if seen:
        readlog.record("search", seen)
    return [Pick(household.code, _title(household), household.hamlet.name) for household in open_ones]


def _title(household: Household) -> str:
    return f"Hộ {household.heads[0].person.full_name}" if household.heads else "Hộ chưa có chủ hộ"


def _names(codes: Sequence[str]) -> dict[str, str]:
    found = [household for code in codes for household in queries.household_by_code(code)]
    return {pick.code: pick.name for pick in _shown(found)}


HOUSEHOLD = Kind("household", "Hộ gia đình", _find, _names)
