"""Where people move to or come from: a unit that existed on that day, and in words what is below it."""

import datetime as dt
from dataclasses import dataclass

from apps.catalogues.communes import unit_key, unit_of
from apps.core.errors import Refused
from apps.core.text import clean
from apps.core.words import date_words
from apps.facilities.models import AdminUnit, UnitLevel
from apps.facilities.queries import unit_on
from apps.households.models import Reach


@dataclass(frozen=True)
class Elsewhere:
    """A place outside the station's area. `unit` is a key of `unit_key`, '' where it is not known."""

    reach: str
    unit: str = ""
    text: str = ""


def elsewhere(unit: AdminUnit, home: AdminUnit, on: dt.date) -> Elsewhere:
    """The commune of another station, as somebody of ours moves there on that day."""
    reach = Reach.PROVINCE if _province(unit) == _province(home) else Reach.COUNTRY
    if unit.pk == home.pk or not unit.in_force(on):  # what it was called then, nobody has said
        return Elsewhere(reach, text=unit.full_name)
    return Elsewhere(reach, unit_key(unit))


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
