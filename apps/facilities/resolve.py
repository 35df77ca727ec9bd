"""Which commune a text means: by its code on the day of the data, then by its names; and what became of it.

A code means something only together with a date: of the 3,321 communes of 01/07/2025 most carry a code that
another commune had the day before. A unit that was split has several heirs; then nobody is chosen silently.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from apps.core.text import clean, search_key, sort_key
from apps.facilities.models import AdminUnit, UnitLevel, UnitSuccession

Way = Literal["code", "code_of_other_day", "names", "names_of_other_day", "split", "several", "ended", "none"]
GENERATIONS = 5  # reforms that follow each other; more is a circle in the table
MOST = 20  # candidates that a person can still choose from
SPOKEN_KINDS = {
    UnitLevel.COMMUNE: ("xa", "phuong", "thi tran", "dac khu", "p", "tt", "x"),
    UnitLevel.DISTRICT: ("huyen", "quan", "thi xa", "thanh pho", "h", "q", "tx", "tp"),
    UnitLevel.PROVINCE: ("tinh", "thanh pho", "tp", "t"),
}


@dataclass(frozen=True)
class Resolved:
    """`unit` is in force on the day asked for, `was` the unit that the text named on the day of the data.

    | way | unit | candidates |
    |---|---|---|
    | code, names | the one unit | - |
    | code_of_other_day, names_of_other_day | the one unit; the text is of another day | - |
    | split | None: the unit named went to several; `usual` took most of it | all of them |
    | several | None: the text fits more than one, or code and names name two | those |
    | ended | None: the unit named has ended and no table says what became of it | - |
    | none | None: nothing fits | - |
    """

    way: Way
    text: str = ""
    unit: AdminUnit | None = None
    was: AdminUnit | None = None
    candidates: list[AdminUnit] = field(default_factory=list)
    usual: AdminUnit | None = None
    name_differs: bool = False  # found by its code; the name beside it is another

    @property
    def sentence(self) -> str:
        """What the importer is told; empty when nothing is to be looked at."""
        text, names = self.text, ", ".join(unit.full_name for unit in self.candidates)
        told = self.was.full_name if self.was else text
        if self.way == "split":
            return f"{told} đã chia về nhiều xã, phường: {names}. Hãy chọn theo thôn, tổ."
        if self.way == "several":
            return f"«{text}» khớp với nhiều xã, phường: {names}. Hãy ghi thêm mã hoặc tên tỉnh."
        if self.way == "ended":
            return (
                f"{told} không còn nữa và chưa có bảng cho biết đã nhập về đâu. Hãy chọn xã, phường hiện nay."
            )
        if self.way == "none":
            return f"Không tìm thấy xã, phường nào là «{text}»."
        if self.name_differs and self.was:
            return f"Mã {self.was.code} là {told}, khác tên ghi trong tệp."
        return ""


class Resolver:
    """Resolves many lines of one file: what was asked before is not asked again."""

    def __init__(self, *, on: dt.date, to: dt.date | None = None) -> None:
        """`on`: the day of the data. `to`: the day whose units are wanted, today unless said."""
        self.on, self.to = on, to or timezone.localdate()
        self._known: dict[tuple[str, tuple[str, ...]], Resolved] = {}

    def find(self, code: str = "", names: Sequence[str] = ()) -> Resolved:
        """`names`: commune, district, province as they are known, in this order; blanks are no matter."""
        key = (clean(code), tuple(clean(name) for name in names))
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, code: str, names: tuple[str, ...]) -> Resolved:
        text = ", ".join(part for part in (code, *names) if part)
        by_code, named_at_all = self._of_code(code), any(names[:1])
        if by_code is not None and (not named_at_all or _is_called(by_code, names[0], self.on)):
            return self._today(by_code, "code", text)
        if _five(code) and (other := self._of_other_day(code, names)):
            return self._today(other, "code_of_other_day", text)
        named = self._named(names, self.on) if named_at_all else []
        if by_code is not None and not named:
            return self._today(by_code, "code", text, name_differs=True)
        if by_code is not None:
            return Resolved("several", text, candidates=[by_code, *named][:MOST])
        way: Way = "names"
        if not named and named_at_all:
            way, named = "names_of_other_day", self._named(names, None)
        if len(named) == 1:
            return self._today(named[0], way, text)
        if named:
            return self._meeting(named, way, text)
        return Resolved("none", text)

    def _of_code(self, code: str) -> AdminUnit | None:
        digits = _five(code)
        if not digits:
            return None
        rows = AdminUnit.objects.on(self.on).filter(level=UnitLevel.COMMUNE, code=digits)
        return rows.select_related("parent__parent").first()

    def _of_other_day(self, code: str, names: Sequence[str]) -> AdminUnit | None:
        """The one unit that ever carried the code under that name, or the only one that ever carried it."""
        rows = AdminUnit.objects.filter(level=UnitLevel.COMMUNE, code=_five(code))
        units = list(rows.select_related("parent__parent"))
        if any(names[:1]):
            units = [unit for unit in units if _is_called(unit, names[0], None)]
        return units[0] if len(units) == 1 else None

    def _named(self, names: Sequence[str], on: dt.date | None) -> list[AdminUnit]:
        """Communes of that name within the district and province named; of any day when `on` is None."""
        commune, district, province = [*names, "", "", ""][:3]
        rows = AdminUnit.objects.filter(level=UnitLevel.COMMUNE) if on is None else AdminUnit.objects.on(on)
        typed = _names(commune, UnitLevel.COMMUNE)
        typed += [f"0{name}" for name in typed if len(name) == 1 and name.isdecimal()]
        keys = [Q(search_key__endswith=f" {name}") for name in typed]
        wanted = ~Q(earlier_names=[])
        for each in keys:
            wanted |= each
        rows = rows.filter(wanted, level=UnitLevel.COMMUNE).select_related("parent__parent")
        units = [unit for unit in rows if _is_called(unit, commune, on)]
        units = [unit for unit in units if self._lies_in(unit, district, province, on)]
        # 'Xã Bà Tô' is not 'Phường Ba Tơ' where the text says so itself.
        for narrower in (_same_kind, _same_marks):
            if len(units) > 1:
                units = [unit for unit in units if narrower(unit, commune)] or units
        return units

    def _lies_in(self, unit: AdminUnit, district: str, province: str, on: dt.date | None) -> bool:
        above = unit.parent
        if above is not None and above.level == UnitLevel.DISTRICT:
            if district and not _is_called(above, district, on, UnitLevel.DISTRICT):
                return False
            above = above.parent
        if not province or above is None:
            return True
        if _is_called(above, province, on, UnitLevel.PROVINCE):
            return True
        # A list of today may still write the province of before, and the other way round.
        kin = AdminUnit.objects.filter(Q(became__new=above) | Q(came_from__old=above)).distinct()
        return any(_is_called(each, province, None, UnitLevel.PROVINCE) for each in kin)

    def _meeting(self, named: list[AdminUnit], way: Way, text: str) -> Resolved:
        """Several units of one name: one answer when all of them have become the same."""
        found = heirs([unit.pk for unit in named], self.to)
        units = {unit for unit in named for unit in found[unit.pk]}
        if len(units) == 1:
            return Resolved(way, text, unit=units.pop(), was=named[0])
        chosen = sorted(units or named, key=lambda unit: (unit.search_key, unit.code))
        return Resolved("several", text, candidates=chosen[:MOST])

    def _today(self, was: AdminUnit, way: Way, text: str, *, name_differs: bool = False) -> Resolved:
        found = heirs([was.pk], self.to)[was.pk]
        if len(found) == 1:
            return Resolved(way, text, unit=found[0], was=was, name_differs=name_differs)
        if not found:
            return Resolved("ended", text, was=was)
        usual = (
            UnitSuccession.objects.filter(old=was, is_default=True).values_list("new_id", flat=True).first()
        )
        first = next((unit for unit in found if unit.pk == usual), None)
        return Resolved("split", text, was=was, candidates=found, usual=first)


def resolve_unit(
    *, code: str = "", names: Sequence[str] = (), on: dt.date, to: dt.date | None = None
) -> Resolved:
    """One text: see Resolver. For a file of many lines keep one Resolver."""
    return Resolver(on=on, to=to).find(code, names)


def heirs(unit_ids: Iterable[UUID], on: dt.date) -> dict[UUID, list[AdminUnit]]:
    """For each unit those in force on `on` that it is, or has become. One query a reform, usually two."""
    starts = set(unit_ids)
    reached = {start: {start} for start in starts}
    units = {unit.pk: unit for unit in AdminUnit.objects.filter(pk__in=starts).select_related("parent")}
    ended = {pk for pk, unit in units.items() if _ended(unit, on)}
    for _ in range(GENERATIONS):
        if not ended:
            break
        steps: dict[UUID, set[UUID]] = {}
        rows = UnitSuccession.objects.filter(old__in=ended, on__lte=on).select_related("new__parent")
        for row in rows:
            steps.setdefault(row.old_id, set()).add(row.new_id)
            units[row.new_id] = row.new
        for start, found in reached.items():
            reached[start] = {new for pk in found for new in (steps.get(pk, ()) if pk in ended else (pk,))}
        ended = {pk for pk in set().union(*reached.values()) if _ended(units[pk], on)}
    return {
        start: sorted(
            (units[pk] for pk in found if pk in units and not _ended(units[pk], on)),
            key=lambda unit: (unit.search_key, unit.code),
        )
        for start, found in reached.items()
    }


def same_commune_on(unit_a: AdminUnit | UUID, unit_b: AdminUnit | UUID, on: dt.date) -> bool:
    """Whether two communes, former ones too, are one and the same on that day.

    A move between them is then within the commune. Of a commune that was split nobody can say it without the
    hamlet: False, unless both are the same unit.
    """
    a, b = (unit.pk if isinstance(unit, AdminUnit) else unit for unit in (unit_a, unit_b))
    if a == b:
        return True
    found = heirs([a, b], on)
    return len(found[a]) == 1 and found[a] == found[b]


def _ended(unit: AdminUnit, on: dt.date) -> bool:
    return unit.valid_to is not None and unit.valid_to < on


def _five(code: str) -> str:
    """A commune's code with the zeros that a spreadsheet has eaten; empty for what is no code."""
    digits = code.removesuffix(".0").strip()
    return digits.zfill(5) if digits.isascii() and digits.isdecimal() and len(digits) <= 5 else ""


def _names(name: str, level: str) -> list[str]:
    """The keys under which a typed name may stand: as typed, and without 'xã', 'P.', 'TX' before it."""
    key = _key(name)
    found = [key]
    for kind in SPOKEN_KINDS[UnitLevel(level)]:
        if key.startswith(f"{kind} ") and len(key) > len(kind) + 1:
            found.append(key[len(kind) + 1 :])
    return [name for name in found if name]


def _key(name: str) -> str:
    """'Phường 01' is 'Phường 1'."""
    return re.sub(r"\b0+([0-9])", r"\1", search_key(name))


def _is_called(unit: AdminUnit, name: str, on: dt.date | None, level: str = UnitLevel.COMMUNE) -> bool:
    """Whether the unit bears that name on that day (ever when `on` is None), with or without its kind."""
    called = [(unit.kind, unit.name)]
    if on is None:
        called += [(earlier["kind"], earlier["name"]) for earlier in unit.earlier_names]
    else:
        for earlier in unit.earlier_names:
            if on <= dt.date.fromisoformat(earlier["to"]):
                called = [(earlier["kind"], earlier["name"])]
                break
    keys = {_key(text) for kind, own in called for text in (own, f"{kind} {own}")}
    return any(each in keys for each in _names(name, level))


def _same_kind(unit: AdminUnit, name: str) -> bool:
    return _key(name) == _key(unit.full_name)


def _same_marks(unit: AdminUnit, name: str) -> bool:
    """With the same accents, wherever the tone is placed (Hòa, Hoà)."""
    return sort_key(unit.name).split() == sort_key(name).split() or clean(name).casefold().endswith(
        unit.name.casefold()
    )
