"""The states of a visit and what each allows. docs/states.md is the table; a test holds both together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["waiting", "in_progress", "awaiting_signature", "finalised", "left", "entered_in_error"]

WAITING: State = "waiting"
IN_PROGRESS: State = "in_progress"
AWAITING_SIGNATURE: State = "awaiting_signature"
FINALISED: State = "finalised"
LEFT: State = "left"
ENTERED_IN_ERROR: State = "entered_in_error"

TITLES: dict[str, str] = {
    WAITING: "chờ khám",
    IN_PROGRESS: "đang khám",
    AWAITING_SIGNATURE: "chờ bác sĩ ký",
    FINALISED: "đã hoàn tất",
    LEFT: "bỏ về",
    ENTERED_IN_ERROR: "nhập nhầm",
}
# Nothing was done for her: counted as a visit nowhere.
NOT_COUNTED: tuple[State, ...] = (LEFT, ENTERED_IN_ERROR)
OPEN_STATES: tuple[State, ...] = (WAITING, IN_PROGRESS, AWAITING_SIGNATURE)


@dataclass(frozen=True)
class Action:
    """One button: its word, the right it needs, the states it may lead to."""

    key: str
    title: str
    right: str
    to: tuple[State, ...]


TABLE: dict[str, tuple[Action, ...]] = {
    WAITING: (
        Action("save", "Lưu", "visits.enter", (WAITING, IN_PROGRESS)),
        Action("reception", "Sửa tiếp nhận", "visits.enter", (WAITING,)),
        Action("leave", "Bỏ về", "visits.enter", (LEFT,)),
        Action("error", "Nhập nhầm", "visits.edit", (ENTERED_IN_ERROR,)),
    ),
    IN_PROGRESS: (
        Action("save", "Lưu", "visits.enter", (IN_PROGRESS,)),
        Action("reception", "Sửa tiếp nhận", "visits.enter", (IN_PROGRESS,)),
        Action("finalise", "Hoàn tất", "visits.enter", (FINALISED, AWAITING_SIGNATURE)),
        Action("error", "Nhập nhầm", "visits.edit", (ENTERED_IN_ERROR,)),
    ),
    AWAITING_SIGNATURE: (
        Action("sign", "Ký", "visits.approve", (FINALISED,)),
        Action("reopen", "Mở lại để sửa", "visits.enter", (IN_PROGRESS,)),
        Action("print", "In", "visits.view", (AWAITING_SIGNATURE,)),
        Action("error", "Nhập nhầm", "visits.edit", (ENTERED_IN_ERROR,)),
    ),
    FINALISED: (
        Action("amend", "Sửa đổi", "visits.edit", (FINALISED, AWAITING_SIGNATURE)),
        Action("undo", "Hoàn tác", "visits.enter", (IN_PROGRESS,)),
        Action("print", "In", "visits.view", (FINALISED,)),
        Action("error", "Nhập nhầm", "visits.edit", (ENTERED_IN_ERROR,)),
    ),
    LEFT: (
        Action("return", "Quay lại khám", "visits.enter", (WAITING,)),
        Action("error", "Nhập nhầm", "visits.edit", (ENTERED_IN_ERROR,)),
    ),
    ENTERED_IN_ERROR: (),
}


def actions(state: str) -> tuple[Action, ...]:
    """The buttons of a state, in the order they stand."""
    return TABLE[state]


def allows(state: str, action: str) -> bool:
    """Whether `action` may be done in `state`."""
    return any(known.key == action for known in TABLE[state])


def right_for(state: str, action: str) -> str:
    """The right that `action` needs; that of the first state that knows it where `state` does not."""
    here = [known for known in TABLE[state] if known.key == action]
    anywhere = [known for known_state in TABLE.values() for known in known_state if known.key == action]
    return (here or anywhere)[0].right
