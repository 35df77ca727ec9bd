"""The sick-child form of a visit: judged with the figures, limits and words of its day."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from apps.care.growth import queries as growths
from apps.catalogues import codes
from apps.core import parameters
from apps.core.words import completed_months
from apps.encounters.sick_child import sheet
from apps.encounters.sick_child.case import GREEN, PINK, YELLOW, Child
from apps.encounters.sick_child.judging import judge
from apps.patients.models import Person

LIST = "imci_class"
PREFIX = "imci."
COLOURS = {PINK: ("danger", "hồng"), YELLOW: ("warning", "vàng"), GREEN: ("done", "xanh")}


@dataclass(frozen=True)
class Told:
    """A class in words: `state` and `colour` of its chip, why, and what to do, sentence by sentence."""

    code: str
    title: str
    state: str
    colour: str
    why: str
    todo: list[str]

    @property
    def is_pink(self) -> bool:
        return self.state == COLOURS[PINK][0]


def months_of(person: Person, on: dt.date) -> int | None:
    """Completed months of age; None where no more than the year of birth is known."""
    if person.birth_date is None or person.birth_precision == "year" or person.birth_date > on:
        return None
    return completed_months(person.birth_date, on)


def sheet_for(person: Person, on: dt.date) -> str:
    """The form of this person's age on a day; '' for none."""
    return sheet.of_age(months_of(person, on))


def judged(
    person: Person,
    at: dt.datetime,
    answers: Mapping[str, str],
    figures: Mapping[str, Decimal | None],
    *,
    oedema: bool,
) -> dict[str, Any]:
    """What the answers come to with the figures of the visit, as it is stored: {"classes": [{"code",
    "colour", "why"}], "missing"}; empty without answers. Two queries.
    """
    on = timezone.localdate(at)
    months = months_of(person, on)
    if not answers or months is None or not sheet.of_age(months):
        return {}
    grown = growths.typed(person, at, figures, oedema=oedema, known=growths.limits().on(on))
    weight = grown.verdict("waz") if grown else None
    child = Child(
        months=months,
        answers=answers,
        days=person.age_days(on) if person.birth_precision == "day" else None,
        breathing=_number(figures, "breathing"),
        temperature=_number(figures, "temperature"),
        spo2=_number(figures, "spo2"),
        acute=grown.acute.code.removeprefix("acute_") if grown and grown.acute else "",
        waz=weight.z if weight and not weight.flagged else None,
        measured=grown is not None and (grown.scores.whz is not None or grown.of("muac") is not None),
        oedema=oedema,
    )
    colours = {row.code: row.extra.get("colour", "") for row in codes.rows(LIST) if row.in_force(on)}
    found = judge(child, parameters.dated(PREFIX).on(on), colours)
    return {
        "classes": [
            {"code": one.code, "colour": colours.get(one.code, ""), "why": list(one.why)}
            for one in found.classes
        ],
        "missing": found.missing,
    }


def _number(figures: Mapping[str, Decimal | None], key: str) -> float | None:
    value = figures.get(key)
    return None if value is None else float(value)


def told(stored: Mapping[str, Any], on: dt.date) -> list[Told]:
    """The classes in words, the gravest first. No query."""
    order = [PINK, YELLOW, GREEN, ""]
    found = sorted(stored.get("classes", ()), key=lambda one: order.index(one["colour"]))
    return [_told(one["code"], one["colour"], one["why"], on) for one in found]


def _told(code: str, colour: str, why: Sequence[str], on: dt.date) -> Told:
    row = codes.get(LIST, code, on)
    state, word = COLOURS.get(colour, ("info", ""))
    todo = row.extra.get("todo", "") if row else ""
    return Told(
        code,
        row.name if row else code,
        state,
        word,
        "; ".join(why),
        [part.strip() for part in todo.split("|") if part.strip()],
    )


def pink(stored: Mapping[str, Any], on: dt.date) -> list[str]:
    """The titles of what asks for an urgent referral."""
    return [one.title for one in told(stored, on) if one.is_pink]


def lines(stored: Mapping[str, Any], on: dt.date) -> list[str]:
    """The classes as they are printed: 'Viêm phổi (vàng): thở nhanh 56 lần/phút'."""
    return [
        f"{one.title}{f' ({one.colour})' if one.colour else ''}{f': {one.why}' if one.why else ''}"
        for one in told(stored, on)
    ]
