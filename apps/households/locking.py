"""Families are locked before people (docs/floor.md), in the order of their ids.

All unscoped: the services that lock have taken their people and families through the scope.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction

from apps.households.models import Household, Membership

TRIES = 5  # she moved to another family in the moment between reading and locking, that often in a row


class _Moved(Exception):
    """Somebody lives elsewhere now than when her family was looked for."""


def lock_homes(person_ids: Sequence[UUID], also: Iterable[UUID] = ()) -> None:
    """The families where these people live, and others, until the transaction ends. Two queries.

    Who has moved meanwhile is looked for again, with nothing held: a lock ends with its savepoint.
    """
    also = set(also)
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                held = lock_households(homes_of(person_ids) | also)
                if not homes_of(person_ids) <= held and left:
                    raise _Moved
                return
        except _Moved:
            continue


def homes_of(person_ids: Sequence[UUID]) -> set[UUID]:
    rows = Membership.unscoped.filter(person_id__in=person_ids, valid_to__isnull=True)
    return set(rows.values_list("household_id", flat=True))


def lock_households(ids: Iterable[UUID]) -> set[UUID]:
    rows = Household.unscoped.filter(pk__in=list(ids)).order_by("pk")
    return set(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
