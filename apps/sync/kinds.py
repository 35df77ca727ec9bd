"""The kinds of records that travel: how each is read for sending, and how it is called."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Kind:
    """`gather(id)` gives the record as it now is (mappings.records), or None when it is not to be sent;
    `several(ids)` gives many of them in as many queries as one. `health(record)` adds what the form of QĐ 831
    asks, for receivers that want it. `owners(ids)` says whose each record is now: after two people were
    merged, or were two after all.
    """

    key: str
    title: str
    gather: Callable[[UUID], Any]
    owners: Callable[[Collection[UUID]], Mapping[UUID, UUID]] | None = None
    health: Callable[[Any], Any] | None = None
    several: Callable[[Collection[UUID]], Mapping[UUID, Any]] | None = None


_kinds: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Register a kind; a second one of the same key raises."""
    if kind.key in _kinds:
        raise ValueError(f"sync kind {kind.key!r} is registered twice")
    _kinds[kind.key] = kind


def gather(key: str, aggregate_id: UUID, *, health: bool = False) -> Any:
    """The record as it now is, with `health` all that the form of QĐ 831 asks. Raises KeyError for an unknown
    kind.
    """
    kind = _kinds[key]
    record = kind.gather(aggregate_id)
    return kind.health(record) if health and kind.health and record is not None else record


def several(key: str, aggregate_ids: Collection[UUID]) -> Mapping[UUID, Any]:
    """The records as they now are, without those that are not to be sent."""
    kind = _kinds[key]
    if kind.several:
        return kind.several(aggregate_ids)
    found = {each: kind.gather(each) for each in aggregate_ids}
    return {key: record for key, record in found.items() if record is not None}


def owners(key: str, aggregate_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Whose each record is now; empty for a kind that does not say. At most one query."""
    kind = _kinds.get(key)
    return kind.owners(aggregate_ids) if kind and kind.owners else {}


def title(key: str) -> str:
    """What a kind is called on a page."""
    return _kinds[key].title if key in _kinds else key
