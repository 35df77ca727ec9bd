"""How a room tells the others that something happened.

Synchronous, in order, inside the transaction of the record: a subscriber that fails fails the
save, so projections, outbox and audit can never differ from the record. Events carry ids and
dates only. Each room's events stand in its `events.py`; docs/events.md is made from them.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import transaction


@dataclass(frozen=True)
class Event:
    """Base of all events."""


EventT = TypeVar("EventT", bound=Event)
_subscribers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(kind: type[EventT], handler: Callable[[EventT], None]) -> None:
    """Call `handler` for every event of `kind`, after those subscribed before it."""
    if handler in _subscribers[kind]:
        raise ValueError(f"{handler} already listens to {kind.__name__}")
    _subscribers[kind].append(handler)


def publish(event: Event) -> None:
    """Tell all subscribers now. Raises outside a transaction: an event without its record would be a lie."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{type(event).__name__} was published outside a transaction")
    for handler in _subscribers[type(event)]:
        handler(event)


def subscribers() -> dict[type[Event], list[Callable[[Any], None]]]:
    """Who listens to what, for docs/events.md."""
    return dict(_subscribers)
