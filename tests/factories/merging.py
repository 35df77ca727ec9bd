"""Two records of one person, for tests of merging."""

from typing import Any

from apps.core.scope import Scope
from apps.facilities.models import Facility
from apps.patients.merge import person_merge
from apps.patients.models import MergeRecord, Person
from tests.factories.patients import RIGHTS, scope_at

MERGES = RIGHTS | {"duplicates.view", "duplicates.edit"}


def merger_at(station: Facility, *more: str, **fields: Any) -> Scope:
    """The scope of somebody of the station who may merge; `more` are further rights."""
    return scope_at(station, MERGES | set(more), **fields)


def merge(kept: Person, old: Person, reason: str = "", **choices: str) -> MergeRecord:
    """Merge as they stand now."""
    kept.refresh_from_db()
    old.refresh_from_db()
    return person_merge(
        kept_id=kept.pk, old_id=old.pk, versions=(kept.version, old.version), choices=choices, reason=reason
    )
