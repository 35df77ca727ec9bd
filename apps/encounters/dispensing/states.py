"""The states of a dispensing and what each allows. docs/states.md is the table; a test holds both together.

In the terms of FHIR MedicationDispense: preparation, completed, entered-in-error (cancelled).
"""

from __future__ import annotations

from typing import Literal

State = Literal["preparation", "completed", "cancelled"]

PREPARATION: State = "preparation"  # controlled medicines that wait for the second name; nothing was taken
COMPLETED: State = "completed"
CANCELLED: State = "cancelled"

TITLES: dict[str, str] = {
    PREPARATION: "chờ người thứ hai",
    COMPLETED: "đã cấp",
    CANCELLED: "đã hủy",
}
CHIPS: dict[str, str] = {PREPARATION: "warning", COMPLETED: "done", CANCELLED: "off"}
# What may be done with it, by state, and the right each asks for.
TABLE: dict[str, tuple[str, ...]] = {
    PREPARATION: ("complete", "cancel"),
    COMPLETED: ("return", "cancel", "print"),
    CANCELLED: (),
}
RIGHTS = {
    "complete": "dispensing.approve",
    "cancel": "dispensing.enter",  # another's, or another day's: dispensing.edit
    "return": "dispensing.enter",
    "print": "dispensing.view",
}


def allows(state: str, action: str) -> bool:
    """Whether `action` may be done in `state`."""
    return action in TABLE[state]
