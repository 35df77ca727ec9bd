"""How a room's rows follow when stations are merged or split (apps/facilities/reforming/).

What happened stays where it happened: clinical facts keep their facility, point and residence. What goes on
(people, households, plans, books) comes under the successor.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from apps.core.journal import Journal


@dataclass(frozen=True)
class Heir:
    """What a hamlet is from the day on: the row under its new commune, and the station that cares for it."""

    hamlet_id: UUID
    station_id: UUID


@dataclass(frozen=True)
class Succession:
    """One approved reform. `stations`: former station -> its successor; a station that goes on is not in it.
    `hamlets`: hamlet of before -> heir. `names`: what the former stations were called until then.
    `marks`: of those that keep books of their own as points, what their numbers are marked with.
    """

    id: UUID
    on: dt.date
    stations: Mapping[UUID, UUID] = field(default_factory=dict)
    hamlets: Mapping[UUID, Heir] = field(default_factory=dict)
    names: Mapping[UUID, str] = field(default_factory=dict)
    marks: Mapping[UUID, str] = field(default_factory=dict)

    @property
    def successors(self) -> set[UUID]:
        return set(self.stations.values()) | {heir.station_id for heir in self.hamlets.values()}

    def station_for(self, station_id: UUID, hamlet_id: UUID | None) -> UUID:
        """Where a row of `station_id` belongs from then on, by the hamlet where there is one."""
        heir = self.hamlets.get(hamlet_id) if hamlet_id else None
        return heir.station_id if heir else self.stations.get(station_id, station_id)


@dataclass(frozen=True)
class SuccessionStep:
    """One line of the administrator's checklist.

    `count` says how many rows still wait (of a step that `stays`: how many there are). `move` moves one batch
    through the journal inside a transaction and says how many; it is called until it says 0, and again after
    a crash, so it picks only what still waits. `newer` counts what was made since a moment and would be
    stranded if the reform were taken back; `newer_words` names it. `undo` is called before the journal is
    taken back, with the ids of the rows of each model that it holds: it takes away what the step has made.
    `columns` are the fields that the step answers for, '<app>.<Model>.<field>'.
    """

    key: str
    title: str
    count: Callable[[Succession], int]
    move: Callable[[Succession, Journal], int] | None = None
    newer: Callable[[Succession, dt.datetime], int] | None = None
    newer_words: str = ""
    undo: Callable[[Succession, Mapping[str, Collection[str]]], None] | None = None
    columns: tuple[str, ...] = ()
    note: str = ""
    order: int = 100


@dataclass(frozen=True)
class SuccessionStays:
    """A field that points to a facility or hamlet and is not moved: `key` is '<app>.<Model>.<field>'."""

    key: str
    why: str
