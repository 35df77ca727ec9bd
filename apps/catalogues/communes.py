"""A commune in a code picker: found by its name, of today or of before the last reform; chosen by its code.

A code is used again after a reform: the key of a unit that has ended also tells the year.
"""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q

from apps.catalogues.picks import Kind, Pick
from apps.core.scope import Scope
from apps.core.text import clean
from apps.core.words import date_words
from apps.facilities.models import AdminUnit, UnitLevel
from apps.facilities.queries import find_units

SHOWN = 12
ENDED = "–"  # '21484–2025': the unit that carried the code until that year; bare, the one that carries it now


def unit_key(unit: AdminUnit) -> str:
    return f"{unit.code}{ENDED}{unit.valid_to.year}" if unit.valid_to else unit.code


def unit_of(key: str) -> AdminUnit | None:
    """The unit behind a key. A code is used again after a reform, so that a bare one means today's."""
    code, _, year = key.strip().partition(ENDED)
    units = AdminUnit.objects.select_related("parent__parent").filter(level=UnitLevel.COMMUNE, code=code)
    if year:
        if not year.isdecimal() or len(year) != 4:
            return None
        return units.filter(valid_to__year=int(year)).order_by("-valid_to").first()
    return units.filter(valid_to__isnull=True).first()


def _find(_scope: Scope, text: str, on: dt.date) -> list[Pick]:
    """Units of that day, then older ones of the name, each with the province and its last day."""
    if not clean(text):
        return []
    found = find_units(text, on, limit=SHOWN)
    if len(found) < SHOWN:
        known = {unit.pk for unit in found}
        older = find_units(text, dt.date(2025, 6, 30), limit=SHOWN)
        found += [unit for unit in older if unit.pk not in known][: SHOWN - len(found)]
    return [pick_of(unit) for unit in found]


def pick_of(unit: AdminUnit) -> Pick:
    """A unit as the picker lists it."""
    return Pick(unit_key(unit), unit.full_name, _note(unit))


def _note(unit: AdminUnit) -> str:
    above = []
    parent = unit.parent
    while parent is not None:
        above.append(parent.full_name)
        parent = parent.parent
    if unit.valid_to:
        above.append(f"đến {date_words(unit.valid_to)}")
    return ", ".join(above)


def _names(keys: Sequence[str]) -> dict[str, str]:
    codes = [key.partition(ENDED)[0] for key in keys]
    units = AdminUnit.objects.filter(Q(code__in=codes), level=UnitLevel.COMMUNE)
    names = {unit_key(unit): unit.full_name for unit in units}
    return {key: names[key] for key in keys if key in names}


UNIT = Kind("commune", "Xã, phường", _find, _names)
