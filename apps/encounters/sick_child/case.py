"""A sick child as the charts see her, and what both charts ask of her. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.core.words import quantity_words
from apps.encounters.sick_child import sheet

Limits = Mapping[str, Any]  # the values of `imci.*` without that prefix
Colours = Mapping[str, str]  # of each class: pink, yellow, green

PINK, YELLOW, GREEN = "pink", "yellow", "green"


@dataclass(frozen=True)
class Child:
    """A sick child as the chart sees her. `days` of age None where the day of birth is not known; `acute`
    ('', moderate, severe) and `waz` by the growth rules; breaths a minute, °C, % of SpO₂.
    """

    months: int
    answers: Mapping[str, str]
    days: int | None = None
    breathing: float | None = None
    temperature: float | None = None
    spo2: float | None = None
    acute: str = ""
    waz: float | None = None
    measured: bool = False  # enough for a class of acute malnutrition: weight with length, or the arm
    oedema: bool = False

    @property
    def sheet(self) -> str:
        return sheet.of_age(self.months)

    def has(self, *keys: str) -> bool:
        """Whether any of these was found."""
        return any(key in self.answers for key in keys)

    def days_of(self, key: str) -> int:
        """A number of days; none said is none."""
        return int(self.answers.get(key) or 0)


@dataclass(frozen=True)
class Class:
    """One class of the chart and what it rests on, in words."""

    code: str
    why: tuple[str, ...] = ()


@dataclass
class Judged:
    """The classes in the order of the chart, and what has to be known before more can be said."""

    classes: list[Class] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def put(self, code: str, why: Sequence[str]) -> None:
        self.classes.append(Class(code, tuple(why)))

    def has(self, colours: Colours, colour: str) -> bool:
        """Whether a class of that colour is among them."""
        return any(colours.get(one.code) == colour for one in self.classes)


def named(child: Child, *keys: str) -> list[str]:
    """Those of the signs that were found, in words."""
    known = sheet.SIGNS[child.sheet]
    found = []
    for key in keys:
        if key in child.answers:
            sign = known[key]
            words = sign.title[:1].lower() + sign.title[1:]
            found.append(f"{words} {sign.choices[child.answers[key]]}" if sign.kind == "choice" else words)
    return found


def dangers(child: Child) -> list[str]:
    """The general danger signs that were found, in words."""
    return named(child, *sheet.DANGERS[child.sheet])


def fast(child: Child, limits: Limits) -> str:
    """Why the breathing is fast for the age; '' where it is not, or was not counted."""
    if child.breathing is None:
        return ""
    for band in limits["fast_breathing"]:
        if child.months < band["under_months"]:
            if child.breathing < band["from"]:
                return ""
            count, least = quantity_words(child.breathing), quantity_words(band["from"])
            return f"thở nhanh {count} lần/phút (từ {least} ở trẻ dưới {band['under_months']} tháng)"
    return ""


def hot(child: Child, limits: Limits) -> str:
    """The fever by the thermometer, in words; '' where there is none."""
    least = limits["temperature"]["fever"]
    if child.temperature is None or child.temperature < least:
        return ""
    return f"nhiệt độ {quantity_words(child.temperature)} °C (từ {quantity_words(least)})"


def dehydration(child: Child, severe: Sequence[str], some: Sequence[str]) -> tuple[str, list[str]]:
    """How much water is lost and by which signs: two of the severe ones, else two of all, else none."""
    if len(severe) >= 2:
        return "dehydration_severe", list(severe)
    both = list(dict.fromkeys([*severe, *some]))
    return ("dehydration_some", both) if len(both) >= 2 else ("dehydration_none", [])


def has_diarrhoea(child: Child) -> bool:
    """Whether it is said, or follows from what is said."""
    return child.has("diarrhoea", "diarrhoea_days", "blood")


def long_diarrhoea(child: Child, limits: Limits) -> str:
    """Why the diarrhoea lasts; '' where it does not."""
    least = limits["diarrhoea"]["persistent_days"]
    days = child.days_of("diarrhoea_days")
    return f"tiêu chảy {days} ngày (từ {least} ngày)" if days >= least else ""


def z_words(z: float) -> str:
    """A z-score as it is written."""
    return ("−" if z < 0 else "+") + f"{abs(z):.2f}".replace(".", ",")
