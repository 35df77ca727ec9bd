"""The code pickers: what each kind finds, best first, as (code, name, note) lines.

A form uses one so: `forms.CharField(widget=picks.widget("icd10"))`; the value is the code. Another room
adds a kind with `picks.kinds.add(Kind(...))` in its plugs.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from apps.catalogues import codes, frequency, icd
from apps.catalogues.models import Drug, LabTest, Service, Supply
from apps.catalogues.search import matching, needle, ranked
from apps.catalogues.shipped import SMALL_LISTS
from apps.core.registry import Registry
from apps.core.scope import Scope
from apps.core.text import search_key
from apps.core.widgets import CodePicker

# As many lines as a list on a 768-pixel screen shows without scrolling far.
LIMIT = 20


@dataclass(frozen=True)
class Pick:
    """One line of a picker; `code` becomes the field's value."""

    code: str
    name: str
    note: str = ""
    near: bool = False  # holds not all that was typed: never taken by Enter alone


@dataclass(frozen=True)
class Kind:
    """What can be picked. `find(scope, text, on)` answers typing; `names(codes)` names chosen codes;
    `find_for` answers where the form says for whom it asks.
    """

    key: str
    title: str
    find: Callable[[Scope, str, dt.date], Sequence[Pick]]
    names: Callable[[Sequence[str]], dict[str, str]]
    find_for: Callable[[Scope, str, dt.date, icd.Patient], Sequence[Pick]] | None = None


kinds: Registry[Kind] = Registry("picker kinds")


def widget(
    kind: str,
    *,
    on: dt.date | None = None,
    day_of: str = "",
    whom: str = "",
    multiple: bool = False,
    placeholder: str = "Gõ tên không dấu hoặc mã",
) -> CodePicker:
    """The form widget that picks from `kind`; `on` is the day of the record, where that may not be today,
    `day_of` the field of the same form in which that day is typed, `whom` for whom (icd.Patient).
    """
    day = {"data-on": on.isoformat()} if on else {}
    day |= {"data-whom": whom} if whom else {}
    return CodePicker(
        "catalogues:pick",
        url_kwargs={"kind": kind},
        names=partial(names, kind),
        multiple=multiple,
        placeholder=placeholder,
        attrs=day | ({"data-day-of": day_of} if day_of else {}),
    )


def names(kind: str, picked: Sequence[str]) -> dict[str, str]:
    """Names of chosen codes; an unknown kind or code has none."""
    known = find_kind(kind)
    return known.names(picked) if known else {}


def find_kind(key: str) -> Kind | None:
    """The kind, or one made of a small list of that name."""
    found = kinds.get(key)
    if found is None and key in SMALL:
        found = Kind(key, key, partial(_find_small, key), partial(_small_names, key))
    return found


# --- diseases


def _find_icd10(scope: Scope, text: str, on: dt.date, patient: icd.Patient = icd.ANYBODY) -> list[Pick]:
    same: Any = {"on": on, "facility_id": _station(scope), "limit": LIMIT}
    found = icd.find(text, **same, patient=patient)
    near = [] if found or not text.strip() else icd.near(text, **same)
    return [Pick(row.code, row.name, _icd_note(row.flags), near=not found) for row in found or near]


def _icd_note(flags: dict[str, Any]) -> str:
    words = []
    if flags.get("not_principal"):
        words.append("không làm bệnh chính")
    if flags.get("has_more_specific", not flags.get("is_leaf", True)):
        words.append("còn mã chi tiết")
    if sex := flags.get("sex"):
        words.append("chỉ nữ" if sex == "F" else "chỉ nam")
    return ", ".join(words)


def _icd10_names(picked: Sequence[str]) -> dict[str, str]:
    return icd.names_ever(picked)


# --- tables with a code and a search column


def _find_rows(
    rows: Callable[[], Any],
    kind: str,
    common: str | None,
    show: Callable[[Any], Pick],
    scope: Scope,
    text: str,
    on: dt.date,
) -> list[Pick]:
    what = needle(text)
    frequent = frequency.top(kind, _station(scope))
    found = matching(rows().on(on), what)
    if common and not what.folded:
        found = found.filter(**{common: True}) | found.filter(code__in=frequent)
    found = ranked(found, what, frequent=frequent, common=common).defer("tokens", "search")
    return [show(row) for row in found[:LIMIT]]


def _row_names(model: Any, picked: Sequence[str]) -> dict[str, str]:
    return {row.code: str(row) for row in model.objects.filter(code__in=picked).defer("tokens", "search")}


def _drug(row: Drug) -> Pick:
    shown = str(row)
    if row.kind == Drug.Kind.PRODUCT and row.ingredient.lower() not in row.name.lower():
        shown = f"{shown} ({row.ingredient})"
    note = [row.form, codes.label("drug_routes", row.route_code)]
    if row.controlled:
        note.append(row.get_controlled_display().lower())
    if row.is_antibiotic:
        note.append("kháng sinh")
    return Pick(row.code, shown, ", ".join(part for part in note if part))


def _service_names(picked: Sequence[str]) -> dict[str, str]:
    return dict(Service.objects.filter(code__in=picked).values_list("code", "name"))


kinds.add(
    Kind("icd10", "Mã bệnh ICD-10", _find_icd10, _icd10_names, _find_icd10),
    Kind(
        "drug",
        "Thuốc",
        partial(_find_rows, Drug.objects.all, "drug", "common", _drug),
        partial(_row_names, Drug),
    ),
    Kind(
        "service",
        "Dịch vụ kỹ thuật",
        partial(
            _find_rows,
            Service.objects.all,
            "service",
            "common",
            lambda row: Pick(row.code, row.name, row.group),
        ),
        _service_names,
    ),
    Kind(
        "lab",
        "Xét nghiệm",
        partial(_find_rows, LabTest.objects.all, "lab", None, lambda row: Pick(row.code, row.name, row.unit)),
        partial(_row_names, LabTest),
    ),
    Kind(
        "supply",
        "Vật tư y tế",
        partial(
            _find_rows, Supply.objects.all, "supply", None, lambda row: Pick(row.code, row.name, row.unit)
        ),
        partial(_row_names, Supply),
    ),
)


# --- small lists, from memory

SMALL = SMALL_LISTS.keys() | {
    "ethnic_groups",
    "nationalities",
    "occupations",
    "bhyt_object",
    "kcb_object_type",
    "drug_routes",
    "practice_scope",
    "drug_bhyt_codes",
    "yhct_diseases",
    "injury_cause",
    "yhct_method",
    "yhct_herb",
    "order_service",
}


LONGEST_NAME = 300  # letters: no place in a name comes later


def _find_small(list_name: str, scope: Scope, text: str, on: dt.date) -> list[Pick]:
    """Each typed word must begin a word of the name or an alias, or the code begins with the text."""
    typed, code = search_key(text).split(), text.strip().lower()
    found: list[tuple[tuple[int, int, int], Pick]] = []
    for place, row in enumerate(codes.rows(list_name)):
        if not row.in_force(on):
            continue
        name, aliases = search_key(row.name), search_key(row.extra.get("aliases", ""))
        spoken = name.split() + aliases.split()
        if row.code.lower() == code:
            rank = 0
        elif typed and name.startswith(" ".join(typed)):
            rank = 1
        elif all(any(word.startswith(each) for word in spoken) for each in typed):
            rank = 2
        elif code and row.code.lower().startswith(code):
            rank = 3
        else:
            continue
        # What the words begin early says it first; then what is called so, in the order of the list; words
        # that stand apart come last.
        phrase = f" {' '.join(typed)}"
        early = f" {name}".find(phrase)
        if early < 0:
            early = LONGEST_NAME if phrase in f" {aliases}" else LONGEST_NAME + len(name)
        found.append(((rank, early, place), Pick(row.code, row.name)))
    return [pick for _, pick in sorted(found, key=lambda item: item[0])[:LIMIT]]


def _small_names(list_name: str, picked: Sequence[str]) -> dict[str, str]:
    return {code: codes.label(list_name, code) for code in picked}


def _station(scope: Scope) -> UUID | None:
    return scope.workplace_id
