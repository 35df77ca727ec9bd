"""A payload without who it is about: what one looks at first when a record was refused. Pure."""

from typing import Any

HIDDEN = "•••"
# Parts of FHIR resources that name or reach a person.
NAMING = frozenset({"name", "telecom", "address", "birthDate", "contact", "photo", "deceasedDateTime"})
POINTING = frozenset({"subject", "patient"})
OF_PEOPLE = frozenset({"Patient", "RelatedPerson"})


def masked(value: Any) -> Any:
    """The same structure, with names, numbers, addresses and birth dates of people covered."""
    if isinstance(value, list):
        return [masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("resourceType") in OF_PEOPLE:
        return {
            key: _covered(part) if key in NAMING | {"identifier"} else masked(part)
            for key, part in value.items()
        }
    return {
        key: HIDDEN if key == "div" else _pointer(part) if key in POINTING else masked(part)
        for key, part in value.items()
    }


def _pointer(value: Any) -> Any:
    """The reference to who it is about, without her name beside it."""
    if not isinstance(value, dict) or "display" not in value:
        return masked(value)
    return masked(value) | {"display": HIDDEN}


def _covered(value: Any) -> Any:
    """Keeps the shape, so that what is missing is still seen; covers every text but systems and codes."""
    if isinstance(value, list):
        return [_covered(each) for each in value]
    if isinstance(value, dict):
        return {
            key: part if key in ("system", "use", "code", "period", "type") else _covered(part)
            for key, part in value.items()
        }
    return HIDDEN if isinstance(value, str) else value
