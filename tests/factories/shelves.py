"""Invented records that several processes read, and a clock that all of them go by: for workers that are
really killed (tests/sync/storm_workers.py).
"""

import mmap
import pickle
import struct
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.sync import kinds, outbox
from apps.sync.mappings import records
from tests.factories.sync import Book, Papers
from tests.factories.vaccinations import Table

SHELVES = ("person", "visit", "vaccination", "check_up")


class Shelf(dict[UUID, Any]):
    """A dict whose values stand in files too, each always whole."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __setitem__(self, key: UUID, value: Any) -> None:
        super().__setitem__(key, value)
        fresh = self.folder / f"{key}.new"
        fresh.write_bytes(pickle.dumps(value))
        fresh.rename(self.folder / str(key))

    def read(self, key: UUID) -> Any:
        """As it now is, whoever wrote it."""
        try:
            return pickle.loads((self.folder / str(key)).read_bytes())  # noqa: S301 - our own, just written
        except FileNotFoundError:
            return None

    def owners(self, ids: Collection[UUID]) -> dict[UUID, UUID]:
        return {key: self.read(key).person.id for key in ids}


class Shelves:
    """The records of a storm: visits, vaccinations, check-ups, and whose they are."""

    def __init__(self, folder: Path) -> None:
        self.of = {name: Shelf(folder / name) for name in SHELVES}
        self.book, self.table, self.papers = Book(), Table(), Papers()
        self.book.visits = self.of["visit"]
        self.table.sessions = self.of["vaccination"]
        self.papers.held = self.of["check_up"]
        self.people: Shelf = self.of["person"]
        self.merged: dict[UUID, tuple[UUID, list[UUID]]] = {}  # who is gone: who stays, what moved

    def kinds(self) -> dict[str, kinds.Kind]:
        """What the rooms would register."""
        visits, given, papers = (self.of[name] for name in SHELVES[1:])
        told = [
            kinds.Kind("visit", "Lượt khám", visits.read, visits.owners, about="visit"),
            kinds.Kind("prescription", "Đơn thuốc", visits.read, visits.owners, about="visit", follows=False),
            kinds.Kind("vaccination", "Tiêm chủng", given.read, given.owners),
            kinds.Kind("check_up", "Giấy khám", papers.read, papers.owners, follows=False),
            kinds.Kind("person", "Người bệnh", self.people.read),
        ]
        return {kind.key: kind for kind in told}

    def add(self, who: records.Person) -> records.Person:
        self.people[who.id] = who
        return who

    def change_person(self, who: records.Person) -> None:
        with transaction.atomic():
            self._called(who)
            outbox.person_changed(who.id)

    def merge(self, stays: UUID, gone: UUID) -> None:
        """All that the second has becomes the first one's; both are told of it."""
        moved = [key for shelf in self._told_again() for key, each in shelf.items() if each.person.id == gone]
        self.merged[gone] = (stays, moved)
        with transaction.atomic():
            self._called(replace(self.people[gone], active=False, replaced_by=stays))
            self._give(moved, stays)
            outbox.people_joined([stays, gone])

    def unmerge(self, gone: UUID) -> None:
        stays, moved = self.merged.pop(gone)
        with transaction.atomic():
            self._called(replace(self.people[gone], active=True, replaced_by=None))
            self._give(moved, gone)
            outbox.people_joined([stays, gone])

    def _told_again(self) -> list[Shelf]:
        return [self.of["visit"], self.of["vaccination"]]

    def _give(self, moved: list[UUID], to: UUID) -> None:
        for shelf in self._told_again():
            for key in moved:
                if key in shelf:
                    shelf[key] = replace(shelf[key], person=self.people[to])

    def _called(self, who: records.Person) -> None:
        self.people[who.id] = who
        for shelf in self._told_again():
            for key, each in list(shelf.items()):
                if each.person.id == who.id:
                    shelf[key] = replace(each, person=who)


class SharedClock:
    """The real time plus what was let pass, for all processes that open the same file."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(struct.pack("d", 0.0))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 8)

    def __call__(self) -> datetime:
        return timezone.now() + timedelta(seconds=struct.unpack("d", self._map[:8])[0])

    def forward(self, seconds: float) -> None:
        self._map[:8] = struct.pack("d", struct.unpack("d", self._map[:8])[0] + seconds)
