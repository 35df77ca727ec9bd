"""The states of an order and what each allows. docs/states.md is the table; a test holds both together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OrderState = Literal["ordered", "done", "resulted", "cancelled", "entered_in_error"]

ORDERED: OrderState = "ordered"
DONE: OrderState = "done"
RESULTED: OrderState = "resulted"
CANCELLED: OrderState = "cancelled"
ENTERED_IN_ERROR: OrderState = "entered_in_error"

TITLES: dict[str, str] = {
    ORDERED: "chờ thực hiện",
    DONE: "đã thực hiện, chờ duyệt",
    RESULTED: "đã có kết quả",
    CANCELLED: "đã hủy",
    ENTERED_IN_ERROR: "nhập nhầm",
}
CHIPS: dict[str, str] = {
    ORDERED: "warning",
    DONE: "info",
    RESULTED: "done",
    CANCELLED: "off",
    ENTERED_IN_ERROR: "off",
}


@dataclass(frozen=True)
class Action:
    """One button: its word, the right it needs, the states it may lead to."""

    key: str
    title: str
    right: str
    to: tuple[OrderState, ...]


WAITING: tuple[OrderState, ...] = (ORDERED, DONE)
LIVE: tuple[OrderState, ...] = (ORDERED, DONE, RESULTED)

_ERROR = Action("error", "Nhập nhầm", "results.edit", (ENTERED_IN_ERROR,))
TABLE: dict[str, tuple[Action, ...]] = {
    ORDERED: (
        Action("result", "Lưu", "results.enter", (ORDERED, DONE, RESULTED)),
        Action("cancel", "Hủy chỉ định", "results.edit", (CANCELLED,)),
        _ERROR,
    ),
    DONE: (
        Action("result", "Lưu", "results.enter", (DONE, RESULTED)),
        Action("verify", "Duyệt", "results.approve", (RESULTED,)),
        _ERROR,
    ),
    RESULTED: (
        Action("correct", "Sửa kết quả", "results.approve", (ORDERED, RESULTED)),
        Action("print", "In", "results.view", (RESULTED,)),
        _ERROR,
    ),
    CANCELLED: (),
    ENTERED_IN_ERROR: (),
}


def allows(state: str, action: str) -> bool:
    """Whether `action` may be done in `state`."""
    return any(known.key == action for known in TABLE[state])


def right_for(action: str) -> str:
    """The right that `action` needs."""
    return next(known.right for known_state in TABLE.values() for known in known_state if known.key == action)
