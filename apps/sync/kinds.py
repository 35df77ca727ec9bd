"""The kinds of records that travel: how each is read for sending, and how it is called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Kind:
    """`gather(id)` gives the record as it now is (mappings.records), or None when it is not to be sent."""

    key: str
    title: str
    gather: Callable[[UUID], Any]


_kinds: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Register a kind; a second one of the same key raises."""
    if kind.key in _kinds:
        raise ValueError(f"sync kind {kind.key!r} is registered twice")
    _kinds[kind.key] = kind


def gather(key: str, aggregate_id: UUID) -> Any:
    """The record as it now is. Raises KeyError for an unknown kind."""
    return _kinds[key].gather(aggregate_id)


def title(key: str) -> str:
    """What a kind is called on a page."""
    return _kinds[key].title if key in _kinds else key
