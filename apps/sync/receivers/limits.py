"""What a receiver asks of its senders, the setting `limits`: requests a minute, bytes, how many at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Limits:
    """None is no limit. `in_flight` holds for each worker; `per_minute` for all of them together."""

    per_minute: int | None = None
    bytes: int | None = None
    in_flight: int | None = None

    @property
    def interval(self) -> float:
        """Seconds from one request to the next: a little more than its share, so that no minute has more."""
        return 61.0 / self.per_minute if self.per_minute else 0.0


def limits_of(settings: dict[str, Any]) -> Limits:
    """The setting `limits`. Raises ValueError with a sentence for what is no limit."""
    said = settings.get("limits", {})
    known = [each.name for each in fields(Limits)]
    if not isinstance(said, dict) or not set(said) <= set(known):
        raise ValueError(f"Thiết lập limits chỉ gồm: {', '.join(known)}.")
    for value in said.values():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError("Mỗi giới hạn trong limits là một số nguyên từ 1.")
    return Limits(**said)
