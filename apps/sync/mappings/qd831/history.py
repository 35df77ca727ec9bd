"""Section B: what was before and beside her visits, as far as it may leave (`sync.health_records`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import records

# The form's four habits: its number, and where the quantity of each stands.
HABITS = {
    "tobacco": ("1", "tobacco_a_day"),
    "alcohol": ("2", "alcohol_glasses"),
    "drugs": ("3", "drugs_quantity"),
    "activity": ("4", "activity_minutes"),
}
ALLERGY_GROUPS = {"drug": "A1", "chemical": "A2", "food": "A3", "other": "A4"}
HOLDS = ("active", "resolved")
REPRODUCTION = (
    *("contraception", "last_pregnancy_year", "miscarriages", "deliveries", "normal", "caesarean"),
    *("difficult", "term", "preterm", "living_children", "gynaecology"),
)


def history(person: records.Person) -> dict[str, Any]:
    """TIENSU; a group of which nothing is known is absent."""
    said = person.health.said if person.health else {}
    told = {
        "birth": _some(said.get("luc-sinh", {})),
        "risks": _risks(said.get("nguy-co", {})),
        "diseases": _lists(
            allergy=[_allergy(each) for each in person.allergies if _told(each)],
            disease=[
                {
                    "code": line["code"],
                    "icd": line["icd_code"],
                    "text": line["text"],
                    "year": line["since_year"],
                }
                for line in _lines(said, "benh-tat")
            ],
        ),
        "disabilities": _lists(
            disability=[
                {"code": line["code"], "degree": line["degree"], "text": line["text"]}
                for line in _lines(said, "khuyet-tat")
            ]
        ),
        "surgeries": _lists(
            surgery=[
                {"text": line["text"], "year": line["year"], "place": line["place"]}
                for line in _lines(said, "phau-thuat")
                if line["text"]
            ]
        ),
        "family": _lists(
            disease=[
                {"code": line["code"], "relative": line["relative"], "text": line["text"]}
                for line in _lines(said, "gia-dinh")
            ]
        ),
        "reproduction": _some({name: said.get("sinh-san", {}).get(name) for name in REPRODUCTION}),
        "other": [{"text": line["text"]} for line in _lines(said, "khac") if line["text"]],
    }
    return {key: value for key, value in told.items() if value}


def _risks(said: Mapping[str, Any]) -> dict[str, Any]:
    factors = [
        {
            "kind": number,
            "state": said[name],
            "quantity": said.get(quantity),
            "quit": said.get(f"{name}_quit"),
        }
        for name, (number, quantity) in HABITS.items()
        if said.get(name)
    ]
    more = ("exposure_text", "exposure_duration", "toilet", "other")
    rest = {name: said.get(name) for name in more} | {"exposure": ";".join(said.get("exposure") or ())}
    return {"factor": factors, **rest} if factors or _some(rest) else {}


def _told(allergy: records.Allergy) -> bool:
    return allergy.kind in ALLERGY_GROUPS and allergy.state in HOLDS


def _allergy(allergy: records.Allergy) -> dict[str, str]:
    """Whoever treats her hears that there is an allergy, even where its name is kept."""
    name = "Không gửi tên" if allergy.hidden else allergy.substance
    return {
        "group": ALLERGY_GROUPS[allergy.kind],
        "text": f"{name}: {allergy.reaction}" if allergy.reaction else name,
    }


def _lines(said: Mapping[str, Any], part: str) -> list[Mapping[str, Any]]:
    """The lines of a section that hold or held; what was entered in error is not told."""
    return [line for line in said.get(part, {}).get("lines", ()) if line["state"] in HOLDS]


def _some(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, or nothing where none of them says anything."""
    return dict(values) if any(value not in (None, "", []) for value in values.values()) else {}


def _lists(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return lists if any(lists.values()) else {}
