"""What a service says when it does not do what it was asked to do.

Each message is a Vietnamese sentence that can be shown to the person at the screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class Refused(Exception):
    """The law or arithmetic says no. `field` names the form field it belongs to, when there is one."""

    def __init__(self, message: str, *, field: str | None = None, code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code


@dataclass(frozen=True)
class Warning:
    """Something odd that a clinician may override with a reason. The reason is kept with the record.

    `apart` is too grave for a reason that answers something harmless as well: a form asks for its own.
    """

    code: str
    sentence: str
    field: str | None = None
    apart: bool = False


class NeedsReason(Exception):
    """A save that goes through once a reason is given for each of `warnings`."""

    def __init__(self, warnings: Sequence[Warning]) -> None:
        super().__init__("; ".join(warning.sentence for warning in warnings))
        self.warnings = list(warnings)
