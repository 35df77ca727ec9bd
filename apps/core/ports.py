"""Calls that need an answer from a higher room. The owner provides; an absent port hides the feature."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast
from uuid import UUID

if TYPE_CHECKING:
    from apps.core.scope import Scope


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
    def of(self, person_ids: Sequence[UUID], on: dt.date | None = None) -> dict[UUID, HouseholdLine]:
        """Now, or as it was on that day."""
        ...

    def members(self, household_id: UUID) -> Sequence[UUID]: ...

    def lock(self, person_ids: Sequence[UUID]) -> None:
        """Hold the families of these people until the transaction ends. Always before the people themselves
        (docs/floor.md, 'who is locked first').
        """
        ...


class LivingOf(Protocol):
    """How a person's family was last found to live."""

    def latrine(self, person_id: UUID) -> tuple[str, dt.date] | None:
        """The kind of latrine (code of latrine_type) and the day it was seen; None when it never was."""
        ...


@dataclass(frozen=True)
class PersonWords:
    """Enough of a person for a line of a list: name, facts that tell her from another, where her page is."""

    id: UUID
    name: str
    facts: str
    url: str


class PeopleInWords(Protocol):
    """The people of a batch that the scope may see, in one query."""

    def of(self, scope: "Scope", person_ids: Sequence[UUID]) -> dict[UUID, PersonWords]: ...


class ScopeAgain(Protocol):
    def of(self, scope: "Scope") -> "Scope | None":
        """What that account may do at that workplace now; None when she has no post there any more."""
        ...


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
