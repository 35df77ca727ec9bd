"""The kinds of records that travel: how each is read for sending, and how it is called."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Kind:
    """`gather(id)` gives the record as it now is (mappings.records), or None when it is not to be sent.

    `owners(ids)` says whose each record is now: after two people were merged, or were two after all.
    """

    key: str
    title: str
    gather: Callable[[UUID], Any]
    owners: Callable[[Collection[UUID]], Mapping[UUID, UUID]] | None = None


_kinds: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Register a kind; a second one of the same key raises."""
    if kind.key in _kinds:
        raise ValueError(f"sync kind {kind.key!r} is registered twice")
    _kinds[kind.key] = kind


def gather(key: str, aggregate_id: UUID) -> Any:
    """The record as it now is. Raises KeyError for an unknown kind."""
    return _kinds[key].gather(aggregate_id)


def owners(key: str, aggregate_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Whose each record is now; empty for a kind that does not say. At most one query."""
    kind = _kinds.get(key)
    return kind.owners(aggregate_ids) if kind and kind.owners else {}


def title(key: str) -> str:
    """What a kind is called on a page."""
    return _kinds[key].title if key in _kinds else key
