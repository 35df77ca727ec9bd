"""What a station uses most comes first in its pickers. The room that knows provides the counts."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from django.core.cache import cache

from apps.core import ports

# How many codes are put first, and how long they are remembered: they change over weeks, not minutes.
TOP = 30
SECONDS = 600


class CodeFrequency(Protocol):
    """Provided with `ports.provide(CodeFrequency, impl)`. `kind` is 'icd10', 'drug', 'service' or 'lab'."""

    def top(self, kind: str, facility_id: UUID, limit: int, *, child: bool | None = None) -> Sequence[str]:
        """Codes that the facility used most in its last months, most used first: for children, for
        all others, or (None) for everybody; at most one query.
        """
        ...


def top(kind: str, facility_id: UUID | None, *, child: bool | None = None) -> list[str]:
    """The facility's most used codes of a kind; none while no room provides them."""
    provider = ports.get(CodeFrequency)
    if provider is None or facility_id is None:
        return []
    key = f"catalogues.top.{kind}.{facility_id}.{child}"
    found: list[str] | None = cache.get(key)
    if found is None:
        found = list(provider.top(kind, facility_id, TOP, child=child))
        cache.set(key, found, SECONDS)
    return found
