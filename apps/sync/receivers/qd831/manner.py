"""How one province's warehouse is spoken to: where, and where in its answers what stands. Its settings.

The defaults are those of the one province whose manner could be read (the administration says so beside
them); nothing of another province is in code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from apps.sync.mappings import settings

TRACKING = "{tracking}"  # in the path that is asked later


@dataclass(frozen=True)
class Manner:
    """Setting `paths`: `submit` and `status`, added to the receiver's address; without `status` nothing is
    asked later. Setting `answers`: where in an answer what stands, by members with points between them, and
    the words that `code` begins with and that `state` holds.
    """

    submit: str = "/api/ho-so-suc-khoe/qd-831-2017/tiep-nhan"
    status: str = ""
    success: str = "success"
    code: str = "code"
    accepted: str = "ACCEPTED"
    message: str = "message"
    tracking: str = "data.tracking_id"
    errors: str = "data.errors"
    field: str = "field"
    text: str = "message"
    state: str = "data.status"
    valid: str = "VALID"
    invalid: str = "INVALID"


PATHS = ("submit", "status")
ANSWERS = tuple(each.name for each in fields(Manner) if each.name not in PATHS)


def manner_from(said: Mapping[str, Any]) -> Manner:
    """Raises ValueError with a Vietnamese sentence for what cannot be."""
    paths, answers = settings.paths(said, PATHS), settings.texts(said, "answers", ANSWERS)
    if paths.get("status") and TRACKING not in paths["status"]:
        raise ValueError(f"Thiết lập paths: status phải có {TRACKING} ở chỗ của mã tra cứu.")
    return Manner(**paths, **answers)
