"""How a room's rows follow when two records are found to be one person (apps/patients/merge.py)."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from apps.core.journal import Journal


@dataclass(frozen=True)
class MergeStep:
    """One merge under way: `old_id` goes into `kept_id`. What is changed is changed through the journal.

    `choices` are the answers to the rooms' questions: question key -> 'kept' or 'old'.
    """

    old_id: UUID
    kept_id: UUID
    on: dt.date
    choices: Mapping[str, str] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)

    def takes_old(self, question: str) -> bool:
        """Whether the answer of the record that goes away was chosen."""
        return self.choices.get(question) == "old"


@dataclass(frozen=True)
class MergeQuestion:
    """Where both records say something of this room, and only one of it can stay true."""

    key: str
    label: str
    kept: str  # in words, what each record says
    old: str


@dataclass(frozen=True)
class MergeRule:
    """How one field that points to a person follows: `key` is '<app>.<Model>.<field>'.

    Made by `simple` (the rows point to the person who stays), `special` (`follow` moves them: a constraint
    names the person, or facts of both must be joined) or `stays` (never moved, and why). Further, each with
    the step and without changing anything: `lock` takes the locks that this room's own services take before
    they change a person; `refuse` gives the sentence why these two may not be merged now, or ''; `ask` gives
    a question, or None where there is nothing to choose. At most two queries each.
    """

    key: str
    how: Literal["simple", "special", "stays"]
    why: str = ""
    follow: Callable[[MergeStep], None] | None = None
    lock: Callable[[MergeStep], None] | None = None
    refuse: Callable[[MergeStep], str] | None = None
    ask: Callable[[MergeStep], Sequence[MergeQuestion]] | None = None
    order: int = 100

    @classmethod
    def simple(cls, key: str, *, refuse: Callable[[MergeStep], str] | None = None) -> "MergeRule":
        return cls(key, "simple", refuse=refuse)

    @classmethod
    def special(
        cls,
        key: str,
        follow: Callable[[MergeStep], None],
        *,
        why: str,
        lock: Callable[[MergeStep], None] | None = None,
        refuse: Callable[[MergeStep], str] | None = None,
        ask: Callable[[MergeStep], Sequence[MergeQuestion]] | None = None,
        order: int = 100,
    ) -> "MergeRule":
        return cls(key, "special", why, follow, lock, refuse, ask, order)

    @classmethod
    def stays(cls, key: str, *, why: str) -> "MergeRule":
        return cls(key, "stays", why)

    @property
    def model(self) -> str:
        """'<app>.<Model>'."""
        return self.key.rpartition(".")[0]

    @property
    def field(self) -> str:
        return self.key.rpartition(".")[2]

    def apply(self, step: MergeStep) -> None:
        """Let this field's rows follow."""
        if self.how == "simple":
            step.journal.repoint(self.model, self.field, step.old_id, step.kept_id)
        elif self.follow is not None:
            self.follow(step)
