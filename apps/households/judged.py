"""What is kept of a line of a list until the file has ended, and what somebody has decided about it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.households.models import RowState

NEW, CHANGED, UNCHANGED, DOUBTFUL, REJECTED = (
    RowState.NEW, RowState.CHANGED, RowState.UNCHANGED, RowState.DOUBTFUL, RowState.REJECTED,
)  # fmt: skip


@dataclass(slots=True)
class Line:
    """What is kept of a line until the file has ended."""

    place: int
    state: str = NEW
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    person_id: UUID | None = None
    candidates: tuple[tuple[UUID, int, tuple[str, ...]], ...] = ()
    code: str = ""
    household: str = ""
    bhxh_code: str = ""
    is_head: bool = False
    group: int = 0
    household_id: UUID | None = None
    joins: bool = False
    sex: str = ""
    born: dt.date | None = None
    parents: dict[str, Any] | None = None  # codes of the file; then places of lines, or ids of people

    def reject(self, *reasons: str) -> None:
        self.state = REJECTED
        self.reasons += tuple(reason for reason in reasons if reason not in self.reasons)


@dataclass(frozen=True)
class Settled:
    """What somebody has decided about a doubtful line: the same as `person_id`, or somebody new (None), or to
    leave it out, for `left_out`.
    """

    person_id: UUID | None = None
    left_out: str = ""
