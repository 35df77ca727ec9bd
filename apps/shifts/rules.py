"""What is left at the day's end, in words and in order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DONE = "done"
ORDER = {"danger": 0, "warning": 1, "info": 2, DONE: 3}


@dataclass(frozen=True)
class Line:
    """One kind of what is left: `count` of it, `words` where the number says too little."""

    key: str
    title: str
    group: str
    right: str
    count: int
    state: str
    words: str = ""
    url: str = ""
    asks: str = ""

    @property
    def left(self) -> bool:
        return self.count > 0

    def stored(self) -> dict[str, Any]:
        """As it is kept with a hand-over: without its address, which shows what is left now."""
        return {
            "key": self.key,
            "title": self.title,
            "group": self.group,
            "right": self.right,
            "count": self.count,
            "state": self.state,
            "words": self.words,
        }


def read(stored: Mapping[str, Any]) -> Line:
    """A kept line; keys that a later version adds are passed by, missing ones are empty."""
    return Line(
        key=str(stored.get("key", "")),
        title=str(stored.get("title", "")),
        group=str(stored.get("group", "")),
        right=str(stored.get("right", "")),
        count=int(stored.get("count", 0)),
        state=str(stored.get("state", DONE)),
        words=str(stored.get("words", "")),
    )


def grouped(lines: Iterable[Line], groups: Sequence[str]) -> list[tuple[str, list[Line]]]:
    """The lines under their headings, in the order of `groups`; headings without lines are left out."""
    by_group: dict[str, list[Line]] = {group: [] for group in groups}
    for line in lines:
        by_group.setdefault(line.group, []).append(line)
    return [(group, found) for group, found in by_group.items() if found]


def left(lines: Iterable[Line]) -> int:
    """How many kinds have something left."""
    return sum(line.left for line in lines)


def questions(lines: Iterable[Line]) -> list[tuple[str, str]]:
    """What is asked before a hand-over: (key, sentence) of each line that is left and asks."""
    return [(line.key, line.asks) for line in lines if line.left and line.asks]
