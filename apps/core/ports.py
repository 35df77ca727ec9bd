"""Calls that need an answer from a higher room. The owner provides; an absent port hides the feature."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID


@dataclass(frozen=True)
class Pregnancy:
    """An open pregnancy on a day, as far as another room needs to know."""

    person_id: UUID
    gestational_days: int | None
    edd: dt.date | None


class PregnancyStatus(Protocol):
    def open_for(self, person_ids: Sequence[UUID], on: dt.date) -> dict[UUID, Pregnancy]: ...


@dataclass(frozen=True)
class SyncLine:
    """Where a record stands at one receiver; `word` is what the page says, `detail` the receiver's words."""

    receiver: str
    state: str
    word: str
    at: dt.datetime | None = None
    detail: str = ""


class SyncState(Protocol):
    def of(self, kind: str, ids: Sequence[UUID]) -> dict[UUID, list[SyncLine]]: ...


@dataclass(frozen=True)
class HouseholdLine:
    """The household of a person now: enough to tell two people of one name apart, and to count by poverty."""

    household_id: UUID
    code: str
    head_id: UUID | None
    head_name: str
    relation: str
    poverty: str
    url: str


class HouseholdOf(Protocol):
    def of(self, person_ids: Sequence[UUID]) -> dict[UUID, HouseholdLine]: ...


PortT = TypeVar("PortT")
_provided: dict[type[Any], Any] = {}


def provide(port: type[PortT], implementation: PortT) -> None:
    """Offer `implementation` for `port`; a second offer raises."""
    if port in _provided:
        raise ValueError(f"{port.__name__} is provided twice")
    _provided[port] = implementation


def get(port: type[PortT]) -> PortT | None:
    """The implementation of `port`, or None while its room is not in the house."""
    return cast("PortT | None", _provided.get(port))
