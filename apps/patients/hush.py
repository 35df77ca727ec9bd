"""Free text in lists that travel outside the record: who is expected, who did not come, the queue, what a
family is due for, and every paper of these.

What only few may read is told by codes, programmes and registers (restricted.py); a word typed by hand may
tell it all the same. So such a list shows what was typed only of whom nothing restricted is stored, and only
where no word of the rules stands in it. Elsewhere it names the kind alone, as where nothing was typed.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.core.scope import Scope
from apps.patients import restricted
from apps.patients.models import (
    DueItem,
    FamilyDisease,
    OtherIssue,
    OwnDisease,
    Person,
    ReproductiveHistory,
    Surgery,
    TimelineEntry,
)

FACTS = (TimelineEntry, DueItem, OwnDisease, FamilyDisease, Surgery, OtherIssue, ReproductiveHistory)


@dataclass(frozen=True)
class Hush:
    """What a list may show of typed words. `people` are those of whom none may be shown."""

    all_told: bool = False
    people: frozenset[UUID] = frozenset()
    rules: list[restricted.Rule] = field(default_factory=list)

    def text(self, person_id: UUID, typed: str) -> str:
        """`typed`, or '' where it stays in the record."""
        if self.all_told or not typed:
            return typed
        return "" if person_id in self.people or speaks(typed, rules=self.rules) else typed


def of(scope: Scope | None, person_ids: Iterable[UUID]) -> Hush:
    """For a list that `scope` reads; for a paper, or what is sent to somebody, None. At most one query."""
    if scope is not None and scope.can(restricted.RIGHT):
        return Hush(all_told=True)
    ids = set(person_ids)
    # unscoped: whether something is stored is asked of whom the list has found, and told to nobody
    people = Person.unscoped.filter(stored("pk"), pk__in=ids).values_list("pk", flat=True) if ids else ()
    return Hush(people=frozenset(people), rules=restricted.rules_on(timezone.localdate()))


def stored(person: str) -> Q:
    """The condition that something restricted is stored of the person whose key is the column `person`."""
    found = Q()
    for model in FACTS:
        # unscoped: as in `of`
        found |= Q(Exists(model.unscoped.filter(person_id=OuterRef(person), restricted=True)))
    return found


def speaks(typed: str, *, rules: list[restricted.Rule] | None = None, on: dt.date | None = None) -> bool:
    """Whether a word or medicine of the rules stands in what was typed."""
    if rules is None:
        rules = restricted.rules_on(on or timezone.localdate())
    return bool(restricted.groups_of(rules, texts=[typed], drugs=[typed]))
