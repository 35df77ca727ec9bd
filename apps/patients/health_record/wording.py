"""What a section or line says, in the words of the form: for pages, papers and earlier versions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.catalogues import codes
from apps.core.words import quantity_words
from apps.patients.health_record.parts import LISTS, UNITS, Part
from apps.patients.models import LineState

YEARS = frozenset({"since_year", "year", "last_pregnancy_year"})
QUITS = {"tobacco_quit": "tobacco", "alcohol_quit": "alcohol", "drugs_quit": "drugs"}


@dataclass(frozen=True)
class Fact:
    """A field in words."""

    label: str
    value: str


def facts(part: Part, values: Mapping[str, Any], names: Iterable[str]) -> list[Fact]:
    """The fields that say something, in the order of the form."""
    return [fact for fact in all_facts(part, values, names) if fact.value]


def all_facts(part: Part, values: Mapping[str, Any], names: Iterable[str]) -> list[Fact]:
    """All fields: the paper has a place for each."""
    return [Fact(part.label(name), in_words(part, name, values.get(name))) for name in names]


def in_words(part: Part, name: str, value: Any) -> str:
    """One value; empty where nothing was said."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        # A tick that was not made says nothing; yes and no of a question both do.
        return ("Có" if value else "") if name in QUITS else ("Có" if value else "Không")
    if lists := LISTS.get((part.key, name)):
        return ", ".join(_label(lists, code) for code in (value if isinstance(value, list) else [value]))
    if name in YEARS:
        return str(value)
    if isinstance(value, int | Decimal) or name in UNITS:
        unit = UNITS.get(name, "")
        return f"{quantity_words(Decimal(str(value)))} {unit}".strip()
    return str(value)


def _label(lists: tuple[str, ...], code: str) -> str:
    return next((codes.label(each, code) for each in lists if codes.get(each, code)), code)


def line_title(part: Part, values: Mapping[str, Any]) -> str:
    """A line in one sentence: 'Tăng huyết áp (I10), từ năm 2015'."""
    words = [in_words(part, "code", values.get("code"))]
    text = str(values.get("text") or "")
    if values.get("icd_code"):
        words[0] = f"{words[0]} ({values['icd_code']})"
    words[0] = f"{words[0]}: {text}" if words[0] and text else words[0] or text
    if values.get("relative"):
        words.append(in_words(part, "relative", values["relative"]).lower())
    if values.get("degree"):
        words.append(f"mức độ {in_words(part, 'degree', values['degree']).lower()}")
    if values.get("since_year"):
        words.append(f"từ năm {values['since_year']}")
    if values.get("year"):
        words.append(f"năm {values['year']}")
    if values.get("place"):
        words.append(str(values["place"]))
    return ", ".join(word for word in words if word)


def state_word(state: str) -> str:
    """'Đã khỏi', 'Nhập nhầm'; nothing for what holds."""
    return "" if state == LineState.ACTIVE else str(LineState(state).label)
