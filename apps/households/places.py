"""Where people move to or come from: a unit that existed on that day, and in words what is below it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from apps.catalogues.picks import Kind, Pick
from apps.core.errors import Refused
from apps.core.scope import Scope
from apps.core.text import clean
from apps.core.words import date_words
from apps.facilities.models import AdminUnit, UnitLevel
from apps.facilities.queries import find_units, unit_on
from apps.households.models import Reach

SHOWN = 12
ENDED = "–"  # '21484–2025': the unit that carried the code until that year; bare, the one that carries it now


@dataclass(frozen=True)
class Elsewhere:
    """A place outside the station's area. `unit` is a key of `unit_key`, '' where it is not known."""

    reach: str
    unit: str = ""
    text: str = ""


def unit_key(unit: AdminUnit) -> str:
    return f"{unit.code}{ENDED}{unit.valid_to.year}" if unit.valid_to else unit.code


def elsewhere(unit: AdminUnit, home: AdminUnit, on: dt.date) -> Elsewhere:
    """The commune of another station, as somebody of ours moves there on that day."""
    reach = Reach.PROVINCE if _province(unit) == _province(home) else Reach.COUNTRY
    if unit.pk == home.pk or not unit.in_force(on):  # what it was called then, nobody has said
        return Elsewhere(reach, text=unit.full_name)
    return Elsewhere(reach, unit_key(unit))


def unit_of(key: str) -> AdminUnit | None:
    """The unit behind a key. A code is used again after a reform, so that a bare one means today's."""
    code, _, year = key.strip().partition(ENDED)
    units = AdminUnit.objects.select_related("parent__parent").filter(level=UnitLevel.COMMUNE, code=code)
    if year:
        if not year.isdecimal() or len(year) != 4:
            return None
        return units.filter(valid_to__year=int(year)).order_by("-valid_to").first()
    return units.filter(valid_to__isnull=True).first()


def check(place: Elsewhere, on: dt.date) -> tuple[AdminUnit | None, str]:
    """The unit and the text of a place that somebody moves to or from on that day. Raises Refused."""
    if place.reach not in Reach.values:
        raise Refused("Hãy chọn chuyển trong tỉnh, ngoài tỉnh hay ra nước ngoài.", field="reach")
    text = clean(place.text)
    if len(text) > 200:
        raise Refused("Địa chỉ dài quá 200 chữ.", field="place_text")
    if not place.unit:
        return None, text
    unit = unit_of(place.unit)
    if unit is None:
        raise Refused(f"Không có xã, phường mang mã “{clean(place.unit)[:12]}”.", field="unit")
    if place.reach == Reach.ABROAD:
        raise Refused("Chuyển ra nước ngoài thì không chọn xã, phường.", field="unit")
    if not unit.in_force(on):
        raise Refused(_not_then(unit, on), field="unit")
    return unit, text


def check_reach(unit: AdminUnit | None, home: AdminUnit, reach: str) -> None:
    """The reach and a unit of today must tell the same: another commune, of the home's province or not."""
    if unit is None or unit.valid_to is not None:
        return  # which province the home belonged to then, nobody has written down
    if unit.pk == home.pk:
        raise Refused(f"{unit.full_name} là xã của trạm, không phải nơi khác.", field="unit")
    same = _province(unit) == _province(home)
    if same and reach == Reach.COUNTRY:
        raise Refused(f"{unit.full_name} ở trong tỉnh; hãy chọn “Xã khác trong tỉnh”.", field="reach")
    if not same and reach == Reach.PROVINCE:
        raise Refused(f"{unit.full_name} ở ngoài tỉnh; hãy chọn “Ngoài tỉnh”.", field="reach")


def _province(unit: AdminUnit) -> str:
    while unit.parent is not None:
        unit = unit.parent
    return unit.code


def _not_then(unit: AdminUnit, on: dt.date) -> str:
    day = date_words(on)
    if unit.valid_from and on < unit.valid_from:
        sentence = f"{unit.full_name} có từ {date_words(unit.valid_from)}, ngày {day} chưa có."
    else:
        sentence = f"{unit.full_name} chỉ có đến {date_words(unit.valid_to)}, ngày {day} không còn."
    then = unit_on(UnitLevel.COMMUNE, unit.code, on)
    hint = f" Ngày đó mã {unit.code} là {then.full_name_on(on)}." if then else ""
    return f"{sentence}{hint} Hãy chọn xã, phường có vào ngày đó."


# --- the picker


def _find(_scope: Scope, text: str, on: dt.date) -> list[Pick]:
    """Units of that day, then older ones of the name, each with the province and its last day."""
    if not clean(text):
        return []
    found = find_units(text, on, limit=SHOWN)
    if len(found) < SHOWN:
        known = {unit.pk for unit in found}
        older = find_units(text, dt.date(2025, 6, 30), limit=SHOWN)
        found += [unit for unit in older if unit.pk not in known][: SHOWN - len(found)]
    return [Pick(unit_key(unit), unit.full_name, _note(unit)) for unit in found]


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
